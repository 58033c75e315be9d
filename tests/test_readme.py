"""What the README shows works when pasted, in an empty folder, in the order in which it stands."""

import re
from pathlib import Path

import pytest
import yaml

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
PYTHON = [code for language, code in BLOCKS if language == "python"]
OFFLINE = [code for code in PYTHON if "Qwen/" not in code]


def test_every_python_block_compiles():
    assert len(PYTHON) >= 5
    for code in PYTHON:
        compile(code, "README.md", "exec")


def test_first_result(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for code in OFFLINE[:2]:
        exec(code, names)
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("a long green dress")
    found = [line.split() for line in shown[1:]]
    assert [float(score) > 0.5 for score, *_ in found] == [True, True, False]
    assert all(colour != "pink" and what == ["long", "dress"] for _, colour, *what in found[:2])
    assert found[2][1:] != found[0][1:] and (found[2][1] == "pink" or found[2][2:] != ["long", "dress"])
    long_dresses = [
        truth for _, truth in names["catalogue"] if (truth["category"], truth["length"]) == ("dress", "long")
    ]
    assert len(long_dresses) == 3  # what was to be found was found


def test_no_address_that_nobody_has():
    pyproject = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert "github.com/yofo" not in README + pyproject
    assert "git clone <this repository>" in README
    assert 'install "yofo-rerank' not in README  # there is no release yet


def test_llama_index(tmp_path, monkeypatch, capsys):
    pytest.importorskip("llama_index.core")
    monkeypatch.chdir(tmp_path)
    exec(next(code for code in OFFLINE if "llama_index" in code), {})
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 5
    assert all("not pink" in line for line in shown)


def test_haystack_and_its_yaml(tmp_path, monkeypatch, capsys):
    pytest.importorskip("haystack")
    from haystack import Pipeline

    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(next(code for code in OFFLINE if "haystack" in code), names)
    assert "not pink" in capsys.readouterr().out
    text = next(code for language, code in BLOCKS if language == "yaml" and "haystack" in code)
    loaded = Pipeline.loads(text)
    query = names["query"]
    again = loaded.run({"embedder": {"text": query}, "ranker": {"query": query}})["ranker"]["documents"]
    assert [one.id for one in again] == [one.id for one in names["found"]]
    assert len(again) == 5


def test_the_training_configuration_is_one(tmp_path):
    from yofo_rerank.training import TrainConfig

    text = next(code for language, code in BLOCKS if language == "yaml" and "train_file" in code)
    config = TrainConfig(**yaml.safe_load(text))
    assert config.lora.rank == 64


def test_every_make_target_exists():
    makefile = (Path(__file__).parents[1] / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"\bmake ([a-z-]+)", README))
    assert {"demo", "test"} <= targets
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in targets)
