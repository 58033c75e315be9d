"""The suite runs what is not there for this code, names what is missing, and goes on where it stopped."""

import json
import re
import signal

import pytest
import typer
from typer.testing import CliRunner

from evals.suite import __main__ as program
from evals.suite import running, spent
from evals.suite.steps import COMPARED, STEPS, Step, command_of, get_step
from yofo_rerank.errors import ConfigError


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """Three steps in a folder of their own: one writes its record, one fails, one has no program."""
    about = {"commit": "a" * 40, "uncommitted_changes": False, "seconds": 7.0}

    def code(source):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.py"
        path.write_text(source)
        return path

    made = code(
        f"import pathlib; pathlib.Path({str(tmp_path / 'good.json')!r}).write_text({json.dumps({'about': about})!r})"
    )
    steps = (
        Step("good", f"python {made}"),
        Step("bad", f"python {code('raise SystemExit(2)')}"),
        Step("absent", "python -m evals.no_such_program"),
        Step("no_data", f"python {code('raise SystemExit(3)')}"),
    )
    for module in (program, running):
        monkeypatch.setattr(module, "RESULTS", tmp_path)
    monkeypatch.setattr(program, "STEPS", steps)
    monkeypatch.setattr(program, "COMPARED", ())
    monkeypatch.setattr(program, "AFTER", ())
    monkeypatch.setattr(program, "get_step", {step.record: step for step in steps}.__getitem__)
    monkeypatch.setattr(running, "ORIGIN", {"commit": "b" * 40, "uncommitted_changes": False})
    monkeypatch.setattr(running, "_same_code", lambda about: about["commit"] == "a" * 40)
    app = typer.Typer()
    app.command()(program.main)
    return tmp_path, lambda *arguments: CliRunner().invoke(app, arguments)


def states(folder):
    return {
        name: one["state"] for name, one in json.loads((folder / "suite.json").read_text())["figures"]["steps"].items()
    }


def test_every_step_runs_and_what_is_there_is_kept(suite):
    folder, run = suite
    result = run()
    assert result.exit_code == 1
    assert "no program evals.no_such_program" in result.stdout
    assert states(folder) == {"good": "made", "bad": "failed", "absent": "missing", "no_data": "missing"}
    run()
    record = json.loads((folder / "suite.json").read_text())
    assert states(folder)["good"] == "kept"
    assert record["figures"]["steps"]["good"]["seconds"] == 7.0  # of the run that made it
    assert record["figures"]["seconds_of_all_steps"] >= 7.0
    assert [one["name"] for one in record["figures"]["missing"]] == ["absent", "no_data"]
    run("--again")
    assert states(folder)["good"] == "made"


def test_an_interrupted_run_goes_on(suite, tmp_path_factory, monkeypatch):
    folder, run = suite
    elsewhere = tmp_path_factory.mktemp("interrupted")
    ran, stops = elsewhere / "ran", elsewhere / "stops.py"
    stops.write_text(
        f"""
import os, pathlib, signal, time
ran = pathlib.Path({str(ran)!r})
if ran.exists():
    raise SystemExit(0)
ran.touch()
os.kill(os.getppid(), signal.SIGINT)
time.sleep(60)
"""
    )
    good = program.STEPS[0]
    monkeypatch.setattr(program, "STEPS", (good, Step("stops", f"python {stops}")))
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # a test in the background would not hear it
    try:
        assert run().exit_code != 0
    finally:
        signal.signal(signal.SIGINT, heard)
    assert ran.exists() and not (folder / "suite.json").exists()
    made = (folder / "good.json").stat().st_mtime_ns
    (folder / "stops.json").write_text((folder / "good.json").read_text().replace("a" * 40, "b" * 40))
    assert run().exit_code == 0
    assert states(folder) == {"good": "kept", "stops": "made"}
    assert (folder / "good.json").stat().st_mtime_ns == made


