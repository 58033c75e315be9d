"""Who orders two garments of one category wrongly, and how often: Err_rank of every contestant (the paper's table 1).

    python -m evals.contestants --train all
    python -m evals.pairs

Both garments are combinations that no training met. The single-score contestants read the customer's sentence; YOFO
reads its requirements, as in the paper, and is also tried with its own decomposer, which reads the sentence alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from evals.baselines.counting import DOCUMENT_ERRORS
from evals.baselines.registry import get_baseline
from evals.baselines.scores import ConstantScores, refuse_alike
from evals.bootstrap import estimate
from evals.contestants.kept import Kept, Scores
from evals.contestants.recipes import RUNS, trained_as
from evals.contestants.scorers import BASE, SHIPPED, ZERO_SHOT, RerankerScorer, open_yofo
from evals.contestants.task import Pair, Pictures, make_pairs
from evals.paired import paired_difference, paired_ratio
from evals.program import MISSING
from evals.record import RESULTS, print_table, write_record
from yofo_rerank import Document, YofoJudge
from yofo_rerank.errors import ConfigError, MissingExtra
from yofo_rerank.scoring.expression import ExpressionRule

Judged = Callable[[Pair, list[Document]], Scores]
SINGLE = ("clip-style", "siglip-style", "blip2-itm-style", "jina-style", "whole-query-style", "clip, as shipped")
YOFO = ("yofo", SHIPPED, BASE, ZERO_SHOT)
OWN = " + own decomposer"
HARD = ", verdicts"  # yes or no in place of p_yes, as the paper's expressions have it
SHOWN = 12


def evaluate(n: int, seed: int, folder: Path) -> dict[str, Any]:
    """All figures; a contestant that is not trained yet, or gives all pairs one score, is named under `missing`."""
    pairs = make_pairs(n, seed)
    pictures, asked = Pictures(pairs), [pair.to_dict() for pair in pairs]
    contestants, missing = open_contestants(folder)
    scores: dict[str, list[Scores]] = {}
    for name, judged in contestants.items():
        kept = Kept(folder / "scores", name, asked, trained_as(_recipe_of(name), folder))
        try:
            found = kept.fill(lambda at, judged=judged: _tried(judged, pairs[at], pictures[at]))  # type: ignore[misc]
        except (ConfigError, MissingExtra) as error:
            missing.append({"name": name, "reason": str(error)})
            continue
        if reason := _refusal(name, found):
            missing.append({"name": name, "reason": reason})
            continue
        scores[name] = found
        typer.echo(f"{name}: {sum(wrong(pairs, scores[name])) / n:.4f} wrong")
    errors = {name: wrong(pairs, found) for name, found in scores.items()}
    rows = {name: row(name, pairs, scores[name], errors, folder) for name in scores}
    return {
        "contestants": rows,
        "targets": targets(rows, errors),
        "by_differences": by_differences(pairs, errors),
        "disagreements": disagreements(pairs, scores, errors, _p_yes(pairs, pictures, folder)),
        "missing": missing,
    }


def open_contestants(folder: Path) -> tuple[dict[str, Judged], list[dict[str, str]]]:
    """How each contestant judges a pair."""
    found: dict[str, Judged] = {}
    missing = []
    for name in SINGLE:
        try:
            source = None if name == "clip, as shipped" else str(folder)
            trained_as(name, folder)
            found[name] = _by_sentence(get_baseline(name).load(source))
        except ConfigError as error:
            missing.append({"name": name, "reason": str(error)})
    for name in YOFO:
        try:
            judge = open_yofo(name, folder)
        except ConfigError as error:
            missing.append({"name": name, "reason": str(error)})
            continue
        found[name] = _by_requirements(judge, soft=True)
        if name in ("yofo", SHIPPED):
            found[name + HARD] = _by_requirements(judge, soft=False)
            found[name + OWN] = _by_sentence(RerankerScorer(judge))
    found["no reranking"] = lambda _pair, _both: (1.0, 0.0)  # the order they come in, which is drawn at random
    return found, missing


def _by_sentence(scorer: Any) -> Judged:
    def judged(pair: Pair, both: list[Document]) -> Scores:
        first, second = scorer.score(pair.text, both)
        return first, second

    return judged


def _by_requirements(judge: YofoJudge, *, soft: bool) -> Judged:
    def judged(pair: Pair, both: list[Document]) -> Scores:
        rule = ExpressionRule(expression=pair.expression, soft=soft)
        first, second = (rule.score(one) for one in judge.judge(both, pair.requirements))
        return first, second

    return judged


def _recipe_of(name: str) -> str:
    return name.removesuffix(OWN).removesuffix(HARD)


def _tried(judged: Judged, pair: Pair, both: list[Document]) -> Scores:
    try:
        return judged(pair, both)
    except (ConfigError, MissingExtra):
        raise  # it is not there, whatever it is asked
    except DOCUMENT_ERRORS:
        return None  # counted as a failure, and as an error


def _refusal(name: str, scores: Sequence[Scores]) -> str:
    """Why a contestant is not compared; a contestant that counts verdicts may give many pairs one score."""
    if name.endswith(HARD):
        return ""
    try:
        refuse_alike(name, [one for one in scores if one is not None])
    except ConstantScores as error:
        return str(error)
    return ""


def wrong(pairs: Sequence[Pair], scores: Sequence[Scores]) -> list[bool]:
    """Whether each pair is ordered wrongly; a tie is no order, and neither is a failure."""
    return [
        found is None or not found[pair.better] > found[1 - pair.better]
        for pair, found in zip(pairs, scores, strict=True)
    ]


def row(
    name: str, pairs: Sequence[Pair], scores: Sequence[Scores], errors: dict[str, list[bool]], folder: Path
) -> dict[str, Any]:
    """One line of table 1."""
    against = paired_difference(errors[name], errors["yofo"]) if "yofo" in errors and name != "yofo" else None
    return {
        "err_rank": asdict(estimate([[one] for one in errors[name]])),
        "ties": sum(found is not None and found[0] == found[1] for found in scores) / len(pairs),
        "failures": sum(found is None for found in scores),
        "single_score": name in SINGLE,
        "licence": "apache-2.0",
        "p_value": against.p_value if against else None,
        "more_than_yofo": asdict(against) if against else None,
        "trained": trained_as(_recipe_of(name), folder),
    }


def targets(rows: dict[str, Any], errors: dict[str, list[bool]]) -> dict[str, Any]:
    """YOFO at most 3 %, and at most a quarter of the best single-score contestant's."""
    single = {name: one["err_rank"]["mean"] for name, one in rows.items() if one["single_score"]}
    if "yofo" not in rows or not single:
        return {}
    best, ours = min(single, key=lambda name: single[name]), rows["yofo"]["err_rank"]["mean"]
    share = asdict(paired_ratio(errors["yofo"], errors[best]))
    return {
        "yofo": {"value": ours, "wanted": 0.03, "met": ours <= 0.03},
        "share_of_best_single_score": {"best": best, **share, "wanted": 0.25, "met": ours <= 0.25 * single[best]},
    }


