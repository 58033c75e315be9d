"""What a config names is looked for before anything heavy is imported."""

import subprocess
import sys

import pytest

from yofo_rerank.cli import main
from yofo_rerank.errors import ConfigError, ModelError
from yofo_rerank.training import TrainConfig
from yofo_rerank.training.preflight import check_settings

NEEDED = "model: Qwen/Qwen3-VL-2B-Instruct\noutput_dir: out\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.jsonl").write_text("{}")
    (tmp_path / "empty").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"train_file": "none.jsonl"}, r"train_file: there is no file 'none\.jsonl'"),
        ({"validation_file": "none.jsonl"}, "validation_file: there is no file"),
        ({"deepspeed": "none.json"}, "deepspeed: there is no file"),
        ({"resume": "out/checkpoint-3"}, "resume: wanted 'auto', 'never'"),
        ({"output_dir": "t.jsonl"}, "output_dir: wanted a folder"),
        ({"model": "./none"}, r"'\./none' is not a folder"),
        ({"model": "empty"}, r"has no config\.json"),
        ({"format": "chat-v1"}, "format: 'chat-v1'"),
        ({"format": "yofo-v0"}, "known: .*yofo-v1"),
    ],
)
def test_each_mistake_names_its_key(here, keys, message):
    settings = {"model": "Qwen/Qwen3-VL-2B-Instruct", "train_file": "t.jsonl", "output_dir": "out"} | keys
    with pytest.raises((ConfigError, ModelError), match=message):
        check_settings(TrainConfig(**settings))


def test_the_command_fails_before_torch_is_imported(here):
    (here / "config.yaml").write_text(NEEDED + "train_file: none.jsonl\n")
    code = """
import sys
from yofo_rerank.cli import main
try:
    main(["train", "config.yaml"])
except SystemExit as ended:
    print(ended.code, *(name for name in ("torch", "transformers", "accelerate") if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=here)
    assert done.stdout.split() == ["1"]
    assert "train_file: there is no file 'none.jsonl'" in done.stderr


def test_check_lists_bad_examples_and_fails(make_tiny, saved_model, toy, here, capsys):
    base = saved_model(make_tiny("qwen3_vl"), here / "base")
    lines = toy.read_text().splitlines()
    (here / "t.jsonl").write_text("\n".join([lines[5], lines[0]]))  # the image lies elsewhere
    (here / "config.yaml").write_text(f"model: {base}\noutput_dir: out\ntrain_file: t.jsonl\n")
    with pytest.raises(SystemExit) as ended:
        main(["train", "config.yaml", "--check"])
    assert ended.value.code == 1
    out = capsys.readouterr().out
    assert "t.jsonl:2: " in out
    assert "1 good examples, 1 bad" in out
    assert not (here / "out").exists()


def test_deepspeed_wants_a_gpu_or_a_word(here, monkeypatch):
    from yofo_rerank.training.arguments import check_device

    monkeypatch.setattr("torch.accelerator.is_available", lambda: False)
    settings = {"model": "m", "train_file": "t.jsonl", "output_dir": "out", "deepspeed": "zero3.json"}
    with pytest.raises(ConfigError, match=r"deepspeed: no GPU here, .*; wanted device: cpu"):
        check_device(TrainConfig(**settings))
    check_device(TrainConfig(**settings, device="cpu"))
