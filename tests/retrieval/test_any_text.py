"""Any text as a query, by either kind of tokenizer."""

from math import isfinite

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yofo_rerank.documents import Document
from yofo_rerank.errors import RetrievalError
from yofo_rerank.retrieval import ClipFaissRetriever


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=200) | st.sampled_from(["<start_of_text>", "<|end|> <|pad|>", "\u202eright to left 🧥"]))
def test_any_text_finds_something_or_is_refused(query, custom_clip_folder, clip_folder, any_text_retrievers):
    for retriever in any_text_retrievers:
        try:
            hits = retriever.search(query, top_k=3)
        except RetrievalError as error:
            assert error.code == "bad_query"
            assert not query.strip() or any("\ud800" <= character <= "\udfff" for character in query)
        else:
            assert len(hits) == 3
            assert all(isfinite(hit.score) for hit in hits)


@pytest.fixture(scope="module")
def any_text_retrievers(clip_folder, custom_clip_folder):
    retrievers = [ClipFaissRetriever.from_pretrained(folder) for folder in (clip_folder, custom_clip_folder)]
    for retriever in retrievers:
        retriever.add([Document(text=f"garment number {number}", id=str(number)) for number in range(3)])
    return retrievers
