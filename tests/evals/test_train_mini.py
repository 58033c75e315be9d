"""The record of the embedded models' training says what the shipped weights are."""

import json
import os

import pytest
from typer import Typer
from typer.testing import CliRunner

from evals import train_mini
from evals.record import RESULTS
from yofo_rerank.mini.weights import weights_folder

RECORD = RESULTS / "train_mini.json"


def test_the_card_says_whether_the_recorded_run_made_the_shipped_weights():
    made = json.loads(RECORD.read_text("utf-8"))["figures"]["weights"]
    shipped = {name: train_mini.digest(weights_folder("base").parent / name) for name in train_mini.WEIGHTS}
    card = (weights_folder("base") / "README.md").read_text("utf-8")
    assert ("its weights are not shipped" in card) == (made != shipped)


@pytest.fixture
def run(tmp_path):
    """What a finished run leaves behind, small; its second lesson was interrupted once."""
    logs = {name: [(50, 30, 0.5), (100, 60, 0.9)] for name in ("vision.jsonl", "together.jsonl", "clip/clip.jsonl")}
    logs["language.jsonl"] = [(50, 90, 0.6), (100, 30, 0.7), (150, 60, 0.8)]
    for name, lines in logs.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        told = [{"step": step, "seconds": seconds, "accuracy": accuracy} for step, seconds, accuracy in lines]
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in told))
    for name in train_mini.WEIGHTS:
        (tmp_path / "weights" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "weights" / name).write_bytes(name.encode())
    (tmp_path / "adapter").mkdir()
    history = [{"step": 10, "answer_loss": 0.5}, {"step": 20, "eval_acc_property": 0.97}]
    (tmp_path / "adapter/history.json").write_text(json.dumps([*history, {"step": 20, "train_runtime": 120.0}]))
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/pictures.done").write_text("36000")
    for path, seconds in ((tmp_path / "pictures/pictures.done", 1300), (tmp_path / "pictures", 1000)):
        os.utime(path, (seconds, seconds))
    return tmp_path


def test_times_add_up_over_interruptions(run, tmp_path):
    app = Typer()
    app.command()(train_mini.main)
    done = CliRunner().invoke(app, ["--folder", str(run), "--output", str(tmp_path / "train_mini.json")])
    assert done.exit_code == 0, done.output
    figures = json.loads((tmp_path / "train_mini.json").read_text())["figures"]
    assert list(figures["lessons"]) == ["vision", "language", "together", "adapter", "clip"]
    assert figures["lessons"]["language"]["minutes"] == 2.5
    assert figures["lessons"]["adapter"] | {"curve": None} == {
        "steps": 20, "minutes": 2.0, "accuracy": 0.97, "curve": None
    }  # fmt: skip
    assert figures["minutes"] == 5 + 1 + 2.5 + 1 + 2 + 1
    assert len(set(figures["weights"].values())) == 3
    assert (tmp_path / "train_mini.png").stat().st_size > 5_000
