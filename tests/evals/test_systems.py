import pytest

from evals import systems
from evals.asking import ask_sample
from evals.baselines import decision
from evals.baselines.isolating import VerdictScorer, WholeQuery
from evals.baselines.record import Baseline
from evals.baselines.scores import Checked
from evals.systems import MissingModel, Scored, System, open_system
from evals.verdict_sets.record import Asked, Sample
from yofo_rerank import Document, Judgement, YofoReranker
from yofo_rerank.errors import ConfigError, ImageError, MissingExtra, ModelError
from yofo_rerank.requirements import JudgedDocument

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


def test_scores_come_in_the_order_of_the_documents():
    assert System("s", scorer=Lengths()).score("q", DOCUMENTS) == [Scored(3.0), Scored(4.0), Scored(5.0)]


@pytest.mark.parametrize("error", [ImageError("torn"), IndexError("boo")])
def test_a_document_that_fails_fails_alone_and_has_no_score(error):
    scored = System("s", scorer=Lengths(error)).score("q", DOCUMENTS)
    assert scored == [Scored(3.0), Scored(None, type(error).__name__), Scored(5.0)]


def test_a_contestant_that_sees_no_difference_is_refused():
    alike = [Document(text=text) for text in ("red", "tan", "sea")]
    with pytest.raises(ModelError, match="distinct documents score 3"):
        System("s", scorer=Checked(Lengths(), "s")).score("q", alike)


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
    with pytest.raises(MissingModel, match=r"wanted absent; licence: MIT. no such folder"):
        open_system("lengths", "absent")
    with pytest.raises(MissingModel, match=r"not installed.*this needs something"):
        open_system("lengths", "extra")
    with pytest.raises(MissingModel, match="yofo cannot be loaded from '/nowhere'"):
        open_system("yofo", "/nowhere")


def test_a_broken_adapter_is_no_missing_one(tmp_path):
    (tmp_path / "adapter").mkdir()
    with pytest.raises(ModelError, match="has no adapter_model"):
        open_system("yofo", "mini", adapter=str(tmp_path / "adapter"))
    with pytest.raises(MissingModel, match="nowhere"):
        open_system("yofo", "mini", adapter=str(tmp_path / "nowhere"))


def test_what_ours_needs_and_is_not_installed_is_missing(monkeypatch):
    def open_judge(*_, **__):
        raise MissingExtra("pip install this")

    monkeypatch.setattr(systems, "open_judge", open_judge)
    with pytest.raises(MissingModel, match="pip install this"):
        open_system("yofo", "mini")


class Said:
    """Its judge says yes to what is long."""

    def judge_outcomes(self, documents, requirements):
        if documents[0].id == "b":
            raise ImageError("torn")
        said = tuple(Judgement(requirement=one, p_yes=0.7, verdict=len(one.text) > 5) for one in requirements)
        return [JudgedDocument(said) for _ in documents]


def test_a_scorer_that_gives_verdicts_is_asked_for_them():
    judge = Said()
    system = System("said", scorer=Checked(VerdictScorer(judge, discrete=True), "said"))
    assert system.judge is judge
    asked = (Asked("short", answer=True), Asked("longer", answer=True))
    assert ask_sample(system, Sample("a", DOCUMENTS[0], asked)) == {"p": [0.7, 0.7], "yes": [False, True]}
    assert ask_sample(system, Sample("b", DOCUMENTS[1], asked)) == {"failed": "ImageError"}
    assert System("whole", scorer=WholeQuery(judge)).judge is None  # asks whole queries alone


def test_a_decision_pipeline_has_verdicts(monkeypatch):
    asked = []

    def answers(decide, document, questions):
        asked.append(dict(questions))
        return {name: 0.9 if "red" in text else 0.1 for name, text in questions.items()}

    monkeypatch.setattr(decision, "answers", answers)
    sample = Sample("a", DOCUMENTS[0], (Asked("red", answer=True), Asked("blue", answer=False)))
    own = System("own", scorer=decision.WholeQueryScorer(decide=None))
    assert ask_sample(own, sample) == {"p": [0.9, 0.1], "yes": [True, False]}
    assert asked == [{"q": decision.QUESTION.format(query=text)} for text in ("red", "blue")]
    ours = System("ours", scorer=decision.RequirementsScorer(YofoReranker(decision.DecisionJudge(decide=None))))
    assert ask_sample(ours, sample) == {"p": [0.9, 0.1], "yes": [True, False]}
    assert asked[2:] == [{"q0": "red", "q1": "blue"}]
