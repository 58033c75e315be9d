"""Documents x templates -> logits: cache, batches, and what happens to a document that fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from yofo_rerank.errors import ModelError, YofoError
from yofo_rerank.models.batches import batches
from yofo_rerank.models.prefix_cache import PrefixState
from yofo_rerank.models.prefixes import Prefix
from yofo_rerank.models.slot_model import SeenDocument, SlotModel

if TYPE_CHECKING:
    from yofo_rerank.documents import Document
    from yofo_rerank.prompts import Template

logger = logging.getLogger(__name__)

Answers = list[torch.Tensor] | YofoError  # (slots, 2) for each template, or why there are none


@dataclass
class _Task:
    """One distinct document: first its state, or else its model input; in the end its answers."""

    key: bytes = b""
    state: PrefixState | None = None
    prefix: Prefix | None = None
    answers: Answers | None = None

    @property
    def n_tokens(self) -> int:
        return self.state.n_tokens if self.state else len(self.prefix.ids) if self.prefix else 0

    @property
    def bucket(self) -> object:
        return self.prefix.grid if self.prefix else self.n_tokens


def answer(model: SlotModel, documents: Sequence[Document], templates: Sequence[Template]) -> list[Answers]:
    """Every template behind every document, document by document: a prefix is computed once, whatever is asked.

    A document that cannot be judged gets its error, the others their answers. Holds the model's lock.
    """
    n_suffix = max(len(template.ids) for template in templates)
    order: list[_Task] = []  # one per document; identical documents share a task
    cached: list[_Task] = []
    with model.lock:
        for tasks in (_start(model, documents, n_suffix, order, cached), cached):  # the first fills the second
            groups = batches(
                tasks,
                bucket=lambda task: task.bucket,
                tokens=lambda task: task.n_tokens + n_suffix,
                max_tokens=model.max_batch_tokens,
            )
            for batch in groups:
                _finish(model, batch, templates)
    return [_answers(task) for task in order]


def _start(
    model: SlotModel, documents: Sequence[Document], n_suffix: int, order: list[_Task], cached: list[_Task]
) -> Iterator[_Task]:
    """Look at the documents one after another, and yield those that need a prefix pass."""
    tasks: dict[bytes, _Task] = {}
    for document in documents:
        try:
            seen = model.look(document)
            if seen.key not in tasks:
                tasks[seen.key] = _task(model, seen, n_suffix)
                if tasks[seen.key].state is not None:
                    cached.append(tasks[seen.key])
                else:
                    yield tasks[seen.key]
            order.append(tasks[seen.key])
        except YofoError as error:
            order.append(_Task(answers=error))


def _task(model: SlotModel, seen: SeenDocument, n_suffix: int) -> _Task:
    state = model.cache.get(seen.key)
    if state is not None and model.fits(state, n_suffix=n_suffix):
        return _Task(seen.key, state=state)
    return _Task(seen.key, prefix=model.prefix(seen, n_suffix=n_suffix))


def _finish(model: SlotModel, batch: Sequence[_Task], templates: Sequence[Template]) -> None:
    """Answer a batch; where memory runs out, its halves."""
    try:
        answers, states = _run(model, batch, templates)
    except RuntimeError as error:
        if isinstance(error, YofoError) or not _is_out_of_memory(error):
            raise
        logger.warning("out of memory with %d documents in a batch; going on with halves", len(batch))
        answers = None  # the halves run outside this block: the error keeps the failed pass's tensors alive
    if answers is not None:
        for row, task in enumerate(batch):
            _settle(model, task, [logits[row] for logits in answers], states[row] if states else None)
    elif len(batch) == 1:
        batch[0].answers = ModelError("not enough memory to judge this document, even alone", code="oom")
        batch[0].prefix = None
    else:
        _free_memory()
        _finish(model, batch[: len(batch) // 2], templates)
        _finish(model, batch[len(batch) // 2 :], templates)


def _run(
    model: SlotModel, batch: Sequence[_Task], templates: Sequence[Template]
) -> tuple[list[torch.Tensor], list[PrefixState]]:
    """Logits (documents, slots, 2) for each template, and the states that were new."""
    known = [task.state for task in batch if task.state is not None]
    if known:
        return [model.read(known, template) for template in templates], []
    first, *others = templates
    keep_states = bool(others) or model.cache.max_bytes > 0
    prefixes = [task.prefix for task in batch if task.prefix is not None]
    logits, states = model.encode_and_read(prefixes, first, keep_states=keep_states)
    return [logits, *(model.read(states, template) for template in others)], states


def _settle(model: SlotModel, task: _Task, answers: list[torch.Tensor], state: PrefixState | None) -> None:
    task.prefix = None  # pixels are not needed any more
    if not all(bool(torch.isfinite(logits).all()) for logits in answers):
        task.answers = ModelError(
            "the model answered with NaN or infinite logits; its weights may be broken", code="nan"
        )
        return
    task.answers = answers
    if state is not None:
        model.cache.put(task.key, state)


def _answers(task: _Task) -> Answers:
    if task.answers is None:
        raise ModelError("a document was left without an answer")
    return task.answers


def _is_out_of_memory(error: RuntimeError) -> bool:
    return (
        isinstance(error, torch.OutOfMemoryError)
        or "out of memory" in str(error).lower()
        or (
            "not enough memory" in str(error).lower()  # the CPU allocator's words
        )
    )


def _free_memory() -> None:
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
