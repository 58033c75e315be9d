"""Messages as the makers of each model write them, spelled out a second time and independently of the records."""

from __future__ import annotations

from typing import Any

JUDGE = (
    "Judge whether the Document meets the requirements based on the Query and the Instruct provided. "
    'Note that the answer can only be "yes" or "no".'
)
WEB = "Given a web search query, retrieve relevant passages that answer the query"
LAMRA = "I will provide you with a query and a candidate. Please evaluate whether the candidate\
                        meets the requirements of the query. If it does, respond with 'Yes'; \
if it doesn't, responed with 'No'."
UNIME = (
    "I will provide you with a query and a candidate. Please evaluate whether the candidate meets the requirements of "
    "the query. If it does, respond with 'Yes'; if it doesn't, respond with 'No'."
)
LAMRA_LIST = (
    "I will provide you with a query followed by multiple candidates in the format: (1) cand1 (2) cand2, etc. Each "
    "candidate is independent of the others. \
                        Evaluate each candidate against the query, and respond with the number corresponding to the "
    "candidate that best meets the requirements of the query."
)
MONO = (
    "Assert the relevance of the previous image document to the following query, answer True or False. "
    "The query is: a blue top"
)
QUERY = "a blue top"
LAMRA_QUERY = "Find me an everyday image that matches the given caption. a blue top."

Parts = list[dict[str, str]]


def text(said: str) -> dict[str, str]:
    return {"type": "text", "text": said}


def document(has_image: bool, said: str | None) -> Parts:
    return [*([{"type": "image"}] if has_image else ()), *([text(said)] if said else ())]


def messages(name: str, has_image: bool, said: str | None) -> list[dict[str, Any]]:
    """Of one pair with the query QUERY; of an embedder, of the document."""
    parts = document(has_image, said)
    sentences = document(has_image, f"{said[0].upper()}{said[1:]}." if said else None)
    system: Parts = []
    if name.startswith("qwen3-vl-reranker"):
        first = text("<Instruct>: Given a search query, retrieve relevant candidates that answer the query.")
        system, user = [text(JUDGE)], [first, text("<Query>:"), text(QUERY), text("\n<Document>:"), *parts]
    elif name == "lychee-rerank-mm":
        first = text(f"<Instruct>: {WEB}")
        system, user = [text(JUDGE)], [first, text("<Query>:"), text(QUERY), text("\n<Document>:"), *parts]
    elif name == "lamra-rank":
        user = [text(LAMRA), text("Query:"), text(LAMRA_QUERY), text("Candidate:"), *sentences]
    elif name == "unime-v2-reranker":
        user = [text(UNIME), text("Query:"), text(QUERY), text("Candidate:"), *parts]
    elif name == "monoqwen2-vl":
        user = [{"type": "image"}, text(MONO)]
    elif name == "gme-2b":
        user = parts
    else:
        system, user = [text("Represent the user's input.")], parts
    before = [{"role": "system", "content": system}] if system else []
    return [*before, {"role": "user", "content": user}]
