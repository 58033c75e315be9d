"""`yofo index` never harms a file of the user's, and an index is opened with the encoder that was asked for."""

import hashlib
import shutil
from pathlib import Path

import pytest
from PIL import Image

from yofo_rerank.cli import main, options
from yofo_rerank.documents import Document
from yofo_rerank.requirements import JudgedDocument, Judgement
from yofo_rerank.retrieval import ClipFaissRetriever


def run(*arguments) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return int(stop.value.code or 0)


@pytest.fixture
def photos(tmp_path) -> Path:
    """Pictures named by their SHA-256, as photo stores have them."""
    folder = tmp_path / "data" / "images"
    folder.mkdir(parents=True)
    for number in range(5):
        picture = Image.new("RGB", (16, 16), (number * 40, 9, 9))
        picture.save(tmp_path / "one.png")
        data = (tmp_path / "one.png").read_bytes()
        (folder / f"{hashlib.sha256(data).hexdigest()}.png").write_bytes(data)
    return folder


@pytest.mark.parametrize("out", ["data", "data/images", "data/images/index", ".", "data/../data"])
def test_an_index_that_overlaps_the_images_is_refused(photos, tmp_path, monkeypatch, out, capsys):
    monkeypatch.chdir(tmp_path)
    assert run("index", "data/images", "--out", out) == 2
    assert "overlap" in " ".join(capsys.readouterr().err.split())
    assert len(list(photos.iterdir())) == 5


def test_a_link_to_the_images_is_seen_through(photos, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "data")
    assert run("index", photos, "--out", tmp_path / "link") == 2
    assert len(list(photos.iterdir())) == 5


def test_a_folder_that_is_no_index_is_refused(photos, tmp_path, capsys):
    other = tmp_path / "other"
    shutil.copytree(photos, other / "images")
    (other / "yofo_index.json").write_text('{"name": "my web app"}')
    assert run("index", photos, "--out", other) == 2
    assert "images" in capsys.readouterr().err
    assert len(list((other / "images").iterdir())) == 5
    assert (other / "yofo_index.json").read_text() == '{"name": "my web app"}'


def test_a_save_beside_the_users_photos_never_deletes_them(photos, encoder):
    retriever = ClipFaissRetriever(encoder)
    retriever.add(Document(image=path.read_bytes(), id=path.name) for path in photos.iterdir())
    for _ in range(2):
        retriever.save(photos.parent)
        retriever.remove([document.id for document in retriever.documents][:2])
    assert len(list(photos.iterdir())) == 5


def test_an_index_is_replaced_also_where_its_first_save_was_killed(photos, tmp_path, clip_folder):
    out = tmp_path / "index"
    (out / "kept-images").mkdir(parents=True)
    (out / f"generation-{'0' * 32}").mkdir()
    (out / "yofo_index.lock").touch()
    for _ in range(2):
        assert run("index", photos, "--out", out, "--encoder", clip_folder) == 0
    assert len(ClipFaissRetriever.load(out)) == 5


def test_an_index_is_opened_with_the_encoder_asked_for(photos, tmp_path, clip_folder, custom_clip_folder, capsys):
    out = tmp_path / "index"
    assert run("index", photos, "--out", out, "--encoder", clip_folder) == 0
    capsys.readouterr()
    assert run("search", "a top", "--index", out, "--encoder", "nosuch") == 1
    assert "'nosuch' is neither a folder nor one of open_clip's models" in capsys.readouterr().err
    assert run("search", "a top", "--index", out, "--encoder", custom_clip_folder) == 1
    assert "was built with" in capsys.readouterr().err


def test_facets_are_judged_once_and_kept_in_the_index(photos, tmp_path, clip_folder, monkeypatch, capsys):
    out = tmp_path / "index"
    assert run("index", photos, "--out", out, "--encoder", clip_folder) == 0
    monkeypatch.setattr(options, "load_judge", lambda *_, **__: AlwaysJudge())
    (tmp_path / "facets.txt").write_text("# what we ask\nhas a hood\n\npink\n")
    capsys.readouterr()
    assert run("facets", out, "-r", "pink", "--from", tmp_path / "facets.txt") == 0
    assert "10 answers judged, 0 known before, 0 documents failed" in capsys.readouterr().err
    assert run("facets", out, "-r", "pink", "-r", "blue") == 0
    assert "5 answers judged, 5 known before" in capsys.readouterr().err
    assert len(ClipFaissRetriever.load(out).search("a top", where=["pink", "has a hood", "blue"])) == 5
    assert run("facets", out) == 2
    assert run("facets", photos, "-r", "pink") == 1
    assert "no index in" in capsys.readouterr().err


class AlwaysJudge:
    """Says yes."""

    def info(self):
        return {"model": "always"}

    def judge_outcomes(self, documents, requirements):
        said = tuple(Judgement(requirement=one, p_yes=1.0, verdict=True) for one in requirements)
        return [JudgedDocument(said) for _ in documents]
