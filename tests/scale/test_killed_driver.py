"""The program itself is killed: what it had finished stays, and the next run judges the rest, and nothing else."""

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.scale.judges import RedJudge, red_of
from tests.scale.test_catalogue import read
from yofo_rerank.scale import judge_catalogue
from yofo_rerank.scale.writing import names

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning:ray.*")

N, SIZE = 48, 4


def judged(traces):
    return [line for trace in traces.iterdir() for line in trace.read_text().split()]


@pytest.mark.slow
def test_a_run_after_a_killed_program_judges_what_was_not_finished_and_nothing_twice(
    ray_here, pictures, two_actors, tmp_path
):
    folder, first, second, out = pictures(N), tmp_path / "first", tmp_path / "second", tmp_path / "out"
    first.mkdir()
    second.mkdir()
    command = [sys.executable, "-m", "tests.scale.driver", str(folder), str(first), str(out)]
    program = subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 240
        while len(names(str(out), ".parquet")) < 2:
            assert program.poll() is None, "the program ended before it was killed"
            assert time.monotonic() < end
            time.sleep(0.02)
        children = psutil.Process(program.pid).children(recursive=True)
    finally:
        program.send_signal(signal.SIGKILL)
        program.wait()
    judges = {int(trace.name) for trace in first.iterdir()}
    _, alive = psutil.wait_procs([one for one in children if one.pid in judges], timeout=120)
    assert not alive  # no judge goes on alone
    for agent in children:  # Ray's own agents would stay a while
        with contextlib.suppress(psutil.NoSuchProcess):
            agent.kill()
    finished = {name: (out / f"{name}.parquet").read_bytes() for name in names(str(out), ".parquet")}  # no half file
    assert 2 <= len(finished) < N // SIZE

    report = judge_catalogue(folder, RedJudge(second), ["red"], out, pool=two_actors, size=SIZE)
    assert (report.found, report.written) == (len(finished), N // SIZE - len(finished))
    again = judged(second)
    assert len(again) == len(set(again)) == report.judged == N - SIZE * len(finished)
    assert not {line.split(":")[0] for line in again} & finished.keys()
    assert {name: (out / f"{name}.parquet").read_bytes() for name in finished} == finished
    answers = read(out)  # nothing doubled
    assert answers.keys() == {(f"{i:03}.png", "red") for i in range(N)}
    assert all(row["p_yes"] == pytest.approx(red_of(document)) for (document, _), row in answers.items())
