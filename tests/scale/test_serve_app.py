"""The service on the real Ray Serve: each document has its replica, and a replica that is killed loses no request."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from tests.scale.judges import WordJudge
from tests.scale.serving import COLOURS, TEXTS, body, check_right, serving
from yofo_rerank import Document, Requirement, YofoJudge
from yofo_rerank.errors import ModelError
from yofo_rerank.scale import serve_app
from yofo_rerank.scale.serve_app import Ask, RoutedJudge, judge_together, tokens

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning:ray.*")


@pytest.fixture
def served(ray_here, tmp_path):
    traces = tmp_path / "traces"
    traces.mkdir()
    with serving(WordJudge(traces, 0.05), replicas=(2, 2), doors=(2, 2)) as url:
        yield url, traces


@pytest.mark.slow
def test_a_document_has_its_replica_and_a_killed_replica_loses_no_request(served):
    url, traces = served
    with httpx.Client(base_url=url, timeout=120) as client:
        assert client.get("/readyz").status_code == 200
        for colour in COLOURS[:3]:
            answer = client.post("/v2/rerank", json=body(f"it is {colour}"))
            assert answer.status_code == 200, answer.text
        by_replica = [set(trace.read_text().splitlines()) for trace in traces.iterdir()]
        assert len(by_replica) == 2
        assert not by_replica[0] & by_replica[1]  # asked three times, always at the same replica
        assert by_replica[0] | by_replica[1] == set(TEXTS)

        victim = int(next(traces.iterdir()).name)
        threading.Timer(0.3, os.kill, (victim, signal.SIGKILL)).start()

        def ask(place):
            colour = COLOURS[place % 4]
            return colour, client.post("/v2/rerank", json=body(f"it is {colour}"))

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, range(24)))
        for colour, answer in answers:
            check_right(answer, colour)
        with pytest.raises(ProcessLookupError):
            for _ in range(50):  # it was killed, indeed
                os.kill(victim, 0)
                time.sleep(0.1)


def ask_until_answered(url, colour, failures):
    """What a client does: an error of the server, or a connection that breaks, is asked again."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            answer = httpx.post(f"{url}/v2/rerank", json=body(f"it is {colour}"), timeout=60)
            if answer.status_code < 500 and answer.status_code not in (408, 429):
                return answer
            failures.append(answer.status_code)
        except httpx.TransportError as error:
            failures.append(type(error).__name__)
        time.sleep(0.5)
    raise AssertionError(failures)


@pytest.mark.slow
def test_what_a_killed_door_loses_is_answered_when_it_is_asked_again(served):
    url, traces = served
    doors = [one for one in psutil.Process().children(recursive=True) if "Door" in "".join(one.cmdline()[:1])]
    assert len(doors) == 2
    failures = []
    colours = [COLOURS[place % 4] for place in range(16)]
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(ask_until_answered, url, colour, failures) for colour in colours]
        end = time.monotonic() + 60
        while not list(traces.iterdir()) and time.monotonic() < end:
            time.sleep(0.02)
        doors[0].kill()  # while they wait in it for a judge
        answers = [one.result() for one in asked]
    assert not doors[0].is_running()
    assert failures  # by the door: nothing before it asks again
    for colour, answer in zip(colours, answers, strict=True):
        check_right(answer, colour)


class Logbook(WordJudge):
    def judge_outcomes(self, documents, requirements):
        if any(document.text == "broken" for document in documents):
            raise ModelError("cannot", code="cannot")
        return super().judge_outcomes(documents, requirements)


def ask(text, *requirements):
    return Ask(Document(text=text), tuple(Requirement(text=one) for one in requirements))


def test_what_arrives_together_is_judged_by_requirements_and_answered_in_order(tmp_path):
    asks = [ask("red", "is red"), ask("blue", "is blue", "is red"), ask("pink", "is red"), ask("broken", "is broken")]
    found = judge_together(Logbook(tmp_path), asks)
    assert [[one.verdict for one in outcome.judgements] for outcome in found] == [[True], [True, False], [False], []]
    assert found[3].failure.code == "cannot"


def test_requirements_about_one_document_are_joined_into_few_passes():
    judge = YofoJudge.from_pretrained("mini", device="cpu", attention="isolated", verdicts=False)
    judge.info()  # loads, or takes the model of another test with its counts
    texts = ("is red", "is blue", "is pink", "is long", "has pockets", "is a dress", "is a coat", "is striped")
    before, document = judge.stats.forward_passes, Document(text="a long red dress")
    found = judge_together(judge, [Ask(document, (Requirement(text=text),)) for text in texts])
    assert 1 <= judge.stats.forward_passes - before <= 4  # the first alone, the others with those that wait beside them
    [wanted] = YofoJudge.from_pretrained("mini", device="cpu", attention="isolated").judge([document], texts)
    p_yes = [outcome.judgements[0].p_yes for outcome in found]
    assert p_yes == pytest.approx([one.p_yes for one in wanted], abs=1e-5)
    assert [p > 0.5 for p in p_yes] == [True, False, False, True, False, True, False, False]


class Breaking(WordJudge):
    def __init__(self, traces, error):
        super().__init__(traces)
        self.error = error

    def judge_outcomes(self, documents, requirements):
        if any(document.text == "broken" for document in documents):
            raise self.error
        return super().judge_outcomes(documents, requirements)


@pytest.mark.parametrize(
    ("error", "code"), [(ModelError("cannot", code="cannot"), "cannot"), (ZeroDivisionError("secret"), "bad_model")]
)
def test_what_is_wrong_with_one_document_is_not_its_neighbours(tmp_path, error, code):
    asks = [ask("red", "is red"), ask("broken", "is red"), ask("pink", "is red"), ask("blue", "is blue")]
    found = judge_together(Breaking(tmp_path, error), asks)
    assert [[one.verdict for one in outcome.judgements] for outcome in found] == [[True], [], [False], [True]]
    assert found[1].failure.code == code
    assert "secret" not in found[1].failure.message


class Lost:
    """A handle of replicas whose first answers are lost."""

    def __init__(self, *errors):
        self.errors = list(errors)

    judge = property(lambda self: self)

    def options(self, **_):
        return self

    def remote(self, asked):
        self.asked = asked
        return self

    def result(self, timeout_s):
        if self.errors:
            raise self.errors.pop(0)
        return self.asked.document.text


def test_what_a_lost_machine_had_is_asked_again(monkeypatch):
    from ray import exceptions

    monkeypatch.setattr(serve_app, "PAUSE", 0)
    lost = [
        exceptions.RayActorError(),
        exceptions.OwnerDiedError("1", b"", ""),
        exceptions.ObjectLostError("1", b"", ""),
        exceptions.NodeDiedError("gone"),
        exceptions.WorkerCrashedError(),
    ]
    (found,) = RoutedJudge(Lost(*lost)).judge_outcomes([Document(text="red")], ["is red"])
    assert found == "red"


def test_keys_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("YOFO_SERVE_KEYS", "0123456789abcdef, fedcba9876543210")
    monkeypatch.setattr(serve_app, "build_app", lambda _judge, settings, **_: settings)
    assert serve_app.mini({}).keys == ("0123456789abcdef", "fedcba9876543210")
    monkeypatch.delenv("YOFO_SERVE_KEYS")
    assert serve_app.mini({}).keys == ()


def test_a_document_beyond_the_budget_counts_as_all_of_it():
    assert tokens([ask("x" * 4000, "is red")], 100) == 100
    assert tokens([ask("x" * 40, "is red"), ask("x" * 40, "is red")], 100) == 22
