"""How well a contestant orders the candidates of a task, measured by mteb.

    python -m evals.rank --task mini --model yofo --model no-reranking --model random
    python -m evals.rank --task INQUIRE-Rerank --source inquire/ --model yofo --model-source Qwen/Qwen3-VL-2B-Instruct

A run that was interrupted goes on where it stopped (its finished queries are in runs/); `--fresh` begins anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.against import VALUES, compared, ours_first, show_against
from evals.data_sets import MissingData, Origin
from evals.missing import Missing, open_systems
from evals.mteb_search import YofoSearch
from evals.program import run_program
from evals.rank_figures import figures_of, row_of, titles_of, values_of
from evals.ranking_sets import registry
from evals.record import RESULTS, print_table, write_record
from evals.run_file import RUNS, RunFile, record_path, slug
from evals.systems import OURS, System


def measure(task: Any, system: System, run: RunFile) -> dict[str, Any]:
    """Figures of a contestant on a task whose data are loaded, and `VALUES` of each query, to compare it by.

    Finished queries of the run are not asked again.
    """
    import mteb

    origin: Origin | None = getattr(task, "origin", None)
    search = YofoSearch(system, run=run, whence=origin.describe() if origin else "")
    result = mteb.evaluate(
        search, task, cache=None, co2_tracker=False, show_progress_bar=False, encode_kwargs={"batch_size": 32}
    )
    grades = grades_of(task)
    figures = figures_of(result.task_results[0].scores, search.found, grades)
    return figures | {"code": sorted(set(run.commits)), VALUES: values_of(search.found, grades)}


def grades_of(task: Any) -> dict[str, dict[str, int]]:
    """Relevant documents of each query that has any, by the keys of a search."""
    return {
        f"{name}/{subset}/{query}": found
        for subset, splits in task.dataset.items()
        for name, split in splits.items()
        for query, found in split["relevant_docs"].items()
        if found
    }


def measure_all(
    task: Any,
    systems: Mapping[str, System],
    settings: dict[str, Any],
    paths: Mapping[str, Path],
    runs: Path,
    missing: Missing,
    *,
    fresh: bool,
) -> bool:
    """Write the record of each contestant and print the table; whether the pictures were there."""
    name = task.metadata.name
    ours = [record_path(next(iter(paths.values())).parent, "rank", name, OURS, settings["limit"])]
    found: dict[str, dict[str, Any]] = {}
    try:
        for who, system in ours_first(systems).items():
            mine = settings | {"model": who, "about": system.about}
            figures = measure(task, system, RunFile(runs / slug("rank", name, who), mine, fresh=fresh))
            found[who] = compared(figures, paths[who], ours, mine, runs)
            typer.echo(f"wrote {write_record(paths[who], settings=mine, figures=found[who])}")
    except MissingData as error:  # its pictures, which are opened when they are asked about
        missing.add(name, error, {paths[who]: settings | {"model": who} for who in systems if who not in found})
    if found:
        titles = titles_of(next(iter(found.values())))
        rows = [(who, systems[who].licence, *row_of(figures)) for who, figures in found.items()]
        caption = f"data under {settings['licence']}; 95 % intervals over queries"
        print_table(name, ("model", "licence", *titles), rows, caption=caption)
        show_against(found)
    return len(found) == len(systems)


def write_list(path: Path, settings: dict[str, Any], names: list[str], measured: list[str]) -> None:
    """The record of a benchmark: its tasks, each of which has a record of its own, and those that are missing."""
    missing = [{"name": name, "reason": "see its own record"} for name in names if name not in measured]
    figures = {"tasks": names} | ({"missing": missing} if missing else {})
    typer.echo(f"wrote {write_record(path, settings=settings, figures=figures)}")


def main(
    task: Annotated[str, typer.Option(help="mini, MCMR, INQUIRE-Rerank, ViDoRe-v3.1, or a task or benchmark of mteb")],
    model: Annotated[list[str], typer.Option(help="yofo, or a baseline of `python -m evals.baselines`; repeatable")],
    source: Annotated[str | None, typer.Option(help="folder of the data set; default: the hub")] = None,
    model_source: Annotated[str | None, typer.Option(help="folder or hub id of the model, instead of its own")] = None,
    adapter: Annotated[str | None, typer.Option(help="LoRA adapter of yofo")] = None,
    rule: Annotated[str, typer.Option(help="scoring rule of yofo")] = "weighted",
    device: Annotated[str | None, typer.Option(help="cuda, cpu; default: the best there is")] = None,
    candidates: Annotated[Path | None, typer.Option(help="predictions of a first stage, for plain retrieval")] = None,
    top_k: Annotated[int, typer.Option(min=1, help="candidates to take of those predictions")] = 100,
    limit: Annotated[int | None, typer.Option(min=1, help="the first queries alone")] = None,
    skip_missing: Annotated[bool, typer.Option("--skip-missing", help="what is absent is no failure")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="begin anew")] = False,
    output: Annotated[Path, typer.Option(help="folder of the records")] = RESULTS,
    runs: Annotated[Path, typer.Option(help="folder of unfinished runs")] = RUNS,
) -> None:
    """Measure how well contestants order the candidates of a ranking task."""
    missing = Missing()
    asked = {"adapter": adapter, "rule": rule, "limit": limit, "model_source": model_source, "source": source}
    asked |= {"candidates": str(candidates), "top_k": top_k} if candidates else {}
    tasks = registry.get_tasks(task, source)
    systems, absent = open_systems(model, source=model_source, adapter=adapter, device=device, rule=rule)
    measured: list[str] = []
    for one in tasks:
        name = one.metadata.name
        settings: dict[str, Any] = {"task": name, "licence": registry.licence(one)} | asked
        paths = {who: record_path(output, "rank", name, who, limit) for who in model}
        for who, error in absent.items():
            missing.add(who, error, {paths[who]: settings | {"model": who}})
        try:
            registry.load(one)
        except MissingData as error:
            missing.add(name, error, {paths[who]: settings | {"model": who} for who in model})
            continue
        if candidates:
            registry.take_candidates(one, candidates, top_k)
        if limit:
            registry.limit_queries(one, limit)
        if measure_all(one, systems, settings, paths, runs, missing, fresh=fresh):
            measured.append(name)
        one.unload_data()
    for who in systems if len(tasks) > 1 else ():
        names = [one.metadata.name for one in tasks]
        write_list(record_path(output, "rank", task, who, limit), {"benchmark": task} | asked, names, measured)
    missing.close(skip=skip_missing)


if __name__ == "__main__":
    run_program(main)
