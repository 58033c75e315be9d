"""The mini suite as a task of mteb: sentences over a catalogue of drawn garments, candidates of the embedded CLIP."""

from __future__ import annotations

from dataclasses import dataclass

from datasets import Dataset
from mteb.abstasks.retrieval_dataset_loaders import RetrievalSplitData

from evals.data_sets import Origin
from evals.mini_search import make_task
from evals.opening import open_retriever
from evals.ranking_sets.local import LocalTask, local_task, split_data
from yofo_rerank.retrieval import ClipFaissRetriever

ORIGIN = Origin("mini", "yofo_rerank.mini", "Apache-2.0")


@dataclass(frozen=True)
class Size:
    """How much of the world; the seed is one that no training met."""

    documents: int = 2000
    queries: int = 200
    candidates: int = 100
    seed: int = 9007


def mini_task(size: Size | None = None, retriever: ClipFaissRetriever | None = None) -> LocalTask:
    """The task; `retriever` is an empty first stage, the embedded one by default."""
    return local_task(
        ORIGIN,
        category="t2i",
        description="Sentences of shoppers over drawn garments of held-out combinations; grade 2 meets every wish.",
        read=lambda: read_mini(size or Size(), retriever or open_retriever("mini")),
    )


def read_mini(size: Size, retriever: ClipFaissRetriever) -> RetrievalSplitData:
    """Draw the catalogue, ask the first stage."""
    task, catalogue = make_task(size.documents, size.queries, size.seed)
    retriever.add(catalogue)
    texts = {query.id: query.text for query in task.queries}
    hits = retriever.search_many(list(texts.values()), size.candidates)
    candidates = {id_: [hit.document.id for hit in found] for id_, found in zip(texts, hits, strict=True)}
    corpus = Dataset.from_dict(
        {"id": [one.id for one in catalogue], "image": [one.load_image() for one in catalogue]},
    )
    return split_data(corpus, texts, task.grades, candidates)
