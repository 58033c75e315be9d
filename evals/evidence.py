"""Does evidence lie where the renderer drew the detail, and does the answer depend on it?

    python -m evals.evidence

Pointing game: the peak of the map lies within the true region, grown by one token. Deletion: hiding the box turns the
verdict over; hiding another box of the same size does not. No box can turn over what stays when the whole picture is
hidden: `whole_flips` is the most that is possible. Statements are true, the judge affirms them, and every kind of
detail has as many; garments and wordings are held out.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import track

from evals.bootstrap import estimate
from evals.gradient_map import gradient_map
from evals.opening import open_judge
from evals.record import RESULTS, print_table, write_record
from evals.regions import LOCAL, grown, on_grid, true_region
from yofo_rerank import Document, Requirement, YofoJudge
from yofo_rerank.mini.catalog import sample_garments
from yofo_rerank.mini.render import render
from yofo_rerank.mini.statements import say
from yofo_rerank.models.evidence import log_odds
from yofo_rerank.requirements import Box, Evidence

REPEATS = 20  # of what is timed


@dataclass(frozen=True)
class Case:
    """A true statement about a garment, and the pixels that make it true."""

    garment: int
    attribute: str
    text: str
    document: Document
    region: np.ndarray


def cases(attribute: str, seed: int) -> Iterator[Case]:
    """True statements about one kind of detail, on held-out garments in held-out words; without end."""
    rng = random.Random(f"evidence {attribute} {seed}")
    first, step = 0, 200
    while True:
        garments = sample_garments(first + step, seed, held_out=True)[first:]
        for number, garment in enumerate(garments, start=first):
            value = getattr(garment, attribute)
            if not value or value == "sleeveless":
                continue
            look = seed * 1_000_003 + number
            region = true_region(garment, attribute, look)
            if region.any():  # something is drawn, and nothing hides it
                text = say((attribute, "yes" if value is True else value), rng, "yes", held_out=True)
                yield Case(number, attribute, text, Document(image=render(garment, look), id=f"{number}"), region)
        first += step


def measure(judge: YofoJudge, n: int, seed: int) -> list[dict[str, Any]]:
    """One row of outcomes per statement, of every kind of detail as many."""
    streams = {attribute: cases(attribute, seed) for attribute in LOCAL}
    rng = random.Random(f"places {seed}")
    turns = [LOCAL[turn % len(LOCAL)] for turn in range(n)]
    return [_outcome(judge, *_affirmed(judge, streams[attribute]), rng) for attribute in track(turns, "statements")]


def _outcome(judge: YofoJudge, evidence: Evidence, case: Case, rng: random.Random) -> dict[str, Any]:
    heat = np.array(evidence.heat)
    wide = grown(on_grid(case.region, heat.shape))
    contestant = np.array(gradient_map(judge._slot_model(), case.document, case.text))
    box, other, whole, share = _deleted(judge, case, evidence, rng)
    return {
        "attribute": case.attribute,
        "garment": case.garment,
        "hit": bool(wide[np.unravel_index(heat.argmax(), heat.shape)]),
        "gradient_hit": bool(wide[np.unravel_index(contestant.argmax(), heat.shape)]),
        "chance": float(wide.mean()),
        "box_flips": box < 0,
        "random_flips": other < 0,
        "whole_flips": whole < 0,
        "box_share": share,
    }


def _affirmed(judge: YofoJudge, stream: Iterator[Case]) -> tuple[Evidence, Case]:
    """The next statement that the judge affirms: what it denies has no evidence for yes."""
    for case in stream:
        [evidence] = judge.evidence(case.document, [case.text])
        if evidence.verdict and evidence.box is not None:
            return evidence, case
    raise RuntimeError("the stream of statements ended")


def _deleted(judge: YofoJudge, case: Case, evidence: Evidence, rng: random.Random) -> tuple[float, float, float, float]:
    """Log-odds without the box, without another of its size, without the picture; and the box's share of it."""
    model = judge._slot_model()
    prefix = model.prepare(case.document)
    [part] = prefix.parts
    start, (rows, columns) = part.start, part.grid  # type: ignore[misc]
    left, top, right, bottom = _tokens(evidence.box, rows, columns)  # type: ignore[arg-type]
    high, wide = bottom - top, right - left
    places = [(y, x) for y in range(rows - high + 1) for x in range(columns - wide + 1) if (y, x) != (top, left)]
    y, x = rng.choice(places or [(top, left)])
    hidden = [
        [start + r * columns + c for r in range(y0, y0 + high) for c in range(x0, x0 + wide)]
        for y0, x0 in ((top, left), (y, x))
    ]
    hidden.append(list(range(start, start + rows * columns)))
    [state] = model.encode([case.document])
    [question] = model.questions([case.text], "isolated")
    box, other, whole = log_odds(model, state, question.template, hidden)
    return box, other, whole, high * wide / (rows * columns)


def _tokens(box: Box, rows: int, columns: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    return round(left * columns), round(top * rows), round(right * columns), round(bottom * rows)


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Shares with 95 % intervals over garments, in all and by attribute."""
    names = ("hit", "gradient_hit", "chance", "box_flips", "random_flips", "whole_flips", "box_share")
    clusters: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        clusters.setdefault(row["garment"], []).append(row)
    found = {name: asdict(estimate([[float(row[name]) for row in own] for own in clusters.values()])) for name in names}
    by_attribute = {
        attribute: {"n": len(own)} | {name: float(np.mean([row[name] for row in own])) for name in names}
        for attribute in LOCAL
        if (own := [row for row in rows if row["attribute"] == attribute])
    }
    return {"all": found, "by_attribute": by_attribute}


def seconds_with_a_kept_state(judge: YofoJudge, seed: int, repeats: int = REPEATS) -> dict[str, float]:
    """Seconds of evidence for one requirement, and of one judgement, of a document whose state is kept; medians."""
    document = next(cases("belt", seed)).document
    wish = Requirement(text="has a belt")
    judge.evidence(document, [wish])
    times: dict[str, list[float]] = {"evidence": [], "judgement": []}
    runs = {"evidence": lambda: judge.evidence(document, [wish]), "judgement": lambda: judge.judge([document], [wish])}
    for _ in range(repeats):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - started)
    return {name: float(np.median(values)) for name, values in times.items()}


def main(
    statements: Annotated[int, typer.Option(help="True statements that the judge affirms.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the garments; kept from training.")] = 9031,
    model: Annotated[str, typer.Option(help="Judge.")] = "mini",
    output: Annotated[Path, typer.Option(help="Where the record goes.")] = RESULTS / "evidence.json",
) -> None:
    """Pointing game and deletion test of the judge's evidence, and what it costs."""
    judge = open_judge(model, None)
    figures = summary(measure(judge, statements, seed)) | {"seconds": seconds_with_a_kept_state(judge, seed)}
    settings = {"statements": statements, "seed": seed, "model": model, "repeats": REPEATS}
    write_record(output, settings=settings, figures=figures)
    rows = [(name, *found.values()) for name, found in figures["all"].items()]
    print_table("Evidence", ("", *next(iter(figures["all"].values()))), rows)
    columns = ("n", "hit", "gradient_hit", "chance", "box_flips", "random_flips", "whole_flips", "box_share")
    print_table(
        "By attribute", ("", *columns), [(a, *(one[c] for c in columns)) for a, one in figures["by_attribute"].items()]
    )


if __name__ == "__main__":
    typer.run(main)
