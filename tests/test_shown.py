"""Other people's words on the terminal: text, never markup, a link or an escape sequence."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from yofo_rerank import cli
from yofo_rerank.requirements import JudgedDocument
from yofo_rerank.shown import MAX_CHARS, printable

HOSTILE = [
    "[/x]",
    "a[/b].jpg",
    "red [/x]",
    "[link=https://example.com]x[/link]",
    "[bold]x",
    "\x1b]8;;x\x07y",
    "\u202etxt",
]


@given(st.text(), st.integers(1, 500))
def test_nothing_steers_a_terminal(text, limit):
    shown = printable(text, limit)
    assert shown.isprintable() and len(shown) <= limit


def test_words_of_the_world_are_kept():
    assert printable("schön 裙子 👗 فستان") == "schön 裙子 👗 فستان"
    assert len(printable("x" * 1000)) == MAX_CHARS


class Judge:
    """Answers yes, or says that it cannot, in the hostile words themselves."""

    def vocabulary_warnings(self, texts):
        return [f"never saw {texts[0]}"]

    def judge_outcomes(self, documents, requirements, **options):
        from yofo_rerank.judging import check_requirements
        from yofo_rerank.requirements import Failure, Judgement

        judged = tuple(Judgement(requirement=one, p_yes=0.9, verdict=True) for one in check_requirements(requirements))
        failed = JudgedDocument(failure=Failure(code="truncated", message=f"half of {documents[0].id}"))
        return [JudgedDocument(judged) if place else failed for place, _ in enumerate(documents)]

    def info(self):
        return {"model": "[/judge]"}


def run(arguments, capsys, monkeypatch):
    monkeypatch.setattr(cli.options, "load_judge", lambda *given, **options: Judge())
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return ended.value.code, said.out + said.err


@pytest.mark.parametrize("hostile", HOSTILE)
def test_judge_prints_names_and_requirements_as_text(hostile, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path(hostile.replace("/", "\u2215") + ".png")
    Image.new("RGB", (8, 8)).save(path)
    code, said = run(["judge", str(path), str(path), "-r", hostile], capsys, monkeypatch)
    assert code == 1  # the first of the two failed
    assert all(char.isprintable() or char == "\n" for char in said), said
    assert printable(hostile) in said
    assert printable(str(path)) in " ".join(said.split())


@pytest.mark.parametrize("hostile", HOSTILE)
def test_errors_are_text(hostile, capsys, monkeypatch):
    code, said = run(["search", "x", "--rule", hostile], capsys, monkeypatch)
    assert code in (1, 2)
    assert all(char.isprintable() or char == "\n" for char in said), said
