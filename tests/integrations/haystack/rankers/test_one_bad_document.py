"""Whatever is wrong with one document stays with it."""

from haystack import Document
from haystack_integrations.components.rankers.yofo import YofoRanker

QUERY = "a long dress, not pink"


def ids(result):
    return [document.id for document in result["documents"]]


class Unspeakable:
    def __str__(self):
        raise KeyError("no text")


def test_whatever_is_wrong_with_one_document_stays_with_it(judge, photos):
    picture = str(photos / "1.png")
    bad = [
        Document(id="type", meta={"file_path": picture, "mime_type": 1.5}),
        Document(id="digits", content="a skirt", meta={"price": 10**5000}),
        Document(id="object", content="a skirt", meta={"price": Unspeakable()}),
    ]
    good = [Document(id="a", content="a skirt", score="best"), Document(id="a", content="a skirt", score=10**400)]
    good += [Document(id="p", meta={"file_path": f"file://{picture}"})]
    ranker = YofoRanker(meta_fields_to_embed=["price"], root_path=photos)
    found = ranker.run(query=QUERY, documents=[*bad, *good])
    assert sorted(ids(found)[:2]) == ["a", "p"]
    assert ids(found)[2:] == ["type", "digits", "object"]
    failures = [document.meta["yofo"]["failure"] for document in found["documents"]]
    assert failures[:2] == [None, None]
    assert [failure["code"] for failure in failures[2:]] == ["bad_document"] * 3
    words = ["mime_type must be a text", "meta['price'] has no text", "KeyError"]
    assert all(word in failure["message"] for word, failure in zip(words, failures[2:], strict=True))
