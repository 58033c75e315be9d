"""The program from images to files that `yofo train` takes, killed on the way; decisions of a person included."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("openai")

from evals.build import app
from evals.builders.decisions import FILE
from evals.builders.export import export
from evals.builders.journal import read_journal
from evals.builders.kinds import KINDS
from yofo_rerank.errors import ConfigError
from yofo_rerank.training import TrainConfig, check_data

ROOT = Path(__file__).parents[3]
FILES = {"train_file": "train", "validation_file": "validation"}


@pytest.fixture
def run(server, pictures, tmp_path):
    def call(*arguments, out=tmp_path / "data"):
        words = [*arguments[:1], str(pictures), "--out", str(out), "--model", "m", "--base-url", server.url]
        return CliRunner().invoke(app, [*words, *arguments[1:]], catch_exceptions=False)

    return call


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_statements_become_training_data(run, server, tmp_path, make_tiny, saved_model):
    done = run("sa1b", "--input-price", "1", "--output-price", "10")
    assert "28 of 28 written, 0 failed; 28,000 tokens in, 2,800 out, cost 0.06" in done.output
    train, validation = (lines(tmp_path / "data" / f"{split}.jsonl") for split in ("train", "validation"))
    assert len(train) + len(validation) == 28
    assert not {line["image"] for line in train} & {line["image"] for line in validation}
    assert validation
    base = saved_model(make_tiny("qwen3_vl"), tmp_path / "base")
    data = {name: tmp_path / "data" / f"{split}.jsonl" for name, split in FILES.items()}
    report = check_data(TrainConfig(model=str(base), output_dir=tmp_path / "run", device="cpu", workers=0, **data))
    assert (report.good, report.bad) == (28, 0)  # as `yofo train --check`


def test_pairs_become_examples_and_pairs(run, tmp_path):
    done = run("lrvs", "--limit", "12")
    assert done.exit_code == 0
    pairs = lines(tmp_path / "data" / "pairs.jsonl")
    examples = [*lines(tmp_path / "data" / "train.jsonl"), *lines(tmp_path / "data" / "validation.jsonl")]
    assert len(pairs) == 12
    assert len(examples) == 24
    assert pairs[0].keys() == {"first", "second", "query", "requirements", "expression", "better", "split"}
    answers = {line["image"]: line["properties"] for line in examples}
    assert [one["answer"] for one in answers[pairs[0]["second"]]] in (["no", "yes"], ["yes", "yes"])
    assert all((tmp_path / "data" / pair["first"]).is_file() for pair in pairs)


def test_another_model_or_a_foreign_folder_is_refused(run, tmp_path):
    run("sa1b", "--limit", "2")
    with pytest.raises(ConfigError, match="another prompt"):
        run("sa1b", "--count", "5")
    with pytest.raises(ConfigError, match="another kind"):
        run("lrvs", "--limit", "1")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match="is no build"):
        run("sa1b", out=tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    with pytest.raises(ConfigError, match="--limit"):
        run("lrvs", out=tmp_path / "pairs")


def test_killed_at_any_moment_nothing_is_asked_twice(server, pictures, tmp_path):
    server.delay = 0.05
    command = [sys.executable, "-m", "evals.build", "sa1b", str(pictures), "--out", str(tmp_path / "data")]
    command += ["--model", "m", "--base-url", server.url, "--concurrency", "2"]
    journal, kills = tmp_path / "data" / "journal.jsonl", 0
    for wanted in (1, 9, 18):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        while process.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < wanted):
            time.sleep(0.002)
        kills += process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert kills == 3
    assert subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL).returncode == 0
    entries = read_journal(tmp_path / "data")
    assert len(entries) == 28
    assert journal.read_bytes().count(b"\n") == 28
    twice = sum(times - 1 for times in server.asked.values())
    assert twice <= 2 * kills  # those on their way at the moment of a kill, which nobody has an answer to


def test_decisions_shape_the_files(run, tmp_path):
    run("sa1b", "--limit", "4")
    folder = tmp_path / "data"
    kept, mended, dropped, _ = sorted(read_journal(folder))
    reply = read_journal(folder)[mended].reply
    reply["properties"][0]["text"] = "mended"
    decisions = [{"key": kept, "action": "drop"}, {"key": kept, "action": "keep"}]
    decisions += [{"key": mended, "action": "mend", "reply": reply}, {"key": dropped, "action": "drop"}]
    (folder / FILE).write_text("".join(json.dumps(one) + "\n" for one in decisions))
    assert export(folder, KINDS["sa1b"]).dropped == 1
    found = [*lines(folder / "train.jsonl"), *lines(folder / "validation.jsonl")]
    assert len(found) == 3
    assert sum(line["properties"][0]["text"] == "mended" for line in found) == 1
    assert export(folder, KINDS["sa1b"], reviewed_only=True).unseen == 1
    assert len([*lines(folder / "train.jsonl"), *lines(folder / "validation.jsonl")]) == 2
