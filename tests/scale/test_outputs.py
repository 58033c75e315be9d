"""FAISS shards and Qdrant: what is searched there is what was judged, once each; no cluster is needed."""

import sys
from contextlib import closing

import faiss
import numpy as np
import psutil
import pytest

from yofo_rerank.errors import ConfigError, MissingExtra, RetrievalError
from yofo_rerank.retrieval.index import VectorIndex
from yofo_rerank.scale import FaissShards, QdrantCollection, judge_catalogue, open_shards
from yofo_rerank.scale.qdrant import point_id

TEXTS = ("is pink", "has a hood")


def unit(n, dim=16, seed=0):
    vectors = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def rows(vectors, start=0):
    """Answers as actors give them; the first document of a partition has no picture, the second failed."""
    found = []
    for place, vector in enumerate(vectors):
        row = {"document": f"{start + place}.png", "judge": "j", "stamp": "s", "code": None, "vector": vector.tolist()}
        row |= {"p_yes": [0.9, 0.2], "verdict": [True, False]}
        found.append(row)
    found[0]["vector"] = None
    found[1] |= {"code": "no_threes", "p_yes": [], "verdict": []}
    return found


@pytest.fixture
def vectors():
    return unit(300)


def write(output, folder, vectors, size=50):
    for start in range(0, len(vectors), size):
        output.write(str(folder), f"part-{start:06}", rows(vectors[start : start + size], start), TEXTS)


@pytest.mark.parametrize("factory", ["Flat", "IVF4,Flat"])
def test_shards_are_searched_as_the_vectors_that_were_never_cut(tmp_path, vectors, factory):
    write(FaissShards(), tmp_path, vectors)
    shards = open_shards(tmp_path, factory)
    kept = [place for place in range(300) if place % 50]
    whole = VectorIndex(16)
    whole.add(kept, vectors[kept])
    queries = unit(20, seed=1)
    wanted = [[(f"{key}.png", score) for key, score in hits] for hits in whole.search(queries, 10)]
    got = shards.search(queries, 10)
    assert len(shards) == len(kept) == 294
    assert [[one for one, _ in hits] for hits in got] == [[one for one, _ in hits] for hits in wanted]
    np.testing.assert_allclose(
        [[score for _, score in hits] for hits in got], [[score for _, score in hits] for hits in wanted], rtol=1e-5
    )


@pytest.mark.parametrize("mapped", [False, True])
def test_what_is_no_query_of_shards_is_an_error(tmp_path, vectors, mapped):
    write(FaissShards(), tmp_path, vectors)
    shards = open_shards(tmp_path, mapped=mapped)
    for given, top_k, code in (
        (unit(2, dim=8), 5, "bad_embeddings"),
        (unit(2)[0], 5, "bad_embeddings"),
        (np.full((1, 16), np.nan, np.float32), 5, "bad_embeddings"),
        (unit(2), 0, "bad_top_k"),
    ):
        with pytest.raises(RetrievalError) as caught:
            shards.search(given, top_k)
        assert caught.value.code == code


@pytest.mark.skipif(sys.platform != "linux", reason="the system tells what is mapped")
def test_shards_in_their_files_are_searched_as_in_memory_which_does_not_hold_them(tmp_path, vectors):
    write(FaissShards(), tmp_path, vectors)
    in_memory, mapped = open_shards(tmp_path), open_shards(tmp_path.as_uri(), mapped=True)
    queries = unit(20, seed=1)
    wanted, got = in_memory.search(queries, 10), mapped.search(queries, 10)
    assert mapped.ids == in_memory.ids
    assert [[one for one, _ in hits] for hits in got] == [[one for one, _ in hits] for hits in wanted]
    np.testing.assert_allclose(
        [[score for _, score in hits] for hits in got], [[score for _, score in hits] for hits in wanted], rtol=1e-5
    )
    assert len({id_ for hits in got for id_, _ in hits}) > 50
    assert [len(hits) for hits in mapped.search(queries[:2], 1000)] == [294, 294]
    files = {str(path.resolve()) for path in (tmp_path / "faiss").glob("*.faiss")}
    assert len(files) == 6
    assert files <= {one.path for one in psutil.Process().memory_maps()}

    write(FaissShards(), tmp_path, unit(300, seed=2))  # who opened it keeps what it was
    assert mapped.search(queries, 10) == got
    assert open_shards(tmp_path, mapped=True).search(queries, 10) != got


def test_what_cannot_be_searched_in_its_files_is_refused(tmp_path, vectors):
    for folder, factory in (("s3://shop/answers", "Flat"), (tmp_path, "HNSW32")):
        with pytest.raises(ConfigError, match="mapped=True"):
            open_shards(folder, factory, mapped=True)
    with pytest.raises(RetrievalError, match="FaissShards") as caught:
        open_shards(tmp_path, mapped=True)
    assert caught.value.code == "no_shards"
    write(FaissShards(), tmp_path, vectors)
    whole = (tmp_path / "faiss" / "part-000050.faiss").read_bytes()
    faiss.write_index(faiss.IndexFlatIP(16), str(tmp_path / "faiss" / "part-000100.faiss"))
    with pytest.raises(RetrievalError, match="part-000100 is an IndexFlatIP") as caught:
        open_shards(tmp_path, mapped=True)
    assert caught.value.code == "damaged"
    (tmp_path / "faiss" / "part-000050.faiss").write_bytes(whole[:-1000])
    with pytest.raises(RetrievalError, match="part-000050") as caught:
        open_shards(tmp_path, mapped=True)
    assert caught.value.code == "damaged"
    FaissShards().write(str(tmp_path), "part-000050", rows(unit(3, dim=8)), TEXTS)
    with pytest.raises(RetrievalError, match="of 16 and of 8"):
        open_shards(tmp_path, mapped=True)


