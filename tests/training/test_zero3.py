"""ZeRO-3 in two processes on a CPU equals one process, step by step."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from yofo_rerank import YofoJudge
from yofo_rerank.errors import ConfigError
from yofo_rerank.training import TrainConfig, train
from yofo_rerank.training.arguments import training_arguments
from yofo_rerank.training.preflight import check_settings

ROOT = Path(__file__).parents[2]
STEPS = 20
# What peft does with the rows of special tokens is written for CUDA alone; the same for any device:
DRIVER = """
import sys
import deepspeed
from peft.tuners.trainable_tokens.layer import TrainableTokensLayer
from yofo_rerank.training import run

def collect(self, weight, rows, width):
    with deepspeed.zero.GatheredParameters([weight]):
        return weight[rows].detach().clone()

TrainableTokensLayer._collect_token_weights = collect
run.check_settings = lambda config: None
run.train(sys.argv[1])
"""
needs_deepspeed = pytest.mark.skipif(find_spec("deepspeed") is None, reason="deepspeed is not installed")
needs_a_cpu_machine = pytest.mark.skipif(
    torch.accelerator.is_available(), reason="with a GPU here DeepSpeed takes it, whatever `device` says"
)


@pytest.fixture
def settings(short_run):
    return short_run | {"max_steps": STEPS, "precision": "fp32"}


def losses(folder):
    return [entry["loss"] for entry in json.loads((folder / "history.json").read_text()) if "loss" in entry]


@pytest.mark.slow
@needs_deepspeed
@needs_a_cpu_machine
@pytest.mark.parametrize("lora", [None, {"rank": 4, "alpha": 8, "dropout": 0.0}], ids=["whole", "lora"])
def test_two_processes_equal_one(settings, tmp_path, lora):
    settings |= {"lora": lora, "learning_rate": 1e-3 if lora is None else 1e-2}
    one = train(TrainConfig(**settings, batch_size=4, output_dir=tmp_path / "one"))
    two = tmp_path / "two"
    (tmp_path / "two.yaml").write_text(
        yaml.safe_dump(settings | {"batch_size": 2, "deepspeed": "zero3", "output_dir": str(two)})
    )
    (tmp_path / "driver.py").write_text(DRIVER)
    what = ["-m", "yofo_rerank.cli", "train"] if lora is None else [str(tmp_path / "driver.py")]
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [*launch, *what, str(tmp_path / "two.yaml")],
        capture_output=True,
        text=True,
        timeout=500,  # DeepSpeed compiles what its CPU processes talk through, once a machine
        env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (two / f"checkpoint-{STEPS}" / f"global_step{STEPS}").is_dir()  # it was DeepSpeed that trained
    assert len(losses(two)) == STEPS
    assert losses(two) == pytest.approx(losses(tmp_path / "one"), rel=1e-4)
    assert losses(two)[-1] < losses(two)[0] / 2

    folders = (one.folder, two / "final")
    if lora is not None:
        wanted, got = (load_file(folder / "adapter_model.safetensors") for folder in folders)
        assert wanted.keys() == got.keys()
        assert max(float((wanted[name] - got[name]).abs().max()) for name in wanted) < 1e-4
    found = []
    for folder in folders:
        model = {"model": folder} if lora is None else {"model": settings["model"], "adapter": folder}
        found.append(YofoJudge.from_pretrained(**model, device="cpu").judge(["a red top"], ["is red"])[0][0].p_yes)
    assert found[1] == pytest.approx(found[0], abs=1e-4)


def test_what_cannot_run_says_why(settings, tmp_path, monkeypatch):
    monkeypatch.setattr("yofo_rerank.training.preflight.find_spec", lambda _: object())
    config = TrainConfig(**settings, deepspeed="zero3", output_dir=tmp_path / "run")
    with pytest.raises(ConfigError, match="lora: null"):
        check_settings(config)
    monkeypatch.setattr("torch.accelerator.is_available", lambda: False)
    with pytest.raises(ConfigError, match="wanted device: cpu"):
        training_arguments(config.model_copy(update={"device": "auto"}))
