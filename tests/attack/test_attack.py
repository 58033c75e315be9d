"""The short form: some inputs of every entry, the same in every run."""

import random
import subprocess
import sys

import pytest

from tests.attack.entry import Count, Entry, LetIn, Lost, attack
from tests.attack.every import ENTRIES

SECONDS = 3.0  # of each entry, at the rate that it has when nothing else runs
FEWEST = 20


@pytest.mark.parametrize("entry", [one for one in ENTRIES if one.name != "kills"], ids=lambda entry: entry.name)
def test_every_promise_holds(entry, tmp_path):
    n_inputs = max(FEWEST, min(2000, int(entry.per_second * SECONDS)))
    count = attack(entry, range(n_inputs), tmp_path, Count(), seconds=30)
    assert count.inputs >= FEWEST
    assert count.failures == []


def test_kills_in_a_process_of_their_own(tmp_path):
    """A fork beside other tests' threads would say nothing."""
    command = [sys.executable, "-m", "tests.attack", "--only", "kills", "--faults", "200", "--seconds", "4"]
    done = subprocess.run([*command, "--output", tmp_path / "attack.json"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_inputs_are_made_from_their_number_and_differ(entry):
    def made(number):
        value = entry.make(random.Random(f"{entry.name} {number}"))
        return repr(value.getstate() if isinstance(value, random.Random) else value)

    if entry.name == "documents":  # its objects show where they lie in memory
        return
    assert made(7) == made(7)
    assert len({made(number) for number in range(30)}) > (2 if entry.name == "swaps" else 10)


@pytest.mark.parametrize(
    ("error", "field"),
    [(LetIn("x"), "let_in"), (Lost("x"), "lost"), (KeyError("x"), "crashed"), (MemoryError(), "crashed")],
)
def test_what_is_counted(error, field, tmp_path):
    def check(value, folder):
        if value > 0.5:
            raise error

    count = attack(Entry("some", "some", lambda rng: rng.random(), check), range(100), tmp_path, Count())
    assert count.inputs == 100
    assert 20 < getattr(count, field) == count.failed < 80
    assert len(count.failures) == 20
