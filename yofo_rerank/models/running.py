"""One batch through the network, under the model's lock: tensors only, and what happens when memory runs out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from yofo_rerank.errors import DocumentError, ModelError, YofoError
from yofo_rerank.models.prefixes import Prefix
from yofo_rerank.models.states import PrefixState
from yofo_rerank.models.verdicts import Answer
from yofo_rerank.models.works import Work

if TYPE_CHECKING:
    from yofo_rerank.models.slot_model import Question, SlotModel

logger = logging.getLogger(__name__)

MAX_ASKED_TOKENS = 512  # behind one document in one pass: what they cost one another grows with their square

Passes = list[list["Question"]]


@dataclass(eq=False)
class Ready:
    """A document that can go through the network: its kept state, or its model input."""

    work: Work
    state: PrefixState | None = None
    prefix: Prefix | None = None

    @property
    def n_prefix(self) -> int:
        """Tokens before what is asked."""
        return self.state.n_tokens if self.state else len(self.prefix.ids) if self.prefix else 0

    @property
    def n_tokens(self) -> int:
        """Tokens of its widest pass."""
        asked = sum(len(question.template.ids) for question in list(self.work.asked.values()))
        return self.n_prefix + min(asked, MAX_ASKED_TOKENS)


def run(model: SlotModel, batch: Sequence[Ready]) -> None:
    """Answer everything that anybody asks of these documents; nobody joins them from now on."""
    with model.lock:
        model.works.close([one.work for one in batch])
        _run(model, batch)


def _run(model: SlotModel, batch: Sequence[Ready]) -> None:
    """One batch; where others have asked more meanwhile than the budget allows, or memory runs out, its halves."""
    if len(batch) > 1 and len(batch) * max(one.n_tokens for one in batch) > model.max_batch_tokens:
        _halves(model, batch)
        return
    passes = [_passes(model, one) for one in batch]
    try:
        logits, states = _read(model, batch, passes)
    except RuntimeError as error:
        if isinstance(error, YofoError) or not _is_out_of_memory(error):
            raise
        logger.warning("out of memory with %d documents in a batch; going on with halves", len(batch))
        logits = None  # the halves run outside this block: the error keeps the failed pass's tensors alive
    if logits is not None:
        for row, one in enumerate(batch):
            _settle(model, one, passes[row], logits[row], states[row] if states else None)
    elif len(batch) == 1:
        batch[0].work.failure = ModelError("not enough memory to judge this document, even alone", code="oom")
    else:
        _free_memory()
        _halves(model, batch)


def _halves(model: SlotModel, batch: Sequence[Ready]) -> None:
    _run(model, batch[: len(batch) // 2])
    _run(model, batch[len(batch) // 2 :])


def _passes(model: SlotModel, one: Ready) -> Passes:
    """What is read behind a document, pass by pass; what does not fit behind it fails here."""
    room = model.room_behind(one.n_prefix)
    passes: Passes = [[]]
    n_tokens = 0
    for texts, question in one.work.asked.items():
        length = len(question.template.ids)
        if length > room:
            one.work.found[texts] = DocumentError(
                f"the document takes {one.n_prefix} tokens, but {one.n_prefix + room - length} are left beside the "
                "requirements; wanted a shorter text or a smaller max_pixels",
                code="too_long",
            )
            continue
        if passes[-1] and n_tokens + length > MAX_ASKED_TOKENS:
            passes.append([])
            n_tokens = 0
        passes[-1].append(question)
        n_tokens += length
    return passes


def _read(
    model: SlotModel, batch: Sequence[Ready], passes: Sequence[Passes]
) -> tuple[list[list[list[float]]], list[PrefixState]]:
    """For each document the logits of all its slots, and the states that were new."""
    states = [one.state for one in batch if one.state is not None]
    new: list[PrefixState] = []
    logits: list[list[list[float]]] = [[] for _ in batch]
    for number in range(max(map(len, passes))):
        rows = [row for row, own in enumerate(passes) if number < len(own) and own[number]]
        asked = [[question.template for question in passes[row][number]] for row in rows]
        if number or states:
            found = model.read([(states or new)[row] for row in rows], asked) if rows else None
        else:
            every = [[question.template for question in own[0]] for own in passes]
            keep_states = max(map(len, passes)) > 1 or model.cache.max_bytes > 0
            prefixes = [one.prefix for one in batch if one.prefix is not None]
            found, new = model.encode_and_read(prefixes, every, keep_states=keep_states)
        if found is not None:
            sizes = [sum(len(template.slots) for template in templates) for templates in asked]
            for row, part in zip(rows, torch.split(found.cpu(), sizes), strict=True):
                logits[row] += part.tolist()
    return logits, new


def _settle(model: SlotModel, one: Ready, passes: Passes, logits: list[list[float]], state: PrefixState | None) -> None:
    model.lengths.put(model.name(one.work.key), one.n_prefix)
    one.prefix = None  # its pictures are not needed any more
    answers = [Answer(yes - no, *mass) for no, yes, *mass in logits]
    if not all(answer.is_finite for answer in answers):
        one.work.failure = ModelError(
            "the model answered with NaN or infinite logits; its weights may be broken", code="nan"
        )
        return
    at = 0
    for question in (question for group in passes for question in group):
        one.work.found[question.texts] = answers[at : at + len(question.texts)]
        at += len(question.texts)
    if state is not None:
        model.cache.put(model.name(one.work.key), state)


def _is_out_of_memory(error: RuntimeError) -> bool:
    return (
        isinstance(error, torch.OutOfMemoryError)
        or "out of memory" in str(error).lower()
        or "not enough memory" in str(error).lower()  # the CPU allocator's words
    )


def _free_memory() -> None:
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
