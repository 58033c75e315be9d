"""OpenClipEmbedding: unit vectors, batches, copies, off the loop."""

import asyncio
import copy
import pickle
from io import BytesIO

import numpy as np
import pytest
from llama_index.core.embeddings import MultiModalEmbedding
from llama_index.core.schema import TextNode
from llama_index.embeddings.open_clip import OpenClipEmbedding

from yofo_rerank.errors import ImageError


@pytest.fixture
def embedding(clip):
    return OpenClipEmbedding(model_name=clip, device="cpu")


def test_texts(embedding):
    assert isinstance(embedding, MultiModalEmbedding)
    first, second = embedding.get_text_embedding_batch(["blue", "a grey skirt"])
    assert type(first[0]) is float
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-5)
    assert np.abs(np.subtract(first, second)).max() > 1e-3
    assert embedding.get_text_embedding("blue") == pytest.approx(first, abs=1e-5)
    assert embedding.get_query_embedding("blue") == pytest.approx(first, abs=1e-5)
    assert embedding([TextNode(text="blue")])[0].embedding == pytest.approx(first, abs=1e-5)


def test_images(embedding, photos):
    paths = [str(photos / f"{n}.png") for n in range(3)]
    vectors = embedding.get_image_embedding_batch(paths)
    assert np.abs(np.subtract(vectors[0], vectors[1])).max() > 1e-3
    in_memory = BytesIO((photos / "0.png").read_bytes())
    assert embedding.get_image_embedding(in_memory) == pytest.approx(vectors[0], abs=1e-5)
    assert asyncio.run(embedding.aget_image_embedding_batch(paths)) == [pytest.approx(one, abs=1e-5) for one in vectors]
    assert asyncio.run(embedding.aget_text_embedding_batch(["blue"]))
    assert asyncio.run(embedding.aget_query_embedding("blue"))


def test_refused(clip, photos):
    embedding = OpenClipEmbedding(model_name=clip, image_root=str(photos))
    embedding.get_image_embedding("0.png")
    for path, code in {"../x.png": "outside_root", "/etc/passwd": "outside_root"}.items():
        with pytest.raises(ImageError) as caught:
            embedding.get_image_embedding(path)
        assert caught.value.code == code
    with pytest.raises(ImageError, match="nothing is fetched"):
        OpenClipEmbedding(model_name=clip).get_image_embedding("https://example.com/1.png")


def test_copies(embedding):
    before = embedding.get_text_embedding("blue")
    for one in (pickle.loads(pickle.dumps(embedding)), copy.deepcopy(embedding), type(embedding)(**embedding.dict())):
        assert one.to_dict() == embedding.to_dict()
        assert one.get_text_embedding("blue") == pytest.approx(before, abs=1e-5)
    assert copy.deepcopy(embedding)._encoder() is embedding._encoder()


def test_one_model_for_equal_settings(clip):
    first, second = OpenClipEmbedding(model_name=clip, embed_batch_size=4), OpenClipEmbedding(model_name=clip)
    assert first._encoder() is second._encoder()
    assert OpenClipEmbedding(model_name=clip, dtype="bfloat16")._encoder() is not first._encoder()
