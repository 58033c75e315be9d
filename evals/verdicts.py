"""How often a contestant is right about what was said of a document: verdicts, choices, and pairs.

    python -m evals.verdicts --set mini
    python -m evals.verdicts --set dsg --source DSG/ --model yofo --model-source Qwen/Qwen3-VL-2B-Instruct
    python -m evals.verdicts --set lrvs --source built/ --model yofo --model clip-vit-l-14
    python -m evals.verdicts --set lrvs --source built/ --own-decomposer    # ours reads the query, as the others do

A run that was interrupted goes on where it stopped (its finished samples are in runs/); `--fresh` begins anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from evals.against import VALUES, compared, ours_first, show_against
from evals.asking import ask_all, opposites
from evals.data_sets import MissingData
from evals.missing import Missing, open_systems
from evals.program import run_program
from evals.record import RESULTS, print_table, write_record
from evals.run_file import RUNS, RunFile, record_path, slug
from evals.systems import OURS, System
from evals.verdict_figures import figures_of, values_of
from evals.verdict_sets.record import Pair, Sample, Unit, VerdictSet
from evals.verdict_sets.registry import get_set
from yofo_rerank.errors import ConfigError

OWN = f"{OURS} own decomposer"  # of records
SHARES = {
    "acc_property": "Acc_property",
    "acc_sample": "Acc_sample",
    "acc_dep": "Acc_dep",
    "acc_dep_given": "Acc_dep, by its own answer",
    "auroc": "AUROC",
    "acc_choice": "choice",
    "text_score": "text",
    "image_score": "image",
    "group_score": "group",
    "err_rank": "Err_rank",
}


def units_of(
    data: VerdictSet,
    source: str | None,
    *,
    dependency: bool,
    limit: int | None,
    whole: bool = False,
    own_decomposer: bool = False,
) -> list[Unit]:
    """The units of a set, or the paper's dependent questions made of them, or pairs with nothing but their queries.

    Raises:
        MissingData, BadData: as the set's reader.
        ConfigError: dependent questions of pairs; all pairs, or queries alone, of what holds none.
    """
    if whole and not data.sided:
        raise ConfigError(f"--all-pairs is for lrvs, but the set is {data.name}")
    if own_decomposer and data.measures != "pairs":
        raise ConfigError(f"--own-decomposer is for pairs, but {data.name} holds statements")
    units = data.read(source, limit, whole=whole)
    if own_decomposer:
        return [cast("Pair", unit).query_alone() for unit in units]
    if not dependency:
        return list(units)
    if data.measures == "pairs":
        raise ConfigError(f"--dependency is for statements, but {data.name} holds pairs")
    return list(opposites(cast("Iterable[Sample]", units)))


def measure(system: System, data: VerdictSet, units: list[Unit], run: RunFile) -> dict[str, Any]:
    """Figures of a contestant on a set, and `VALUES` of each unit, to compare it by."""
    asked = list(ask_all(system, units, run, whence=data.origin.describe()))
    told = {"code": sorted(set(run.commits)), VALUES: values_of(asked, data.measures)}
    return figures_of(asked, data.measures) | told


def measure_all(
    data: VerdictSet,
    units: list[Unit],
    systems: Mapping[str, System],
    settings: dict[str, Any],
    paths: Mapping[str, Path],
    ours: Sequence[Path],
    runs: Path,
    missing: Missing,
    *,
    fresh: bool,
) -> None:
    """Write the record of each contestant, compared with the records of `ours`, and print the table."""
    kind = "dependency" if settings["dependency"] else "verdicts"
    found: dict[str, dict[str, Any]] = {}
    try:
        for who, system in ours_first(systems).items():
            mine = settings | {"model": who, "about": system.about}
            figures = measure(system, data, units, RunFile(runs / slug(kind, data.name, who), mine, fresh=fresh))
            found[who] = compared(figures, paths[who], ours, mine, runs)
            typer.echo(f"wrote {write_record(paths[who], settings=mine, figures=found[who])}")
    except MissingData as error:  # of its pictures, which are opened when they are asked about
        missing.add(data.name, error, {paths[who]: settings | {"model": who} for who in systems if who not in found})
    if found:
        show(data, found, {who: systems[who].licence for who in found})
        show_against(found)


def own(models: list[str]) -> dict[str, Any]:
    """What the settings say of a run in which ours makes its requirements itself.

    Raises:
        ConfigError: of another model than ours; those read the query anyway.
    """
    if models != [OURS]:
        raise ConfigError(f"--own-decomposer is for {OURS} alone, but got {', '.join(models)}: others read the query")
    return {"own_decomposer": "rules"}


def show(data: VerdictSet, figures: dict[str, dict[str, Any]], licences: dict[str, str]) -> None:
    """One row for each contestant, with the columns that any of them has."""
    columns = [name for name in SHARES if any(name in one for one in figures.values())]
    rows = [
        (
            who,
            licences[who],
            *(_interval(found.get(name)) for name in columns),
            found["failed"]["units"],
            found["units_per_second"],
        )
        for who, found in figures.items()
    ]
    caption = f"data under {data.origin.licence}; 95 % intervals from resampling documents"
    titles = [SHARES[name] for name in columns]
    print_table(data.name, ("model", "licence", *titles, "failed", "units/s"), rows, caption=caption)


def _interval(found: dict[str, float] | float | None) -> str | float | None:
    if not isinstance(found, dict):
        return found
    return f"{found['mean']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def main(
    name: Annotated[str, typer.Option("--set", help="mini, sa1b, dsg, vaw, negbench, sugarcrepe, winoground, lrvs")],
    model: Annotated[list[str], typer.Option(help="yofo, or a baseline of `python -m evals.baselines`; repeatable")] = [  # noqa: B006  # typer reads it
        OURS
    ],
    source: Annotated[str | None, typer.Option(help="folder of the data set, as its makers publish it")] = None,
    model_source: Annotated[str | None, typer.Option(help="folder or hub id of the model, instead of its own")] = None,
    adapter: Annotated[str | None, typer.Option(help="LoRA adapter of yofo")] = None,
    attention: Annotated[str | None, typer.Option(help="joint or isolated; default: as the model says")] = None,
    dependency: Annotated[bool, typer.Option("--dependency", help="the paper's questions for the opposite")] = False,
    whole: Annotated[bool, typer.Option("--all-pairs", help="of lrvs, those that yofo train learns from too")] = False,
    own_decomposer: Annotated[
        bool, typer.Option("--own-decomposer", help="of lrvs, yofo makes its requirements of the query alone")
    ] = False,
    device: Annotated[str | None, typer.Option(help="cuda, cpu; default: the best there is")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="the first documents alone")] = None,
    skip_missing: Annotated[bool, typer.Option("--skip-missing", help="what is absent is no failure")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="begin anew")] = False,
    output: Annotated[Path, typer.Option(help="folder of the records")] = RESULTS,
    runs: Annotated[Path, typer.Option(help="folder of unfinished runs")] = RUNS,
) -> None:
    """Measure verdicts on a set whose truth is known."""
    data, missing = get_set(name), Missing()
    attention = "joint" if dependency else attention  # an isolated question cannot see the one before
    kind = "dependency" if dependency else "verdicts"
    asked = {"adapter": adapter, "attention": attention, "dependency": dependency, "limit": limit}
    settings: dict[str, Any] = data.about(whole=whole) | asked | {"model_source": model_source, "source": source}
    settings |= own(model) if own_decomposer else {}
    named, said = {who: OWN if own_decomposer else who for who in model}, f"{name}-all" if whole else name
    paths = {who: record_path(output, kind, said, named[who], limit) for who in model}
    systems, absent = open_systems(model, source=model_source, adapter=adapter, device=device, attention=attention)
    for who, error in absent.items():
        missing.add(who, error, {paths[who]: settings | {"model": who}})
    try:
        units = units_of(data, source, dependency=dependency, limit=limit, whole=whole, own_decomposer=own_decomposer)
    except MissingData as error:
        missing.add(name, error, {paths[who]: settings | {"model": who} for who in model})
        missing.close(skip=skip_missing)
        return
    ours = [record_path(output, kind, said, who, limit) for who in (OURS, OWN)]
    measure_all(data, units, systems, settings, paths, ours, runs, missing, fresh=fresh)
    missing.close(skip=skip_missing)


if __name__ == "__main__":
    run_program(main)
