import faiss
import numpy as np
import pytest

from yofo_rerank.errors import RetrievalError
from yofo_rerank.retrieval import VectorIndex

REMOVABLE = ["Flat", "HNSW16", "IVF8,Flat", "IVF8,PQ8x4", "PCA16,IVF8,Flat", "SQ8", "HNSW16,SQ8", "IVF8,PQ8x4,RFlat"]


def filled(make, factory="Flat", n=600, first_key=100, **options):
    vectors = make.clustered(n)
    index = VectorIndex(16, factory, **options)
    if not index.is_trained:
        index.train(vectors)
    index.add(range(first_key, first_key + n), vectors)
    return index, vectors


def keys(results):
    return [[key for key, _ in hits] for hits in results]


def recall(found, wanted):
    return np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found, wanted, strict=True)])


def test_flat_equals_brute_force(make):
    index, vectors = filled(make)
    queries = make.clustered(30, seed=7)
    similarities = queries @ vectors.T  # (queries, vectors)
    best = np.argsort(-similarities, axis=1)[:, :25]
    results = index.search(queries, top_k=25)
    assert keys(results) == (best + 100).tolist()
    scores = np.array([[score for _, score in hits] for hits in results])
    np.testing.assert_allclose(scores, np.take_along_axis(similarities, best, axis=1), atol=1e-5)
    assert scores.std() > 0.02
    assert len({tuple(row) for row in best.tolist()}) > 20  # different queries have different answers


@pytest.mark.parametrize(
    ("factory", "floor"), [("HNSW16", 0.95), ("IVF16,Flat", 0.95), ("IVF16,PQ16x4", 0.7), ("SQ8", 0.95)]
)
def test_approximate_indexes_find_most_of_what_flat_finds(make, factory, floor):
    exact, _ = filled(make, n=3000)
    index, _ = filled(make, factory, n=3000)
    queries = make.clustered(50, seed=3)
    wanted = keys(exact.search(queries, 50))
    assert recall(keys(index.search(queries, 50)), wanted) >= floor
    assert recall(keys(exact.search(-queries, 50)), wanted) < 0.1  # the measure can fail


def test_search_parameters_reach_faiss(make):
    exact, _ = filled(make, n=3000)
    queries = make.clustered(50, seed=3)
    wanted = keys(exact.search(queries, 50))
    one, all_ = (filled(make, "IVF64,Flat", n=3000, search_parameters=p)[0] for p in ("nprobe=1", "nprobe=64"))
    low, high = recall(keys(one.search(queries, 50)), wanted), recall(keys(all_.search(queries, 50)), wanted)
    assert low < 0.9 < high == 1.0


@pytest.mark.parametrize("factory", REMOVABLE)
def test_removed_keys_are_gone_and_the_others_stay(make, factory):
    index, vectors = filled(make, factory)
    queries = vectors[:60]
    before = keys(index.search(queries, 600))
    gone = {100, 101, 350, 699}
    index.remove(gone)
    assert len(index) == 596
    after = keys(index.search(queries, 600))
    assert not gone & {key for hits in after for key in hits}
    nearest_before = [next(key for key in hits if key not in gone) for hits in before]
    assert np.mean([a == b[0] for a, b in zip(nearest_before, after, strict=True)]) > 0.95
    index.add([5000], vectors[:1])
    assert len(index) == 597
    assert 5000 in keys(index.search(vectors[:1], 5))[0]


def test_an_index_that_cannot_be_rebuilt_says_so(make, monkeypatch):
    index, _ = filled(make, "HNSW16")

    def refuse(self, start, n):
        raise RuntimeError("reconstruct_n not implemented")

    monkeypatch.setattr(faiss.IndexHNSWFlat, "reconstruct_n", refuse)
    with pytest.raises(RetrievalError, match="index the remaining documents anew") as caught:
        index.remove([100])
    assert caught.value.code == "cannot_remove"
    assert len(index) == 600


def test_equal_scores_come_in_the_order_of_keys(make):
    index = VectorIndex(2)
    index.add([9, 3, 7, 1], np.array([[0, 1], [1, 0], [1, 0], [1, 0]], np.float32))
    assert keys(index.search(np.array([[1, 0]], np.float32), 4)) == [[1, 3, 7, 9]]


