"""A ranking as JSON, as a data frame and as a notebook's table; and the bar while it is made."""

import io
import json
import re
import sys

import pytest

from yofo_rerank import DecomposedQuery, Document, Judgement, RankedDocument, Ranking, Requirement
from yofo_rerank.errors import MissingExtra
from yofo_rerank.progress import counting
from yofo_rerank.requirements import Failure

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def ranking(make_image):
    asked = (Requirement(text="blue"), Requirement(text="score"), Requirement(text=HOSTILE))
    judged = tuple(Judgement(requirement=one, p_yes=0.25 * n, verdict=n > 1) for n, one in enumerate(asked, start=1))
    best = RankedDocument(
        document=Document(image=make_image(), id=HOSTILE), index=3, score=0.75, retrieval_score=0.5, judgements=judged
    )
    failed = RankedDocument(
        document=Document(text="b", id="b"), index=0, score=0.0, failure=Failure(code="missing", message=HOSTILE)
    )
    return Ranking([best, failed], query=DecomposedQuery(query=HOSTILE, requirements=asked), warnings=[HOSTILE])


def test_json(ranking):
    assert json.loads(ranking.to_json()) == ranking.to_dict()
    assert "\n" not in ranking.to_json() and "\n" in ranking.to_json(indent=2)


def test_data_frame(ranking):
    pandas = pytest.importorskip("pandas")
    frame = ranking.to_pandas()
    names = ["id", "index", "score", "retrieval_score", "failure", "blue", "r2: score", HOSTILE]
    assert list(frame.columns) == names
    assert frame.loc[0, ["index", "score", "retrieval_score", *names[5:]]].tolist() == [3, 0.75, 0.5, 0.25, 0.5, 0.75]
    assert frame.loc[1, "failure"] == "missing"
    assert pandas.isna(frame.loc[1, "blue"])
    empty = Ranking([], query=ranking.query).to_pandas()
    assert (len(empty), list(empty.columns)) == (0, names)


def test_no_pandas(ranking, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtra, match=r'needs pandas: pip install "yofo-rerank\[pandas\]"'):
        ranking.to_pandas()


def test_notebook_table_is_escaped_and_self_contained(ranking):
    shown = ranking._repr_html_()
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;") == 5  # query, warning, requirement, id, failure
    assert re.findall(r'src="(.{15})', shown) == ["data:image/webp"]
    assert "http" not in shown
    assert "✗ 0.25" in shown and "✓ 0.75" in shown
    many = Ranking(list(ranking) * 8, query=ranking.query)._repr_html_()
    assert many.count("<tr>") == 1 + 10
    assert "and 6 more" in many
    assert len(many) < 50_000


def test_a_callback_counts_and_nobody_costs_nothing():
    with counting(False) as tick:
        assert tick is None
    seen = []
    with counting(lambda *numbers: seen.append(numbers)) as tick:
        tick(1, 2)
    assert seen == [(1, 2)]


def test_the_bar_names_documents_speed_and_time_left(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm")
    for stderr, is_shown in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stderr)
        with counting(True) as tick:
            tick(3, 12)
        assert ("3/12" in stderr.getvalue()) == is_shown
