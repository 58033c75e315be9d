"""INQUIRE-Rerank (NeurIPS 2024): expert queries about nature, 100 pictures each from a fixed CLIP."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from datasets import Dataset, Image, load_dataset
from mteb.abstasks.retrieval_dataset_loaders import RetrievalSplitData

from evals.data_sets import MissingData, Origin
from evals.ranking_sets.local import LocalTask, local_task, split_data

HUB_ID = "evendrow/INQUIRE-Rerank"
ORIGIN = Origin("INQUIRE-Rerank", f"https://huggingface.co/datasets/{HUB_ID}", "CC BY-NC 4.0")


def inquire_task(source: str | None) -> LocalTask:
    """The test split, from a folder with its parquet files, or from the hub."""
    return local_task(
        ORIGIN,
        category="t2i",
        description="Text queries about natural images; the candidates are the 100 first of CLIP ViT-H-14.",
        read=lambda: read_inquire(open_rows(source)),
    )


def open_rows(source: str | None) -> Dataset:
    """The rows of the test split, undecoded."""
    if source is None:
        try:
            rows = load_dataset(HUB_ID, split="test")
        except OSError as error:
            raise MissingData(f"cannot reach {HUB_ID} ({error}); {ORIGIN.describe()}") from error
    else:
        folder = Path(source)
        files = sorted(folder.glob("data/test-*.parquet")) or sorted(folder.glob("test-*.parquet"))
        if not files:
            raise MissingData(f"{source!r} holds no data/test-*.parquet; {ORIGIN.describe()}")
        rows = load_dataset("parquet", data_files=[str(file) for file in files], split="train")
    return rows.cast_column("image", Image(decode=False))


def read_inquire(rows: Dataset) -> RetrievalSplitData:
    """A picture may be a candidate of several queries; it is one document."""
    places: dict[str, int] = {}
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    ids: dict[str, str] = {}
    columns = (rows[name] for name in ("query", "inat24_image_id", "relevant", "clip_score"))
    for place, (text, image_id, relevant, clip_score) in enumerate(zip(*columns, strict=True)):
        query = ids.setdefault(text, f"q{len(ids):03d}")
        places.setdefault(str(image_id), place)
        scores[query][str(image_id)] = clip_score
        if relevant:
            grades[query][str(image_id)] = 1
    corpus = rows.select(list(places.values())).select_columns(["image"]).add_column("id", list(places))
    candidates = {query: sorted(found, key=found.__getitem__, reverse=True) for query, found in scores.items()}
    return split_data(corpus, {query: text for text, query in ids.items()}, grades, candidates)
