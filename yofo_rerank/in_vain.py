"""Whose fault a failure is, and when a run over a catalogue has asked a judge in vain for long enough."""

from __future__ import annotations

from collections.abc import Iterable

from yofo_rerank.errors import BROKEN, PASSING, ModelError, RemoteError

REFUSED = "remote_refused"  # of the document, by a server that answers


class InVain:
    """Counts parts of a run in which nothing could be judged, and ends it: a judge that is down is not asked on.

    >>> asked = InVain(2, "batches")
    >>> asked.saw(judged=0, failures=[("remote_timeout", "no answer")], kept="3 answers are kept")
    >>> asked.saw(judged=1, failures=[("remote_timeout", "no answer")], kept="4 answers are kept")
    >>> asked.saw(judged=0, failures=[("remote_timeout", "no answer")], kept="4 answers are kept")
    >>> asked.saw(judged=0, failures=[("remote_timeout", "no answer")], kept="4 answers are kept")
    Traceback (most recent call last):
        ...
    yofo_rerank.errors.RemoteError: no document of 2 batches in a row could be judged; the last: no answer \
(remote_timeout). 4 answers are kept; the next run goes on from there
    """

    def __init__(self, most: int, parts: str) -> None:
        self._most, self._parts = most, parts
        self._seen = 0

    def saw(self, *, judged: int, failures: Iterable[tuple[str, str]], kept: str) -> None:
        """One more part: how many were judged, the others' codes and messages, and what the run has kept so far.

        Raises:
            ModelError: code `nothing_judged`; RemoteError, where a server is the judge.
        """
        guilty = [one for one in failures if is_judges(one[0])]
        if judged:
            self._seen = 0
        elif guilty:
            self._seen += 1
            if self._seen == self._most:
                code, said = guilty[-1]
                message = (
                    f"no document of {self._most} {self._parts} in a row could be judged; the last: {said} ({code})"
                )
                kind = RemoteError if code.startswith(RemoteError.default_code) else ModelError
                raise kind(f"{message}. {kept}; the next run goes on from there", code="nothing_judged")


def may_pass(code: str | None) -> bool:
    """Whether a document that failed so may be judged another time: the server was down, the judge set up wrongly.

    >>> may_pass("remote_timeout"), may_pass("bad_config"), may_pass("truncated"), may_pass(None)
    (True, True, False, False)
    """
    if code is None or code == REFUSED:
        return False
    # permissions that are missing here are mended by people, and the file is judged then
    return code in PASSING or code == "unreadable" or is_judges(code)


def is_judges(code: str) -> bool:
    """Whether it tells of the judge, whatever the document: a server that is away, a key it refuses, a broken model.

    >>> is_judges("remote_denied"), is_judges("truncated")
    (True, False)
    """
    return code in BROKEN or code.startswith(RemoteError.default_code)
