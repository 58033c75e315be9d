"""Contestants that may not be there: each is opened, or listed as missing with what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evals.baselines.record import Baseline
from evals.baselines.scores import Checked
from yofo_rerank.errors import ModelError, YofoError

UNKNOWN = "unknown, check before use"


class MissingBaseline(YofoError, RuntimeError):
    """A contestant cannot run here: its package or its checkpoint is absent."""

    default_code = "missing_baseline"


@dataclass(frozen=True)
class Missing:
    """A contestant that a report lists as missing, with what to do about it."""

    name: str
    reason: str


def open_baseline(record: Baseline, source: str | None = None, *, device: str | None = None) -> Checked:
    """The record's scorer, checked; `source` is another checkpoint of the same class, such as a folder.

    Raises:
        MissingBaseline: its package or checkpoint is absent; says which, where it comes from and under which licence.
    """
    try:
        return Checked(record.load(source, device=device), record.name)
    except (ImportError, OSError, ModelError) as error:
        cause = absence(error)
        if cause is None:
            raise
        raise MissingBaseline(_missing_message(record, source, cause)) from error


def open_or_missing(record: Baseline, source: str | None = None, *, device: str | None = None) -> Checked | Missing:
    """`open_baseline`, or the entry under which a report lists it as missing."""
    try:
        return open_baseline(record, source, device=device)
    except MissingBaseline as error:
        return Missing(record.name, str(error))


def absence(error: BaseException) -> BaseException | None:
    """The first cause that says that something is not there; None if something is there and broken."""
    for one in _causes(error):
        if isinstance(one, ImportError) or (isinstance(one, OSError) and not isinstance(one, YofoError)):
            return one
    return None


def _causes(error: BaseException) -> Iterable[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _missing_message(record: Baseline, source: str | None, cause: BaseException) -> str:
    terms = f"licence: {record.licence}"
    if isinstance(cause, ImportError):
        package = record.needs or cause.name or "a package"
        return f"{record.name} needs {package}, which is not installed: pip install {package} ({cause}); {terms}"
    wanted = source or record.hub_id
    if source is None:
        revision = record.revision or UNKNOWN
        wanted = f"{wanted} from https://huggingface.co/{record.hub_id} (revision: {revision})"
    reason = str(cause).strip().partition("\n")[0][:200]
    return f"{record.name}: the checkpoint is not here; wanted {wanted}; {terms}. {reason}"
