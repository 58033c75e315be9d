"""MCMR (CVPR 2026): product queries of several conditions over clothing, shoes, jewelry and furniture.

The candidates are those of the file that the authors' first stage writes (`eval/retrieval/llave.py` in their code, with
EXPORT_TOPK_JSONL=True); they publish products, queries and pictures, but no such file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from datasets import Dataset, Features, Image, Value
from mteb.abstasks.retrieval_dataset_loaders import RetrievalSplitData

from evals.data_sets import BadData, MissingData, Origin, field, json_lines
from evals.ranking_sets.local import LocalTask, local_task, split_data

ORIGIN = Origin(
    "MCMR",
    "https://huggingface.co/datasets/Lux1997/MCMR",
    "CC BY-NC-SA 4.0 (as its paper; the data set's own card was not seen)",
)
MAX_TEXT = 2048  # characters of a product's text, as in the authors' evaluation
POOLS = ("topk50.jsonl", "llave_direct_eval_topk50.jsonl", "llave_eval_topk50.jsonl")
POOL_FROM = (
    "it is written by eval/retrieval/llave.py of https://github.com/EIT-NLP/MCMR,"
    " with EXPORT_TOPK_JSONL=True in its CONFIG"
)
UNPACK = "unpack images.tar.gz there"


def mcmr_task(source: str | None) -> LocalTask:
    """From a folder with candidate.jsonl, query.jsonl, images/ (of images.tar.gz) and one of POOLS."""
    return local_task(
        ORIGIN,
        category="t2it",
        description="Product queries of several conditions on looks and text; the first 50 of a first stage.",
        read=lambda: read_mcmr(source),
    )


def read_mcmr(source: str | None) -> RetrievalSplitData:
    """Products with the picture of their first image address, where it is in images/."""
    products = ORIGIN.find(source, "candidate.jsonl", "candidates.jsonl")
    asked = ORIGIN.find(source, "query.jsonl", "queries.jsonl")
    images = _find(source, "images", advice=UNPACK)
    pools = _find(source, *POOLS, advice=POOL_FROM)
    texts, grades = {}, {}
    for row in json_lines(asked):
        query = str(field(row, asked, "qid", "id"))
        texts[query] = field(row, asked, "query", "text")
        grades[query] = {str(id_): 1 for id_ in field(row, asked, "pos_ids", "positives")}
    candidates = {
        str(field(row, pools, "qid", "id")): [str(field(one, pools, "candidate_id")) for one in row.get("topk", [])]
        for row in json_lines(pools)
    }
    unknown = [query for query in candidates if query not in texts]
    if unknown:
        raise BadData(f"{pools}: query {unknown[0]!r} is not in {asked.name}")
    texts = {query: text for query, text in texts.items() if candidates.get(query)}
    grades = {query: grades[query] for query in texts}
    wanted = {id_ for query in texts for id_ in candidates[query]}
    return split_data(_corpus(products, images, wanted), texts, grades, candidates)


def _find(source: str | None, *names: str, advice: str) -> Path:
    try:
        return ORIGIN.find(source, *names)
    except MissingData as error:
        raise MissingData(f"{error}; {advice}") from error


def _corpus(products: Path, images: Path, wanted: set[str]) -> Dataset:
    rows: dict[str, list[Any]] = {"id": [], "text": [], "image": []}
    for row in json_lines(products):
        id_ = str(field(row, products, "candidate_id", "id"))
        if id_ in wanted:
            rows["id"].append(id_)
            rows["text"].append(product_text(row))
            rows["image"].append(_picture(row, images))
    features = Features({"id": Value("string"), "text": Value("string"), "image": Image(decode=False)})
    return Dataset.from_dict(rows, features=features)


def product_text(row: dict[str, Any]) -> str:
    """Title, description and features, then price and date, cut where the authors cut.

    >>> product_text({"title": "Hat", "features": ["red", "wool"], "price": 9})
    'Hat | red wool | price: 9'
    """
    parts = [_joined(row.get(name)) for name in ("title", "description", "features")]
    date = row.get("Date First Available") or row.get("date")
    parts += [f"price: {row['price']}"] if row.get("price") is not None else []
    parts += [f"date: {date}"] if date else []
    return " | ".join(part for part in parts if part)[:MAX_TEXT]


def _joined(value: Any) -> str:
    return " ".join(str(one) for one in value if one) if isinstance(value, list) else str(value or "").strip()


def _picture(row: dict[str, Any], images: Path) -> str | None:
    """The file of the first image address; one that is not there makes the document fail when it is opened."""
    for image in row.get("images") or []:
        address = image.get("url") or image.get("large") or image.get("hi_res")
        if address:
            return str(images / address.rsplit("/", maxsplit=1)[-1])
    return None
