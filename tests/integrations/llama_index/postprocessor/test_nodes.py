"""Every kind of node, and what may be opened for it."""

import base64
import os
import shutil
import socket

import pytest
from llama_index.core.schema import (
    Document,
    ImageDocument,
    ImageNode,
    IndexNode,
    MediaResource,
    MetadataMode,
    Node,
    NodeWithScore,
    TextNode,
)
from llama_index.postprocessor.yofo import YofoRerank, explain
from llama_index.postprocessor.yofo import nodes as nodes_module
from llama_index.postprocessor.yofo.nodes import NodeReader
from llama_index.retrievers.clip_faiss.documents import to_node
from PIL import Image

from tests.pdfs import encrypted_pdf, pictures_pdf
from yofo_rerank import Document as YofoDocument
from yofo_rerank.errors import DocumentError, ImageError
from yofo_rerank.pdf import PdfPage


@pytest.fixture
def picture(photos):
    return photos / "0.png"


@pytest.fixture
def data(picture):
    return base64.b64encode(picture.read_bytes()).decode()


def kinds(picture, data):
    uri = f"data:image/png;base64,{data}"
    return {
        "ImageNode, path": ImageNode(image_path=str(picture)),
        "ImageNode, base64": ImageNode(image=data),
        "ImageNode, base64 in lines": ImageNode(image="\n".join(data[i : i + 76] for i in range(0, len(data), 76))),
        "ImageNode, data URI as image": ImageNode(image=uri),
        "ImageNode, data URI as address": ImageNode(image_url=uri),
        "ImageNode, path and caption": ImageNode(image_path=str(picture), text="a grey skirt"),
        "Node, data": Node(image_resource=MediaResource(data=picture.read_bytes())),
        "Node, base64": Node(image_resource=MediaResource(data=data.encode())),
        "Node, path": Node(image_resource=MediaResource(path=picture)),
        "Node, data URI": Node(image_resource=MediaResource(url=uri)),
        "Node, image and text": Node(
            image_resource=MediaResource(path=picture), text_resource=MediaResource(text="a grey skirt")
        ),
        "ImageDocument, path": ImageDocument(image_path=str(picture)),
        "ImageDocument, base64": ImageDocument(image=data),
    }


def test_images(picture, data, judge):  # L10, S24
    with_image = kinds(picture, data)
    found = {name: NodeReader().read(node, name) for name, node in with_image.items()}
    from PIL import Image

    pixels = Image.open(picture).convert("RGB").tobytes()
    for name, document in found.items():
        assert document.load_image().tobytes() == pixels, name
        assert document.text == ("a grey skirt" if "text" in name or "caption" in name else None), name
    scored = [NodeWithScore(node=node) for node in with_image.values()]
    ranked = YofoRerank(top_n=99, requirements=["grey"]).postprocess_nodes(scored)
    assert {one.node_id: type(one.node) for one in ranked} == {one.node_id: type(one.node) for one in scored}
    assert all(explain(one).failure is None for one in ranked)


@pytest.mark.parametrize(
    "node",
    [
        TextNode(text="a grey skirt"),
        Document(text="a grey skirt"),
        Node(text_resource=MediaResource(text="a grey skirt")),
        IndexNode(text="a grey skirt", index_id="1", obj=TextNode(text="elsewhere")),
        ImageNode(text="a grey skirt"),
    ],
    ids=lambda node: type(node).__name__,
)
def test_texts(node, judge):  # L10
    document = NodeReader().read(node, "1")
    assert (document.text, document.image) == ("a grey skirt", None)
    (found,) = YofoRerank(requirements=["grey"]).postprocess_nodes([NodeWithScore(node=node)])
    assert type(found.node) is type(node)
    assert (found.node_id, found.node.get_content()) == (node.node_id, "a grey skirt")
    assert getattr(found.node, "obj", None) == getattr(node, "obj", None)


@pytest.mark.parametrize("node", [ImageNode(), Node(), TextNode(text=" ")], ids=lambda node: type(node).__name__)
def test_nothing_to_see(node, judge):  # L10
    with pytest.raises(DocumentError, match="neither"):
        NodeReader().read(node, "1")
    found = YofoRerank(requirements=["grey"]).postprocess_nodes([NodeWithScore(node=node)])
    assert explain(found[0]).failure.code == "bad_document"
    with pytest.raises(DocumentError):
        YofoRerank(requirements=["grey"], on_error="raise").postprocess_nodes([NodeWithScore(node=node)])


