"""A catalogue on the real Ray: nothing lost, nothing doubled, whatever dies."""

import os
import random
import signal
import threading
import time

import pytest
from pyarrow import parquet

from tests.scale.judges import PickyJudge, RedJudge, red_of
from yofo_rerank.errors import ConfigError, DocumentError, RetrievalError
from yofo_rerank.scale import Pool, judge_catalogue
from yofo_rerank.scale.partitions import listed
from yofo_rerank.scale.pool import warn_if_full

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning:ray.*")

KILLS = int(os.environ.get("YOFO_RAY_KILLS", "20"))  # 50 s where nothing else runs; fewer for a quick look


def read(out):
    rows = [row for path in sorted(out.glob("*.parquet")) for row in parquet.read_table(path).to_pylist()]
    found = {(row["document"], row["requirement"]): row for row in rows}
    assert len(found) == len(rows)  # nothing doubled
    return found


@pytest.mark.slow
def test_actors_killed_at_random_lose_and_double_nothing(ray_here, pictures, two_actors, tmp_path):
    n = 40 + 20 * KILLS
    folder, traces, out = pictures(n, poisoned={5}), tmp_path / "traces", tmp_path / "out"
    traces.mkdir()
    killed, done = [], threading.Event()
    chance = random.Random(3)

    def kill():
        while len(killed) < KILLS and not done.is_set():
            alive = [int(path.name) for path in traces.iterdir() if int(path.name) not in killed]
            if alive:
                time.sleep(chance.uniform(0, 0.6))
                victim = chance.choice(alive)
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)
            time.sleep(0.05)

    thread = threading.Thread(target=kill)
    thread.start()
    judge = RedJudge(traces, seconds=0.1)
    try:
        report = judge_catalogue(folder, judge, ["red", "not red"], out, pool=two_actors, size=8)
    finally:
        done.set()
        thread.join()
    assert len(killed) == KILLS
    assert (report.judged, report.failed) == (n - 1, 1)
    answers = read(out)
    assert answers.keys() == {(f"{i:03}.png", text) for i in range(n) for text in ("red", "not red")}
    poisoned = [key for key, row in answers.items() if row["failure"]]
    assert poisoned == [("005.png", "red"), ("005.png", "not red")]
    assert answers["005.png", "red"]["failure"] == "truncated"
    assert answers["005.png", "red"]["p_yes"] is None
    for (document, text), row in answers.items():
        if row["failure"] is None:
            red = red_of(document)
            assert row["p_yes"] == pytest.approx(red if text == "red" else 1 - red)

    again = judge_catalogue(folder, judge, ["red", "not red"], out, pool=two_actors, size=8)
    assert (again.written, again.judged) == (0, 0)
    assert again.found == report.written


@pytest.mark.slow
def test_a_second_run_judges_what_is_missing_alone(ray_here, pictures, two_actors, tmp_path):
    folder, traces, out = pictures(12), tmp_path / "traces", tmp_path / "out"
    traces.mkdir()
    judge = PickyJudge(traces)
    assert judge_catalogue(folder, judge, ["red"], out, pool=two_actors, size=4).failed == 1
    before = read(out)
    assert before["003.png", "red"]["failure"] == "no_threes"  # alone: its batch was judged without it
    assert sum(row["failure"] is None for row in before.values()) == 11

    lost = sorted(out.glob("*.parquet"))[1]
    lost.unlink()
    (out / f".yofo-tmp-{lost.name}").write_bytes(b"half")  # as a killed run leaves it
    for trace in traces.iterdir():
        trace.unlink()
    report = judge_catalogue(folder, judge, ["red"], out, pool=two_actors, size=4)
    assert (report.written, report.found, report.judged) == (1, 2, 4)
    assert sum(len(trace.read_text().split()) for trace in traces.iterdir()) == 4
    assert read(out) == before


def test_answers_to_something_else_are_refused(ray_here, pictures, tmp_path):
    folder, out = pictures(2), tmp_path / "out"
    out.mkdir()
    (out / "catalogue.json").write_text('{"requirements": ["blue"]}')
    with pytest.raises(RetrievalError, match="blue") as caught:
        judge_catalogue(folder, RedJudge(tmp_path), ["red"], out)
    assert caught.value.code == "another_catalogue"
    assert list(out.glob("*.parquet")) == []
    with pytest.raises(DocumentError, match="no image"):
        judge_catalogue(tmp_path / "out", RedJudge(tmp_path), ["red"], tmp_path / "other")


@pytest.mark.parametrize(
    "wrong", [{"min_size": 0}, {"min_size": 3, "max_size": 2}, {"batch_size": 0}, {"num_gpus": -1}]
)
def test_a_pool_that_cannot_be(wrong):
    with pytest.raises(ConfigError, match="wanted"):
        Pool(**wrong)


def test_actors_that_leave_no_core_to_decode_are_warned_of(ray_here, caplog):
    warn_if_full(Pool(1, 1, num_cpus=0.5))
    warn_if_full(Pool(2, 2))  # which decode for themselves
    assert not caplog.records
    warn_if_full(Pool(2, 2, num_cpus=0.9))
    assert "leave none" in caplog.text


def test_names_change_with_contents(pictures):
    from yofo_rerank.documents import load_folder

    documents = list(load_folder(pictures(9)))
    first, second, third = listed(documents, 4)
    assert [one.read()[0] for one in (first, second, third)] == [4, 4, 1]
    assert [one.name for one in listed(documents, 4)] == [first.name, second.name, third.name]
    assert listed(documents[1:], 4)[0].name != first.name
