"""A folder is replaced in one step; whatever stops it, the earlier one survives."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from yofo_rerank.training.replace import recover, replaced_folder


def test_folder_is_replaced_only_on_success(tmp_path):
    final = tmp_path / "final"
    with replaced_folder(final) as fresh:
        (fresh / "a").write_text("1")
    assert [path.name for path in final.iterdir()] == ["a"]
    with pytest.raises(RuntimeError), replaced_folder(final) as fresh:
        (fresh / "b").write_text("2")
        raise RuntimeError("disk full")
    assert [path.name for path in final.iterdir()] == ["a"]
    with replaced_folder(final) as fresh:
        (fresh / "c").write_text("3")
    assert [path.name for path in final.iterdir()] == ["c"]
    assert [path.name for path in tmp_path.iterdir()] == ["final"]


def test_a_kill_between_the_renames_loses_nothing(tmp_path, monkeypatch):
    final = tmp_path / "final"
    with replaced_folder(final) as fresh:
        (fresh / "a").write_text("1")
    rename, calls = Path.rename, []

    def killed_at_the_second(path, target):
        calls.append(target)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt), replaced_folder(final) as fresh:
        (fresh / "b").write_text("2")
    monkeypatch.undo()
    assert not final.exists()  # the moment that nothing can avoid
    recover(final)
    assert [path.name for path in final.iterdir()] == ["a"]

    final.rename(tmp_path / ".final.old")  # and a save that comes next must not take the only copy for a leftover
    with pytest.raises(RuntimeError), replaced_folder(final):
        raise RuntimeError("disk full")
    assert (final / "a").read_text() == "1"


SAVE_FOR_EVER = """
import itertools, sys
from pathlib import Path
from yofo_rerank.training.replace import replaced_folder

final = Path(sys.argv[1])
first = int((final / "0").read_text()) + 1 if final.exists() else 0
print("ready", flush=True)
for generation in itertools.count(first):
    with replaced_folder(final) as fresh:
        for part in range(5):
            (fresh / str(part)).write_text(str(generation))
"""


def test_kill_9_at_any_moment_leaves_a_whole_folder(tmp_path):
    final, rng, newest, kills = tmp_path / "final", random.Random(5), -1, 12
    for _ in range(kills):
        saver = subprocess.Popen(
            [sys.executable, "-c", SAVE_FOR_EVER, str(final)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
        )
        saver.stdout.readline()
        time.sleep(rng.uniform(0.01, 0.1))
        saver.kill()
        saver.wait()
        saver.stdout.close()
        recover(final)
        if final.exists():
            (generation,) = {int((final / str(part)).read_text()) for part in range(5)}
            assert generation >= newest
            newest = generation
        else:
            assert newest == -1  # stopped before the first was whole
    assert newest > kills