def test_text_that_looks_like_a_path(picture):  # S25
    for text in (str(picture), "https://example.com/1.png", "data:image/png;base64,AAAA"):
        document = NodeReader().read(TextNode(text=text), "1")
        assert (document.text, document.image) == (text, None)


def test_metadata_path_only_on_request(picture):  # L11
    node = TextNode(text="a grey skirt", metadata={"file_path": str(picture)})
    assert NodeReader().read(node, "1").image is None
    reader = NodeReader(file_path_key="file_path")
    assert reader.read(node, "1").load_image().size == (48, 48)
    from_text_file = TextNode(text="a grey skirt", metadata={"file_path": "notes.txt"})
    assert reader.read(from_text_file, "1").image is None
    outside = NodeReader(file_path_key="file_path", image_root="/nowhere")
    with pytest.raises(ImageError) as caught:
        outside.read(node, "1")
    assert caught.value.code == "outside_root"


def test_metadata_beside_the_text():
    node = TextNode(text="skirt", metadata={"title": "Summer", "secret": 1}, excluded_embed_metadata_keys=["secret"])
    assert NodeReader().read(node, "1").text == "skirt"
    shown = NodeReader(metadata_mode=MetadataMode.EMBED).read(node, "1").text
    assert "Summer" in shown
    assert "secret" not in shown


def code_of(node, **settings):
    """The failure's code, from the loader or from the reader."""
    try:
        NodeReader(**settings).read(node, "1").load_image()
    except DocumentError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    "node",
    [lambda path: ImageNode(image_path=path), lambda path: Node(image_resource=MediaResource(path=path))],
    ids=["ImageNode", "Node"],
)
def test_root(picture, tmp_path, node):  # S21
    root = {"image_root": str(tmp_path)}
    shutil.copy(picture, tmp_path / "0.png")
    (tmp_path / "link.png").symlink_to("/etc/hostname")
    assert code_of(node(str(tmp_path / "0.png")), **root) is None
    assert code_of(node("0.png"), **root) is None
    for path in ("../../etc/passwd", "/etc/passwd", "link.png", "sub/../../x.png"):
        assert code_of(node(path), **root) == "outside_root", path
    assert code_of(node("file:///etc/passwd"), **root) in ("missing", "url", "outside_root")
    assert code_of(node("a\x00.png"), **root) == "bad_path"
    assert code_of(node("nowhere.png"), **root) == "missing"


def test_pages_of_a_pdf(tmp_path):
    data = pictures_pdf(*(Image.new("RGB", (60, 40), colour) for colour in ("red", "lime", "blue")))
    path = tmp_path / "shop.pdf"
    path.write_bytes(data)
    reader = NodeReader()
    for node in (
        ImageNode(image_path=str(path), metadata={"page_label": "2"}),
        ImageNode(image=base64.b64encode(data).decode(), metadata={"page_number": 2}),
        Node(image_resource=MediaResource(path=path), metadata={"page_label": "2"}),
        Node(image_resource=MediaResource(data=data), metadata={"page_label": "2"}),
    ):
        document = reader.read(node, "1")
        assert [page.number for page in document.images] == [2]
        assert document.load_image().getpixel((9, 9))[1] > 200
    assert [page.number for page in reader.read(ImageNode(image_path=str(path)), "1").images] == [1, 2, 3]
    assert code_of(ImageNode(image=base64.b64encode(encrypted_pdf()).decode())) == "encrypted"
    assert code_of(ImageNode(image_path=str(path), metadata={"page_label": "iv"})) == "no_such_page"


def test_a_list_of_paths_is_several_views(tmp_path):
    reader = NodeReader(image_root=str(tmp_path), file_path_key="images")
    document = reader.read(TextNode(text="a coat", metadata={"images": ["front.png", "back.png"]}), "1")
    assert [path.name for path in document.images] == ["front.png", "back.png"]
    assert document.text == "a coat"
    hostile = TextNode(text="x", metadata={"images": ["../x.png"]})
    assert code_of(hostile, image_root=str(tmp_path), file_path_key="images") == "outside_root"


