"""What comes back from a cluster is put together, and what does not is told; no cluster is needed."""

from types import SimpleNamespace

import pytest

from tests.scale.judges import NotedPartition, RedJudge
from yofo_rerank.scale import Pool, judge_catalogue, stream
from yofo_rerank.scale import catalogue as module
from yofo_rerank.scale.actors import JudgeActor, decode


@pytest.fixture
def returned(tmp_path, monkeypatch):
    """What `whole_partitions` yields of partitions with these sizes, of which some rows are lost."""

    def run(sizes, lost=()):
        pieces = [NotedPartition(number, tmp_path, size, side=8) for number, size in enumerate(sizes)]
        actor = JudgeActor(RedJudge(tmp_path), ["red"])
        tables = [actor(table) for table in decode({"partition": pieces})]
        kept = [
            table.filter([(row["partition"], row["place"]) not in lost for row in table.to_pylist()])
            for table in tables
        ]
        answers = SimpleNamespace(iter_batches=lambda **_: iter(kept))
        monkeypatch.setattr(stream, "warn_if_full", lambda _: None)
        monkeypatch.setattr(stream, "_dataset", lambda *_: answers)
        return {name: len(rows) for name, rows in stream.whole_partitions(pieces, None, ["red"], pool=Pool())}

    return run


def test_partitions_that_do_not_become_whole_are_warned_of(returned, caplog):
    lost = {("drawn-000001", 0), ("drawn-000003", 0), ("drawn-000003", 1)}
    assert returned([2, 3, 1, 2], lost) == {"drawn-000000": 2, "drawn-000002": 1}
    assert (
        "2 partitions did not come back whole: drawn-000001 (2 documents of 3), drawn-000003 (0 documents of ?);"
        in (caplog.text)
    )


def test_a_partition_without_documents_is_not_a_lost_one(returned, caplog):
    assert returned([1, 0]) == {"drawn-000000": 1, "drawn-000001": 0}
    assert not caplog.records


def test_a_catalogue_counts_what_did_not_come_as_unfinished(pictures, no_cluster, tmp_path, monkeypatch):
    everything = module.whole_partitions

    def losing(partitions, *given, **options):
        (lost, without, *_) = (one.name for one in partitions)
        for name, rows in everything(partitions, *given, **options):
            if name != lost:
                yield name, [] if name == without else rows

    folder, out = pictures(8), tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(module, "whole_partitions", losing)
        report = judge_catalogue(folder, None, ["is red"], out, size=2)
    assert (report.written, report.judged, report.unfinished) == (2, 4, 1)
    again = judge_catalogue(folder, None, ["is red"], out, size=2)
    assert (again.written, again.found, again.unfinished) == (2, 2, 0)
