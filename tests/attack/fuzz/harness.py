"""Coverage-guided fuzzing of one entry with Atheris: `python -m tests.attack.fuzz.harness images -runs=100000`.

The entries that take bytes or text are those with `from_bytes`; what they promise is checked as in the seeded attack.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from pathlib import Path

import atheris


def main() -> None:
    """Fuzz the entry that the command line names; the other arguments are libFuzzer's."""
    folder = Path(tempfile.mkdtemp())
    logging.disable(logging.CRITICAL)
    with atheris.instrument_imports(include=["yofo_rerank", "PIL"]):
        from tests.attack.every import ENTRIES

        entries = {entry.name: entry for entry in ENTRIES if entry.from_bytes is not None}
        if len(sys.argv) < 2 or sys.argv[1] not in entries:
            sys.exit(f"wanted one of {', '.join(entries)}")
        entry = entries[sys.argv.pop(1)]
        entry.check(entry.from_bytes(b"r1"), folder)  # what it imports at use is instrumented, too

    def try_one(data: bytes) -> None:
        entry.check(entry.from_bytes(data), folder)

    atheris.Setup(sys.argv, try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
