"""A slow judge holds decoding back: what waits does not grow with the catalogue."""

import pytest

from tests.scale.judges import NotedPartition, RedJudge
from yofo_rerank.scale import Pool
from yofo_rerank.scale.stream import whole_partitions

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning:ray.*")

STORE = 12_000_000  # four partitions


@pytest.mark.slow
def test_pictures_are_not_decoded_long_before_a_slow_judge_gets_to_them(ray_here, tmp_path):
    read, judged = tmp_path / "read", tmp_path / "judged"
    read.mkdir()
    judged.mkdir()
    partitions = [NotedPartition(number, read) for number in range(48)]
    pool = Pool(1, 1, num_cpus=0.9, batch_size=4, object_store_bytes=STORE)
    ahead = []
    for name, rows in whole_partitions(partitions, RedJudge(judged, 0.05), ["red"], pool=pool):
        assert len(rows) == 4
        ahead.append(len(list(read.iterdir())) - len(ahead) - 1)
        assert (read / name).exists()
    assert len(ahead) == len(list(read.iterdir())) == 48
    assert max(ahead) <= 16, ahead  # of 47 that could be
