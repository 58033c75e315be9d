"""Two processes that train equal one, and share the check of the data."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from safetensors.torch import load_file

from yofo_rerank.training import TrainConfig, train

ROOT = Path(__file__).parents[2]
STEPS = 20


@pytest.fixture
def settings(short_run, tmp_path):
    """Good examples among bad ones, so that both processes find some."""
    lines = (tmp_path / "train.jsonl").read_text().splitlines()
    for place in (3, 8, 12):
        lines.insert(place, json.dumps({"image": "gone.png", "properties": [{"text": "p", "answer": True}]}))
    (tmp_path / "train.jsonl").write_text("\n".join(lines))
    lora = {"rank": 4, "alpha": 8, "dropout": 0.0}
    return short_run | {"max_steps": STEPS, "on_bad_example": "skip", "learning_rate": 1e-2, "lora": lora}


@pytest.mark.slow
def test_two_processes_equal_one(settings, tmp_path):
    one = train(TrainConfig(**settings, batch_size=4, output_dir=tmp_path / "one"))
    path = tmp_path / "two.yaml"
    path.write_text(yaml.safe_dump(settings | {"batch_size": 2, "output_dir": str(tmp_path / "two")}))
    launch = (
        "accelerate.commands.launch --multi_gpu --num_processes 2 --num_machines 1 "
        "--mixed_precision no --dynamo_backend no"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            *launch.split(),
            "--main_process_port",
            "0",
            "-m",
            "yofo_rerank.cli",
            "train",
            str(path),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("adapter: ") == 1  # told once

    folders = (one.folder, tmp_path / "two" / "final")
    wanted, got = (load_file(folder / "adapter_model.safetensors") for folder in folders)
    assert wanted.keys() == got.keys()
    assert max(float((wanted[name] - got[name]).abs().max()) for name in wanted) < 1e-4
    losses = [
        [entry["loss"] for entry in json.loads(history.read_text()) if "loss" in entry]
        for history in (one.history, tmp_path / "two" / "history.json")
    ]
    assert len(losses[0]) == STEPS
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)
    assert losses[0][-1] < losses[0][0] / 2  # something was learnt
    record = json.loads((tmp_path / "two" / "final" / "training.json").read_text())
    assert (record["data"]["examples"], record["data"]["left_out"], record["validation"]["left_out"]) == (16, 3, 3)
    assert record["metrics"]["eval_acc_property"] == one.metrics["eval_acc_property"]