def test_a_shard_written_again_doubles_nothing_and_half_a_shard_is_not_seen(tmp_path, vectors):
    write(FaissShards(), tmp_path, vectors)
    before = {path.name: path.read_bytes() for path in (tmp_path / "faiss").iterdir()}
    write(FaissShards(), tmp_path, vectors)
    assert {path.name: path.read_bytes() for path in (tmp_path / "faiss").iterdir()} == before
    assert len(before) == 12
    (tmp_path / "faiss" / "part-000050.faiss").unlink()  # killed after the ids
    (tmp_path / "faiss" / ".yofo-tmp-part-000050.faiss").write_bytes(b"half")
    assert len(open_shards(tmp_path)) == 294 - 49
    address = tmp_path.as_uri()  # as in an object store
    write(FaissShards(), address, vectors)
    assert len(open_shards(address)) == 294


def test_shards_that_are_damaged_or_not_there(tmp_path, vectors):
    with pytest.raises(RetrievalError, match="FaissShards") as caught:
        open_shards(tmp_path)
    assert caught.value.code == "no_shards"
    write(FaissShards(), tmp_path, vectors)
    (tmp_path / "faiss" / "part-000050.json").write_text('["only.png"]')
    with pytest.raises(RetrievalError, match="part-000050 has 1 ids and 49") as caught:
        open_shards(tmp_path)
    assert caught.value.code == "damaged"
    (tmp_path / "faiss" / "part-000000.faiss").write_bytes(b"IxMp")
    with pytest.raises(RetrievalError, match="part-000000"):
        open_shards(tmp_path)


def test_qdrant_has_each_document_once_however_often_it_is_written(tmp_path, vectors):
    from qdrant_client.models import FieldCondition, Filter, MatchValue

    collection = QdrantCollection("shop", str(tmp_path / "qdrant"))
    write(collection, tmp_path, vectors)
    write(collection, tmp_path, vectors, size=60)  # also where partitions were cut elsewhere: ids are the documents'
    client = collection.client()
    try:
        assert client.count("shop").count == 294 + 5  # 50, 100, ... have a picture in the second cut
        (point,) = client.retrieve("shop", [point_id("7.png")])
        assert (point.payload["yes"], point.payload["no"]) == (["is pink"], ["has a hood"])
        assert point.payload["p_yes"] == {"is pink": 0.9, "has a hood": 0.2}
        (failed,) = client.retrieve("shop", [point_id("61.png")])
        assert (failed.payload["failure"], failed.payload["yes"], failed.payload["p_yes"]) == ("no_threes", [], {})
        pink = Filter(must=[FieldCondition(key="yes", match=MatchValue(value="is pink"))])
        found = client.query_points("shop", query=vectors[7].tolist(), query_filter=pink, limit=300).points
        assert found[0].payload["document"] == "7.png"
        assert len(found) == 299 - 5  # without those that failed
        assert "61.png" not in {one.payload["document"] for one in found}
    finally:
        client.close()


def test_a_collection_of_other_vectors_is_refused(tmp_path):
    collection = QdrantCollection("shop", str(tmp_path / "qdrant"))
    collection.write("", "a", rows(unit(3)), TEXTS)
    with pytest.raises(RetrievalError, match="length 8") as caught:
        collection.write("", "b", rows(unit(3, dim=8)), TEXTS)
    assert caught.value.code == "another_collection"


def test_a_qdrant_that_does_not_answer_or_is_in_use_is_one_sentence(tmp_path):
    with pytest.raises(RetrievalError, match=r"127\.0\.0\.1:9 takes nothing of partition a: ") as caught:
        QdrantCollection("shop", "http://127.0.0.1:9").write("", "a", rows(unit(3)), TEXTS)
    assert caught.value.code == "unreachable"
    collection = QdrantCollection("shop", str(tmp_path / "qdrant"))
    with closing(collection.client()), pytest.raises(RetrievalError, match="already accessed") as caught:
        collection.write("", "a", rows(unit(3)), TEXTS)
    assert caught.value.code == "unreachable"
    collection.write("", "a", rows(unit(3)), TEXTS)  # nothing is left locked
    with closing(collection.client()) as client:
        assert client.count("shop").count == 2  # the first has no vector


def test_no_client_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "qdrant_client", None)
    with pytest.raises(MissingExtra, match=r"yofo-rerank\[qdrant\]"):
        QdrantCollection("shop").client()


def test_outputs_without_an_encoder_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="no encoder"):
        judge_catalogue(tmp_path, None, ["pink"], tmp_path / "out", outputs=[FaissShards()])
