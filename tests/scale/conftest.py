"""One small Ray for all tests here; judges that need no model."""

import os

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

from contextlib import nullcontext

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("ray", reason="the extra `ray`")

import yofo_rerank.scale.pool as pool_module
from yofo_rerank.errors import ImageError
from yofo_rerank.retrieval.facets import stamp
from yofo_rerank.scale import Pool, catalogue, facets


@pytest.fixture(scope="session")
def ray_here():
    with pool_module.connected("local", num_cpus=2, object_store_memory=200_000_000):
        yield


@pytest.fixture
def pictures(tmp_path):
    """Makes a folder of plain pictures, whose colour their judge can see; some are no pictures."""

    def make(n, poisoned=()):
        folder = tmp_path / "pictures"
        folder.mkdir()
        for place in range(n):
            path = folder / f"{place:03}.png"
            if place in poisoned:
                path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
            else:
                Image.new("RGB", (40, 32), (place % 256, place // 256, 0)).save(path)
        return folder

    return make


@pytest.fixture
def two_actors():
    return Pool(min_size=2, max_size=2, num_cpus=0.5, batch_size=4)


@pytest.fixture
def no_cluster(monkeypatch):
    """The driver alone: partitions are read and answered here; the names of those that were comes back.

    A judge that is a function says by the document's id with which code it fails.
    """
    asked = []

    def whole_partitions(partitions, judge, texts, **_):
        for partition in partitions:
            asked.append(partition.name)
            yield (
                partition.name,
                [_row(document, texts, judge and judge(document.id)) for document in partition.read()[1]],
            )

    for module in (catalogue, facets):
        monkeypatch.setattr(module, "connected", lambda _: nullcontext())
        monkeypatch.setattr(module, "whole_partitions", whole_partitions)
        monkeypatch.setattr(module, "judge_name", lambda *_: "j")
    return asked


def _row(document, texts, code=None):
    row = {"document": document.id, "judge": "j", "stamp": stamp(document), "code": code, "message": None}
    row |= {"p_yes": [], "verdict": []}
    if code:
        return row | {"vector": None}
    try:
        red = document.load_image().getpixel((0, 0))[0] / 255
    except ImageError as error:
        return row | {"code": error.code, "vector": None}
    vector = np.array([red, 1 - red, 0.5], np.float32)
    p_yes = [red, 1 - red][: len(texts)]
    return row | {
        "vector": (vector / np.linalg.norm(vector)).tolist(),
        "p_yes": p_yes,
        "verdict": [p > 0.5 for p in p_yes],
    }
