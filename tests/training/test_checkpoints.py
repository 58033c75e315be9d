"""Finding checkpoints, and replacing a folder in one step."""

import json

import pytest

from yofo_rerank.errors import ConfigError
from yofo_rerank.training.checkpoints import checkpoint_to_resume, newest_checkpoint, replaced_folder


def checkpoint(folder, step, state=None):
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "trainer_state.json").write_text(json.dumps({"global_step": step}) if state is None else state)
    return path


def test_newest_complete_checkpoint(tmp_path):
    assert newest_checkpoint(tmp_path) is None
    checkpoint(tmp_path, 9)
    wanted = checkpoint(tmp_path, 10)
    checkpoint(tmp_path, 11, state='{"global_st')
    (tmp_path / "checkpoint-12").mkdir()
    (tmp_path / "checkpoint-x").mkdir()
    assert newest_checkpoint(tmp_path) == wanted
    assert checkpoint_to_resume("auto", tmp_path) == wanted
    assert checkpoint_to_resume("never", tmp_path) is None
    assert checkpoint_to_resume(str(tmp_path / "checkpoint-9"), tmp_path) == tmp_path / "checkpoint-9"


def test_resume_from_something_else(tmp_path):
    with pytest.raises(ConfigError, match=r"resume: .*'never'.*checkpoint-12"):
        checkpoint_to_resume(str(tmp_path / "checkpoint-12"), tmp_path)


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
