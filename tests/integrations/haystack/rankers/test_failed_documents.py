"""YofoRanker with documents that cannot be judged: last, dropped or raised, as told."""

import pytest
from haystack import Document
from haystack_integrations.components.rankers.yofo import YofoRanker

from yofo_rerank.errors import DocumentError

QUERY = "a long dress, not pink, preferably with pockets"


def ids(result):
    return [document.id for document in result["documents"]]


@pytest.fixture
def broken(documents, tmp_path):
    """Among good documents: no file, no content at all, a PDF page, an address."""
    return [
        Document(id="gone", meta={"file_path": str(tmp_path / "gone.png")}, score=1.0),
        Document(id="empty", score=0.95),
        *documents,
        Document(id="page", meta={"file_path": "a.pdf", "page_number": 1}),
        Document(id="url", meta={"file_path": "http://169.254.169.254/1.png"}),
    ]


def test_failed_documents_go_last_and_say_why(broken, model, caplog):
    result = YofoRanker(model=model).run(query=QUERY, documents=broken)
    assert ids(result)[6:] == ["gone", "empty", "page", "url"]
    assert sorted(ids(result)[:6]) == ["p0", "p1", "p2", "p3", "p4", "t"]
    assert len({document.score for document in result["documents"][:6]}) > 3
    failures = {document.id: document.meta["yofo"]["failure"] for document in result["documents"][6:]}
    codes = {id_: failure["code"] for id_, failure in failures.items()}
    assert codes == {"gone": "missing", "empty": "bad_document", "page": "missing", "url": "url"}
    assert "a.pdf" in failures["page"]["message"]
    assert all(document.score == 0.0 for document in result["documents"][6:])
    assert (
        "4 of 10 documents could not be judged and were placed last: bad_document (1), missing (2), url (1)"
        in caplog.text
    )


def test_failed_documents_are_dropped_or_raise(judge, documents, caplog):
    judge.failures = {"p1": "truncated"}
    documents = [Document(id="empty"), *documents]
    dropped = YofoRanker(on_error="drop").run(query=QUERY, documents=documents)
    assert sorted(ids(dropped)) == ["p0", "p2", "p3", "p4", "t"]
    assert "2 of 7 documents could not be judged and were dropped" in caplog.text
    with pytest.raises(DocumentError, match="neither"):
        YofoRanker(on_error="raise").run(query=QUERY, documents=documents)
    with pytest.raises(DocumentError, match="went wrong"):
        YofoRanker(on_error="raise").run(query=QUERY, documents=documents[1:])


def test_only_failures_still_answer(judge):
    result = YofoRanker().run(query=QUERY, documents=[Document(id="a"), Document(id="b")])
    assert ids(result) == ["a", "b"]
    assert judge.calls == []


def test_an_unanswered_model_failure_is_last_and_never_unsorted(judge, documents):
    judge.failures = {"p0": "nan"}
    result = YofoRanker().run(query=QUERY, documents=documents)
    assert ids(result)[-1] == "p0"
    assert result["documents"][-1].meta["yofo"]["failure"]["code"] == "nan"
