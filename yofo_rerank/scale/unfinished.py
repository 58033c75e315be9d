"""Which failures leave a partition unwritten, and when a run has asked in vain for too long.

| a document failed | its partition | eight partitions in a row, in which nothing was judged |
|---|---|---|
| for what may pass here (`oom`), or is mended here (`unreadable`) | is not written | are skipped one by one |
| because the judge is away or broken (`remote...`, `bad_config`, `nan`, ...) | is not written | end the run |
| because the server refused it alone (`remote_refused`), others not | has it as failed | |
| because the server refused all that it was asked | is not written | end the run |
| for what is wrong with it (`truncated`, ...) | has it as failed | are written |
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

from yofo_rerank.in_vain import REFUSED, InVain, may_pass

IN_VAIN = 8  # partitions in a row of which nothing could be judged

logger = logging.getLogger(__name__)


class Unfinished:
    """Counts the partitions of a run that are not written, and ends it where the judge is away."""

    def __init__(self) -> None:
        self.count = 0
        self._codes: Counter[str] = Counter()
        self._in_vain = InVain(IN_VAIN, "partitions")

    def leaves(self, rows: Sequence[dict[str, Any]], written: int) -> bool:
        """Whether the partition of these rows is left to the next run.

        Args:
            rows: at least one.
            written: partitions of this run, for the message.

        Raises:
            ModelError: code `nothing_judged`; RemoteError, where a server is the judge.
        """
        codes = _left(rows)
        self._codes.update(codes)
        self.count += bool(codes)
        failures = [(row["code"], row["message"]) for row in rows if row["code"] is not None]
        judged = len(rows) - len(failures)
        self._in_vain.saw(judged=judged, failures=failures, kept=f"{written} partitions were written")
        return bool(codes)

    def warn(self) -> None:
        """Say what was left, where anything was."""
        if self.count:
            shown = ", ".join(f"{count} {code}" for code, count in sorted(self._codes.items()))
            logger.warning(
                "%d partitions are not written, because documents failed there for reasons that may pass or be mended "
                "(%s); the next run judges them", self.count, shown,
            )  # fmt: skip


def _left(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The codes for which a partition is not written; a server that refuses all is asked wrongly."""
    alone = any(row["code"] is None for row in rows)
    codes = [row["code"] for row in rows if row["code"] is not None]
    return [code for code in codes if may_pass(code) or (code == REFUSED and not alone)]
