"""The config's defaults are the paper's, and a mistake names its key."""

import json
from pathlib import Path

import pytest
import yaml

import yofo_rerank.training
from yofo_rerank.errors import ConfigError
from yofo_rerank.training import TrainConfig

NEEDED = {"model": "m", "train_file": "t.jsonl", "output_dir": "out"}
SHIPPED = Path(yofo_rerank.training.__file__).parent / "configs"


def write(tmp_path, **keys):
    path = tmp_path / "train.yaml"
    path.write_text(yaml.safe_dump(NEEDED | keys))
    return path


def test_defaults_are_the_papers():
    config = TrainConfig(**NEEDED)
    assert config.lora.rank == 64
    assert config.lora.dropout == 0.05
    assert (config.learning_rate, config.optimizer, config.scheduler, config.warmup_ratio) == (
        1e-4,
        "adamw",
        "cosine",
        0.05,
    )
    assert (config.epochs, config.max_length, config.reason_weight) == (1, 1536, 0.55)
    assert config.freeze_vision
    assert config.gradient_checkpointing
    assert not config.hide_reasons


def test_shipped_config_changes_no_default_of_the_paper():
    config = TrainConfig.load(SHIPPED / "lora-2b.yaml")
    for key in (
        "lora",
        "learning_rate",
        "warmup_ratio",
        "epochs",
        "max_length",
        "reason_weight",
        "scheduler",
    ):
        assert getattr(config, key) == TrainConfig.model_fields[key].default


def test_round_trip(tmp_path):
    config = TrainConfig(**NEEDED, lora={"rank": 8}, seed=7)
    path = tmp_path / "again.yaml"
    path.write_text(yaml.safe_dump(config.to_dict()))
    assert TrainConfig.load(path) == config


def test_zero3_is_the_configuration_of_the_package(tmp_path):
    config = TrainConfig.load(write(tmp_path, deepspeed="zero3"))
    assert json.loads(config.deepspeed.read_text())["zero_optimization"]["stage"] == 3
    assert TrainConfig(**config.to_dict()) == config


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"learning_rat": 1}, r"train.yaml: unknown key 'learning_rat'; known keys: model, "),
        ({"lora": {"r": 1}}, r"unknown key 'lora.r'; known keys: rank, alpha, dropout"),
        ({"lora": {"rank": 0}}, r"lora.rank: .* but got 0"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"optimizer": "sgd"}, "optimizer: .*'adamw' or 'muon', but got 'sgd'"),
        ({"optimizer": "muon", "deepspeed": "zero3.json"}, "muon.*deepspeed"),
        ({"dependency_aware": True, "shuffle_properties": False}, "dependency_aware"),
        ({"dependency_aware": True}, "dependency_aware .* attention: joint"),
        ({"attention": "alone"}, "attention: .*'joint', 'isolated' or 'mixed', but got 'alone'"),
        ({"model": ""}, "model"),
    ],
)
def test_mistakes_name_the_key(tmp_path, keys, message):
    with pytest.raises(ConfigError, match=message):
        TrainConfig.load(write(tmp_path, **keys))


def test_missing_key(tmp_path):
    path = tmp_path / "train.yaml"
    path.write_text("model: m")
    with pytest.raises(ConfigError, match="missing key 'train_file'"):
        TrainConfig.load(path)


@pytest.mark.parametrize("content", ["- a list", "", "a: [", "!!python/object/apply:os.system [ls]"])
def test_not_a_config(tmp_path, content):
    path = tmp_path / "train.yaml"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"train\.yaml"):
        TrainConfig.load(path)


def test_missing_file(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: cannot be read"):
        TrainConfig.load(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "a: &a ["
        + "x," * 9
        + "]\n"
        + "".join(f"{new}: &{new} [{('*' + old + ',') * 9}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True))
        + "epochs: *h",
        "model: " + "[" * 5000,
        "model: " + "[" * 5000 + "]" * 5000,
        "epochs: " + "9" * 10_000,
        "model: 2024-99-99",
        "? {a: b}\n: c",
        "model: \x00",
        "k" * 100_000 + ": 1",
        "- a",
        "",
    ],
)
def test_hostile_yaml_is_one_short_error(tmp_path, text):
    path = tmp_path / "run.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        TrainConfig.load(path)
    assert len(str(caught.value)) < 3000
