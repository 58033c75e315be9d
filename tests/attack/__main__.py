"""The long form: `make attack`, or `python -m tests.attack --inputs 1000000 --faults 2000`.

It goes on where the last run stopped: numbers already tried (evals/results/attack.json) are not tried again. With
`--seconds` it stops in time; `--only NAME` takes one entry. Ends with 1 if any promise was broken.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from evals.record import RESULTS, print_table, write_record
from tests.attack.entry import Count, Entry, attack
from tests.attack.every import ENTRIES

STEP = 5  # seconds between two entries of the record


def main() -> int:
    """Try, count, write, print."""
    options = parse_arguments()
    logging.disable(logging.CRITICAL)
    entries = [one for one in ENTRIES if options.only in (None, one.name)]
    counts = read_counts(options.output)
    wanted = shares(entries, options.inputs, options.faults)
    left = options.seconds
    with tempfile.TemporaryDirectory() as folder:
        while left > 0 and (entry := behind(entries, counts, wanted)) is not None:
            count = counts[entry.name]
            spent = count.seconds
            attack(entry, range(count.inputs, wanted[entry.name]), Path(folder) / entry.name, count, min(STEP, left))
            left -= count.seconds - spent
            write(options.output, counts)
    print_table(
        "Attack",
        ["entry", "inputs", "lost", "crashed", "let in", "seconds"],
        [[name, one.inputs, one.lost, one.crashed, one.let_in, round(one.seconds)] for name, one in counts.items()],
    )
    for name, one in counts.items():
        for failure in one.failures:
            print(f"{name} {failure}", file=sys.stderr)
    return int(any(one.failed for one in counts.values()))


def shares(entries: list[Entry], inputs: int, faults: int) -> dict[str, int]:
    """How many inputs each entry gets: the quick ones more, and none less than a hundredth of the quickest."""
    wanted = {}
    for is_fault, total in ((False, inputs), (True, faults)):
        group = [one for one in ENTRIES if one.is_fault == is_fault]
        weights = {one.name: max(one.per_second, 0.01 * max(other.per_second for other in group)) for one in group}
        wanted |= {name: -(-total * weight // sum(weights.values())) for name, weight in weights.items()}
    return {one.name: int(wanted[one.name]) for one in entries}


def behind(entries: list[Entry], counts: dict[str, Count], wanted: dict[str, int]) -> Entry | None:
    """The entry that has the smallest part of its share."""
    open_ones = [one for one in entries if counts[one.name].inputs < wanted[one.name]]
    return min(open_ones, key=lambda one: counts[one.name].inputs / wanted[one.name], default=None)


def read_counts(path: Path) -> dict[str, Count]:
    """What was tried before."""
    stored = json.loads(path.read_text(encoding="utf-8"))["figures"] if path.exists() else {}
    counts = {one.name: Count(**stored.get("entries", {}).get(one.name, {})) for one in ENTRIES}
    return {name: replace(count, failures=list(count.failures)) for name, count in counts.items()}


def write(path: Path, counts: dict[str, Count]) -> None:
    """The record that SECURITY.md's table is made of."""
    entries = {name: asdict(count) | {"seconds": round(count.seconds, 1)} for name, count in counts.items()}
    write_record(path, settings={"seed": "entry and number", "repeats": 1}, figures={"entries": entries})


def parse_arguments() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--inputs", type=int, default=1_000_000, help="in all")
    parser.add_argument("--faults", type=int, default=2_000, help="in all")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after these")
    parser.add_argument("--only", help="one entry, by name", choices=[one.name for one in ENTRIES])
    parser.add_argument("--output", type=Path, default=RESULTS / "attack.json")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
