"""The list of all contestants."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

import evals
from evals.baselines.__main__ import main
from evals.baselines.registry import GROUPS, baselines, get_baseline
from yofo_rerank.errors import ConfigError

NAMED = ("clip-vit-l-14", "siglip2-so400m", "siglip2-naflex", "blip2-itm", "blip2-itc", "jina-reranker-m0")


@pytest.fixture
def run():
    import typer

    app = typer.Typer()
    app.command()(main)
    return lambda *arguments: CliRunner().invoke(app, list(arguments), catch_exceptions=False).output


def test_json_lists_every_record_with_licence_and_state(run):
    listed = json.loads(run("--json"))
    assert [one["name"] for one in listed] == list(baselines())
    assert {*NAMED, "random", "no-reranking", "cross-encoder-mini-base", "decision-mini"} <= set(baselines())
    for one in listed:
        assert one["licence"]
        assert one["state"] in ("trained", "tiny", "waits")
        assert one["kind"] in ("embedder", "reranker", "verdicts", "floor")
        assert set(one["reads"]) <= {"image", "text"} and one["reads"]
        if one["hub_id"] in (None, "mini"):
            assert one["revision"] == "-"
        assert one["revision"] == "unknown, check before use" or one["revision"] == "-" or len(one["revision"]) >= 8


def test_the_table_shows_licence_and_what_nobody_checked(run):
    table = run()
    for word in ("clip-vit-l-14", "CC-BY-NC-4.0", "unknown", "trained", "unverified"):
        assert word in table


def test_no_name_stands_twice():
    names = [record.name for group in GROUPS for record in import_module(f"evals.baselines.{group}").RECORDS]
    assert len(names) == len(set(names)) == len(baselines())


def test_every_loader_is_there():
    for record in baselines().values():
        module, _, function = record.loader.partition(":")
        assert callable(getattr(import_module(module), function)), record.name


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ConfigError, match="clip-vit-l-14"):
        get_baseline("clop")


COMMANDS = re.compile(r"python -m evals\.(?:rank|verdicts)\b.*")


def test_commands_that_programs_show_name_known_models():
    files = Path(evals.__file__).parent.rglob("*.py")
    shown = [command for path in files for command in COMMANDS.findall(path.read_text(encoding="utf-8"))]
    named = {name for command in shown for name in re.findall(r"--model ([\w.-]+)", command)}
    assert {"yofo", "clip-vit-l-14", "random"} <= named
    assert named <= {"yofo", *baselines()}
