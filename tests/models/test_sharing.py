"""Judges share a model as long as its files are the same, and not a moment longer."""

import os
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from yofo_rerank import Document, YofoJudge
from yofo_rerank.errors import ModelError
from yofo_rerank.models.sources import file_stamps

DOCUMENTS, TEXTS = [Document(text="a grey skirt"), Document(text="top")], ["it is grey", "not pink"]


def chances(judge):
    return torch.tensor([[one.p_yes for one in row] for row in judge.judge(DOCUMENTS, TEXTS)])


def rewrite(path, change):
    """As a trainer does: a new file of the same size in the old one's place."""
    save_file({name: change(name, weight) for name, weight in load_file(path).items()}, path, metadata={"format": "pt"})


@pytest.mark.parametrize("part", ["adapter", "base"])
def test_weights_trained_anew_in_the_same_folder(adapted, tmp_path, part):
    base, adapter, _, _ = adapted("qwen3_vl")
    base, adapter = shutil.copytree(base, tmp_path / "base"), shutil.copytree(adapter, tmp_path / "adapter")
    file = {"adapter": adapter / "adapter_model.safetensors", "base": base / "model.safetensors"}[part]
    old = YofoJudge.from_pretrained(base, adapter)
    before = chances(old)
    same = YofoJudge.from_pretrained(base, adapter)
    chances(same)
    assert same._loaded is old._loaded
    size = file.stat().st_size
    rewrite(file, lambda name, weight: weight * 2 if part == "adapter" or "o_proj" in name else weight)
    assert file.stat().st_size == size
    new = YofoJudge.from_pretrained(base, adapter)
    assert (chances(new) - before).abs().max() > 1e-3
    assert torch.equal(chances(old), before)  # holds what it has loaded


def test_a_time_that_was_set_back_does_not_hide_a_change(tmp_path):
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"one")
    before, times = file_stamps(tmp_path), file.stat()
    file.write_bytes(b"two")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert file_stamps(tmp_path) != before


def test_only_what_is_loaded_counts(tmp_path):
    before = file_stamps(tmp_path, None)
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    assert file_stamps(tmp_path, None) == before == ()
    with pytest.raises(ModelError, match="cannot read the files"):
        (tmp_path / "config.json").symlink_to(tmp_path / "gone.json")
        file_stamps(tmp_path)
