"""Our reranker, and any baseline, as a `SearchProtocol` of mteb.

A class with a `predict` would be taken for a CrossEncoder, and be given its pairs query by query with every picture
decoded anew; as a search each document is named once, and the candidates of a query come together.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evals.baselines.record import Scorer
from evals.failures import Streak, may_be_over
from evals.run_file import RunFile
from evals.systems import Scored, System
from yofo_rerank import Document, YofoReranker
from yofo_rerank.errors import ConfigError, DocumentError
from yofo_rerank.extras import require

if TYPE_CHECKING:
    from datasets import Dataset
    from mteb.abstasks.task_metadata import TaskMetadata
    from mteb.models.model_meta import ModelMeta

NOTHING = "(nothing could be scored)"  # stands for the order of a query of which every document failed: worth 0


class YofoSearch:
    """A contestant as mteb wants it; `mteb.evaluate(YofoSearch(reranker), tasks=[...])` measures it.

    Documents that cannot be scored are left out of the order, so that they earn nothing, and are counted in `failures`.

    >>> from yofo_rerank import YofoJudge
    >>> search = YofoSearch(YofoReranker(YofoJudge.from_pretrained("mini")))
    >>> search.mteb_model_meta.name  # doctest: +SKIP
    'evals/yofo'

    Args:
        contestant: our reranker, a baseline's scorer, or an opened `System`.
        name: of a bare reranker or scorer, for the results.
        run: keeps finished queries, and gives back those of an interrupted run.
        whence: where the documents come from, for the error where none is there.
    """

    def __init__(
        self,
        contestant: YofoReranker | Scorer | System,
        *,
        name: str = "yofo",
        run: RunFile | None = None,
        whence: str = "",
    ) -> None:
        self.system = as_system(contestant, name)
        self.run = run
        self._streak = Streak(self.system.name, whence)
        self.found: dict[str, dict[str, Any]] = {}  # of every query asked for: scores, failures, seconds
        self._rows: dict[str, int] = {}
        self._corpus: Dataset | None = None
        self._modalities: Sequence[str] = ()

    def index(self, corpus: Dataset, *, task_metadata: TaskMetadata, **_: Any) -> None:
        """Keep the corpus; nothing is decoded here."""
        from mteb.types import PromptType

        self._modalities = task_metadata.get_modalities(PromptType.document)
        self._corpus = _undecoded(corpus)
        self._rows = {id_: row for row, id_ in enumerate(corpus["id"])}

    def search(
        self,
        queries: Iterable[Mapping[str, Any]],
        *,
        hf_split: str,
        hf_subset: str,
        top_ranked: Mapping[str, Sequence[str]] | None = None,
        **_: Any,
    ) -> dict[str, dict[str, float]]:
        """Scores of the candidates of each query.

        Raises:
            ConfigError: a task without candidates, or with pictures in its queries.
            MissingData: of the first queries every document fails, for its file is not there.
            AllFailed: they fail otherwise.
        """
        if not top_ranked:
            wanted = "a reranking task, or `convert_to_reranking` with the predictions of a first stage"
            raise ConfigError(f"a reranker needs candidates, but the task brings none; wanted {wanted}")
        results = {}
        for query in queries:
            key = f"{hf_split}/{hf_subset}/{query['id']}"
            found = self._kept(key) or self._ask(key, query_text(query), top_ranked[query["id"]])
            self.found[key] = found
            self._streak.add(_failure(found), f"query {query['id']}")
            results[query["id"]] = dict(found["scores"]) or {NOTHING: 0.0}
        self._streak.close()
        return results

    @property
    def mteb_model_meta(self) -> ModelMeta:
        """Name, revision and what it reads."""
        require("mteb", extra="evals")
        from mteb.models.model_meta import ModelMeta

        about = self.system.about
        return ModelMeta.create_empty(
            overwrites={
                "name": f"evals/{self.system.name}",
                "revision": str(about.get("revision") or "none"),
                "modalities": list(about.get("reads") or ("text", "image")),
            }
        )

    @property
    def failures(self) -> dict[str, int]:
        """How many documents could not be scored, by reason."""
        return dict(Counter(code for found in self.found.values() for code in found["failed"].values()))

    def _kept(self, key: str) -> dict[str, Any] | None:
        """What the run has, unless a document failed that may not the next time."""
        found = self.run.done.get(key) if self.run else None
        return None if found and any(map(may_be_over, found["failed"].values())) else found

    def _ask(self, key: str, text: str, ids: Sequence[str]) -> dict[str, Any]:
        made = [self._document(id_) for id_ in ids]
        start = time.perf_counter()
        scored = iter(self.system.score(text, [one for one in made if isinstance(one, Document)]))
        outcomes = [next(scored) if isinstance(one, Document) else one for one in made]
        found = as_found(ids, outcomes) | {"seconds": time.perf_counter() - start}
        if self.run:
            self.run.add(key, found)
        return found

    def _document(self, id_: str) -> Document | Scored:
        """The document, or why there is none."""
        if self._corpus is None:
            raise ConfigError("search before index: wanted a corpus first")
        if id_ not in self._rows:
            return Scored(None, "not_in_corpus")
        try:
            return to_document(self._corpus[self._rows[id_]], self._modalities)
        except DocumentError as error:
            return Scored(None, error.code)


def as_system(contestant: YofoReranker | Scorer | System, name: str) -> System:
    """One face for all."""
    if isinstance(contestant, System):
        return contestant
    if isinstance(contestant, YofoReranker):
        return System(name, reranker=contestant)
    return System(name, scorer=contestant)


def as_found(ids: Sequence[str], scored: Sequence[Scored]) -> dict[str, Any]:
    """Scores of what was scored, reasons of what was not."""
    pairs = list(zip(ids, scored, strict=True))
    return {
        "scores": {id_: one.score for id_, one in pairs if one.failure is None},
        "failed": {id_: one.failure for id_, one in pairs if one.failure is not None},
    }


def _failure(found: Mapping[str, Any]) -> str | None:
    """The most frequent reason of a query of which every document failed."""
    failed = Counter(found["failed"].values())
    return failed.most_common(1)[0][0] if failed and not found["scores"] else None


def query_text(query: Mapping[str, Any]) -> str:
    """What the user typed, and the instruction, where the task has one.

    >>> query_text({"id": "1", "text": "a red hat"})
    'a red hat'
    """
    if query.get("image") is not None or not isinstance(query.get("text"), str):
        raise ConfigError(f"query {query['id']!r}: wanted a text, but got {', '.join(sorted(query))}")
    instruction = query.get("instruction")
    return f"{query['text']} {instruction}" if instruction else query["text"]


def to_document(row: Mapping[str, Any], modalities: Sequence[str]) -> Document:
    """A row of a corpus with the parts that the task means to be read; images stay undecoded until they are needed.

    Raises:
        DocumentError: the row holds none of them.
    """
    image = row.get("image") if "image" in modalities else None
    if isinstance(image, dict):
        image = image["bytes"] or image["path"]
    text = " ".join(part for part in (row.get("title"), row.get("text")) if part) if "text" in modalities else None
    return Document(image=image, text=text, id=row["id"])


def _undecoded(corpus: Dataset) -> Dataset:
    from datasets import Image

    if isinstance(corpus.features.get("image"), Image):
        return corpus.cast_column("image", Image(decode=False))
    return corpus
