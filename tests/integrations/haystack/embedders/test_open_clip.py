"""OpenClipTextEmbedder and OpenClipDocumentImageEmbedder: vectors equal to the core's, images without captions (E3)."""

import asyncio
import warnings

import numpy as np
import pytest
from haystack import Document
from haystack.dataclasses import ByteStream
from haystack_integrations.components.embedders.open_clip import OpenClipDocumentImageEmbedder, OpenClipTextEmbedder
from PIL import Image

from yofo_rerank.errors import DocumentError, ImageError
from yofo_rerank.retrieval import ClipEncoder, encoder


def test_a_text_becomes_a_vector_of_length_1(clip):
    embedding = OpenClipTextEmbedder(model=clip).run(text="a blue top")["embedding"]
    assert all(type(value) is float for value in embedding)
    assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-5)
    assert embedding == pytest.approx(ClipEncoder(clip).encode_texts(["a blue top"])[0].tolist(), abs=1e-6)
    assert embedding != OpenClipTextEmbedder(model=clip).run(text="a red skirt")["embedding"]


def test_prefix_and_suffix_surround_the_text(clip):
    framed = OpenClipTextEmbedder(model=clip, prefix="a photo of ", suffix=" only").run(text="red")["embedding"]
    assert framed == OpenClipTextEmbedder(model=clip).run(text="a photo of red only")["embedding"]


def test_documents_are_no_text(clip):
    with pytest.raises(ValueError, match="OpenClipDocumentImageEmbedder"):
        OpenClipTextEmbedder(model=clip).run(text=[Document(content="x")])


def test_images_are_embedded_by_their_pixels_and_texts_by_their_words(clip, documents, photos):
    documents = [*documents, Document(id="b", blob=ByteStream((photos / "0.png").read_bytes()))]
    before = [document.to_dict() for document in documents]
    with warnings.catch_warnings():
        warnings.simplefilter("error", category=UserWarning)
        embedded = OpenClipDocumentImageEmbedder(model=clip, batch_size=3).run(documents=documents)["documents"]
    assert [document.to_dict() for document in documents] == before
    assert [document.id for document in embedded] == [document.id for document in documents]
    found = {document.id: document.embedding for document in embedded}
    core = ClipEncoder(clip)
    with Image.open(photos / "4.png") as picture:
        assert found["p4"] == pytest.approx(core.encode_images([picture])[0].tolist(), abs=1e-5)
    assert found["t"] == pytest.approx(core.encode_texts(["black trousers for winter"])[0].tolist(), abs=1e-5)
    assert found["b"] == pytest.approx(found["p0"], abs=1e-5)
    assert found["p0"] != pytest.approx(found["p1"], abs=1e-3)


def test_what_cannot_be_read_raises_or_is_left_out(clip, documents, tmp_path, caplog):
    broken = [Document(id="gone", meta={"file_path": str(tmp_path / "no.png")}), Document(id="empty"), *documents]
    with pytest.raises(ImageError, match="does not exist"):
        OpenClipDocumentImageEmbedder(model=clip).run(documents=broken)
    with pytest.raises(DocumentError, match="neither"):
        OpenClipDocumentImageEmbedder(model=clip).run(documents=broken[1:])
    kept = OpenClipDocumentImageEmbedder(model=clip, on_error="skip").run(documents=broken)["documents"]
    assert [document.id for document in kept] == [document.id for document in documents]
    assert caplog.text.count("left out") == 2


def test_no_path_leaves_the_root(clip, photos, tmp_path):
    inside = OpenClipDocumentImageEmbedder(model=clip, root_path=photos).run(
        documents=[Document(meta={"file_path": "1.png"})]
    )
    assert len(inside["documents"]) == 1
    with pytest.raises(ImageError, match="outside"):
        OpenClipDocumentImageEmbedder(model=clip, root_path=tmp_path).run(
            documents=[Document(meta={"file_path": str(photos / "1.png")})]
        )


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="raise, skip"):
        OpenClipDocumentImageEmbedder(on_error="last")
    with pytest.raises(ValueError, match="batch_size"):
        OpenClipDocumentImageEmbedder(batch_size=0)


def test_nothing_to_embed_needs_no_model():
    assert OpenClipDocumentImageEmbedder(model="/nowhere").run(documents=[]) == {"documents": []}


def test_components_with_equal_settings_load_once(clip, monkeypatch, documents):
    loads = []
    monkeypatch.setattr(encoder, "load", lambda *args, real=encoder.load: loads.append(1) or real(*args))
    text, image = (
        OpenClipTextEmbedder(model=clip, dtype="bfloat16"),
        OpenClipDocumentImageEmbedder(model=clip, dtype="bfloat16"),
    )
    assert loads == []
    text.warm_up()
    text.warm_up()
    asyncio.run(image.warm_up_async())
    image.run(documents=documents)
    assert loads == [1]


def test_run_async_equals_run(clip, documents):
    text, image = OpenClipTextEmbedder(model=clip), OpenClipDocumentImageEmbedder(model=clip)
    assert asyncio.run(text.run_async(text="red")) == text.run(text="red")
    assert asyncio.run(image.run_async(documents=documents)) == image.run(documents=documents)
