"""A loaded model does not survive `os.fork`: locks stay locked, and the threads of torch are gone."""

from __future__ import annotations

import os

from yofo_rerank.errors import ModelError

_loaded = False  # in this process, or in the one that it was forked from
_forked = False  # after something was loaded


def model_is_loading() -> None:
    """From now on a forked child cannot judge."""
    global _loaded
    _loaded = True


def check_not_forked() -> None:
    """Say so, where a judgement would wait for ever.

    Raises:
        ModelError: this process was forked from one that had a model loaded (code `forked`).
    """
    if _forked:
        raise ModelError(
            "this process was forked from one that had already loaded a model, which cannot work here; wanted the "
            "start method 'spawn' (multiprocessing.get_context('spawn')), or a judge first used after the fork",
            code="forked",
        )


def _after_fork() -> None:
    global _forked
    _forked = _forked or _loaded


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(after_in_child=_after_fork)
