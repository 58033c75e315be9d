"""The load program finds wrong answers, lost requests and refusals where there are some."""

import json
import time

import pytest

from evals.bench.load import run_load
from evals.bench.service import Memory, markdown
from evals.record import RESULTS
from tests.serving.conftest import TextJudge, serving
from yofo_rerank.serving import Limits, ServeSettings

PICTURES = ["data:image/png;base64,QUJD"] * 4


class Always:
    """Answers everything with the same."""

    def __init__(self, p_yes):
        self._p_yes = p_yes

    def judge_outcomes(self, documents, requirements, **_):
        from yofo_rerank.requirements import JudgedDocument, Judgement

        said = tuple(Judgement(requirement=one, p_yes=self._p_yes, verdict=True) for one in requirements)
        return [JudgedDocument(said) for _ in documents]

    def info(self):
        return {}


class Slow(Always):
    """Answers ten requests a second."""

    def __init__(self):
        super().__init__(0.9)

    def judge_outcomes(self, documents, requirements, **_):
        time.sleep(0.1)
        return super().judge_outcomes(documents, requirements)


@pytest.mark.parametrize("said, wrong", [(0.9, False), (0.8, True)])
def test_wrong_answers_are_counted(said, wrong):
    truth = {(place, text): 0.9 for place in range(4) for text in ("a", "b")}
    with serving(Always(said), ServeSettings()) as url:
        found = run_load(url, PICTURES, truth, clients=3, documents=2, requirements=1, seconds=0.5, shared=True)
    assert found["statuses"]["200"] > 0
    assert (found["wrong_answers"] > 0) == wrong
    assert found["verdicts_per_second"] > 0


def test_refusals_are_counted():
    judge = TextJudge()
    judge.hold.clear()
    truth = {(place, "a"): 0.9 for place in range(4)}
    with serving(judge, ServeSettings(limits=Limits(running=1, waiting=0, deadline=0.5))) as url:
        found = run_load(url, PICTURES, truth, clients=3, documents=2, requirements=1, seconds=0.4, shared=False)
    assert found["statuses"].keys() == {"429", "504"}
    judge.hold.set()


def test_refused_clients_ask_again_at_once_until_twice_as_much_is_offered():
    truth = {(place, "a"): 0.9 for place in range(4)}
    limits = Limits(running=1, waiting=0)
    found = {}
    with serving(Slow(), ServeSettings(limits=limits)) as url:
        for offered in (1.0, 2.0):
            found[offered] = run_load(
                url, PICTURES, truth, clients=6, documents=2, requirements=1, seconds=2, shared=False, offered=offered
            )
    assert found[1.0]["offered_per_answered"] < 1.8  # 429 tells them to wait a second
    assert 1.9 < found[2.0]["offered_per_answered"] < 2.6


def test_drift_of_memory():
    class Growing:
        def __init__(self):
            self.size = 100

        def memory_info(self):
            self.size += 100
            return type("Info", (), {"rss": self.size})

    memory = Memory(Growing())
    memory._seen = [100, 200, 200, 300, 300, 400, 400, 600]
    assert memory.figures()["memory_drift"] == pytest.approx(500 / 250 - 1, abs=0.8)


def test_the_table_is_of_the_record():
    record = json.loads((RESULTS / "bench_service.json").read_text())
    table = markdown(record["settings"], record["figures"])
    assert f"| verdicts/s | {record['figures']['overload']['verdicts_per_second']:,.0f} |" in table
    assert (RESULTS / "bench_service.md").read_text() == table
