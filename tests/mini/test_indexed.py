"""The indexed catalogue: made once, made again when anything that it was made from has changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from yofo_rerank.mini import indexed
from yofo_rerank.mini.indexed import sample_retriever


class CountingEncoder:
    """Vectors from digests of what it is given, and a count of it."""

    pretrained = None
    dim = 8

    def __init__(self, fingerprint: str = "one") -> None:
        self.model = "counting"
        self.fingerprint = fingerprint
        self.encoded = 0

    def too_long(self, texts):
        return [False] * len(texts)

    def encode_texts(self, texts, *, warn=True):
        return self._vectors([text.encode() for text in texts])

    def encode_images(self, images):
        return self._vectors([image.tobytes() for image in images])

    def _vectors(self, contents: list[bytes]):
        self.encoded += len(contents)
        digests = [np.frombuffer(hashlib.sha256(content).digest()[:8], np.uint8) for content in contents]
        vectors = np.stack(digests).astype(np.float32) - 128
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def found(retriever) -> list[tuple[str, bytes]]:
    """Ids in the order of a search, and the pictures' pixels."""
    hits = retriever.search("a red dress", top_k=6)
    return [(hit.document.id, hit.document.load_image().tobytes()) for hit in hits]


def test_second_time_comes_from_the_cache_and_is_the_same(tmp_path: Path) -> None:
    first = CountingEncoder()
    fresh = found(sample_retriever(6, seed=2, encoder=first, cache=tmp_path))
    assert len({pixels for _, pixels in fresh}) == 6
    again = CountingEncoder()
    assert found(sample_retriever(6, seed=2, encoder=again, cache=tmp_path)) == fresh
    assert (first.encoded, again.encoded) == (7, 1)  # the second time the query alone


def test_other_arguments_code_or_weights_are_another_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample_retriever(3, seed=1, encoder=CountingEncoder(), cache=tmp_path)
    for arguments in ({"n": 4, "seed": 1}, {"n": 3, "seed": 2}, {"n": 3, "seed": 1, "media": "text"}):
        encoder = CountingEncoder()
        assert len(sample_retriever(**arguments, encoder=encoder, cache=tmp_path)) == encoder.encoded
    retrained = CountingEncoder("two")
    sample_retriever(3, seed=1, encoder=retrained, cache=tmp_path)
    assert retrained.encoded == 3
    monkeypatch.setattr(indexed, "version", lambda package: "99")
    redrawn = CountingEncoder("two")
    sample_retriever(3, seed=1, encoder=redrawn, cache=tmp_path)
    assert redrawn.encoded == 3


@pytest.mark.parametrize("pattern", ["*/kept-images/*.png", "*/*/vectors.faiss", "*/yofo_index.json"])
def test_a_damaged_cache_is_made_again(pattern: str, tmp_path: Path) -> None:
    fresh = found(sample_retriever(6, encoder=CountingEncoder(), cache=tmp_path))
    next(tmp_path.glob(pattern)).unlink()
    assert found(sample_retriever(6, encoder=CountingEncoder(), cache=tmp_path)) == fresh


def test_without_a_writable_cache_it_works_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    assert len(sample_retriever(2, encoder=CountingEncoder(), cache=blocked)) == 2
    assert "cannot be kept" in caplog.text


def test_the_users_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    sample_retriever(1, encoder=CountingEncoder())
    assert list(tmp_path.glob("yofo-rerank/mini-*/yofo_index.json"))
