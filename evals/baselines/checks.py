"""What every contestant must pass: it is there, it tells documents apart, and what fails is counted, never scored 0."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from evals.baselines.record import Baseline, Scorer
from yofo_rerank.content import default_id
from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError, ModelError, YofoError

CONSTANT = 1e-6  # scores no further apart than this are one score
ENOUGH = 3  # distinct documents among which a contestant must see a difference
UNKNOWN = "unknown, check before use"
DOCUMENT_ERRORS = (YofoError, ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError)


class MissingBaseline(YofoError, RuntimeError):
    """A contestant cannot run here: its package or its checkpoint is absent."""

    default_code = "missing_baseline"


class ConstantScores(ModelError):
    """A contestant gives different documents one score."""

    default_code = "constant_scores"


@dataclass(frozen=True)
class Checked:
    """A scorer whose every answer is checked; of a scorer with `discrete = True`, ties are let pass."""

    scorer: Scorer
    name: str

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """As `Scorer.score`; see `check_scores` for what is refused."""
        scores = self.scorer.score(query, documents)
        return check_scores(self.name, documents, scores, discrete=is_discrete(self.scorer))


@dataclass(frozen=True)
class Counted:
    """Scores in the order of the documents, None for each that failed, and why it did by its place."""

    scores: tuple[float | None, ...]
    reasons: dict[int, str] = field(default_factory=dict)

    @property
    def failures(self) -> int:
        """How many documents have no score."""
        return len(self.reasons)


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
        cause = _absence(error)
        if cause is None:
            raise
        raise MissingBaseline(_missing_message(record, source, cause)) from error


def open_or_missing(record: Baseline, source: str | None = None, *, device: str | None = None) -> Checked | Missing:
    """`open_baseline`, or the entry under which a report lists it as missing."""
    try:
        return open_baseline(record, source, device=device)
    except MissingBaseline as error:
        return Missing(record.name, str(error))


def exit_code(missing: Sequence[Missing], *, skip_missing: bool) -> int:
    """0 if all contestants ran, or if those that are missing may be (`--skip-missing`); else 1.

    >>> exit_code([Missing("clip", "no checkpoint")], skip_missing=False)
    1
    """
    return 1 if missing and not skip_missing else 0


def check_scores(
    name: str, documents: Sequence[Document], scores: Sequence[float], *, discrete: bool = False
) -> list[float]:
    """The scores as Python floats, if there is one finite score for each document and they are not all the same.

    >>> check_scores("toy", [Document(text="a"), Document(text="b")], [1, 2])
    [1.0, 2.0]

    Raises:
        ConstantScores: three or more distinct documents have one score, to 1e-6 (of the score, where that is small).
        ModelError: too few, too many or not finite.
    """
    numbers = [float(score) for score in scores]
    if len(numbers) != len(documents):
        raise ModelError(f"{name}: got {len(numbers)} scores, wanted {len(documents)}, one for each document")
    for document, number in zip(documents, numbers, strict=True):
        if not math.isfinite(number):
            raise ModelError(f"{name}: got the score {number} for document {document.id!r:.80}, wanted a finite number")
    if not discrete:
        _refuse_constant(name, documents, numbers)
    return numbers


def score_counting(scorer: Scorer, query: str, documents: Sequence[Document]) -> Counted:
    """Score what can be scored: a document that fails gets None and its reason, and the others go on without it.

    Documents are scored together; after a failure in halves, down to the one that fails.

    Raises:
        ConstantScores: of the contestant, not of a document.
        MissingBaseline: likewise.
    """
    scores: list[float | None] = [None] * len(documents)
    reasons: dict[int, str] = {}
    waiting = [range(len(documents))] if documents else []
    while waiting:
        places = waiting.pop()
        part = [documents[place] for place in places]
        try:
            found = check_scores("contestant", part, scorer.score(query, part), discrete=is_discrete(scorer))
        except (ConstantScores, MissingBaseline):
            raise
        except DOCUMENT_ERRORS as error:
            if len(places) == 1:
                reasons[places[0]] = f"{type(error).__name__}: {error}"
            else:
                middle = len(places) // 2
                waiting += [places[middle:], places[:middle]]
            continue
        for place, score in zip(places, found, strict=True):
            scores[place] = score
    return Counted(tuple(scores), dict(sorted(reasons.items())))


def is_discrete(scorer: Scorer) -> bool:
    """Whether a scorer counts (parsed verdicts do), so that equal scores of different documents are an answer."""
    inner = scorer.scorer if isinstance(scorer, Checked) else scorer
    return bool(getattr(inner, "discrete", False))


def require_image(name: str, document: Document) -> None:
    """Refuse a document without a picture, for contestants that read nothing else.

    Raises:
        DocumentError: it has none.
    """
    if document.image is None:
        raise DocumentError(f"{name} reads images, but document {document.id!r:.80} has none")


def _refuse_constant(name: str, documents: Sequence[Document], numbers: Sequence[float]) -> None:
    if len(numbers) < ENOUGH:
        return
    largest = max(abs(number) for number in numbers)
    if max(numbers) - min(numbers) > CONSTANT * min(1.0, largest):
        return
    distinct = {default_id(document.image, document.text) for document in documents}
    if len(distinct) >= ENOUGH:
        raise ConstantScores(
            f"{name}: all {len(distinct)} distinct documents score {numbers[0]:.6g}; its template may not fit its"
            " weights, or weights were not loaded (a scorer that counts says so with `discrete = True`)"
        )


def _absence(error: BaseException) -> BaseException | None:
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
