import copy
import json
from dataclasses import dataclass

import pytest

from yofo_rerank import Document, Requirement, YofoJudge, YofoReranker
from yofo_rerank.decompose import FixedDecomposer
from yofo_rerank.errors import (
    ConfigError,
    DecomposeError,
    DocumentError,
    ImageError,
    ModelError,
    RequirementError,
    RuleError,
)
from yofo_rerank.requirements import DecomposedQuery, Failure, JudgedDocument, Judgement
from yofo_rerank.scoring import get_rule


class FakeJudge:
    """p_yes by document id; a str is a failure code."""

    def __init__(self, answers, warnings=()):
        self.answers, self.warnings, self.calls = answers, list(warnings), []

    def judge_outcomes(self, documents, requirements):
        self.calls.append([requirement.text for requirement in requirements])
        return [self._one(self.answers[document.id], requirements) for document in documents]

    def vocabulary_warnings(self, texts):
        return self.warnings

    def _one(self, answer, requirements):
        if isinstance(answer, str):
            return JudgedDocument(failure=Failure(code=answer, message=f"failed with {answer}"))
        return JudgedDocument(
            tuple(Judgement(requirement=one, p_yes=answer, verdict=answer > 0.5) for one in requirements)
        )


@dataclass
class Hit:
    document: Document
    score: float


def docs(*ids):
    return [Document(text=f"document {one}", id=one) for one in ids]


def ids(ranking):
    return [place.document.id for place in ranking]


MIXED = {"a": 0.2, "b": "missing", "c": 0.9, "d": 0.2, "e": "nan"}


def test_best_first_with_everything_to_explain_it():
    judge = FakeJudge({"a": 0.2, "b": 0.9, "c": 0.5})
    ranking = YofoReranker(judge=judge, decomposer="rules", scoring="mean").rerank(
        "blue hooded top", docs("a", "b", "c")
    )
    assert ids(ranking) == ["b", "c", "a"]
    assert [place.index for place in ranking] == [1, 2, 0]
    assert [place.score for place in ranking] == pytest.approx([0.9, 0.5, 0.2])
    assert [place.retrieval_score for place in ranking] == [None] * 3
    assert [one.requirement.text for one in ranking[0].judgements] == judge.calls[0]
    assert ranking.query.query == "blue hooded top"
    json.dumps(ranking.to_dict())


def test_ties_keep_the_input_order_and_failures_go_last():
    ranking = YofoReranker(FakeJudge(MIXED)).rerank("blue", docs("a", "b", "c", "d", "e"))
    assert ids(ranking) == ["c", "a", "d", "b", "e"]
    assert [place.failure.code for place in ranking[3:]] == ["missing", "nan"]
    assert [place.score for place in ranking[3:]] == [0.0, 0.0]
    assert ranking.warnings == ("2 of 5 documents could not be judged and were placed last: missing (1), nan (1)",)


def test_failures_can_be_dropped_or_raised():
    documents = docs("a", "b", "c", "d", "e")
    dropped = YofoReranker(FakeJudge(MIXED), on_error="drop").rerank("blue", documents)
    assert ids(dropped) == ["c", "a", "d"]
    assert "were dropped" in dropped.warnings[0]
    with pytest.raises(DocumentError, match="'b': failed with missing") as raised:
        YofoReranker(FakeJudge(MIXED), on_error="raise").rerank("blue", documents)
    assert raised.value.code == "missing"
    with pytest.raises(ModelError, match="'e'"):
        YofoReranker(FakeJudge(MIXED), on_error="raise").rerank("blue", [documents[0], documents[4]])
    with pytest.raises(ConfigError, match="one of raise, last, drop, but got 'skip'"):
        YofoReranker(FakeJudge(MIXED), on_error="skip")


@pytest.mark.parametrize(("top_k", "expected"), [(None, 3), (1, 1), (3, 3), (99, 3)])
def test_top_k(top_k, expected):
    judge = FakeJudge({"a": 0.2, "b": 0.9, "c": 0.5})
    assert len(YofoReranker(judge).rerank("blue", docs("a", "b", "c"), top_k=top_k)) == expected


@pytest.mark.parametrize("top_k", [0, -1, 1.5, "3", True])
def test_bad_top_k(top_k):
    judge = FakeJudge({"a": 0.2})
    with pytest.raises(ValueError, match=r"top_k must be None or .* but got"):
        YofoReranker(judge).rerank("blue", docs("a"), top_k=top_k)
    assert judge.calls == []


def test_given_requirements_skip_decomposition():
    judge = FakeJudge({"a": 0.2})
    wish = Requirement(text="long", necessity="should")
    ranking = YofoReranker(judge).rerank("whatever, and more", docs("a"), requirements=["blue", wish])
    assert judge.calls == [["blue", "long"]]
    assert ranking.query.requirements[1].necessity == "should"
    with pytest.raises(RequirementError):
        YofoReranker(judge).rerank("blue", docs("a"), requirements=[])
    with pytest.raises(DecomposeError, match="but got NoneType"):
        YofoReranker(judge).rerank(None, docs("a"), requirements=["blue"])
    assert YofoReranker(judge).rerank("\ud800", docs("a"), requirements=["blue"]).query.query == "?"


