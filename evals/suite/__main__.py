"""Measure everything that was not measured for this code yet, then write figures and report.

    python -m evals.suite                    # what `make evals` does; goes on where it stopped
    python -m evals.suite --only mini_search --again
    python -m evals.suite --all              # the steps that take hours or gigabytes too
    python -m evals.suite --list
    python -m evals.suite --real             # real checkpoints on published data, where the hub can be reached

A step whose record was made from this code is kept. What fails or is missing is named; the exit code is then 1, unless
`--skip-missing` says that what is missing may be. `--real` means the steps of `real.py`, with the other options too; it
is for a machine with a GPU, and stopped, it goes on with the query or sample where it was.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from typing import Annotated, Any

import typer

from evals.record import RESULTS, print_table, write_record
from evals.suite.real import REAL, absent_of, origin
from evals.suite.running import Outcome, is_current, run_step
from evals.suite.spent import spent
from evals.suite.steps import COMPARED, STEPS, SUITES, TRAINING, Step, get_step
from yofo_rerank.errors import ConfigError

NOT_STARTED = "what it wants is not here"
AFTER = (  # what is made of the records
    Step("figures", "python -m evals.figures --write"),
    Step("report", "python -m evals.report"),
)


def chosen(only: list[str], *, everything: bool, real: bool = False) -> list[Step]:
    """The steps that are asked for.

    Raises:
        ConfigError: an unknown name.
    """
    if real:
        known = {step.record: step for step in REAL}
        if unknown := [name for name in only if name not in known]:
            raise ConfigError(f"unknown step {unknown[0]!r}; known are {', '.join(known)}")
        return [known[name] for name in only] or list(REAL)
    if only:
        return [get_step(name) for name in only]
    return [step for step in (*STEPS, *COMPARED) if step.record not in SUITES and (everything or step.everyday)]


def main(
    only: Annotated[list[str], typer.Option(help="names of steps")] = [],  # noqa: B006
    again: Annotated[bool, typer.Option("--again", help="run what is there for this code, too")] = False,
    everything: Annotated[bool, typer.Option("--all", help="hours and gigabytes, too")] = False,
    skip_missing: Annotated[bool, typer.Option("--skip-missing", help="what is missing is no failure")] = False,
    real: Annotated[bool, typer.Option("--real", help="real checkpoints on published data")] = False,
    show: Annotated[bool, typer.Option("--list", help="list the steps, and run none")] = False,
) -> None:
    """Run the suite."""
    steps = chosen(only, everything=everything, real=real)
    if show:
        rows = [(step.record, "there" if is_current(step) else "to run", step.command) for step in steps]
        print_table("Steps", ("record", "state", "command"), rows)
        return
    started = time.monotonic()
    outcomes = training(steps, skip_missing=skip_missing)
    outcomes += [_outcome(step, again=again, skip_missing=skip_missing) for step in steps]
    figures = figures_of(outcomes, time.monotonic() - started)
    if not real or any(one.state == "made" for one in outcomes):  # where nothing was made there is nothing to tell
        if not only:
            path = RESULTS / "suite_real.json" if real else RESULTS / "suite.json"
            write_record(path, settings={"steps": len(steps), "repeats": 1}, figures=figures)
        outcomes += [run_step(step, skip_missing=False) for step in AFTER]
    show_outcomes(steps, outcomes, figures["seconds"])
    bad = {"failed"} if skip_missing else {"failed", "missing"}
    raise typer.Exit(int(any(one.state in bad for one in outcomes)))


def training(steps: list[Step], *, skip_missing: bool) -> list[Outcome]:
    """Train the contestants where a step that asks them is to run; else what it took stands among the steps.

    What was trained apart from a suite took its processor seconds, however little the suite had left to do.
    """
    asking = [step for step in steps if step.trained]
    if any(not is_current(step, skip_missing=skip_missing) for step in asking):
        done = run_step(TRAINING, skip_missing=False)
        return [replace(done, seconds=max(done.seconds, trained_seconds()))]
    took = max(spent(TRAINING.record, finished=True), trained_seconds())
    return [Outcome(TRAINING.record, "kept", took)] if asking and took else []


def trained_seconds() -> float:
    """Of processor, of contestants that were trained apart from a suite; 0 where one of them is not trained."""
    from evals.contestants.recipes import RECIPES, trained_as

    try:
        told = [trained_as(name) or {} for name in RECIPES]
    except ConfigError:
        return 0.0
    seconds = sum(one["processor_seconds"] for one in told)
    return float(seconds + max(one["shared_processor_seconds"] for one in told))


def show_outcomes(steps: list[Step], outcomes: list[Outcome], seconds: float) -> None:
    """What was run, and one line for each thing that steps wait for."""
    table = [(one.name, one.state, round(one.seconds), one.message) for one in outcomes if one.message != NOT_STARTED]
    print_table(f"The suite: {seconds:.0f} s", ("step", "state", "seconds", ""), table)
    waits = {one.name for one in outcomes if one.message == NOT_STARTED}
    waiting = Counter(wanted for step in steps if step.record in waits for wanted in absent_of(step))
    if waiting:
        rows = [(wanted, count, origin(wanted)) for wanted, count in waiting.most_common()]
        print_table("Missing", ("what", "steps that wait for it", "where it comes from"), rows)


def figures_of(outcomes: list[Outcome], seconds: float) -> dict[str, Any]:
    """Seconds of this run, seconds of all steps (those of kept ones are of the run that made them), what is missing."""
    return {
        "seconds": seconds,
        "seconds_of_all_steps": sum(one.seconds for one in outcomes),
        "steps": {one.name: one.to_dict() for one in outcomes},
        "missing": [{"name": one.name, "reason": one.message} for one in outcomes if one.state == "missing"],
    }


def _outcome(step: Step, *, again: bool, skip_missing: bool) -> Outcome:
    kept = not again and is_current(step, skip_missing=skip_missing)
    if not kept and absent_of(step):
        return Outcome(step.record, "missing", 0.0, NOT_STARTED)
    outcome = Outcome.of_record(step) if kept else run_step(step, skip_missing=skip_missing)
    typer.echo(f"{outcome.name}: {outcome.state} ({outcome.seconds:.0f} s) {outcome.message}")
    return outcome


if __name__ == "__main__":
    typer.run(main)
