"""The reranker in the shape of sentence-transformers, and rerank_many, against the reranker's own answers."""

import inspect
import logging

import numpy as np
import pytest

from yofo_rerank import Document, YofoJudge, YofoReranker
from yofo_rerank.errors import ConfigError, DecomposeError, DocumentError
from yofo_rerank.requirements import Failure, JudgedDocument

QUERY = "a blue hooded top"
TEXTS = ["a blue top with a hood", "a grey skirt", "red trousers for winter", "a top"]


@pytest.fixture(scope="module")
def judge(tiny_qwen3_vl):
    return YofoJudge.from_components(tiny_qwen3_vl.model, tiny_qwen3_vl.processor, verdicts=False)


@pytest.fixture(scope="module")
def reranker(judge):
    return YofoReranker(judge, scoring="mean")


def test_rank_says_what_rerank_says(reranker):
    found = reranker.rank(QUERY, TEXTS)
    expected = reranker.rerank(QUERY, [Document(text=text) for text in TEXTS])
    assert found == [{"corpus_id": place.index, "score": place.score} for place in expected]
    assert len({one["score"] for one in found}) == 4
    assert reranker.rank(QUERY, TEXTS, 2, True) == [one | {"text": TEXTS[one["corpus_id"]]} for one in found[:2]]


def test_rank_takes_images_and_documents(reranker, make_image, tmp_path):
    make_image(seed=1).save(tmp_path / "1.png")
    documents = [make_image(seed=1), tmp_path / "1.png", Document(text=TEXTS[0]), TEXTS[0]]
    scores = {one["corpus_id"]: one["score"] for one in reranker.rank(QUERY, documents)}
    assert scores[0] == pytest.approx(scores[1])
    assert scores[2] == scores[3] != scores[0]


def test_predict_keeps_the_order_and_judges_a_query_once(reranker, judge):
    pairs = [(QUERY, TEXTS[0]), ("not pink", TEXTS[1]), [QUERY, TEXTS[2]], ("not pink", TEXTS[0])]
    reranker.predict(pairs)  # prefix states are known from here on
    before = judge.stats.forward_passes
    scores = reranker.predict(pairs, batch_size=32, show_progress_bar=False)
    assert judge.stats.forward_passes == before + 2  # one for each query
    assert isinstance(scores, np.ndarray) and scores.shape == (4,)
    alone = [reranker.rank(query, [text])[0]["score"] for query, text in pairs]
    assert scores == pytest.approx(alone, abs=1e-5)
    assert len(set(alone)) == 4


def test_what_cannot_be_judged(judge, tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    documents = [tmp_path / "none.png", TEXTS[0]]
    pairs = [(QUERY, document) for document in documents]
    last, drop, strict = (YofoReranker(judge, on_error=policy) for policy in ("last", "drop", "raise"))
    assert last.rank(QUERY, documents)[1] == {"corpus_id": 0, "score": 0.0}
    assert last.predict(pairs)[0] == 0.0
    assert "1 of 2 documents could not be judged and were placed last" in caplog.text
    assert [one["corpus_id"] for one in drop.rank(QUERY, documents)] == [1]
    assert np.isnan(drop.predict(pairs)).tolist() == [True, False]
    for call in (lambda: strict.rank(QUERY, documents), lambda: strict.predict(pairs)):
        with pytest.raises(DocumentError, match=r"none\.png"):
            call()


@pytest.mark.parametrize("pairs", [["ab"], [("a",)], [("a", "b", "c")], [3]])
def test_what_is_no_pair(reranker, pairs):
    with pytest.raises(ConfigError, match="pair 0: wanted"):
        reranker.predict(pairs)


def test_a_text_is_no_list(reranker):
    with pytest.raises(DocumentError, match="single str"):
        reranker.rank(QUERY, "a grey skirt")
    with pytest.raises(DecomposeError, match="must be a list"):
        reranker.rerank_many(QUERY, [Document(text="a")])


def test_a_script_changes_one_line():
    """Our parameters are theirs, with their names and in their order."""
    theirs = pytest.importorskip("sentence_transformers").CrossEncoder
    for name, own in (("rank", YofoReranker.rank), ("predict", YofoReranker.predict)):
        known = inspect.signature(getattr(theirs, name)).parameters
        ours = [one for one in inspect.signature(own).parameters if one not in ("self", "pairs")]
        assert set(ours) <= set(known), name
    order = list(inspect.signature(theirs.rank).parameters)[:5]
    assert list(inspect.signature(YofoReranker.rank).parameters)[:5] == order


def test_rerank_many_encodes_each_document_once(tiny_qwen3_vl, make_image):
    judge = YofoJudge.from_components(tiny_qwen3_vl.model, tiny_qwen3_vl.processor)
    reranker = YofoReranker(judge)
    documents = [Document(image=make_image(seed=seed), id=str(seed)) for seed in range(3)]
    queries = [QUERY, "a long dress, not pink"]
    many = reranker.rerank_many(queries, documents, top_k=2)
    assert judge.stats.cache_misses == len(documents)
    for query, ranking in zip(queries, many, strict=True):
        alone = reranker.rerank(query, documents, top_k=2)
        assert ranking.query == alone.query
        assert [one.document.id for one in ranking] == [one.document.id for one in alone]
        assert [one.score for one in ranking] == pytest.approx([one.score for one in alone], abs=1e-5)
    assert many[0][0].score != many[1][0].score
    assert [list(one) for one in reranker.rerank_many(queries, [])] == [[], []]


def test_progress_reaches_the_judge_only_when_somebody_looks():
    class Judge:
        def judge_outcomes(self, documents, requirements, progress="nobody"):
            seen.append(progress)
            return [JudgedDocument(failure=Failure(code="nan", message="no answer"))]

        def vocabulary_warnings(self, texts):
            return []

    seen: list = []
    for progress in (False, True, print):
        YofoReranker(Judge()).rerank(QUERY, [Document(text="a")], progress=progress)
    assert seen == ["nobody", True, print]
