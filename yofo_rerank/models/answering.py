"""Documents x requirements -> answers, in one straight line: look, plan, prepare, run, keep, answer.

Look: every document is named by its bytes, nothing is decoded. Plan: what is known already is not asked; what another
caller is about to ask of the same document is asked together. Prepare: decode and cut, in a pool, ahead of the passes.
Run: `yofo_rerank.models.running`, the only stage that holds the model's lock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from yofo_rerank.errors import YofoError
from yofo_rerank.models.batches import batches
from yofo_rerank.models.lengths import prefix_lengths
from yofo_rerank.models.recall import Answers, Look, look_at
from yofo_rerank.models.running import Ready, run
from yofo_rerank.models.slot_model import SlotModel, bucket
from yofo_rerank.models.verdicts import Answer, Verdicts
from yofo_rerank.models.workers import Workers
from yofo_rerank.models.works import Texts, Work

if TYPE_CHECKING:
    from yofo_rerank.documents import Document
    from yofo_rerank.models.slot_model import Question
    from yofo_rerank.progress import Tick
    from yofo_rerank.prompts.format import Attention

Found = dict[Texts, list[Answer] | YofoError]

_CALLERS_OWN = ("too_long", "changed")  # failures that depend on who asked: what else, and about which file


def answer(
    model: SlotModel,
    documents: Sequence[Document],
    lists: Sequence[Sequence[str]],
    attention: Attention | None = None,
    *,
    verdicts: Verdicts | None = None,
    tick: Tick | None = None,
) -> tuple[list[Answers], list[list[int | None]]]:
    """Every list of requirements of every document: a prefix is computed once and read in one pass, whatever is asked.

    A document that cannot be judged gets its error, the others their answers; a list that does not fit behind a
    document gets an error of its own. Any number of threads may call.

    And for each answer the tokens that it takes where it is asked alone and nothing is known, the document and each
    distinct requirement once: it depends on nothing that others ask, or asked before.
    """
    model.refresh()
    asked = [model.questions(texts, attention) for texts in lists]
    questions = {question.texts: question for one in asked for question in one}
    with Workers() as workers:
        looks = look_at(documents, workers)
        by_look = dict(zip(looks, documents, strict=True))
        found = _find(model, by_look, questions, verdicts, workers, _counter(looks, tick))
        lengths = prefix_lengths(model, by_look, workers)
    answers = [
        [look if isinstance(look, YofoError) else _assemble(found[look], one) for one in asked] for look in looks
    ]
    sizes = [sum(len(ids) for ids in {one.texts: one.template.ids for one in own}.values()) for own in asked]
    prefixes = [lengths.get(look) for look in looks]
    return answers, [[None if prefix is None else prefix + size for size in sizes] for prefix in prefixes]


def _find(
    model: SlotModel,
    documents: Mapping[Look, Document],
    questions: Mapping[Texts, Question],
    verdicts: Verdicts | None,
    workers: Workers,
    count: Callable[[bytes], None],
) -> dict[bytes, Found]:
    """The answers of every distinct document."""
    keys = [key for key in documents if isinstance(key, bytes)]
    found = _recall(keys, questions, model, verdicts) if verdicts is not None else {key: {} for key in keys}
    missing = {key: [one for texts, one in questions.items() if texts not in found[key]] for key in keys}
    for key in keys:
        if not missing[key]:
            count(key)
    while missing := {key: wanted for key, wanted in missing.items() if wanted}:
        mine, others = _join(model, missing, documents)
        _do(model, mine, workers, verdicts, count)
        for work in others:
            work.done.wait()
        for work in (*mine, *(work for work in others if _counts_for_all(work))):
            if work in others:
                count(work.key)
            found[work.key] |= {one.texts: work.outcome(one.texts) for one in missing.pop(work.key)}
    return found


def _counts_for_all(work: Work) -> bool:
    """Not where its caller was stopped, nor where it failed for a reason that may be its caller's: we ask again."""
    return work.is_answered and (work.failure is None or work.failure.code not in _CALLERS_OWN)


