"""The table and the HTML page: what they say, that nothing in them is markup, that a browser shows every chip."""

from __future__ import annotations

import base64
import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from yofo_rerank import DecomposedQuery, Document, Judgement, RankedDocument, Ranking, Requirement
from yofo_rerank.report import ranking_table, render_page, write_page
from yofo_rerank.report.page import THUMBNAIL_SIDE, _overlays, thumbnail
from yofo_rerank.requirements import Evidence, Failure
from yofo_rerank.shown import printable

HOSTILE = "<script>document.body.innerHTML='owned'</script>\"'><img src=x onerror=alert(1)>"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHIP = re.compile(r'<li class="chip (yes|no) (must|should)"')


def make_ranking(n: int = 12, requirement_texts: tuple[str, ...] = ("not pink", "long"), **changes: str) -> Ranking:
    """n pictures in reversed order: the last candidate comes first."""
    requirements = tuple(
        Requirement(text=text, necessity="should" if position else "must")
        for position, text in enumerate(requirement_texts)
    )
    ranked = [
        RankedDocument(
            document=Document(
                image=Image.new("RGB", (40, 60), (index * 20 % 256, 90, 120)), id=changes.get("id", f"p{index}")
            ),
            index=index,
            score=index / n,
            retrieval_score=0.5 - index / 100,
            judgements=tuple(
                Judgement(requirement=item, p_yes=(p := (index + position) / (n + 1)), verdict=p > 0.5)
                for position, item in enumerate(requirements)
            ),
        )
        for index in reversed(range(n))
    ]
    query = DecomposedQuery(query=changes.get("query", "a long dress"), requirements=requirements)
    return Ranking(ranked, query=query, warnings=("never saw the word 'boho'",))


def table_text(ranking: Ranking, **options: int) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(ranking_table(ranking, **options))
    return console.file.getvalue()


