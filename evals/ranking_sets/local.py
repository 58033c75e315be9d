"""A reranking task of mteb made here: where its data come from, and a function that loads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from datasets import Dataset
from mteb.abstasks.retrieval import AbsTaskRetrieval
from mteb.abstasks.retrieval_dataset_loaders import RetrievalSplitData
from mteb.abstasks.task_metadata import TaskMetadata

from evals.data_sets import Origin

TOP = (1, 3, 5, 10, 20, 50, 100)


class LocalTask(AbsTaskRetrieval):
    """Reranks text queries over documents that `read` brings, one split named "test"."""

    k_values = TOP
    origin: Origin
    read: Callable[[], RetrievalSplitData]

    def load_data(self, num_proc: int | None = None, **_: Any) -> None:  # noqa: ARG002  # mteb's signature
        """Load once; raises what `read` raises."""
        if not self.data_loaded:
            self.dataset = {"default": {"test": type(self).read()}}
            self.data_loaded = True


def local_task(origin: Origin, *, category: str, description: str, read: Callable[[], RetrievalSplitData]) -> LocalTask:
    """A task around a reader; `category` is mteb's word for what is searched by what: "t2i", "t2it"."""
    metadata = TaskMetadata(
        name=origin.name,
        description=description,
        dataset={"path": origin.where, "revision": "local"},
        type="Reranking",
        category=category,
        modalities=["text", "image"],
        reference=origin.where if origin.where.startswith("http") else None,
        eval_splits=["test"],
        eval_langs=["eng-Latn"],
        main_score="ndcg_at_10",
    )
    parts = {"metadata": metadata, "origin": origin, "read": staticmethod(read)}
    task: LocalTask = type(f"LocalTask {origin.name}", (LocalTask,), parts)()  # mteb keeps metadata on the class
    return task


def split_data(
    corpus: Dataset,
    queries: Mapping[str, str],
    grades: Mapping[str, Mapping[str, int]],
    candidates: Mapping[str, Sequence[str]],
) -> RetrievalSplitData:
    """The four parts of a split, from texts, grades and candidates by query id."""
    rows = {"id": list(queries), "text": list(queries.values())}
    return RetrievalSplitData(
        corpus=corpus,
        queries=Dataset.from_dict(rows),
        relevant_docs={query: dict(found) for query, found in grades.items()},
        top_ranked={query: list(ids) for query, ids in candidates.items()},
    )
