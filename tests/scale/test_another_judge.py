"""A catalogue belongs to the judge that began it, also when there is nothing left to judge."""

import pytest

from yofo_rerank.errors import RetrievalError
from yofo_rerank.scale import catalogue as module
from yofo_rerank.scale import judge_catalogue


def kept(out):
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.mark.parametrize("stale", ["refuse", "remove"])
@pytest.mark.parametrize("changed", [False, True])
def test_another_judge_is_refused_before_anything_is_judged_or_taken_away(
    pictures, no_cluster, tmp_path, monkeypatch, stale, changed
):
    folder, out = pictures(4), tmp_path / "out"
    assert judge_catalogue(folder, None, ["is red"], out, size=2).written == 2
    assert judge_catalogue(folder, None, ["is red"], out, size=2).found == 2
    no_cluster.clear()
    if changed:
        (folder / "001.png").unlink()
    before = kept(out)
    monkeypatch.setattr(module, "judge_name", lambda *_: "another")
    with pytest.raises(RetrievalError, match="with judge 'j', but got 'another'") as caught:
        judge_catalogue(folder, None, ["is red"], out, size=2, stale=stale)
    assert caught.value.code == "another_catalogue"
    assert no_cluster == []
    assert kept(out) == before


def test_nobody_is_asked_who_judges_where_nothing_was_judged(pictures, no_cluster, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(module, "judge_name", lambda *_: asked.append(1) or "j")
    judge_catalogue(pictures(2), None, ["is red"], tmp_path / "out")
    assert asked == []
    judge_catalogue(tmp_path / "pictures", None, ["is red"], tmp_path / "out")
    assert asked == [1]
