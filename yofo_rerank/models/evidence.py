"""What answers rest on: parts of a kept prefix are hidden one after another, and the slot is read again.

No second encoding and no gradients, so it works for any family. Hidden are keys and values; those of the neighbours,
which the vision tower let see them, still know a little of what they were.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from yofo_rerank.errors import ConfigError, ModelError
from yofo_rerank.evidence import find_box, grid_windows, token_heat
from yofo_rerank.judging import to_judgement
from yofo_rerank.models.looking import document_key
from yofo_rerank.prompts.tokens import text_offsets
from yofo_rerank.requirements import Evidence, ImageMap, Requirement, Word

if TYPE_CHECKING:
    from yofo_rerank.documents import Document
    from yofo_rerank.models.prefixes import Part, Prefix
    from yofo_rerank.models.slot_model import SlotModel
    from yofo_rerank.models.states import PrefixState
    from yofo_rerank.prompts import Template
    from yofo_rerank.requirements import Judgement

_WORD = re.compile(r"\w+(?:[-'\u2019]\w+)*")


def find_evidence(
    model: SlotModel, document: Document, requirements: Sequence[Requirement], window: int | None = None
) -> list[Evidence]:
    """The evidence of each requirement, read alone, whatever the judge's own attention is.

    Raises:
        ConfigError: a window that is not a whole number of at least 1.
        ModelError: the model has recurrent layers (`no_evidence`).
        YofoError: the document cannot be judged.
    """
    if window is not None and (isinstance(window, bool) or not isinstance(window, int) or window < 1):
        raise ConfigError(f"window must be None or a whole number of at least 1, but got {window!r}")
    if model.network.is_recurrent:
        raise ModelError(
            "no evidence from this model: what its recurrent layers remember cannot be hidden piece by piece; "
            "wanted a family with full attention alone",
            code="no_evidence",
        )
    questions = model.questions([requirement.text for requirement in requirements], "isolated")
    templates = [question.template for question in questions]
    model.refresh()
    key = document_key(document)
    prefix = model.prepare(document, key, n_suffix=max(len(template.ids) for template in templates))
    places = Places.of(model, prefix, document.text, window)
    state = _state(model, key, prefix)
    found = []
    for requirement, template in zip(requirements, templates, strict=True):
        with model.lock:  # for the passes alone, and let go between two requirements
            whole, *without = log_odds(model, state, template, [[], *places.hidden])
        judgement = to_judgement(requirement, whole, model.calibration)
        found.append(places.evidence(judgement, [whole - one for one in without]))
    return found


@dataclass(frozen=True)
class Places:
    """What of a prefix is hidden at a time: windows of each picture, then words."""

    windows: tuple[tuple[Part, tuple[tuple[int, ...], ...]], ...]  # token numbers within the picture
    words: tuple[tuple[re.Match[str], list[int]], ...]

    @classmethod
    def of(cls, model: SlotModel, prefix: Prefix, text: str | None, window: int | None) -> Places:
        """The places of one document."""
        pictures = [part for part in prefix.parts if part.grid]
        windows = tuple((part, tuple(grid_windows(part.grid, window))) for part in pictures if part.grid)
        return cls(windows, tuple(word_tokens(model, prefix, text)))

    @property
    def hidden(self) -> list[list[int]]:
        """Prefix tokens of every place in order."""
        squares = [[part.start + token for token in one] for part, windows in self.windows for one in windows]
        return squares + [tokens for _, tokens in self.words]

    def evidence(self, judgement: Judgement, falls: Sequence[float]) -> Evidence:
        """How far the log-odds fell without each place, as maps and weights; of several pictures the strongest map."""
        rest = iter(falls)
        maps = [
            token_heat(part.grid, windows, list(islice(rest, len(windows))))
            for part, windows in self.windows
            if part.grid
        ]
        sign = 1 if judgement.verdict else -1
        page = max(range(len(maps)), key=lambda at: max(sign * fall for row in maps[at] for fall in row), default=0)
        heat = maps[page] if maps else ()
        shown = tuple(ImageMap(heat=one, box=find_box(one, verdict=judgement.verdict)) for one in maps)
        return Evidence(
            **dict(judgement),
            heat=heat,
            box=shown[page].box if shown else None,
            page=page,
            maps=shown if len(shown) > 1 else (),
            words=tuple(
                Word(text=word.group(), start=word.start(), weight=fall)
                for (word, _), fall in zip(self.words, rest, strict=True)
            ),
        )


def log_odds(model: SlotModel, state: PrefixState, template: Template, unseen: Sequence[Sequence[int]]) -> list[float]:
    """Log-odds of yes at a template's slot, once for each set of prefix tokens that it may not see."""
    rows = max(1, model.max_batch_tokens // (state.n_tokens + len(template.ids)))
    found: list[float] = []
    for first in range(0, len(unseen), rows):
        part = unseen[first : first + rows]
        logits = model.read([state] * len(part), [[template]] * len(part), part)
        found += (logits[:, 1] - logits[:, 0]).tolist()
    return found


def word_tokens(model: SlotModel, prefix: Prefix, text: str | None) -> list[tuple[re.Match[str], list[int]]]:
    """The words of a document's text, each with the prefix tokens that hold a piece of it."""
    start = next((part.start for part in prefix.parts if part.grid is None), None)
    if not text or start is None:
        return []
    offsets = text_offsets(model.maker.tokenizer, text)
    return [
        (
            word,
            [start + at for at, (left, right) in enumerate(offsets) if left < word.end() and right > word.start()],
        )
        for word in _WORD.finditer(text)
    ]


def _state(model: SlotModel, key: bytes, prefix: Prefix) -> PrefixState:
    """The kept state of the document, or a new one."""
    name = model.name(key)
    state = model.cache.get(name)
    if state is None:
        with model.lock:
            [state] = model.encode_prefixes([prefix])
        model.cache.put(name, state)
    return state