def test_what_is_missing_may_be_if_asked_for(suite):
    folder, run = suite
    assert run("--only", "good").exit_code == 0
    assert not (folder / "suite.json").exists()  # a part is not the suite
    assert run("--only", "absent").exit_code == 1
    assert run("--only", "absent", "--skip-missing").exit_code == 0
    assert run("--only", "bad", "--skip-missing").exit_code == 1


def test_a_record_that_lacks_somebody_is_made_again_unless_he_may_be_missing(suite):
    folder, run = suite
    run()
    path = folder / "good.json"
    found = json.loads(path.read_text()) | {"figures": {"missing": [{"name": "jina", "reason": "no checkpoint"}]}}
    path.write_text(json.dumps(found))
    assert running.is_current(Step("good", "python -c pass"))
    assert not running.is_current(Step("good", "python -c pass"), skip_missing=False)
    assert "missing: jina" in run("--only", "good", "--skip-missing").stdout


def test_another_code_or_a_changed_tree_makes_a_record_anew(suite, monkeypatch):
    _, run = suite
    run()
    step = Step("good", "python -c pass")
    assert running.is_current(step)
    monkeypatch.setattr(running, "ORIGIN", {"commit": "b" * 40, "uncommitted_changes": True})
    assert not running.is_current(step)
    monkeypatch.setattr(running, "ORIGIN", {"commit": "b" * 40, "uncommitted_changes": False})
    monkeypatch.setattr(running, "_same_code", lambda about: False)
    assert not running.is_current(step)


def test_the_same_code_is_found_by_git():
    commit = running.ORIGIN["commit"]
    if commit is None:
        pytest.skip("no git")
    assert running._same_code({"commit": commit, "uncommitted_changes": False})
    assert not running._same_code({"commit": commit, "uncommitted_changes": True})
    assert not running._same_code({"commit": "0" * 40, "uncommitted_changes": False})
    assert not running._same_code({"commit": None, "uncommitted_changes": False})


def test_skip_missing_is_passed_to_programs_that_know_it(tmp_path):
    seen = tmp_path / "seen"
    script = tmp_path / "s.py"
    script.write_text(f"import sys, pathlib; pathlib.Path({str(seen)!r}).write_text(' '.join(sys.argv[1:]))")
    running.run_step(Step("a", f"python {script} --x", skips=True), skip_missing=True)
    assert seen.read_text() == "--x --skip-missing"
    running.run_step(Step("a", f"python {script} --x"), skip_missing=True)
    assert seen.read_text() == "--x"


def test_steps_by_name():
    names = [name for step in (*STEPS, *COMPARED) for name in step.records]
    assert len(names) == len(set(names))
    assert command_of("bench_mini") == "python -m evals.bench"
    assert get_step("bench_mini").record == "import_time"
    with pytest.raises(ConfigError, match="unknown step 'none'; known are decompose"):
        get_step("none")


def test_every_program_that_writes_a_record_is_a_step():
    files = (running.ROOT / "evals").rglob("*.py")
    written = {name for path in files for name in re.findall(r'RESULTS / "(\w+)\.json"', path.read_text("utf-8"))}
    assert {"mini_search", "bench_mini"} <= written
    assert written <= {name for step in (*STEPS, *COMPARED) for name in step.records}


def test_the_steps_are_listed(suite):
    _, run = suite
    assert "no_such_program" in run("--list").stdout


def test_a_program_that_lacks_its_data_is_missing_and_not_failed(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "RESULTS", tmp_path)
    command = f"python -m evals.verdicts --set vaw --source {tmp_path} --model random --output {tmp_path}"
    step = Step("verdicts_vaw_random", command, skips=True)
    assert running.run_step(step, skip_missing=False).state == "missing"
    assert running.run_step(step, skip_missing=True).state == "made"