def _recall(
    keys: Sequence[bytes], questions: Mapping[Texts, Question], model: SlotModel, verdicts: Verdicts
) -> dict[bytes, Found]:
    """What is kept; questions with one requirement only, for another answer depends on its neighbours."""
    texts = [texts[0] for texts in questions if len(texts) == 1]
    known = verdicts.get_many([model.verdict_key(key) for key in keys], texts) if texts else [{} for _ in keys]
    return {key: {(text,): [one] for text, one in kept.items()} for key, kept in zip(keys, known, strict=True)}


def _join(
    model: SlotModel, missing: Mapping[bytes, Sequence[Question]], documents: Mapping[Look, Document]
) -> tuple[list[Work], list[Work]]:
    """Works on the documents: those that are ours to do, and those that another caller is about to do."""
    mine: list[Work] = []
    others: list[Work] = []
    for key, questions in missing.items():
        work, is_mine = model.works.join(model.name(key), key, documents[key], questions)
        (mine if is_mine else others).append(work)
    return mine, others


def _do(
    model: SlotModel, works: Sequence[Work], workers: Workers, verdicts: Verdicts | None, count: Callable[[bytes], None]
) -> None:
    """Prepare, run, keep; when this returns or raises, nobody waits for these works any more."""
    try:
        groups = batches(
            _ready(model, works, workers, count),
            bucket=lambda one: bucket(one.prefix) if one.prefix else one.n_prefix,
            tokens=lambda one: one.n_tokens,
            max_tokens=model.max_batch_tokens,
            kind=lambda one: one.state is None,
        )
        for batch in groups:
            run(model, batch)
            if verdicts is not None:
                verdicts.put_many((model.verdict_key(one.work.key), _to_keep(one.work)) for one in batch)
            for one in batch:
                one.work.done.set()
                count(one.work.key)
    finally:
        model.works.close(works)
        for work in works:
            work.done.set()


def _ready(
    model: SlotModel, works: Sequence[Work], workers: Workers, count: Callable[[bytes], None]
) -> Iterator[Ready]:
    """Works whose document is ready for a pass, by its kept state or prepared in the pool; the others fail here."""

    def prepare(work: Work) -> Ready:
        shortest = min(len(question.template.ids) for question in list(work.asked.values()))
        return Ready(work, prefix=model.prepare(work.document, work.key, n_suffix=shortest))

    def kept(work: Work) -> Ready | None:
        state = model.cache.get(model.name(work.key))
        return None if state is None else Ready(work, state=state)

    by_length = sorted(works, key=lambda work: len(work.document.text or ""))
    for work, ready in workers.ahead(prepare, by_length, known=kept):
        if isinstance(ready, Ready):
            yield ready
            continue
        model.works.close([work])
        work.failure = ready
        work.done.set()
        count(work.key)


def _to_keep(work: Work) -> dict[str, Answer]:
    return {texts[0]: found[0] for texts, found in work.found.items() if len(texts) == 1 and isinstance(found, list)}


def _assemble(found: Found, questions: Sequence[Question]) -> list[Answer] | YofoError:
    """The answers of one list of requirements, or the first reason why there are none."""
    answers: list[Answer] = []
    for question in questions:
        outcome = found[question.texts]
        if isinstance(outcome, YofoError):
            return outcome
        answers += outcome
    return answers


def _counter(looks: Sequence[Look], tick: Tick | None) -> Callable[[bytes], None]:
    """Says how many documents are judged, counting those of one key together; failed looks count at once."""
    if tick is None:
        return lambda _: None
    copies, total = Counter(looks), len(looks)
    judged = sum(isinstance(look, YofoError) for look in looks)

    def count(key: bytes) -> None:
        nonlocal judged
        judged += copies[key]
        tick(judged, total)

    return count
