"""Programs that ask one judge a long list of questions go on where they were stopped, with the same figures."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from evals import ablations, dependency, drift, positions, ranks, reasons
from evals.contestants import kept
from evals.contestants.scorers import BASE, SHIPPED
from evals.record import ORIGIN
from yofo_rerank import YofoJudge
from yofo_rerank.mini.weights import weights_folder

FEW = {"yofo": SHIPPED, "base": BASE}  # what needs no training
PROGRAMS = {
    "drift": (drift, ("--documents", "8", "--queries", "2", "--counted", "1")),
    "positions": (positions, ("--documents", "2", "--rotations", "3")),
    "dependency": (dependency, ("--documents", "3")),
    "reasons": (reasons, ("--documents", "4")),
    "ranks": (ranks, ("--documents", "4")),
}


@pytest.fixture
def asked(monkeypatch):
    """How many questions were asked of any judge; `stop` kills the program when so many were."""
    seen = {"n": 0, "stop": None}
    judge = YofoJudge.judge

    def counted(self, documents, requirements, **named):
        if seen["n"] == seen["stop"]:
            raise KeyboardInterrupt
        seen["n"] += 1
        return judge(self, documents, requirements, **named)

    monkeypatch.setattr(YofoJudge, "judge", counted)
    return seen


@pytest.fixture
def run(monkeypatch, asked, tmp_path):
    """`run(name, folder)` runs a program, and gives how many questions it asked and the figures of its record."""

    def run(name, folder, *, stop=None):
        program, arguments = PROGRAMS[name]
        asked.update(n=0, stop=stop)
        for made in (positions, dependency):
            monkeypatch.setattr(made, "NAMES", FEW)
        main = program.main
        if name in ("reasons", "ranks"):
            main = ablations.make_program(FEW, against="yofo", title=name, record=Path(f"{name}.json"))
        app = typer.Typer()
        app.command()(main)
        output = tmp_path / "record.json"
        output.unlink(missing_ok=True)
        CliRunner().invoke(app, [*arguments, "--folder", str(folder), "--output", str(output)])
        return asked["n"], json.loads(output.read_text())["figures"] if output.exists() else None

    return run


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_was_stopped_after_half_asks_the_rest_alone(name, run, tmp_path):
    every, wanted = run(name, tmp_path / "whole")
    half, nothing = run(name, tmp_path / "stopped", stop=every // 2)
    assert (half, nothing) == (every // 2, None)
    rest, figures = run(name, tmp_path / "stopped")
    assert rest == every - half > 0
    assert figures == wanted
    assert run(name, tmp_path / "stopped") == (0, wanted)


def test_of_other_code_or_another_model_nothing_is_taken_up(run, tmp_path, monkeypatch):
    every, _ = run("reasons", tmp_path)
    monkeypatch.setitem(kept.ORIGIN, "commit", f"not {ORIGIN['commit']}")
    assert run("reasons", tmp_path)[0] == every
    monkeypatch.setitem(kept.ORIGIN, "uncommitted_changes", not ORIGIN["uncommitted_changes"])
    assert run("reasons", tmp_path)[0] == every
    few = ("--documents", "8", "--queries", "2", "--counted", "1", "--model", str(weights_folder("base")))
    monkeypatch.setitem(PROGRAMS, "drift", (drift, few))
    assert run("drift", tmp_path)[0] == run("drift", tmp_path)[0] > 0  # nothing says whether those weights changed


def test_a_kill_costs_what_was_not_saved_yet_and_leaves_a_whole_file(run, tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "SAVE_EVERY", 0.0)
    monkeypatch.setattr(kept.Kept, "__exit__", lambda *_: None)  # as if killed outright
    every, wanted = run("reasons", tmp_path / "whole")
    run("reasons", tmp_path / "killed", stop=every - 1)
    assert run("reasons", tmp_path / "killed") == (1, wanted)
