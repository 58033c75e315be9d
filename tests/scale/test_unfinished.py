"""What may pass is not taken for judged."""

import pytest
from pyarrow import parquet

from yofo_rerank.errors import BROKEN, ModelError, RemoteError
from yofo_rerank.scale import judge_catalogue


def failures(out):
    return {
        row["document"]: row["failure"]
        for path in out.glob("*.parquet")
        for row in parquet.read_table(path).to_pylist()
    }


@pytest.mark.parametrize("code", ["remote_unreachable", "remote", "oom", "unreadable", *sorted(BROKEN)])
def test_a_partition_with_failures_that_may_pass_is_judged_by_the_next_run(
    pictures, no_cluster, tmp_path, caplog, code
):
    folder, out = pictures(6), tmp_path / "out"
    codes = {"000.png": "no_threes", "003.png": code}
    first = judge_catalogue(folder, codes.get, ["is red"], out, size=2)
    assert (first.written, first.unfinished, first.judged, first.failed) == (2, 1, 3, 1)
    assert failures(out) == {"000.png": "no_threes", "001.png": None, "004.png": None, "005.png": None}
    assert f"(1 {code})" in caplog.text
    no_cluster.clear()
    second = judge_catalogue(folder, None, ["is red"], out, size=2)
    assert (second.written, second.found, second.unfinished, second.judged) == (1, 2, 0, 2)
    assert failures(out) == {f"00{place}.png": None if place else "no_threes" for place in range(6)}


def test_a_judge_that_is_down_leaves_nothing(pictures, no_cluster, tmp_path):
    report = judge_catalogue(pictures(4), lambda _: "remote_failed", ["is red"], tmp_path / "out", size=2)
    assert (report.written, report.unfinished) == (0, 2)
    assert list((tmp_path / "out").glob("*.parquet")) == []


def test_a_judge_that_stays_down_is_not_asked_about_all(pictures, no_cluster, tmp_path):
    folder, out = pictures(30), tmp_path / "out"
    codes = dict.fromkeys([f"{place:03}.png" for place in range(2, 30)], "remote_unreachable")
    with pytest.raises(RemoteError, match=r"of 8 partitions in a row .* 1 partitions were written") as error:
        judge_catalogue(folder, codes.get, ["is red"], out, size=2)
    assert error.value.code == "nothing_judged"
    assert len(no_cluster) == 9
    assert judge_catalogue(folder, None, ["is red"], out, size=2).written == 14  # and the next run goes on


def test_documents_that_fail_beside_others_stop_nothing(pictures, no_cluster, tmp_path):
    codes = dict.fromkeys([f"{place:03}.png" for place in range(0, 30, 2)], "oom")
    report = judge_catalogue(pictures(30), codes.get, ["is red"], tmp_path / "out", size=2)
    assert (report.written, report.unfinished) == (0, 15)


def test_a_broken_worker_is_no_verdict_and_ends_the_run(pictures, no_cluster, tmp_path):
    folder, out = pictures(30), tmp_path / "out"
    with pytest.raises(ModelError, match=r"of 8 partitions in a row .*\(bad_config\)\. 0 partitions") as error:
        judge_catalogue(folder, lambda _: "bad_config", ["is red"], out, size=2)
    assert error.value.code == "nothing_judged"
    assert not isinstance(error.value, RemoteError)
    assert len(no_cluster) == 8
    assert list(out.glob("*.parquet")) == []


@pytest.mark.parametrize("code", ["unreadable", "oom"])
def test_what_many_documents_have_of_themselves_ends_nothing(pictures, no_cluster, tmp_path, code):
    codes = dict.fromkeys([f"{place:03}.png" for place in range(20)], code)
    report = judge_catalogue(pictures(30), codes.get, ["is red"], tmp_path / "out", size=2)
    assert (report.written, report.judged, report.unfinished) == (5, 10, 10)


def test_a_picture_that_fails_of_itself_does_not_hide_that_the_judge_is_down(pictures, no_cluster, tmp_path):
    codes = {f"{place:03}.png": "remote_timeout" if place % 2 else "truncated" for place in range(30)}
    codes |= {f"{place:03}.png": "unreadable" for place in (4, 5, 8, 9)}  # of which the judge was not asked
    with pytest.raises(RemoteError, match=r"\(remote_timeout\)"):
        judge_catalogue(pictures(30), codes.get, ["is red"], tmp_path / "out", size=2)
    assert len(no_cluster) == 10


def test_a_document_that_the_server_refuses_fails_for_good_beside_others(pictures, no_cluster, tmp_path):
    folder, out = pictures(6), tmp_path / "out"
    codes = {"001.png": "remote_refused", "004.png": "remote_refused", "005.png": "remote_denied"}
    first = judge_catalogue(folder, codes.get, ["is red"], out, size=3)
    assert (first.written, first.unfinished, first.judged, first.failed) == (1, 1, 2, 1)
    assert failures(out) == {"000.png": None, "001.png": "remote_refused", "002.png": None}
    del codes["005.png"]  # a new key
    second = judge_catalogue(folder, codes.get, ["is red"], out, size=3)
    assert (second.written, second.found, second.judged, second.failed) == (1, 1, 2, 1)
    assert failures(out)["004.png"] == "remote_refused"


@pytest.mark.parametrize("code", ["remote_refused", "remote_denied"])
def test_a_server_that_refuses_all_is_asked_wrongly(pictures, no_cluster, tmp_path, code):
    with pytest.raises(RemoteError, match=rf"\({code}\)"):
        judge_catalogue(pictures(20), lambda _: code, ["is red"], tmp_path / "out", size=2)
    assert len(no_cluster) == 8
    assert list((tmp_path / "out").glob("*.parquet")) == []
