"""How often the embedded judge is right, on documents, combinations and wordings that it never met.

    python -m evals.mini_accuracy

Also how its accuracy depends on form, attribute and place in the template, how well its probabilities are calibrated,
what a guesser reaches that reads only the statements, and what the judge itself reaches before the wrong picture.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.accuracy import Verdict, accuracy_by, position_gap, summarise
from evals.bootstrap import Estimate, estimate
from evals.guesser import train_guesser
from evals.jeans import jeans_figures
from evals.opening import open_judge
from evals.record import RESULTS, print_table, write_record
from yofo_rerank import Document, Judgement, YofoJudge
from yofo_rerank.mini.catalog import sample_catalog, sample_garments
from yofo_rerank.mini.statements import Statement, sample_statements

STATEMENTS = 10  # requirements per document


@dataclass(frozen=True)
class Condition:
    """Which documents are judged, and in which wordings."""

    name: str
    media: str  # image, text
    new_garments: bool  # combinations of attributes kept from training
    new_wordings: bool  # sentence frames kept from training
    wrong_document: bool = False  # judge the statements about one garment before the picture of another


CONDITIONS = (  # every one uses seeds kept from training; the first two are the figures that count
    Condition("image", "image", new_garments=True, new_wordings=True),
    Condition("text", "text", new_garments=True, new_wordings=True),
    Condition("image, known wordings", "image", new_garments=True, new_wordings=False),
    Condition("image, known combinations", "image", new_garments=False, new_wordings=True),
    Condition("image, all known", "image", new_garments=False, new_wordings=False),
    Condition("text, all known", "text", new_garments=False, new_wordings=False),
    Condition("image of another garment", "image", new_garments=True, new_wordings=True, wrong_document=True),
)


def evaluate(
    judge: YofoJudge, *, documents: int, position_documents: int, guesser_statements: int, seed: int
) -> dict[str, Any]:
    """All figures of a judge."""
    figures = {
        condition.name: summarise(judge_condition(judge, condition, documents, seed)) for condition in CONDITIONS
    }
    return {
        "conditions": figures,
        "position": position_figures(judge, position_documents, seed),
        "named": jeans_figures(judge, position_documents, seed + 3),
        "guesser": guesser_figures(guesser_statements, documents, seed),
    }


def judge_condition(judge: YofoJudge, condition: Condition, n: int, seed: int) -> list[Verdict]:
    """Judge n documents with ten statements each, every document in one forward pass."""
    documents, statements = sample_task(condition, n, seed)
    if condition.wrong_document:
        documents = [*documents[1:], *documents[:1]]
    verdicts = []
    for place, (document, said) in enumerate(zip(documents, statements, strict=True)):
        before = judge.stats.forward_passes
        [judgements] = judge.judge([document], [one.text for one in said])
        passes = judge.stats.forward_passes - before
        if passes != 1:
            raise RuntimeError(f"wanted one forward pass for {len(said)} requirements, but counted {passes}")
        verdicts += to_verdicts(place, said, judgements)
    return verdicts


def sample_task(condition: Condition, n: int, seed: int) -> tuple[list[Document], list[list[Statement]]]:
    """The documents of a condition, and what is said of each."""
    catalogue = sample_catalog(n, seed, media=condition.media, held_out=condition.new_garments)
    garments = sample_garments(n, seed, held_out=condition.new_garments)
    rng = random.Random(f"statements {seed} {condition.new_wordings}")
    statements = [sample_statements(one, rng, STATEMENTS, held_out=condition.new_wordings) for one in garments]
    return [document for document, _ in catalogue], statements


def to_verdicts(document: int, said: Sequence[Statement], judgements: Sequence[Judgement]) -> list[Verdict]:
    """Statements beside their judgements."""
    return [
        Verdict(document, position, one.form, one.attribute, one.answer, judgement.p_yes, judgement.verdict)
        for position, (one, judgement) in enumerate(zip(said, judgements, strict=True))
    ]


def position_figures(judge: YofoJudge, n: int, seed: int) -> dict[str, Any]:
    """Accuracy at each place of the template, with every statement judged at every place.

    The list of statements is rotated, so that the places are compared on the same statements.
    """
    documents, statements = sample_task(CONDITIONS[0], n, seed + 1)
    verdicts = []
    for place, (document, said) in enumerate(zip(documents, statements, strict=True)):
        rotations = [[*said[shift:], *said[:shift]] for shift in range(len(said))]
        judged = judge.judge_many([document], [[one.text for one in rotation] for rotation in rotations])
        for rotation, (outcome,) in zip(rotations, judged, strict=True):
            verdicts += to_verdicts(place, rotation, outcome.judgements)
    positions = accuracy_by(verdicts, lambda verdict: verdict.position)
    return {
        "documents": n,
        "by_position": [positions[place].mean for place in sorted(positions)],
        "gap": position_gap(positions),
    }


def guesser_figures(n_training: int, n_documents: int, seed: int) -> dict[str, Any]:
    """What the words alone give away: a guesser trained on training statements, tried on both kinds of wording."""
    rng = random.Random(f"guesser {seed}")
    garments = sample_garments(-(-n_training // STATEMENTS), seed + 2, held_out=False)
    training = [one for garment in garments for one in sample_statements(garment, rng, STATEMENTS)][:n_training]
    guesser = train_guesser([one.text for one in training], [one.answer for one in training], seed=seed)
    accuracy: dict[str, Estimate] = {}
    for condition in (CONDITIONS[0], CONDITIONS[4]):
        tried = guesser_task(condition, n_documents, seed)
        hits = [guesser.accuracy([one.text for one in said], [one.answer for one in said]) for said in tried]
        accuracy[condition.name] = estimate(hits)
    return {"training_statements": len(training)} | {name: vars(found) for name, found in accuracy.items()}


def guesser_task(condition: Condition, n: int, seed: int) -> list[list[Statement]]:
    """The statements of a condition, without drawing its pictures."""
    rng = random.Random(f"statements {seed} {condition.new_wordings}")
    garments = sample_garments(n, seed, held_out=condition.new_garments)
    return [sample_statements(one, rng, STATEMENTS, held_out=condition.new_wordings) for one in garments]


def print_figures(figures: dict[str, Any]) -> None:
    """The tables."""
    conditions = figures["conditions"]
    print_table(
        "Accuracy by condition",
        ("documents, wordings", "Acc_property", "Acc_sample", "plain", "negated", "either", "ECE", "Brier"),
        [
            (
                name,
                _interval(found["acc_property"]),
                _interval(found["acc_sample"]),
                *(found["by_form"].get(form, {}).get("mean") for form in ("plain", "negated", "either")),
                found["ece"],
                found["brier"],
            )
            for name, found in conditions.items()
        ],
        caption="95 % intervals from resampling documents",
    )
    names = [condition.name for condition in CONDITIONS[:2]]
    attributes = sorted(set().union(*(conditions[name]["by_attribute"] for name in names)))
    print_table(
        "Accuracy by attribute",
        ("attribute", *names),
        [(one, *(_interval(conditions[name]["by_attribute"].get(one)) for name in names)) for one in attributes],
    )
    position = figures["position"]
    print_table(
        f"Accuracy by place in the template ({position['documents']} images, every statement at every place)",
        ("place", "accuracy"),
        [*enumerate(position["by_position"], start=1), ("gap", position["gap"])],
    )
    named = figures["named"]
    print_table(
        "Jeans by name, of trousers",
        ("said", *named["jeans"]),
        [(said, *map(_interval, found.values())) for said, found in named.items()],
    )
    guesser = figures["guesser"]
    print_table(
        f"A guesser that reads the statements alone ({guesser['training_statements']} training statements)",
        ("statements", "accuracy"),
        [(name, _interval(found)) for name, found in guesser.items() if isinstance(found, dict)],
    )


def _interval(found: dict[str, float] | None) -> str | None:
    return None if found is None else f"{found['mean']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def main(
    model: Annotated[str, typer.Option(help="judge: mini, a folder, a hub id, or untrained")] = "mini",
    adapter: Annotated[str | None, typer.Option(help="LoRA adapter of the judge")] = None,
    documents: Annotated[int, typer.Option(min=2, help="documents per condition")] = 1000,
    position_documents: Annotated[int, typer.Option(min=1, help="images judged at every place; pairs of jeans")] = 300,
    guesser_statements: Annotated[int, typer.Option(min=10, help="statements the guesser is trained on")] = 50_000,
    seed: Annotated[int, typer.Option(help="of documents and statements; training used others")] = 9001,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "mini_accuracy.json",
) -> None:
    """Measure the embedded judge on held-out documents."""
    settings = {
        "documents": documents,
        "position_documents": position_documents,
        "guesser_statements": guesser_statements,
        "seed": seed,
    }
    figures = evaluate(open_judge(model, adapter), **settings)
    print_figures(figures)
    written = write_record(output, settings={"model": model, "adapter": adapter, **settings}, figures=figures)
    typer.echo(f"wrote {written}")


if __name__ == "__main__":
    typer.run(main)