def dump_dom(page: Path, profile: Path) -> str:
    """What the browser makes of the page, scripts and error correction included."""
    if BROWSER is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    flags = "--headless --no-sandbox --disable-gpu --dump-dom --disable-quic --no-first-run --disable-sync"
    flags += " --disable-background-networking --disable-component-update"
    command = [BROWSER, *flags.split(), f"--user-data-dir={profile}", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_table_names_places_moves_and_probabilities() -> None:
    text = table_text(make_ranking(), top_k=3)
    assert "a long dress" in text
    assert "never saw the word 'boho'" in text
    assert re.search(r"r1\s+must\s+not pink", text)
    assert re.search(r"r2\s+should\s+long", text)
    first = next(line for line in text.splitlines() if " p11 " in line)
    assert re.search(r"1\D+12 ▲11\D+p11\D+0\.917\D+✓ 0\.85\D+✓ 0\.92", first)
    assert " p8 " not in text  # fourth place


def test_table_shows_a_failed_document_and_its_code() -> None:
    ranking = make_ranking(2)
    failed = RankedDocument(
        document=Document(text="x", id="broken"),
        index=7,
        score=0.0,
        failure=Failure(code="truncated", message="half a file"),
    )
    assert "truncated" in table_text(Ranking([*ranking, failed], query=ranking.query))


def test_no_control_character_reaches_the_terminal() -> None:
    ranking = make_ranking(2, ("\x1b[2Jgone [red]x[/red]", "ok"), id="\x1b]0;title\x07")
    text = table_text(ranking)
    assert "\x1b" not in text and "\x07" not in text
    assert "[red]x[/red]" in text  # markup is text, too
    assert printable("a\u202eb") == "a b"  # right-to-left override
    assert printable("schön 裙子 👗") == "schön 裙子 👗"


def test_page_is_self_contained() -> None:
    page = render_page([make_ranking()], details={"judge": "mini"})
    assert "http://" not in page and "https://" not in page and "<script" not in page and "<link" not in page
    assert set(re.findall(r'<img src="([^,]*),', page)) == {"data:image/webp;base64"}
    assert "default-src 'none'" in page
    assert re.search(r"<dt>judge</dt><dd><bdi>mini</bdi></dd>", page)


def test_page_holds_both_orders_with_every_move() -> None:
    page = render_page([make_ranking(12)], top_k=3)
    before, after = page.split("Our order")
    assert re.findall(r"<h4><bdi>(p\d+)</bdi>", before) == ["p0", "p1", "p2"]
    assert re.findall(r"<h4><bdi>(p\d+)</bdi>", after) == ["p11", "p10", "p9"]
    assert "▼ 11" in before and "now #12" in before
    assert "▲ 11" in after and "was #12" in after
    assert "first 3 of 12 candidates" in page


@pytest.mark.parametrize("top_k", [0, 1, 5, 100])
def test_chips_are_products_times_requirements_in_each_order(top_k: int) -> None:
    page = render_page([make_ranking(12, ("a", "b", "c"))], top_k=top_k)
    chips = CHIP.findall(page)
    assert len(chips) == 2 * min(top_k, 12) * 3
    if top_k == 100:
        assert {*chips} == {(verdict, kind) for verdict in ("yes", "no") for kind in ("must", "should")}


def test_each_order_shows_its_own_score() -> None:
    before, after = render_page([make_ranking(12)], top_k=3).split("Our order")
    scores = r'class="hidden">(similarity|score) </span>([\d.]+)<'
    assert re.findall(scores, before) == [("similarity", "0.500"), ("similarity", "0.490"), ("similarity", "0.480")]
    assert re.findall(scores, after) == [("score", "0.92"), ("score", "0.83"), ("score", "0.75")]


def test_a_picture_is_described_by_what_holds_of_it() -> None:
    page = render_page([make_ranking(12)], top_k=1)
    assert re.findall(r'alt="([^"]+)"', page) == ["p0. does not meet: not pink; long.", "p11. meets: not pink; long."]


def test_chip_says_its_verdict_in_words_and_its_probability() -> None:
    chip = re.search(r'<li class="chip yes must".*?</li>', render_page([make_ranking()], top_k=1), re.DOTALL)
    assert chip is not None
    text = " ".join(re.sub(r"<[^>]*>", "", chip.group()).split())
    assert text == "✓satisfied, must: not pink 85 %"


def test_every_text_is_escaped() -> None:
    ranking = make_ranking(2, (HOSTILE[:900], "b"), query=HOSTILE, id=HOSTILE)
    text_only = RankedDocument(document=Document(text=HOSTILE, metadata={"title": HOSTILE}), index=2, score=0.0)
    ranking = Ranking([*ranking, text_only], query=ranking.query, warnings=(HOSTILE,))
    page = render_page([ranking], details={HOSTILE: HOSTILE})
    assert "<script" not in page and "onerror=alert(1)>" not in page
    assert page.count("<img ") == 4
    assert page.count("&lt;script&gt;") >= 10


def test_documents_without_a_readable_picture() -> None:
    query = make_ranking(1).query
    broken = RankedDocument(
        document=Document(image=b"no image", id="broken"),
        index=0,
        score=0.0,
        failure=Failure(code="not_an_image", message="not an image"),
    )
    text = RankedDocument(document=Document(text="grey formal trousers " * 100, id="text"), index=1, score=0.0)
    page = render_page([Ranking([broken, text], query=query)])
    assert page.count("not judged: not an image") == 2
    assert page.count("no picture") == 2
    assert "<img" not in page
    assert page.count("grey formal trousers") < 70  # a long text is cut
    assert "…</blockquote>" in page


def test_several_rankings_share_one_page_with_links() -> None:
    page = render_page([make_ranking(query="first"), make_ranking(query="second")], top_k=2)
    assert '<a href="#search-2"><bdi>second</bdi></a>' in page
    assert len(CHIP.findall(page)) == 2 * 2 * 2 * 2
    assert len(set(re.findall(r' id="([^"]+)"', page))) == len(re.findall(r' id="([^"]+)"', page))


def test_thumbnail_is_small_and_leaves_the_document_alone() -> None:
    image = Image.effect_noise((2000, 1000), 90)
    uri = thumbnail(Document(image=image))
    assert uri is not None and len(uri) < 120_000
    assert image.size == (2000, 1000)
    assert thumbnail(Document(image="missing.png")) is None
    assert thumbnail(Document(text="x")) is None
    assert THUMBNAIL_SIDE <= 400


def test_write_page_makes_the_folder(tmp_path: Path) -> None:
    path = write_page([make_ranking(1)], tmp_path / "new" / "page.html")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_page([make_ranking(1)], tmp_path / "page.html")
    before = path.read_bytes()

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write_page([make_ranking(2)], path)
    with pytest.raises(TypeError):
        write_page([None], path)  # type: ignore[list-item]
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]