def test_a_document_of_several_images_as_a_node_leads_back_to_them():
    document = YofoDocument(images=["a.png", PdfPage("b.pdf", 2)], id="1")
    read = NodeReader(file_path_key="images").read(to_node(document), "1")
    assert [*map(str, read.images)] == ["a.png", "b.pdf#page=2"]
    page = YofoDocument(image=PdfPage("b.pdf", 2), id="1")
    assert [*map(str, NodeReader().read(to_node(page), "1").images)] == ["b.pdf#page=2"]


def test_devices_and_others(tmp_path):  # S19, S20
    fifo = tmp_path / "fifo.png"
    os.mkfifo(fifo)
    (tmp_path / "not.png").write_text("<svg/>")
    (tmp_path / "page.pdf").write_bytes(b"%PDF-1.7")
    expected = {"/dev/zero": "not_a_file", fifo: "not_a_file", tmp_path: "not_a_file"}
    expected |= {tmp_path / "not.png": "not_an_image", tmp_path / "page.pdf": "not_a_pdf"}
    for path, code in expected.items():
        assert code_of(ImageNode(image_path=str(path))) == code, path
    assert code_of(ImageNode(image="not base64!")) == "bad_data_uri"
    assert code_of(ImageNode(image_url="data:text/html;base64,PGI+")) == "not_an_image"


@pytest.mark.parametrize("url", ["https://example.com/1.png", "http://127.0.0.1/1.png", "file:///etc/passwd"])
@pytest.mark.parametrize("kind", ["ImageNode", "Node"])
def test_nothing_is_fetched(url, kind, judge, monkeypatch):  # S22
    def no_socket(*arguments, **settings):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", no_socket)
    monkeypatch.setattr(socket, "getaddrinfo", no_socket)
    node = ImageNode(image_url=url) if kind == "ImageNode" else Node(image_resource=MediaResource(url=url))
    found = YofoRerank(requirements=["grey"]).postprocess_nodes([NodeWithScore(node=node)])
    failure = explain(found[0]).failure
    assert failure.code == "url"
    assert "allow_remote_images=True" in failure.message
    assert not judge.seen[-1:] or judge.seen == [[]]


@pytest.mark.parametrize("kind", ["ImageNode", "Node"])
def test_a_file_address_inside_the_root(picture, kind, judge):
    url = f"file://{picture}"
    node = ImageNode(image_url=url) if kind == "ImageNode" else Node(image_resource=MediaResource(url=url))
    reranker = YofoRerank(requirements=["grey"], image_root=picture.parent)
    (found,) = reranker.postprocess_nodes([NodeWithScore(node=node)])
    assert explain(found).failure is None
    assert judge.seen[0][0].image == picture.resolve()


def test_fetched_where_allowed(picture, judge, monkeypatch):  # S23; the fetching itself: tests/frameworks
    monkeypatch.setattr(nodes_module, "fetch_image", lambda url: picture.read_bytes())
    scored = [NodeWithScore(node=ImageNode(id_=str(n), image_url=f"https://example.com/{n}.png")) for n in range(20)]
    reranker = YofoRerank(top_n=20, requirements=["grey"], allow_remote_images=True)
    assert len(reranker.postprocess_nodes(scored)) == 20
    assert [document.id for document in judge.seen[0]] == [f"{n}: {n}" for n in range(20)]
    assert judge.seen[0][0].image == picture.read_bytes()


def test_private_addresses_stay_refused(judge):  # S23
    urls = ["https://127.0.0.1/x", "https://169.254.169.254/x", "http://example.com/x", "file:///etc/passwd"]
    scored = [NodeWithScore(node=ImageNode(image_url=url)) for url in urls]
    found = YofoRerank(top_n=9, requirements=["grey"], allow_remote_images=True).postprocess_nodes(scored)
    assert [explain(one).failure.code for one in found] == ["url"] * 4


def test_a_file_that_is_swapped_for_a_link_later_is_not_opened(picture, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(picture, root / "1.png")
    document = NodeReader(image_root=str(root)).read(ImageNode(image_path="1.png"), "1")
    assert document.load_image() is not None
    (root / "1.png").unlink()
    (root / "1.png").symlink_to(picture)
    with pytest.raises(ImageError) as caught:
        document.load_image()
    assert caught.value.code == "outside_root"
