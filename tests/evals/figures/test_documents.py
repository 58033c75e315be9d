"""The documents have the figures of the records, and no measured figure that somebody typed."""

import re

import pytest
import typer
from typer.testing import CliRunner

from evals.figures import __main__ as program
from evals.figures.markers import PLACE, filled, without_figures
from evals.figures.records import Records

RECORDS = Records()
WITH_FIGURES = [path for path in program.documents() if PLACE.search(path.read_text(encoding="utf-8"))]
MEASURED = re.compile(r"\b\d+\.\d+(?!\.)\b ?(?:%|x|s|ms)?|\b\d+ ?(?:%|ms\b)|\b\d+(?:\.\d+)?x\b")


def app():
    made = typer.Typer()
    made.command()(program.main)
    return made


@pytest.mark.parametrize("path", program.documents(), ids=lambda path: str(path.relative_to(program.ROOT)))
def test_a_document_has_the_figures_of_its_records(path):
    text = path.read_text(encoding="utf-8")
    assert filled(text, RECORDS) == text, "run `python -m evals.figures --write`"


def test_the_documents_that_have_figures():
    names = {str(path.relative_to(program.ROOT)) for path in WITH_FIGURES}
    assert {"README.md", "evals/README.md", "yofo_rerank/mini/weights/adapter/README.md"} <= names


def section(text, heading):
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_no_figure_of_the_readme_is_typed():
    text = (program.ROOT / "README.md").read_text(encoding="utf-8")
    measured = section(text, "Measured")
    assert MEASURED.search(measured)
    assert MEASURED.findall(without_figures(measured)) == []


@pytest.mark.parametrize("card", ["adapter", "clip"])
def test_no_measured_figure_of_a_card_is_typed(card):
    text = (program.ROOT / f"yofo_rerank/mini/weights/{card}/README.md").read_text(encoding="utf-8")
    measured = text.partition("**Measured**")[2].partition("**Limits.**")[0]
    assert MEASURED.search(measured)
    assert MEASURED.findall(without_figures(measured)) == []


def test_a_document_that_differs_is_named_and_mended(tmp_path, monkeypatch):
    monkeypatch.setattr(program, "ROOT", tmp_path)
    readme = tmp_path / "README.md"
    readme.write_text("<!-- figures: labelled -->1<!-- end --> sentences")
    assert CliRunner().invoke(app(), []).exit_code == 1
    assert readme.read_text() == "<!-- figures: labelled -->1<!-- end --> sentences"
    assert "README.md" in CliRunner().invoke(app(), ["--write"]).stdout
    assert readme.read_text() == f"<!-- figures: labelled -->{RECORDS.value('decompose/open/n')}<!-- end --> sentences"
    assert CliRunner().invoke(app(), []).exit_code == 0
