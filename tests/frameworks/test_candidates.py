"""What the adapters share: paths, extras, candidates."""

import json
import logging

import pytest

from yofo_rerank import Document
from yofo_rerank.errors import ImageError, MissingExtra
from yofo_rerank.frameworks.candidates import Explanation, rank_candidates
from yofo_rerank.frameworks.extras import require
from yofo_rerank.frameworks.paths import confined
from yofo_rerank.judge import check_requirements
from yofo_rerank.requirements import JudgedDocument, Judgement
from yofo_rerank.reranker import YofoReranker


class Judge:
    """Says yes with the probability that a document's text names."""

    def judge_outcomes(self, documents, requirements):
        return [
            JudgedDocument(tuple(Judgement(requirement=one, p_yes=float(d.text), verdict=True) for one in requirements))
            for d in documents
        ]

    def vocabulary_warnings(self, texts):
        return []


CANDIDATES = [Document(text="0.2", id="a"), ImageError("no such file", code="missing"), Document(text="0.9", id="b")]


def test_candidates(caplog):
    ranked = rank_candidates(
        YofoReranker(Judge()),
        "",
        CANDIDATES,
        requirements=check_requirements(["blue"]),
        retrieval_scores=[0.5, float("inf"), None],
    )
    assert [one.index for one in ranked] == [2, 0, 1]
    assert [one.retrieval_score for one in ranked] == [None, 0.5, None]
    assert ranked[-1].failure.code == "missing"
    assert "placed last: missing (1)" in caplog.text
    for one in ranked:
        assert Explanation.model_validate(json.loads(json.dumps(one.to_dict()))) == one


def test_policies(caplog):
    caplog.set_level(logging.WARNING)
    wanted = check_requirements(["blue"])
    ranked = rank_candidates(YofoReranker(Judge(), on_error="drop"), "", CANDIDATES, requirements=wanted)
    assert [one.index for one in ranked] == [2, 0]
    assert "1 of 3 candidates could not be judged and were dropped" in caplog.text
    with pytest.raises(ImageError, match="no such file"):
        rank_candidates(YofoReranker(Judge(), on_error="raise"), "", CANDIDATES, requirements=wanted)


def test_confined(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    assert confined("a.png", None) == "a.png"
    assert confined("a.png", root) == root / "a.png"
    assert confined(root / "a" / ".." / "b.png", str(root)) == root / "b.png"
    for path in ("../x", "/etc/passwd", "link/x"):
        with pytest.raises(ImageError) as caught:
            confined(path, root)
        assert caught.value.code == "outside_root"
    for address in ("https://example.com/a.png", "file:///etc/passwd"):
        with pytest.raises(ImageError, match="nothing is fetched") as caught:
            confined(address, root)
        assert caught.value.code == "url"
    with pytest.raises(ImageError) as caught:
        confined("a\x00", root)
    assert caught.value.code == "bad_path"


def test_require():
    require("json", extra="x")
    with pytest.raises(MissingExtra, match=r'nowhere: pip install "yofo-rerank\[some\]"'):
        require("nowhere", extra="some")
    with pytest.raises(ImportError):
        require("nowhere.inside", extra="some")
