"""Documents x questions -> logits: cache, batches, and what happens to a document that fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from yofo_rerank.errors import ModelError, YofoError
from yofo_rerank.models.batches import batches
from yofo_rerank.models.prefix_cache import PrefixState
from yofo_rerank.models.prefixes import Prefix
from yofo_rerank.models.slot_model import Question, SeenDocument, SlotModel

if TYPE_CHECKING:
    from yofo_rerank.documents import Document
    from yofo_rerank.prompts.format import Attention

logger = logging.getLogger(__name__)

MAX_ASKED_TOKENS = 1024  # behind one document in one pass

Answers = list[torch.Tensor] | YofoError  # (slots, 2) for each list of requirements, or why there are none


@dataclass
class _Task:
    """One distinct document: first its state, or else its model input; in the end its answers."""

    key: bytes = b""
    state: PrefixState | None = None
    prefix: Prefix | None = None
    found: dict[tuple[str, ...], torch.Tensor] = field(default_factory=dict)  # texts of a question -> (slots, 2)
    failure: YofoError | None = None

    @property
    def n_tokens(self) -> int:
        return self.state.n_tokens if self.state else len(self.prefix.ids) if self.prefix else 0

    @property
    def bucket(self) -> object:
        return self.prefix.grids if self.prefix else self.n_tokens


def answer(
    model: SlotModel,
    documents: Sequence[Document],
    lists: Sequence[Sequence[str]],
    attention: Attention | None = None,
) -> list[Answers]:
    """Every list of requirements of every document: a prefix is computed once and read in one pass, whatever is asked.

    A document that cannot be judged gets its error, the others their answers. Holds the model's lock.
    """
    order: list[_Task] = []  # one per document; identical documents share a task
    cached: list[_Task] = []
    with model.lock:  # tokenizers are not safe to share either
        model.refresh()
        asked = [model.questions(texts, attention) for texts in lists]
        questions = list({question.texts: question for one in asked for question in one}.values())
        n_suffix = max(len(question.template.ids) for question in questions)
        passes = list(_passes(questions))
        widest = max(sum(len(question.template.ids) for question in group) for group in passes)
        for tasks in (_start(model, documents, n_suffix, order, cached), cached):  # the first fills the second
            groups = batches(
                tasks,
                bucket=lambda task: task.bucket,
                tokens=lambda task: task.n_tokens + widest,
                max_tokens=model.max_batch_tokens,
            )
            for batch in groups:
                _finish(model, batch, passes)
    return [_answers(task, asked) for task in order]


def _passes(questions: Sequence[Question]) -> Iterator[list[Question]]:
    """Questions that share a pass; what they cost one another grows with the square of their tokens."""
    group: list[Question] = []
    for question in questions:
        if group and sum(len(one.template.ids) for one in (*group, question)) > MAX_ASKED_TOKENS:
            yield group
            group = []
        group.append(question)
    yield group


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
            order.append(_Task(failure=error))


def _task(model: SlotModel, seen: SeenDocument, n_suffix: int) -> _Task:
    state = model.cache.get(seen.key)
    if state is not None and model.fits(state, n_suffix=n_suffix):
        return _Task(seen.key, state=state)
    return _Task(seen.key, prefix=model.prefix(seen, n_suffix=n_suffix))


def _finish(model: SlotModel, batch: Sequence[_Task], passes: Sequence[Sequence[Question]]) -> None:
    """Answer a batch; where memory runs out, its halves."""
    try:
        found, states = _run(model, batch, passes)
    except RuntimeError as error:
        if isinstance(error, YofoError) or not _is_out_of_memory(error):
            raise
        logger.warning("out of memory with %d documents in a batch; going on with halves", len(batch))
        found = None  # the halves run outside this block: the error keeps the failed pass's tensors alive
    if found is not None:
        questions = [question for group in passes for question in group]
        for row, task in enumerate(batch):
            _settle(model, task, questions, found[row], states[row] if states else None)
    elif len(batch) == 1:
        batch[0].failure = ModelError("not enough memory to judge this document, even alone", code="oom")
        batch[0].prefix = None
    else:
        _free_memory()
        _finish(model, batch[: len(batch) // 2], passes)
        _finish(model, batch[len(batch) // 2 :], passes)


def _run(
    model: SlotModel, batch: Sequence[_Task], passes: Sequence[Sequence[Question]]
) -> tuple[torch.Tensor, list[PrefixState]]:
    """Logits (documents, slots of all questions, 2), and the states that were new."""
    asked = [[[question.template for question in group]] * len(batch) for group in passes]
    known = [task.state for task in batch if task.state is not None]
    new: list[PrefixState] = []
    found: list[torch.Tensor] = []
    if not known:
        keep_states = len(asked) > 1 or model.cache.max_bytes > 0
        prefixes = [task.prefix for task in batch if task.prefix is not None]
        logits, new = model.encode_and_read(prefixes, asked.pop(0), keep_states=keep_states)
        found.append(logits)
    found += [model.read(known or new, templates) for templates in asked]
    return torch.cat([logits.view(len(batch), -1, 2) for logits in found], dim=1).cpu(), new


def _settle(
    model: SlotModel, task: _Task, questions: Sequence[Question], logits: torch.Tensor, state: PrefixState | None
) -> None:
    task.prefix = None  # pixels are not needed any more
    if not bool(torch.isfinite(logits).all()):
        task.failure = ModelError(
            "the model answered with NaN or infinite logits; its weights may be broken", code="nan"
        )
        return
    parts = logits.split([len(question.texts) for question in questions])
    task.found = {question.texts: part for question, part in zip(questions, parts, strict=True)}
    if state is not None:
        model.cache.put(task.key, state)


def _answers(task: _Task, asked: Sequence[Sequence[Question]]) -> Answers:
    if task.failure is not None:
        return task.failure
    return [torch.cat([task.found[question.texts] for question in questions]) for questions in asked]


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