def test_bad_query_and_bad_rule_come_before_any_model_work():
    judge = FakeJudge({"a": 0.2})
    with pytest.raises(DecomposeError):
        YofoReranker(judge).rerank("   ", docs("a"))
    with pytest.raises(RuleError, match="r9"):
        YofoReranker(judge).rerank("blue", docs("a"), scoring={"kind": "expression", "expression": "r1 and r9"})
    with pytest.raises(RuleError):
        YofoReranker(judge, scoring="best")
    assert judge.calls == []


class Chooser:
    """A decomposer that also chooses a rule."""

    name = "chooser"

    def decompose(self, query):
        requirements = (Requirement(text="a"), Requirement(text="b"))
        return DecomposedQuery(query=query, requirements=requirements, scoring={"kind": "all"}, decomposer=self.name)


def test_which_rule_counts():
    judge = FakeJudge({"a": 0.5})
    found = YofoReranker(judge, Chooser()).rerank("x", docs("a"))
    all_rule, mean = get_rule("all").score(found[0].judgements), get_rule("mean").score(found[0].judgements)
    assert all_rule != mean
    assert found[0].score == pytest.approx(all_rule)  # the decomposer's
    assert YofoReranker(judge, Chooser(), "mean").rerank("x", docs("a"))[0].score == pytest.approx(mean)
    call = YofoReranker(judge, Chooser(), scoring="all").rerank("x", docs("a"), scoring="mean")
    assert call[0].score == pytest.approx(mean)


def test_hits_keep_their_scores():
    judge = FakeJudge({"a": 0.2, "b": 0.9})
    a, b = docs("a", "b")
    ranking = YofoReranker(judge).rerank("blue", [Hit(a, 0.31), Hit(b, 0.3)])
    assert [(place.document, place.retrieval_score) for place in ranking] == [(b, 0.3), (a, 0.31)]
    again = YofoReranker(judge).rerank("blue", ranking)
    assert [place.retrieval_score for place in again] == [place.score for place in ranking]
    given = YofoReranker(judge).rerank("blue", [a, b], retrieval_scores=[5, 7])
    assert [place.retrieval_score for place in given] == [7.0, 5.0]
    with pytest.raises(DocumentError, match="1 retrieval scores for 2 documents"):
        YofoReranker(judge).rerank("blue", [a, b], retrieval_scores=[5])


def test_two_documents_with_one_id():
    judge = FakeJudge({"a": 0.2})
    same = [Document(text="x", id="a"), Document(text="x", id="a")]
    assert len(YofoReranker(judge).rerank("blue", same)) == 2
    with pytest.raises(DocumentError, match="two different documents have the id 'a'"):
        YofoReranker(judge).rerank("blue", [*same, Document(text="y", id="a")])


def test_no_documents():
    judge = FakeJudge({})
    ranking = YofoReranker(judge).rerank("blue", [])
    assert list(ranking) == []
    assert ranking.query.requirements
    assert judge.calls == []


def test_what_is_not_a_document():
    with pytest.raises(DocumentError, match="single Document"):
        YofoReranker(FakeJudge({})).rerank("blue", docs("a")[0])
    with pytest.raises(DocumentError, match=r"document 0: wanted a Document, .* but got int"):
        YofoReranker(FakeJudge({})).rerank("blue", [3])


def test_warnings_of_the_judge_are_carried():
    ranking = YofoReranker(FakeJudge({"a": 0.2}, ["never saw 'sequins'"])).rerank("sequins", docs("a"))
    assert "never saw 'sequins'" in ranking.warnings


def test_inputs_are_not_touched():
    documents = docs("a", "b", "c")
    before = copy.deepcopy(documents)
    YofoReranker(FakeJudge({"a": 0.2, "b": 0.9, "c": 0.5})).rerank("blue", documents, top_k=1)
    assert documents == before


def test_with_a_real_judge(tiny, pictured_documents, tmp_path):
    judge = YofoJudge.from_components(tiny.model, tiny.processor, max_batch_tokens=20_000)
    gone = Document(image=tmp_path / "none.png", id="gone")
    reranker = YofoReranker(judge, FixedDecomposer(["blue", "not pink"]), scoring="mean")
    ranking = reranker.rerank("anything", [gone, *pictured_documents])
    assert len(ranking) == len(pictured_documents) + 1
    assert ranking[-1].document.id == "gone"
    scores = [place.score for place in ranking[:-1]]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) > 1
    assert judge.stats.forward_passes <= 2  # batches of similar length, never one pass a document
    reversed_ids = ids(reranker.rerank("anything", [*reversed(pictured_documents), gone]))
    assert reversed_ids == ids(ranking)
    with pytest.raises(DocumentError) as raised:
        YofoReranker(judge, on_error="raise").rerank("blue", [gone])
    assert not isinstance(raised.value, ImageError) and raised.value.code == "missing"


def test_a_judge_that_tells_no_progress_is_asked_without():
    reranker = YofoReranker(FakeJudge({"a": 0.2}))
    assert ids(reranker.rerank("blue", docs("a"), progress=True)) == ["a"]
    assert ids(reranker.rerank_many(["blue"], docs("a"), progress=print)[0]) == ["a"]
