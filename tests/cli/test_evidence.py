"""`--evidence`: a picture of one image, and maps on the page."""

import json

import pytest
from PIL import Image

from yofo_rerank.cli import main
from yofo_rerank.mini import sample_catalog


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evidence") / "photos"
    folder.mkdir()
    for number, (document, _) in enumerate(sample_catalog(4, seed=3)):
        document.load_image().save(folder / f"{number}.png")
    return folder


def run(*words):
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return ended.value.code


def test_judge_writes_one_panel_for_each_requirement(photos, tmp_path):
    out = tmp_path / "out.png"
    assert (
        run("judge", photos / "0.png", "-r", "has a belt", "-r", "a dress", "--model", "mini", "--evidence", out) == 0
    )
    with Image.open(out) as sheet:
        assert sheet.width > 2 * 150
        assert len(set(sheet.convert("RGB").get_flattened_data())) > 1000


def test_several_images_or_an_unknown_ending_are_refused(photos, tmp_path, capsys):
    two = (photos / "0.png", photos / "1.png", "-r", "a dress", "--model", "mini")
    assert run("judge", *two, "--evidence", tmp_path / "out.png") == 2
    assert "one image" in capsys.readouterr().err
    assert (
        run("judge", photos / "0.png", "-r", "a dress", "--model", "mini", "--evidence", tmp_path / "out.nosuch") == 2
    )
    assert "evidence.png" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_search_shows_evidence_of_the_places_shown(photos, tmp_path, capsys):
    page = tmp_path / "page.html"
    words = ("search", "a long dress", "--images", photos, "--model", "mini", "--encoder", "mini", "--top-k", 2)
    assert run(*words, "--evidence", "--json", "--html", page) == 0
    ranked = json.loads(capsys.readouterr().out)["ranked"]
    assert len(ranked) == 2
    assert all(len(place["evidence"]) == len(place["judgements"]) for place in ranked)
    assert 'class="heat heat-1"' in page.read_text()


def test_views_together_and_pages_of_a_pdf(photos, tmp_path, capsys):
    """Both are one document, and its evidence one sheet."""
    pdf = tmp_path / "shop.pdf"
    pictures = [Image.open(photos / f"{number}.png") for number in range(2)]
    pictures[0].save(pdf, save_all=True, append_images=pictures[1:])
    for files in ((photos / "0.png", photos / "1.png", "--together"), (pdf,)):
        out = tmp_path / "out.png"
        assert run("judge", *files, "-r", "has a belt", "--model", "mini", "--evidence", out, "--json") == 0
        [line] = capsys.readouterr().out.splitlines()
        assert len(json.loads(line)["document"]["images"]) == 2
        with Image.open(out) as sheet:
            assert sheet.height > 150
        out.unlink()