def test_every_program_that_knows_skip_missing_is_given_it():
    texts = {f"evals.{path.stem}": path.read_text("utf-8") for path in (running.ROOT / "evals").glob("*.py")}
    knowing = {name for name, text in texts.items() if '"--skip-missing"' in text or "make_program(" in text}
    asked = {step.words[2]: step.skips for step in (*STEPS, *COMPARED) if step.words[:2] == ["python", "-m"]}
    assert {"evals.rank", "evals.verdicts", "evals.pairs"} <= knowing
    assert {name for name, skips in asked.items() if skips} == knowing & set(asked)


STOPS = """
import pathlib, time
ran = pathlib.Path({!r})
time.sleep(0.4)
if not ran.exists():
    ran.touch()
    raise SystemExit(1)
"""


def test_a_step_that_goes_on_takes_the_time_of_all_its_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "RESULTS", tmp_path)
    (tmp_path / "stops.py").write_text(STOPS.format(str(tmp_path / "ran")))
    step = Step("stops", f"python {tmp_path / 'stops.py'}")
    stopped = running.run_step(step, skip_missing=False)
    finished = running.run_step(step, skip_missing=False)
    assert (stopped.state, finished.state) == ("failed", "made")
    assert finished.seconds >= stopped.seconds + 0.4
    (tmp_path / "stops.json").write_text(json.dumps({"about": {"seconds": 0.1}}))  # of the last run alone
    assert running.Outcome.of_record(step).seconds == pytest.approx(0.1 + stopped.seconds)
    running.run_step(step, skip_missing=False)
    assert spent.spent_before("stops") == 0  # begun anew


def test_a_kept_step_took_as_long_as_its_last_record(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "RESULTS", tmp_path)
    for name, seconds in (("first", 2.0), ("last", 150.0)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"about": {"seconds": seconds}}))
    assert running.Outcome.of_record(Step("first", "python -c pass", also=("last",))).seconds == 150.0


def test_training_that_is_there_counts_with_the_time_that_it_took(tmp_path, monkeypatch):
    (tmp_path / "train.py").write_text("import time; time.sleep(0.4)")
    trains = Step("contestants", f"python {tmp_path / 'train.py'}", lasts=True)
    monkeypatch.setattr(program, "TRAINING", trains)
    monkeypatch.setattr(program, "trained_seconds", lambda: 0.0)
    first = running.run_step(trains, skip_missing=False)
    again = running.run_step(trains, skip_missing=False)  # nothing left to train
    assert again.seconds >= first.seconds + 0.4
    asking = [Step("asks", "python -c pass", trained=True)]
    monkeypatch.setattr(program, "is_current", lambda *_, **__: True)
    assert program.training(asking, skip_missing=False) == [
        running.Outcome("contestants", "kept", pytest.approx(again.seconds))
    ]
    assert program.training([Step("other", "python -c pass")], skip_missing=False) == []
    monkeypatch.setattr(spent, "mini_weights", lambda: "another digest")
    running.run_step(trains, skip_missing=False)
    assert spent.spent_before("contestants") == 0  # trained anew


def test_training_apart_from_a_suite_counts_with_its_processor_seconds(tmp_path, monkeypatch):
    from evals.contestants import recipes

    told = {name: {"processor_seconds": 240.0, "shared_processor_seconds": 300.0} for name in recipes.RECIPES}
    monkeypatch.setattr(recipes, "trained_as", lambda name: told[name])
    whole = 240.0 * len(told) + 300.0
    assert program.trained_seconds() == whole
    asking = [Step("asks", "python -c pass", trained=True)]
    monkeypatch.setattr(program, "TRAINING", Step("contestants", "python -c pass", lasts=True))
    for current, state in ((False, "made"), (True, "kept")):  # nothing was left to train; again
        monkeypatch.setattr(program, "is_current", lambda *_, current=current, **__: current)
        [found] = program.training(asking, skip_missing=False)
        assert (found.state, found.seconds) == (state, whole)

    def untrained(name):
        raise ConfigError(f"{name} is not trained")

    monkeypatch.setattr(recipes, "trained_as", untrained)
    assert program.trained_seconds() == 0.0
