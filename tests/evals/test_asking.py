"""What is kept of a run and what is asked again, by why it failed."""

from dataclasses import replace

import pytest

from evals.asking import ask_all
from evals.data_sets import MissingData
from evals.failures import AllFailed
from evals.run_file import RunFile
from evals.systems import System
from evals.verdict_sets.record import Sample
from evals.verdict_sets.registry import get_set
from yofo_rerank import Judgement, YofoReranker
from yofo_rerank.errors import ModelError
from yofo_rerank.requirements import Failure, JudgedDocument


@pytest.fixture(scope="module")
def samples():
    return list(get_set("mini").read(None, 1))


class Switched:
    """A judge whose every document fails with `code`; `None`: it answers."""

    def __init__(self, code):
        self.code, self.asked = code, 0

    def judge_outcomes(self, documents, requirements):
        self.asked += 1
        if self.code:
            return [JudgedDocument(failure=Failure(code=self.code, message="no")) for _ in documents]
        said = [Judgement(requirement=one, p_yes=0.9 - self.asked / 1000, verdict=True) for one in requirements]
        return [JudgedDocument(tuple(said)) for _ in documents]


class Lost:
    """A scorer whose device is lost after some questions."""

    def __init__(self, after):
        self.left = after

    def score(self, query, documents):
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        return [float(self.left) for _ in documents]


def switched(code):
    return System("switched", reranker=YofoReranker(Switched(code)))


def units_like(sample, n):
    return [Sample(str(place), sample.document, sample.asked) for place in range(n)]


@pytest.mark.parametrize("code", ["missing", "unreadable", "oom", "remote_timeout", "RuntimeError"])
def test_what_may_be_over_is_asked_again_by_the_next_run(code, samples, tmp_path):
    units = units_like(samples[0], 2)
    with pytest.raises((MissingData, AllFailed)):
        list(ask_all(switched(code), units, RunFile(tmp_path, {})))
    found = dict(ask_all(switched(None), units, RunFile(tmp_path, {})))
    assert [len(one["p"]) for one in found.values()] == [10, 10]
    idle = switched(code)
    assert len(list(ask_all(idle, units, RunFile(tmp_path, {})))) == 2
    assert idle.judge.asked == 0  # finished now


def test_a_torn_picture_is_not_asked_again(samples, tmp_path):
    units = units_like(samples[0], 2)
    for _ in range(2):
        asked = [found["failed"] for _, found in ask_all(switched("truncated"), units, RunFile(tmp_path, {}))]
    assert asked == ["truncated"] * 2
    again = switched(None)
    list(ask_all(again, units, RunFile(tmp_path, {})))
    assert again.judge.asked == 0


def test_scores_that_were_kept_are_asked_again_where_there_are_verdicts(samples, tmp_path):
    units = units_like(samples[0], 1)
    RunFile(tmp_path, {}).add("0", {"p": [0.1] * 10, "yes": None, "seconds": 1.0})
    [(_, kept)] = ask_all(System("scores", scorer=Lost(9)), units, RunFile(tmp_path, {}))
    assert kept["p"] == [0.1] * 10
    [(_, found)] = ask_all(switched(None), units, RunFile(tmp_path, {}))
    assert found["yes"] == [True] * 10


def test_a_run_of_which_the_first_units_all_fail_is_stopped(samples, tmp_path):
    units = units_like(samples[0], 25)
    torn = switched("truncated")
    with pytest.raises(AllFailed, match=r"switched: 20 units in a row failed \(truncated: 20\)"):
        list(ask_all(torn, units, RunFile(tmp_path, {"set": "torn"})))
    assert torn.judge.asked == 20
    with pytest.raises(MissingData, match=r"files of the first 20 units are not there, such as 19; from here"):
        list(ask_all(switched("missing"), units, RunFile(tmp_path, {"set": "gone"}), whence="from here"))


def test_a_device_that_is_lost_ends_the_run_and_keeps_nothing(samples, tmp_path):
    units = [Sample(str(place), samples[0].document, samples[0].asked[:1]) for place in range(40)]
    with pytest.raises(AllFailed, match=r"20 units in a row failed \(RuntimeError: 20\)"):
        list(ask_all(System("lost", scorer=Lost(3)), units, RunFile(tmp_path, {})))
    found = [found for _, found in ask_all(System("lost", scorer=Lost(40)), units, RunFile(tmp_path, {}))]
    assert [one.get("failed") for one in found] == [None] * 40
    assert found[2]["p"] == [0.0]  # of the first run


class Stumbling:
    """A judge of ours that an error ends which nobody foresaw, whenever `id_` is among the documents."""

    def __init__(self, error, id_):
        self.error, self.id_ = error, id_

    def judge_outcomes(self, documents, requirements):
        if any(one.id == self.id_ for one in documents):
            raise self.error
        said = (Judgement(requirement=one, p_yes=0.9, verdict=True) for one in requirements)
        return [JudgedDocument(tuple(said)) for _ in documents]

    def vocabulary_warnings(self, _texts):
        return []


@pytest.mark.parametrize("error", [RuntimeError("a kernel failed"), IndexError("9"), OSError("disk")])
def test_an_error_of_ours_that_nobody_foresaw_costs_its_document_alone(error, samples, tmp_path):
    ours = System("yofo", reranker=YofoReranker(Stumbling(error, "b")))
    documents = [replace(samples[0].document, id=id_) for id_ in "abc"]
    units = [replace(samples[0], id=one.id, document=one) for one in documents]
    found = {unit.id: found.get("failed") for unit, found in ask_all(ours, units, RunFile(tmp_path, {}))}
    assert found == {"a": None, "b": type(error).__name__, "c": None}
    scored = ours.score("a red dress", documents)
    assert [one.failure for one in scored] == [None, type(error).__name__, None]
    assert scored[1].score is None


def test_an_error_of_ours_that_is_of_no_document_ends_the_run(samples, tmp_path):
    ours = System("yofo", reranker=YofoReranker(Stumbling(ModelError("no such weights"), "a")))
    unit = replace(samples[0], document=replace(samples[0].document, id="a"))
    with pytest.raises(ModelError, match="no such weights"):
        list(ask_all(ours, [unit], RunFile(tmp_path, {})))
    with pytest.raises(ModelError, match="no such weights"):
        ours.score("a red dress", [unit.document])
    broken = System("yofo", reranker=YofoReranker(Stumbling(RuntimeError("lost"), "a")))
    units = [replace(unit, id=str(place)) for place in range(25)]
    with pytest.raises(AllFailed, match=r"20 units in a row failed \(RuntimeError: 20\)"):  # one sentence, no traceback
        list(ask_all(broken, units, RunFile(tmp_path, {})))