def test_half_a_surrogate_pair_is_replaced_in_the_page(tmp_path: Path) -> None:
    path = write_page([make_ranking(1, query="a dress \ud800")], tmp_path / "page.html", details={"rule": "\udfff"})
    assert "a dress ?" in path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_browser_shows_every_chip_and_runs_nothing(tmp_path: Path) -> None:
    ranking = make_ranking(12, (HOSTILE[:900], "long", "belted"), query=HOSTILE, id=HOSTILE)
    dom = dump_dom(write_page([ranking], tmp_path / "page.html", top_k=10), tmp_path / "profile")
    assert len(CHIP.findall(dom)) == 2 * 10 * 3
    assert len(re.findall(r"<img ", dom)) == 20
    assert "<script" not in dom and 'src="x"' not in dom
    assert "&lt;script&gt;" in dom  # the hostile text is there, as text


@pytest.mark.parametrize("n_requirements", [1, 3, 10, 20])
@pytest.mark.parametrize("width", [60, 80, 200])
def test_table_keeps_score_and_answers_at_every_width(width: int, n_requirements: int) -> None:
    asked = tuple(Requirement(text=f"requirement {n}") for n in range(n_requirements))
    answers = tuple(Judgement(requirement=one, p_yes=0.25 + n / 50, verdict=True) for n, one in enumerate(asked))
    place = RankedDocument(
        document=Document(text="x", id="photos/" + "long/" * 20 + "1.jpg"), index=99, score=0.875, judgements=answers
    )
    console = Console(width=width, file=io.StringIO())
    console.print(ranking_table(Ranking([place], query=DecomposedQuery(query="q", requirements=asked))))
    shown = console.file.getvalue()
    assert all(len(line) <= width for line in shown.splitlines())
    assert "0.875" in shown and "100 ▲99" in shown and "…" not in shown.replace("r1 …", "")
    found = re.findall(r"✓ ?(\d\.\d\d)", shown)
    assert found == [f"{one.p_yes:.2f}" for one in answers]


def test_evidence_of_another_view_is_shown_on_that_view() -> None:
    """The card shows the first picture; a layer over it would lie on the wrong one."""
    views = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    wish = Requirement(text="has pockets")
    shown = []
    for page in (0, 1):
        found = Evidence(requirement=wish, p_yes=0.9, verdict=True, heat=((1.0, 0.0),), box=(0, 0, 0.5, 1), page=page)
        place = RankedDocument(
            document=Document(images=views, id="coat"), index=0, score=1.0, judgements=(found,), evidence=(found,)
        )
        page_text = render_page([Ranking([place], query=DecomposedQuery(query="x", requirements=(wish,)))])
        assert ("of image 2 of 2" in page_text) == (page == 1)
        [overlay] = _overlays(place)
        picture = Image.open(io.BytesIO(base64.b64decode(overlay.picture.partition(",")[2])))
        shown.append(picture.convert("RGBA").getpixel((picture.width - 2, 2)))
    assert shown[0][3] < 40 and shown[1][3] == 255  # a layer; the second view, under its own
    assert shown[1][2] > 200 and shown[1][0] < 60