def test_top_k_beyond_the_size_and_an_empty_index(make):
    index, vectors = filled(make, n=5)
    assert len(keys(index.search(vectors[:1], 100))[0]) == 5
    assert VectorIndex(16).search(vectors, 3) == [[]] * 5


def test_faiss_minus_one_keys_are_dropped(make):
    index, vectors = filled(make, "IVF8,Flat", search_parameters="nprobe=1")
    hits = keys(index.search(vectors[:1], 600))[0]
    assert 0 < len(hits) < 600
    assert min(hits) >= 100


@pytest.mark.parametrize("factory", ["Flat", "HNSW16", "IVF8,PQ8x4"])
def test_write_and_read(make, tmp_path, factory):
    index, vectors = filled(make, factory)
    index.write(tmp_path / "index")
    again = VectorIndex.read(tmp_path / "index", factory)
    assert again.search(vectors[:20], 30) == index.search(vectors[:20], 30)
    assert (len(again), again.dim, again.factory) == (600, 16, factory)


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("Nonsense", "could not parse"),
        ("PQ7x4", "multiple of the number of subquantizers"),
        ("IDMap,Flat", "without IDMap"),
        ("HNSW16,PQ8", "inner products"),  # FAISS would silently measure distances instead
    ],
)
def test_bad_factories_are_refused(factory, message):
    with pytest.raises(RetrievalError, match=message) as caught:
        VectorIndex(16, factory)
    assert caught.value.code == "bad_index"


def test_bad_search_parameters_are_refused():
    with pytest.raises(RetrievalError, match="nprobe=3"):
        VectorIndex(16, "Flat", search_parameters="nprobe=3")


@pytest.mark.parametrize(("factory", "wanted"), [("IVF64,PQ16x4", 64), ("IVF4,PQ8x8", 256), ("OPQ8,IVF32,PQ8x4", 32)])
def test_too_few_vectors_to_train(make, factory, wanted):
    index = VectorIndex(16, factory)
    with pytest.raises(RetrievalError, match=f"got 10 vectors, wanted at least {wanted} ") as caught:
        index.train(make.clustered(10))
    assert caught.value.code == "too_few_vectors"
    assert index.good_training_size == 39 * wanted


def test_faiss_own_training_errors_are_typed(make):
    with pytest.raises(RetrievalError, match="PCA matrix cannot output"):
        VectorIndex(16, "PCA8,Flat").train(make.clustered(3))


def test_a_gpu_copy_serves_searches_and_follows_changes(make, monkeypatch):
    index, vectors = filled(make)
    wanted = index.search(vectors[:3], 5)
    copies = []

    def to_gpu(resources, device, cpu_index):
        copies.append(faiss.clone_index(cpu_index))
        return copies[-1]

    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 1)
    monkeypatch.setattr(faiss, "StandardGpuResources", object, raising=False)
    monkeypatch.setattr(faiss, "index_cpu_to_gpu", to_gpu, raising=False)
    assert index.search(vectors[:3], 5) == wanted
    assert index.search(vectors[3:6], 5) != wanted
    assert len(copies) == 1
    index.remove([100])
    assert 100 not in keys(index.search(vectors[:1], 600))[0]
    assert len(copies) == 2
    index.add([7], vectors[:1])
    assert keys(index.search(vectors[:1], 1)) == [[7]]
    assert len(copies) == 3
    index.add(range(10_000, 13_000), make.clustered(3000, seed=4))
    assert len(index.search(vectors[:1], 3000)[0]) == 3000  # more than a GPU can return
    assert len(copies) == 3


def test_an_index_that_no_gpu_holds_stays_in_main_memory(make, monkeypatch):
    index, vectors = filled(make)
    wanted = index.search(vectors[:3], 5)

    def to_gpu(*args):
        raise RuntimeError("not supported")

    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 1)
    monkeypatch.setattr(faiss, "StandardGpuResources", object, raising=False)
    monkeypatch.setattr(faiss, "index_cpu_to_gpu", to_gpu, raising=False)
    assert index.search(vectors[:3], 5) == wanted
