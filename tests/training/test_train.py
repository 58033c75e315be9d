"""Whole runs on tiny models: what they learn, leave behind, and how they go on after an interruption."""

import json
import shutil
from importlib.util import find_spec

import pytest
import torch
import yaml
from safetensors.torch import load_file

from yofo_rerank.errors import ConfigError, MissingExtra, ModelError
from yofo_rerank.training import TrainConfig, train

SMALL = {"batch_size": 4, "gradient_accumulation": 1, "eval_batch_size": 5, "workers": 0, "device": "cpu"}
SMALL |= {"log_every": 1, "learning_rate": 1e-2, "progress": False, "plot": False, "save_every": 1000}
LORA = {"rank": 4, "alpha": 8, "dropout": 0.0}


@pytest.fixture(scope="module")
def base(make_tiny, saved_model, tmp_path_factory):
    """Family -> saved folder, made once."""
    folders = {}

    def folder(family="qwen3_vl"):
        if family not in folders:
            folders[family] = saved_model(make_tiny(family), tmp_path_factory.mktemp("base") / family)
        return str(folders[family])

    return folder


@pytest.fixture
def run(base, toy, tmp_path):
    """Train on the toy set with a few keys changed; returns the result."""

    def start(output="out", *, family="qwen3_vl", **keys):
        settings = SMALL | {"train_file": toy, "lora": LORA} | keys
        return train(TrainConfig(model=base(family), output_dir=tmp_path / output, **settings))

    return start


def history(result, key):
    return [entry[key] for entry in json.loads(result.history.read_text()) if key in entry]


def weights(result):
    (path,) = result.folder.glob("*model.safetensors")
    return load_file(path)


def largest_difference(one, other):
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max()) for name in one)


def test_one_step_of_every_family(run, family):
    result = run(family=family, max_steps=1)
    assert result.steps == 1
    names = {path.name for path in result.folder.iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json", "yofo_config.json"} <= names
    assert not any(name.endswith((".bin", ".pt", ".pkl")) for name in names)


def test_loss_falls_and_parts_add_up(run):
    result = run(epochs=5)
    losses = history(result, "loss")
    assert len(losses) == 20
    assert sum(losses[-4:]) < 0.8 * sum(losses[:4])
    parts = zip(losses, history(result, "answer_loss"), history(result, "reason_loss"), strict=True)
    assert all(loss == pytest.approx(answer + 0.55 * reason, rel=1e-4) for loss, answer, reason in parts)


def test_full_training_with_muon_learns_the_toy_set(run, toy):
    result = run(
        lora=None,
        freeze_vision=False,
        optimizer="muon",
        muon_learning_rate=0.05,
        epochs=10,
        validation_file=toy,
        eval_every=40,
        plot=True,
    )
    assert result.metrics["eval_acc_property"] > 0.85
    assert len(result.metrics["eval_acc_by_position"]) == 3
    assert (result.folder / "model.safetensors").is_file()
    assert (result.history.parent / "loss_curve.png").is_file() == (find_spec("matplotlib") is not None)


LORA_RUN = {"lora": LORA | {"dropout": 0.2}, "epochs": 2, "save_every": 1}
MUON_RUN = {"lora": None, "optimizer": "muon", "gradient_accumulation": 2, "epochs": 3, "save_every": 3}


@pytest.mark.parametrize(
    ("keys", "step"), [(LORA_RUN, 3), (LORA_RUN, 4), (MUON_RUN, 3)], ids=["inside", "between", "muon"]
)
def test_a_resumed_run_equals_an_uninterrupted_one(run, tmp_path, keys, step):
    """Four steps are an epoch with LORA_RUN, two with MUON_RUN."""
    keys = keys | {"keep_checkpoints": 20}
    whole = run("whole", **keys)
    assert whole.resumed_from is None
    shutil.copytree(tmp_path / "whole" / f"checkpoint-{step}", tmp_path / "cut" / f"checkpoint-{step}")
    (tmp_path / "cut" / f"checkpoint-{step + 1}").mkdir()  # what a crash leaves
    resumed = run("cut", **keys)
    assert resumed.resumed_from == tmp_path / "cut" / f"checkpoint-{step}"
    assert resumed.steps == whole.steps > step
    assert largest_difference(weights(whole), weights(resumed)) <= 1e-6
    assert history(whole, "loss") == pytest.approx(history(resumed, "loss"), rel=1e-5)
    assert len(set(history(whole, "loss"))) > step


def test_never_resume_starts_again(run):
    run(max_steps=2)
    assert run(max_steps=2, resume="never").resumed_from is None


def test_accumulated_batches_equal_a_large_one(run):
    large = run("large", batch_size=4, max_steps=3)
    small = run("small", batch_size=2, gradient_accumulation=2, max_steps=3)
    assert largest_difference(weights(large), weights(small)) < 1e-4
    assert history(large, "loss") == pytest.approx(history(small, "loss"), rel=1e-4)


def test_workers_and_checkpointing_change_nothing(run):
    plain = run("plain", epochs=2, gradient_checkpointing=False)
    other = run("other", epochs=2, gradient_checkpointing=True, workers=1)
    assert largest_difference(weights(plain), weights(other)) < 1e-5
    assert history(plain, "loss") == pytest.approx(history(other, "loss"), rel=1e-4)


def test_property_order_differs_between_epochs(run):
    assert (
        history(run("a", max_steps=6), "loss")[4:]
        != history(run("b", max_steps=6, shuffle_properties=False), "loss")[4:]
    )


def test_dependency_aware_run_reports_acc_dep(run, toy, tmp_path):
    lines = [line for line in toy.read_text().splitlines() if "grey" not in line]
    path = toy.with_name("two_or_more.jsonl")
    path.write_text("\n".join(lines))
    result = run(dependency_aware=True, attention="joint", train_file=path, validation_file=path, max_steps=2)
    assert len(result.metrics["eval_acc_by_position"]) == 2
    assert result.metrics["eval_acc_dep"] == result.metrics["eval_acc_by_position"][1]


@pytest.mark.parametrize("keys", [{"lora": LORA}, {"lora": None}], ids=["lora", "full"])
def test_bfloat16_and_hidden_reasons_run(run, toy, keys):
    result = run(precision="bf16", hide_reasons=True, max_steps=2, validation_file=toy, **keys)
    assert all(torch.isfinite(tensor).all() for tensor in weights(result).values())


def test_reasons_can_be_left_out(run):
    assert set(history(run(use_reasons=False, max_steps=2), "reason_loss")) == {0.0}


def test_config_is_kept_beside_the_checkpoints(run, caplog):
    result = run(max_steps=1)
    assert yaml.safe_load((result.history.parent / "config.yaml").read_text())["max_steps"] == 1
    run(max_steps=2)
    assert "changed: max_steps" in caplog.text


def test_errors_come_before_the_first_step(run, toy, tmp_path):
    with pytest.raises(ConfigError, match=r"batch_size: 64 examples per step, but .* has 16"):
        run(batch_size=64)
    with pytest.raises(ConfigError, match="format: 'chat-v1'"):
        run(format="chat-v1")
    with pytest.raises(ModelError, match="yofo-v1"):
        run(format="yofo-v0")
    with pytest.raises(ModelError, match="nowhere"):
        train(TrainConfig(model=str(tmp_path / "nowhere"), train_file=toy, output_dir=tmp_path, **SMALL))


@pytest.mark.skipif(find_spec("deepspeed") is not None, reason="deepspeed is installed")
def test_missing_deepspeed_names_the_extra(run):
    with pytest.raises(MissingExtra, match=r"yofo-rerank\[train\]"):
        run(deepspeed="zero3")
