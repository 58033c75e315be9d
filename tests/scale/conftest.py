"""One small Ray for all tests here; judges that need no model."""

import os

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import pytest
from PIL import Image

pytest.importorskip("ray", reason="the extra `ray`")

import yofo_rerank.scale.pool as pool_module
from yofo_rerank.scale import Pool


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
