"""What cannot be judged in time is refused at once: else, where much is asked, nobody would be answered in time."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.serving.conftest import TextJudge
from yofo_rerank.serving import gate
from yofo_rerank.serving.pace import HALF_LIFE, Pace


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pace(clock):
    return Pace(clock)


def judged(pace, clock, documents, seconds):
    """A request that took so long, alone."""
    number = pace.enter(documents)
    pace.saw(number, documents)
    clock.now += seconds
    pace.leave(number, judged=True)


def test_the_pace_is_that_of_all_together(pace, clock):
    first, second = pace.enter(10), pace.enter(30)
    pace.saw(first, 10)
    pace.saw(second, 30)
    clock.now += 2
    pace.saw(first, 4)
    pace.saw(second, 20)  # 16 documents in 2 seconds
    assert pace.seconds(0) == pytest.approx(24 / 8)
    assert pace.seconds(8) == pytest.approx(4)


def test_nothing_is_expected_of_what_is_not_known(pace, clock):
    assert pace.seconds(1000) == 0
    number = pace.enter(10)
    pace.saw(number, 10)
    clock.now += 100
    assert pace.seconds(1000) == 0  # nothing was judged yet
    pace.leave(number, judged=False)
    judged(pace, clock, 10, 1)
    assert pace.seconds(1000) == 0  # nobody is inside: who is alone may try


def test_time_counts_while_something_is_judged(pace, clock):
    judged(pace, clock, 10, 1)
    fetching = pace.enter(10)
    clock.now += 1000  # its images are fetched
    assert pace.seconds(0) == pytest.approx(1)
    pace.saw(fetching, 10)
    clock.now += 1
    assert pace.seconds(0) > 1.5


def test_a_request_that_is_given_up_is_not_waited_for(pace, clock):
    judged(pace, clock, 10, 1)
    waits, given_up = pace.enter(10), pace.enter(1000)
    assert pace.seconds(0) == pytest.approx(101)
    pace.leave(given_up, judged=False)
    assert pace.seconds(0) == pytest.approx(1)
    pace.leave(waits, judged=False)


def test_the_last_seconds_count_most(pace, clock):
    judged(pace, clock, 1000, 1)  # what was kept
    judged(pace, clock, 4 * HALF_LIFE, 4 * HALF_LIFE)  # one a second
    pace.enter(10)
    assert 2 < pace.seconds(0) < 10
    judged(pace, clock, 4 * HALF_LIFE, 4 * HALF_LIFE)
    assert 8 < pace.seconds(0) < 10


STEPS = st.tuples(st.sampled_from("esjg"), st.integers(0, 5), st.integers(0, 50), st.floats(0, 1e6))


@given(st.lists(STEPS, max_size=40))
def test_whatever_requests_report_the_time_is_a_number(steps):
    clock = Clock()
    pace, numbers = Pace(clock), [0]
    for kind, which, count, elapsed in steps:
        clock.now += elapsed
        number = numbers[which % len(numbers)]
        if kind == "e":
            numbers.append(pace.enter(count))
        elif kind == "s":
            pace.saw(number, count)
        else:
            pace.leave(number, judged=kind == "j")
        assert 0 <= pace.seconds(3) < float("inf")


class OneAtATime(TextJudge):
    """As a model: requests take turns, document by document, 20 ms each."""

    def __init__(self):
        super().__init__()
        self.turn = threading.Lock()

    def judge_outcomes(self, documents, requirements, *, progress=False):
        found = []
        for place, document in enumerate(documents):
            with self.turn:
                time.sleep(0.02)
            time.sleep(0.001)  # somebody else's turn
            found += super().judge_outcomes([document], requirements)
            if progress:
                progress(place + 1, len(documents))
        return found


def test_many_large_requests_are_answered_or_refused_and_never_late(serve, monkeypatch):
    monkeypatch.setattr(gate, "SURE", 0.4)  # so that a busy machine may be half as fast as it was
    client = serve({"deadline": 5}, judge=OneAtATime())
    body = {"model": "m", "query": "pink", "documents": ["a pink skirt"] * 20}  # 0.4 s
    assert client.post("/v1/rerank", json=body).status_code == 200
    with ThreadPoolExecutor(16) as pool:  # more than 6.4 s, if all came in: all would be late
        answers = [one.result() for one in [pool.submit(client.post, "/v1/rerank", json=body) for _ in range(16)]]
    statuses = [one.status_code for one in answers]
    assert set(statuses) == {200, 429}
    assert statuses.count(200) >= 2
    assert all(1 <= int(one.headers["retry-after"]) <= 5 for one in answers if one.status_code == 429)
    assert "not be judged in time" in next(one.json()["message"] for one in answers if one.status_code == 429)
    assert "yofo_seconds_left 0.0" in client.get("/metrics").text


def test_who_is_alone_may_try_whatever_the_pace(serve):
    client = serve({"deadline": 1}, judge=OneAtATime())
    body = {"model": "m", "query": "pink", "documents": ["a pink skirt"] * 20}
    assert client.post("/v1/rerank", json=body).status_code == 200
    late = client.post("/v1/rerank", json=body | {"documents": ["a pink skirt"] * 100})
    assert (late.status_code, late.json()["code"]) == (504, "deadline")
