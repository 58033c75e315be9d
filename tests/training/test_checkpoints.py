"""Which checkpoint is resumed from: the newest good one."""

import json
import re

import pytest

from yofo_rerank.errors import ConfigError
from yofo_rerank.training.checkpoints import checkpoint_to_resume, newest_checkpoint, write_digests


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


def filled(folder, step):
    path = checkpoint(folder, step)
    (path / "adapter_model.safetensors").write_bytes(bytes(1000))
    (path / "optimizer.pt").write_bytes(bytes(range(200)))
    write_digests(path)
    return path


def truncate(path):
    (path / "adapter_model.safetensors").write_bytes(bytes(999))


def flip_a_bit(path):
    (path / "optimizer.pt").write_bytes(bytes([1, *range(1, 200)]))


def lose_a_file(path):
    (path / "optimizer.pt").unlink()


def spoil_the_digests(path):
    (path / "digests.json").write_text("[1]")


@pytest.mark.parametrize("damage", [truncate, flip_a_bit, lose_a_file, spoil_the_digests])
def test_a_damaged_checkpoint_is_passed_over_with_one_warning(tmp_path, caplog, damage):
    wanted = filled(tmp_path, 9)
    assert newest_checkpoint(tmp_path) == wanted
    for step in (10, 11):
        damage(filled(tmp_path, step))
    assert newest_checkpoint(tmp_path) == wanted
    (record,) = caplog.records
    assert re.search(
        r"checkpoint-11 \(.*\), checkpoint-10 \(.*\) cannot .*; going on from checkpoint-9", record.message
    )
    with pytest.raises(ConfigError, match=r"checkpoint-11.*(damaged|missing)"):
        checkpoint_to_resume(str(tmp_path / "checkpoint-11"), tmp_path)


def test_no_good_checkpoint_is_said(tmp_path, caplog):
    truncate(filled(tmp_path, 9))
    assert newest_checkpoint(tmp_path) is None
    assert "starting from the beginning" in caplog.text