def by_differences(pairs: Sequence[Pair], errors: dict[str, list[bool]]) -> dict[str, Any]:
    """Err_rank where the worse garment misses one requirement, two, or more."""
    groups = {"1": (1,), "2": (2,), "3 or more": (3, 4, 5)}
    found: dict[str, Any] = {}
    for name, wrongs in errors.items():
        split = {
            label: [[one] for one, pair in zip(wrongs, pairs, strict=True) if pair.differences in counts]
            for label, counts in groups.items()
        }
        found[name] = {label: asdict(estimate(values)) for label, values in split.items() if values}
    return found


def disagreements(
    pairs: Sequence[Pair],
    scores: dict[str, list[Scores]],
    errors: dict[str, list[bool]],
    p_yes: Callable[[int], dict[str, list[float]]],
) -> list[dict[str, Any]]:
    """The pairs that most contestants get wrong and YOFO right, then those that YOFO gets wrong; with all scores."""
    if "yofo" not in errors:
        return []
    others = [name for name in errors if name in SINGLE]
    misled = sorted(range(len(pairs)), key=lambda at: -sum(errors[name][at] for name in others))
    ours = [at for at in misled if errors["yofo"][at]][: SHOWN // 3]
    chosen = [at for at in misled if not errors["yofo"][at]][: SHOWN - len(ours)]
    places = chosen[: SHOWN // 3] + ours + chosen[SHOWN // 3 :]  # both kinds among the first ones
    return [
        pairs[at].to_dict()
        | {"scores": {name: found[at] for name, found in scores.items()}, "p_yes": p_yes(at)}  # None: it failed
        for at in places
    ]  # fmt: skip


def _p_yes(pairs: Sequence[Pair], pictures: Pictures, folder: Path) -> Callable[[int], dict[str, list[float]]]:
    """What YOFO says of each requirement of a pair."""

    def asked(at: int) -> dict[str, list[float]]:
        first, second = open_yofo("yofo", folder).judge(pictures[at], pairs[at].requirements)
        return {one.requirement.text: [one.p_yes, other.p_yes] for one, other in zip(first, second, strict=True)}

    return asked


def budgets(figures: dict[str, Any]) -> dict[str, float]:
    """Processor seconds of what was trained here."""
    trained = {name: one["trained"] for name, one in figures["contestants"].items()}
    return {name: one["processor_seconds"] for name, one in trained.items() if one}


def print_figures(figures: dict[str, Any]) -> None:
    """Table 1, and the same by how much the garments differ."""
    rows = sorted(figures["contestants"].items(), key=lambda one: -one[1]["err_rank"]["mean"])
    print_table(
        "Err_rank: share of pairs ordered wrongly",
        ("contestant", "Err_rank", "low", "high", "ties", "failed", "p against yofo"),
        [
            (
                name, one["err_rank"]["mean"], one["err_rank"]["low"], one["err_rank"]["high"], one["ties"],
                one["failures"], one["p_value"],
            )
            for name, one in rows
        ],
    )  # fmt: skip
    groups = ("1", "2", "3 or more")
    split = figures["by_differences"]
    print_table(
        "Err_rank by requirements that the worse garment misses",
        ("contestant", *groups),
        [(name, *(split[name].get(group, {}).get("mean") for group in groups)) for name, _ in rows],
    )
    for one in figures["missing"]:
        typer.echo(f"missing: {one['name']}: {one['reason']}")


def main(
    pairs: Annotated[int, typer.Option("--pairs", "--limit", min=2)] = 2000,
    seed: Annotated[int, typer.Option(help="of garments and sentences; training used others")] = 9001,
    folder: Annotated[Path, typer.Option(help="of the trained contestants")] = RUNS,
    skip_missing: Annotated[
        bool, typer.Option("--skip-missing", help="a contestant not trained is no failure")
    ] = False,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "pairs.json",
) -> None:
    """Measure ranking errors."""
    torch.set_num_threads(1)
    figures = evaluate(pairs, seed, folder)
    print_figures(figures)
    settings = {
        "pairs": pairs, "seed": seed, "garments": "held-out combinations", "repeats": 1,
        "same_processor_seconds_for_all": len(set(budgets(figures).values())) == 1,
        "processor_seconds": budgets(figures),
        "note": "the same pictures for all that were trained here; the base that jina-style, whole-query-style and "
        "yofo start from was itself trained by judging statements, for longer; the sentences are of the grammar that "
        "the single-score contestants were trained on",
    }  # fmt: skip
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")
    if figures["missing"] and not skip_missing:
        raise typer.Exit(MISSING)


if __name__ == "__main__":
    typer.run(main)
