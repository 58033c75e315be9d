"""As many judges as there is to do: more of them come by themselves under load, and every answer is right."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.scale.judges import WordJudge
from tests.scale.serving import COLOURS, TEXTS, body, check_right, serving

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning:ray.*")

CALLERS, PATIENCE = 12, 120  # seconds; about 20 where nothing else runs


def running():
    from ray import serve

    (app,) = serve.status().applications.values()
    return app.deployments["Judges"].replica_states.get("RUNNING", 0)


def ask_until(done, url, place):
    """Ask one question after another, and say what was answered to which."""
    found = []
    with httpx.Client(base_url=url, timeout=120) as client:
        while not found or not done.is_set():
            colour = COLOURS[(place + len(found)) % len(COLOURS)]
            found.append((colour, client.post("/v2/rerank", json=body(f"it is {colour}"))))
    return found


@pytest.mark.slow
def test_under_load_more_judges_come_and_no_request_is_lost(ray_here, tmp_path):
    done = threading.Event()
    most = 0
    with (
        serving(WordJudge(tmp_path, 0.3), replicas=(1, 3), doors=(1, 1), upscale_delay=1) as url,
        ThreadPoolExecutor(CALLERS) as pool,
    ):
        assert running() == 1
        asked = [pool.submit(ask_until, done, url, place) for place in range(CALLERS)]
        try:
            end = time.monotonic() + PATIENCE
            while len(list(tmp_path.iterdir())) < 2 and time.monotonic() < end and not any(one.done() for one in asked):
                most = max(most, running())
                time.sleep(0.2)
            most = max(most, running())
        finally:
            done.set()
        answers = [answer for one in asked for answer in one.result()]
        assert 2 <= most <= 3
        with httpx.Client(base_url=url, timeout=120) as client:
            check_right(client.post("/v2/rerank", json=body("it is red")), "red")
    assert len(answers) >= CALLERS
    for colour, answer in answers:
        check_right(answer, colour)
    by_replica = [set(trace.read_text().splitlines()) for trace in tmp_path.iterdir()]
    assert 2 <= len(by_replica) <= 3  # the new ones judge, too
    assert set.union(*by_replica) == set(TEXTS)
