"""A folder is replaced in one step; whatever stops it, the earlier one survives."""

from pathlib import Path

import pytest

from yofo_rerank.training.replace import recover, replaced_folder


def test_folder_is_replaced_only_on_success(tmp_path):
    final = tmp_path / "final"
    with replaced_folder(final) as fresh:
        (fresh / "a").write_text("1")
    assert [path.name for path in final.iterdir()] == ["a"]
    with pytest.raises(RuntimeError), replaced_folder(final) as fresh:
        (fresh / "b").write_text("2")
        raise RuntimeError("disk full")
    assert [path.name for path in final.iterdir()] == ["a"]
    with replaced_folder(final) as fresh:
        (fresh / "c").write_text("3")
    assert [path.name for path in final.iterdir()] == ["c"]
    assert [path.name for path in tmp_path.iterdir()] == ["final"]


def test_a_kill_between_the_renames_loses_nothing(tmp_path, monkeypatch):
    final = tmp_path / "final"
    with replaced_folder(final) as fresh:
        (fresh / "a").write_text("1")
    rename, calls = Path.rename, []

    def killed_at_the_second(path, target):
        calls.append(target)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt), replaced_folder(final) as fresh:
        (fresh / "b").write_text("2")
    monkeypatch.undo()
    assert not final.exists()  # the moment that nothing can avoid
    recover(final)
    assert [path.name for path in final.iterdir()] == ["a"]

    final.rename(tmp_path / ".final.old")  # and a save that comes next must not take the only copy for a leftover
    with pytest.raises(RuntimeError), replaced_folder(final):
        raise RuntimeError("disk full")
    assert (final / "a").read_text() == "1"
