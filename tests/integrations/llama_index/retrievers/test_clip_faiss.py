"""ClipFaissRetriever: nodes back as they were given, images without captions, off the loop, saved and loaded."""

import asyncio
import threading

import pytest
from llama_index.core.schema import ImageNode, MediaResource, Node, QueryBundle, TextNode
from llama_index.embeddings.open_clip import OpenClipEmbedding
from llama_index.retrievers.clip_faiss import ClipFaissRetriever
from llama_index.retrievers.clip_faiss.documents import to_node
from PIL import Image

from yofo_rerank import Document
from yofo_rerank.errors import DocumentError, ImageError


@pytest.fixture
def shop(photos):
    pictures = [ImageNode(id_=f"p{n}", image_path=str(photos / f"{n}.png"), metadata={"price": n}) for n in range(4)]
    in_memory = Node(id_="m", image_resource=MediaResource(data=(photos / "4.png").read_bytes()))
    return [*pictures, in_memory, TextNode(id_="t", text="black trousers")]


@pytest.fixture
def retriever(shop, clip):
    return ClipFaissRetriever.from_nodes(shop, model=clip, device="cpu", similarity_top_k=6)


def test_finds(retriever, shop):  # E3, E2
    found = retriever.retrieve("a blue top")
    assert {one.node_id for one in found} == {one.node_id for one in shop}
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)
    assert all(type(score) is float and -1 <= score <= 1 for score in scores)
    assert all(any(one.node is node for node in shop) for one in found)


def test_other_queries(retriever, photos, clip):
    by_image = retriever.retrieve(QueryBundle("", image_path=str(photos / "2.png")))
    assert (by_image[0].node_id, by_image[0].score) == ("p2", pytest.approx(1, abs=1e-4))
    vector = OpenClipEmbedding(model_name=clip, device="cpu").get_image_embedding(str(photos / "3.png"))
    assert retriever.retrieve(QueryBundle("", embedding=vector))[0].node_id == "p3"
    with pytest.raises(ValueError, match="blank"):
        retriever.retrieve(" ")


def test_off_the_loop(retriever, monkeypatch):
    seen = []
    hits = type(retriever)._hits
    monkeypatch.setattr(
        type(retriever), "_hits", lambda self, query: seen.append(threading.current_thread()) or hits(self, query)
    )
    found = asyncio.run(retriever.aretrieve("a blue top"))
    assert [one.node_id for one in found] == [one.node_id for one in retriever.retrieve("a blue top")]
    assert seen[0] is not threading.main_thread()


def test_saved_and_loaded(retriever, clip, tmp_path):
    before = retriever.retrieve("a blue top")
    retriever.save(tmp_path / "index")
    again = ClipFaissRetriever.load(tmp_path / "index", similarity_top_k=6)
    after = again.retrieve("a blue top")
    assert [one.node_id for one in after] == [one.node_id for one in before]
    by_id = {one.node_id: one.node for one in after}
    assert type(by_id["t"]) is TextNode
    assert by_id["p1"].metadata == {"price": 1}
    assert isinstance(by_id["m"], ImageNode)


def test_documents_become_nodes(photos):
    data = (photos / "0.png").read_bytes()
    picture = Image.open(photos / "0.png")
    for image in (photos / "0.png", data, picture):
        node = to_node(Document(image=image, text="grey", id="1", metadata={"a": 1}))
        assert (node.node_id, node.text, node.metadata) == ("1", "grey", {"a": 1})
        assert Image.open(node.resolve_image()).convert("RGB").tobytes() == picture.convert("RGB").tobytes()


def test_unreadable_are_skipped(clip, photos, tmp_path):
    nodes = [
        ImageNode(id_="good", image_path=str(photos / "0.png")),
        ImageNode(id_="gone", image_path=str(photos / "gone.png")),
        ImageNode(id_="out", image_path="/etc/passwd"),
        ImageNode(id_="empty"),
    ]
    retriever = ClipFaissRetriever.from_nodes(model=clip, image_root=photos)
    report = retriever.add_nodes(nodes)
    assert report.added == 1
    assert {one.id: one.code for one in report.skipped} == {
        "gone": "missing", "out": "outside_root", "empty": "bad_document"
    }  # fmt: skip
    with pytest.raises(DocumentError, match="second document"):
        retriever.add_nodes(nodes[:1])
    assert retriever.add_nodes(nodes[:1], replace=True).added == 1
    with pytest.raises(ImageError):
        retriever.retrieve(QueryBundle("", image_path="/etc/passwd"))


@pytest.mark.parametrize("top_k", [0, -1, 1.5, True])
def test_bad_top_k(clip, top_k):
    with pytest.raises(ValueError, match="similarity_top_k"):
        ClipFaissRetriever.from_nodes(model=clip, similarity_top_k=top_k)


def test_facets_of_the_index(clip, word_judge):
    nodes = [TextNode(id_=text, text=text) for text in ("a pink top", "a blue top", "a pink dress")]
    retriever = ClipFaissRetriever.from_nodes(nodes, model=clip, device="cpu")
    retriever.index.facets.judge(retriever.index.documents, word_judge, ["pink"])
    kept = ClipFaissRetriever(retriever.index, where={"pink": False})
    assert [one.node_id for one in kept.retrieve("a top")] == ["a blue top"]
    kept.where = "pink"
    assert {one.node_id for one in kept.retrieve("a top")} == {"a pink top", "a pink dress"}
