"""The trained contestants behind the protocol of all baselines, and the judges of the mini suite by name."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from evals.baselines.record import Baseline
from evals.contestants.pictures import load_base
from evals.contestants.recipes import RUNS, load_trained, trained_as
from yofo_rerank import Document, YofoJudge, YofoReranker
from yofo_rerank.errors import ConfigError, DocumentError
from yofo_rerank.mini.catalog import SIZE
from yofo_rerank.mini.recipe.vision import see
from yofo_rerank.mini.weights import weights_folder
from yofo_rerank.prompts.format import Attention
from yofo_rerank.retrieval import ClipEncoder

KEPT = 2_000  # pictures whose features are kept, 75 kB each
SHIPPED, BASE, ZERO_SHOT = "yofo, as shipped", "base", "base, zero-shot"


class OneScoreScorer:
    """A trained contestant: sees pictures by the frozen mini tower, and gives a sentence and a picture one number."""

    def __init__(self, name: str, folder: Path) -> None:
        self._name, self._folder = name, folder
        self._module: Any = None

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """One number per document, higher is better."""
        if self._module is None:
            self._module = load_trained(self._name, self._folder)
        scores: list[float] = self._module.score(query, look(documents)) if documents else []
        return scores


class EmbeddedClipScorer:
    """The embedded CLIP as it is shipped: cosines; its own eyes, trained for longer than a contestant here."""

    def __init__(self, folder: str) -> None:
        self._encoder = ClipEncoder(folder)
        self._seen: OrderedDict[int, tuple[Any, np.ndarray]] = OrderedDict()

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """One cosine per document."""
        vectors = [self._vector(document) for document in documents]
        asked = self._encoder.encode_texts([query])[0]
        return [float(vector @ asked) for vector in vectors]

    def _vector(self, document: Document) -> np.ndarray:
        if id(document) not in self._seen:
            if len(self._seen) >= KEPT:
                self._seen.popitem(last=False)
            self._seen[id(document)] = (document, self._encoder.encode_images([_picture(document)])[0])
        return self._seen[id(document)][1]


class RerankerScorer:
    """YOFO with its own decomposer: the sentence is taken apart by `rules`, the verdicts are weighed."""

    def __init__(self, judge: YofoJudge) -> None:
        self._reranker = YofoReranker(judge=judge, decomposer="rules", on_error="raise")

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """One score per document, in the order given.

        Raises:
            DocumentError: a document cannot be judged.
        """
        scores = {one.index: one.score for one in self._reranker.rerank(query, list(documents))}
        return [float(scores[place]) for place in range(len(documents))]


_features: OrderedDict[int, tuple[Document, torch.Tensor]] = OrderedDict()


def look(documents: Sequence[Document]) -> torch.Tensor:
    """What the frozen tower sees  # (documents, 2, 36, 256); pictures that were looked at lately are not again."""
    fresh = [document for document in documents if id(document) not in _features]
    if fresh:
        pictures = np.stack([np.asarray(_picture(document)) for document in fresh])
        with torch.inference_mode():
            seen = torch.stack(see(load_base().model.visual, pictures), dim=1).half()  # as training kept them
        for document, features in zip(fresh, seen, strict=True):
            _features[id(document)] = (document, features)
    found = torch.stack([_features[id(document)][1] for document in documents]).float()
    while len(_features) > KEPT:
        _features.popitem(last=False)
    return found


def forget_pictures() -> None:
    """Look at every picture again, as somebody would who never saw it: for timing."""
    _features.clear()


def open_yofo(name: str, folder: Path = RUNS, *, attention: Attention | None = None) -> YofoJudge:
    """A judge of the mini suite: a trained contestant's name, `SHIPPED`, `BASE` (in our template) or `ZERO_SHOT`.

    Raises:
        ConfigError: it was not trained yet, or from other embedded weights; says the command that trains it.
    """
    base = str(weights_folder("base"))
    if name == SHIPPED:
        return YofoJudge.from_pretrained("mini", verdicts=False, attention=attention)
    if name in (BASE, ZERO_SHOT):
        zero_shot = "chat-v1" if attention == "joint" else None  # our default asks one thing a turn
        layout = "yofo-v1" if name == BASE else zero_shot
        return YofoJudge.from_pretrained(base, format=layout, verdicts=False, attention=attention)
    adapter = folder / name / "adapter"
    if not adapter.exists():
        raise ConfigError(f"{adapter} is missing; make it by `python -m evals.contestants --train {name}`")
    trained_as(name, folder)
    return YofoJudge.from_pretrained(base, adapter, verdicts=False, attention=attention)


def load_one_score(record: Baseline, source: str | None, *, device: str | None = None) -> OneScoreScorer:  # noqa: ARG001
    """The scorer of a trained single-score contestant; `source` is the folder of all contestants."""
    return OneScoreScorer(record.name, Path(source) if source else RUNS)


def load_yofo(record: Baseline, source: str | None, *, device: str | None = None) -> RerankerScorer:  # noqa: ARG001
    """YOFO, trained with the same budget or as shipped, with its own decomposer."""
    return RerankerScorer(open_yofo(record.name, Path(source) if source else RUNS))


def load_embedded_clip(record: Baseline, source: str | None, *, device: str | None = None) -> EmbeddedClipScorer:  # noqa: ARG001
    """The embedded first stage as it is."""
    return EmbeddedClipScorer(source or "mini")


def _picture(document: Document) -> Any:
    image = document.load_image()
    if image is None:
        raise DocumentError("the contestants of the mini suite read pictures, but the document has none")
    return image if image.size == (SIZE, SIZE) else image.resize((SIZE, SIZE))
