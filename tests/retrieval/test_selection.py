"""A search among some keys: only those, exact where the index is, nearly as good as exact where it is not."""

import numpy as np
import pytest

from yofo_rerank.retrieval import VectorIndex

KINDS = [
    "Flat",
    "SQ8",
    "HNSW16",
    "IVF8,Flat",
    "PCA12,IVF8,Flat",
    "PCA12,HNSW16",
    "IVF8,PQ16x4,RFlat",
    "NSG16",
    "PQ16x4",
]


def filled(make, factory, n=1500):
    vectors = make.clustered(n)
    index = VectorIndex(16, factory)
    index.train(vectors)
    index.add(range(100, 100 + n), vectors)
    return index, vectors


def exact(vectors, queries, among, top_k):
    places = np.array(sorted(among)) - 100
    return [set((places[np.argsort(-row)[:top_k]] + 100).tolist()) for row in queries @ vectors[places].T]


def recall(found, wanted):
    return np.mean([len({key for key, _ in hits} & best) / len(best) for hits, best in zip(found, wanted, strict=True)])


@pytest.mark.parametrize("factory", KINDS)
@pytest.mark.parametrize("n_wanted", [7, 60, 1400])
def test_only_wanted_keys_are_found_and_the_nearest_of_them(make, factory, n_wanted):
    index, vectors = filled(make, factory)
    queries = make.clustered(20, seed=7)
    among = set((np.random.default_rng(1).choice(1500, n_wanted, replace=False) + 100).tolist())
    found = index.search(queries, 20, among=among)
    assert all(key in among for hits in found for key, _ in hits)
    wanted = exact(vectors, queries, among, 20)
    usual = recall(index.search(queries, 20), exact(vectors, queries, range(100, 1600), 20))
    assert recall(found, wanted) >= (1 if factory == "Flat" else usual - 0.1)
    if n_wanted == 1400:
        assert {tuple(key for key, _ in hits) for hits in found} != {tuple(key for key, _ in found[0])}
    scores = [score for _, score in found[0]]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("factory", ["Flat", "IVF8,Flat", "HNSW16"])
def test_all_keys_are_the_whole_search_and_none_are_nothing(make, factory):
    index, vectors = filled(make, factory)
    assert index.search(vectors[:5], 10, among=range(100, 1600)) == index.search(vectors[:5], 10)
    assert index.search(vectors[:5], 10, among=[]) == [[]] * 5
    assert [len(hits) for hits in index.search(vectors[:2], 10, among=[100, 101, 102])] == [3, 3]
