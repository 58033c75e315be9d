"""Real checkpoints on published data by one command, which offline says at once what is missing."""

import json

import pytest
import typer
from huggingface_hub import constants
from typer.testing import CliRunner

from evals.baselines.registry import baselines
from evals.suite import __main__ as program
from evals.suite import real, running
from evals.suite.steps import Step
from evals.verdict_sets.registry import get_set
from yofo_rerank.errors import ConfigError


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """The real suite on a machine without network, checkpoints and data; its records in a folder of their own."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(real, "ROOT", tmp_path)
    for module in (program, running):
        monkeypatch.setattr(module, "RESULTS", tmp_path)
    monkeypatch.setattr(program, "AFTER", ())
    app = typer.Typer()
    app.command()(program.main)
    return lambda *arguments: CliRunner().invoke(app, ["--real", *arguments])


def test_every_step_is_a_known_model_on_known_data_with_a_record_of_its_own():
    assert len({step.record for step in real.REAL}) == len(real.REAL)
    models = set()
    for step in real.REAL:
        words = step.words
        models.add(words[words.index("--model") + 1])
        if "--set" in words:
            assert get_set(words[words.index("--set") + 1])
        assert step.skips and step.wants
    assert models <= {"yofo", *baselines()}
    assert {"yofo", "clip-vit-l-14", "jina-reranker-m0", "qwen3-vl-reranker-2b", "decision-qwen3-vl-2b"} <= models
    mine = {name for name in models - {"yofo"} if baselines()[name].hub_id == "mini"}
    assert mine == {"one-per-pass", "whole-query", "generated-verdicts"}
    assert all(f"--model-source {real.CHECKPOINT}" in step.command for step in real.REAL if mine & set(step.words))


def test_on_every_ranking_task_stand_the_idea_s_own_weights_asked_otherwise_and_the_floors():
    wants = {step.record: step.wants for step in real.REAL}
    for task in real.TASKS:
        for name in real.isolating():
            assert f"models/{real.CHECKPOINT}" in wants[f"rank_{task}_{name}"]
        for name in real.FLOORS:
            assert wants[f"rank_{task}_{name}"] == real.TASKS[task]
    for data in real.SETS:
        assert {f"verdicts_{data}_one-per-pass", f"verdicts_{data}_generated-verdicts"} <= wants.keys()
    assert "verdicts_lrvs_whole-query" in wants
    assert "verdicts_dsg_whole-query" not in wants  # it has no verdicts


def test_offline_it_ends_with_one_list_of_what_is_missing_and_starts_nothing(suite, monkeypatch):
    monkeypatch.setattr(program, "run_step", lambda step, **_: pytest.fail(f"started {step.record}"))
    result = suite()
    assert result.exit_code == 1
    for wanted in ("runs/data/MCMR", "models/jinaai/jina-reranker-m0", "datasets/evendrow/INQUIRE-Rerank"):
        assert result.stdout.count(wanted + " ") == 1
    assert not list(running.RESULTS.glob("*.json"))
    assert suite("--skip-missing").exit_code == 0


def test_what_is_there_runs_and_is_kept(suite, tmp_path, monkeypatch):
    (tmp_path / "runs" / "data" / "dsg").mkdir(parents=True)
    (tmp_path / "hub" / "models--a--b" / "snapshots").mkdir(parents=True)
    about = {"about": {"commit": "a", "uncommitted_changes": False, "seconds": 1.0}}
    source = f"import pathlib; pathlib.Path({str(tmp_path / 'one.json')!r}).write_text({json.dumps(about)!r})"
    (tmp_path / "one.py").write_text(source)
    steps = (
        Step("one", f"python {tmp_path / 'one.py'}", wants=("runs/data/dsg", "models/a/b")),
        Step("other", f"python {tmp_path / 'one.py'}", wants=("models/a/c",)),
    )
    monkeypatch.setattr(program, "REAL", steps)
    monkeypatch.setattr(running, "ORIGIN", {"commit": "a", "uncommitted_changes": False})
    monkeypatch.setattr(running, "_same_code", lambda _: True)
    states = []
    for _ in range(2):
        assert suite("--skip-missing").exit_code == 0
        if (tmp_path / "suite_real.json").exists():
            figures = json.loads((tmp_path / "suite_real.json").read_text())["figures"]
            states.append({name: one["state"] for name, one in figures["steps"].items()})
    assert states[0] == {"one": "made", "other": "missing"}
    assert "kept" in suite("--only", "one").stdout
    assert isinstance(suite("--only", "none").exception, ConfigError)


def test_where_the_hub_may_be_asked_its_checkpoints_are_not_missing(suite, monkeypatch):
    assert not real.is_there("models/a/b")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    assert real.is_there("models/a/b")
    assert not real.is_there("runs/data/dsg")
