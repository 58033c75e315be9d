import pytest

from evals import systems
from evals.baselines.record import Baseline
from evals.systems import MissingModel, Scored, System, open_system, score_each
from yofo_rerank import Document, YofoReranker
from yofo_rerank.errors import ConfigError, ImageError, MissingExtra, ModelError

DOCUMENTS = [Document(text="red", id="a"), Document(text="blue", id="b"), Document(text="green", id="c")]


class Lengths:
    """Scores by the length of the text; raises `error` for document b."""

    def __init__(self, error=None):
        self.error, self.calls = error, []

    def score(self, query, documents):
        self.calls.append([one.id for one in documents])
        if self.error and any(one.id == "b" for one in documents):
            raise self.error
        return [float(len(one.text)) for one in documents]


class Broken:
    def __init__(self, scores):
        self.scores = scores

    def score(self, query, documents):
        if isinstance(self.scores, Exception):
            raise self.scores
        return self.scores


def test_scores_come_in_the_order_of_the_documents():
    assert score_each(Lengths(), "q", DOCUMENTS) == [Scored(3.0), Scored(4.0), Scored(5.0)]


@pytest.mark.parametrize(
    ("error", "code"), [(ImageError("torn", code="truncated"), "truncated"), (IndexError("boo"), "IndexError")]
)
def test_a_document_that_fails_fails_alone_and_has_no_score(error, code):
    scorer = Lengths(error)
    assert score_each(scorer, "q", DOCUMENTS) == [Scored(3.0), Scored(None, code), Scored(5.0)]
    assert scorer.calls == [["a", "b", "c"], ["a"], ["b"], ["c"]]


def test_a_score_that_is_no_number_is_a_failure():
    assert score_each(Broken([1.0, float("nan"), float("inf")]), "q", DOCUMENTS) == [
        Scored(1.0),
        Scored(None, "not_finite"),
        Scored(None, "not_finite"),
    ]


@pytest.mark.parametrize("error", [ModelError("every score is 0.5"), ConfigError("no"), RuntimeError("no GPU")])
def test_a_broken_contestant_is_no_matter_of_documents(error):
    with pytest.raises(type(error), match=str(error)):
        score_each(Broken(error), "q", DOCUMENTS)


def test_documents_that_all_fail_are_all_counted():
    assert score_each(Broken(ImageError("torn")), "q", DOCUMENTS) == [Scored(None, "bad_image")] * 3


def test_too_few_scores_are_refused():
    with pytest.raises(ModelError, match="wanted 3 scores, but got 1"):
        score_each(Broken([1.0]), "q", DOCUMENTS)


def test_what_the_reranker_cannot_judge_has_no_score(untrained_judge):
    ours = System("yofo", reranker=YofoReranker(untrained_judge))
    torn = Document(image=b"no picture", id="torn")
    scored = ours.score("a red top", [torn, *DOCUMENTS])
    assert scored[0] == Scored(None, "not_an_image")
    assert all(one.failure is None and 0 <= one.score <= 1 for one in scored[1:])
    assert [one.failure for one in ours.score(" ", DOCUMENTS)] == ["bad_query"] * 3


def make_lengths(record, source, *, device):
    if source == "absent":
        raise OSError("no such folder")
    if source == "extra":
        raise MissingExtra("this needs something")
    return Lengths()


@pytest.fixture
def known(monkeypatch):
    record = Baseline(
        "lengths", "floor", f"{__name__}:make_lengths", hub_id="owner/lengths", revision="abc", licence="MIT"
    )
    monkeypatch.setattr(Baseline, "load", lambda self, source, device: make_lengths(self, source, device=device))
    monkeypatch.setattr(systems, "baselines", lambda: {record.name: record})


def test_a_baseline_by_name(known):
    system = open_system("lengths")
    assert system.score("q", DOCUMENTS)[0] == Scored(3.0)
    assert system.about["licence"] == "MIT"


def test_an_unknown_name_is_answered_with_the_known_ones(known):
    with pytest.raises(ConfigError, match="unknown model 'clpi'; known are yofo, lengths"):
        open_system("clpi")


def test_an_absent_checkpoint_says_what_and_from_where(known):
    with pytest.raises(MissingModel, match=r"comes from owner/lengths at abc under MIT: no such folder"):
        open_system("lengths", "absent")
    with pytest.raises(MissingModel, match="not installed: this needs something"):
        open_system("lengths", "extra")
    with pytest.raises(MissingModel, match="yofo cannot be loaded from '/nowhere'"):
        open_system("yofo", "/nowhere")
