"""Contestants that are absent, blind or broken."""

from __future__ import annotations

import math

import pytest
from PIL import Image

from evals.baselines.checks import (
    Checked,
    ConstantScores,
    Missing,
    MissingBaseline,
    check_scores,
    open_baseline,
    open_or_missing,
    require_image,
    score_counting,
)
from evals.baselines.record import Baseline
from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError, ModelError

DOCUMENTS = [Document(text=text, id=text) for text in ("one", "three", "seventeen", "broken", "five")]
RECORD = Baseline(
    "absent", "embedder", "evals.baselines.checks:nothing", hub_id="someone/absent", licence="CC-BY-NC-4.0"
)


class Lengths:
    """Scores a text by its length; raises where told, all together as a batch would."""

    def __init__(self, broken: str = "", scale: float = 1.0) -> None:
        self.broken, self.scale, self.calls = broken, scale, 0

    def score(self, query, documents):
        self.calls += 1
        if any(document.text == self.broken for document in documents):
            raise DocumentError(f"cannot read {self.broken}")
        return [self.scale * len(document.text) for document in documents]


class Discrete(Lengths):
    discrete = True


def refuse(error):
    def load(*_, **__):
        raise error

    return load


def test_one_float_for_each_document():
    scores = check_scores("toy", DOCUMENTS, [3, 5, 9, 6, 4])
    assert scores == [3.0, 5.0, 9.0, 6.0, 4.0]
    assert all(type(score) is float for score in scores)


@pytest.mark.parametrize("scores", [[1.0], [1.0] * 6, [1.0, 2.0, math.nan, 3.0, 4.0], [1.0, 2.0, math.inf, 3.0, 4.0]])
def test_wrong_number_and_not_finite_are_refused(scores):
    with pytest.raises(ModelError, match="wanted"):
        check_scores("toy", DOCUMENTS, scores)


@pytest.mark.parametrize("score", [0.5, 0.0, -7.0])
def test_one_score_for_all_is_refused_and_the_template_named(score):
    near = [score + place * 1e-8 * abs(score) for place in range(5)]
    with pytest.raises(ConstantScores, match="template may not fit"):
        check_scores("toy", DOCUMENTS, near)


def test_small_scores_that_differ_are_not_constant():
    assert check_scores("toy", DOCUMENTS, [1e-9, 2e-9, 3e-9, 4e-9, 5e-9])[1] == 2e-9


def test_copies_of_one_document_and_pairs_may_score_the_same():
    copies = [Document(text="one", id=str(place)) for place in range(4)]
    assert check_scores("toy", copies, [0.5] * 4) == [0.5] * 4
    assert check_scores("toy", DOCUMENTS[:2], [0.5] * 2) == [0.5] * 2


def test_a_scorer_that_counts_may_tie_and_one_that_does_not_may_not():
    assert Checked(Discrete(scale=0.0), "counts").score("q", DOCUMENTS) == [0.0] * 5
    assert score_counting(Checked(Discrete(scale=0.0), "counts"), "q", DOCUMENTS).failures == 0
    with pytest.raises(ConstantScores, match=r"^blind:"):
        Checked(Lengths(scale=0.0), "blind").score("q", DOCUMENTS)


def test_a_document_that_fails_is_counted_and_the_others_are_scored():
    scorer = Lengths(broken="broken")
    counted = score_counting(scorer, "q", DOCUMENTS)
    assert counted.scores == (3.0, 5.0, 9.0, None, 4.0)
    assert counted.failures == 1
    assert counted.reasons == {3: "DocumentError: cannot read broken"}
    assert scorer.calls == 1 + 6 + 1  # all, halves of what fails, the rest


def test_a_picture_that_cannot_be_read_is_found_without_asking_again():
    class Pictures:
        calls = 0

        def score(self, query, documents):
            self.calls += 1
            return [float(document.load_image().width) for document in documents]

    sizes = [Document(image=Image.new("RGB", (width, 8))) for width in (16, 32, 48)]
    scorer = Pictures()
    counted = score_counting(scorer, "q", [*sizes, Document(image=b"none", id="broken")])
    assert counted.scores == (16.0, 32.0, 48.0, None)
    assert scorer.calls == 2


def test_scores_of_a_list_come_from_one_call():
    """Ranks of two calls do not mix."""

    class Ranks(Lengths):
        def score(self, query, documents):
            lengths = super().score(query, documents)
            return [-float(sorted(lengths, reverse=True).index(length)) for length in lengths]

    assert score_counting(Ranks(broken="broken"), "q", DOCUMENTS).scores == (-3.0, -1.0, 0.0, None, -2.0)


def test_what_fails_only_together_fails_whole():
    class Unparsable:
        def score(self, query, documents):
            if len(documents) > 2:
                raise ModelError("cannot be read", code="unparsable")
            return [1.0] * len(documents)

    counted = score_counting(Unparsable(), "q", DOCUMENTS)
    assert counted.scores == (None,) * 5
    assert set(counted.reasons.values()) == {"ModelError: cannot be read"}


def test_a_score_that_is_no_number_is_a_failure_not_a_zero():
    class Nan:
        def score(self, query, documents):
            return [math.nan if document.text == "five" else float(len(document.text)) for document in documents]

    counted = score_counting(Nan(), "q", DOCUMENTS)
    assert counted.scores == (3.0, 5.0, 9.0, 6.0, None)
    assert "finite" in counted.reasons[4]


def test_nothing_fails_in_one_call_and_nothing_is_asked_of_no_documents():
    scorer = Lengths()
    assert score_counting(scorer, "q", DOCUMENTS).reasons == {}
    assert scorer.calls == 1
    assert score_counting(scorer, "q", []).scores == ()
    assert scorer.calls == 1


def test_constant_scores_are_the_contestants_fault_and_are_raised():
    with pytest.raises(ConstantScores):
        score_counting(Lengths(scale=0.0), "q", DOCUMENTS)


def test_an_absent_checkpoint_says_what_from_where_and_under_which_licence(monkeypatch):
    monkeypatch.setattr("evals.baselines.checks.nothing", refuse(OSError("no connection")), raising=False)
    with pytest.raises(MissingBaseline) as caught:
        open_baseline(RECORD)
    for part in ("absent", "https://huggingface.co/someone/absent", "CC-BY-NC-4.0", "check before use"):
        assert part in str(caught.value)


def test_an_absent_package_says_how_to_install_it(monkeypatch):
    record = Baseline("other", "embedder", "evals.baselines.checks:nothing", needs="some-package")
    monkeypatch.setattr("evals.baselines.checks.nothing", refuse(ModuleNotFoundError("no")), raising=False)
    with pytest.raises(MissingBaseline, match="pip install some-package"):
        open_baseline(record)


def test_a_checkpoint_that_is_there_and_broken_is_not_missing(monkeypatch):
    monkeypatch.setattr("evals.baselines.checks.nothing", refuse(ModelError("31 weights are random")), raising=False)
    with pytest.raises(ModelError, match="31 weights"):
        open_baseline(RECORD)


def test_what_is_missing_is_listed(monkeypatch):
    monkeypatch.setattr("evals.baselines.checks.nothing", refuse(OSError("no connection")), raising=False)
    missing = open_or_missing(RECORD)
    assert isinstance(missing, Missing)
    assert missing.name == "absent"


def test_a_document_without_a_picture_is_refused_by_name():
    with pytest.raises(DocumentError, match="clip reads images"):
        require_image("clip", DOCUMENTS[0])
