"""The measures behind `evals.drift`: each takes a judge and returns plain figures."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from evals.accuracy import acc_property
from evals.attention import Table, Task, ask, ask_alone
from evals.bootstrap import Estimate, estimate
from evals.calibration import calibration_error, expected_calibration_error
from evals.contestants.kept_judge import Asked
from evals.contestants.lessons import draw_oracle
from evals.contestants.task import expression
from evals.mini_accuracy import to_verdicts
from yofo_rerank import Document
from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.statements import CLAIMS, holds, sample_statements, say
from yofo_rerank.scoring.expression import ExpressionRule

BINS = 10
LEVELS = 200  # temperatures tried, from 1/8 to 8


def together_and_alone(judge: Asked, task: Task) -> tuple[dict[str, Any], Table]:
    """Verdicts asked together against the same asked alone, and against another order; also what was said together."""
    given, alone = ask(judge, task), ask_alone(judge, task)
    rng = random.Random("drift")
    orders = [rng.sample(range(len(said)), len(said)) for _, said in task]
    moved = [
        (document, [said[at] for at in order]) for (document, said), order in zip(task, orders, strict=True)
    ]  # fmt: skip
    restored = [
        [row[order.index(at)] for at in range(len(row))] for row, order in zip(ask(judge, moved), orders, strict=True)
    ]
    return {"alone": flips(given, alone), "order": flips(given, restored)}, given


def flips(one: Table, other: Table) -> dict[str, Any]:
    """Share of verdicts that differ, resampled by document, and the largest change of p_yes."""
    rows = [list(zip(first, second, strict=True)) for first, second in zip(one, other, strict=True)]
    differ = estimate([[a.verdict != b.verdict for a, b in row] for row in rows])
    return {"flips": asdict(differ), "largest": max(abs(a.p_yes - b.p_yes) for row in rows for a, b in row)}


def contradictions(judge: Asked, shown: Sequence[tuple[Document, Garment]], rng: random.Random) -> dict[str, Any]:
    """P(X) + P(not X), which should be 1: five claims a picture, about half of them true."""
    sums: list[list[float]] = []
    same: list[list[bool]] = []
    for document, garment in shown:
        true = [claim for claim in CLAIMS if holds(garment, claim)]
        false = [claim for claim in CLAIMS if not holds(garment, claim)]
        claims = [*rng.sample(true, min(3, len(true))), *rng.sample(false, 2)]
        texts = [say(claim, rng, polarity, True) for claim in claims for polarity in ("yes", "no")]
        [found] = judge.judge([document], texts)
        pairs = list(zip(found[::2], found[1::2], strict=True))
        sums.append([abs(x.p_yes + y.p_yes - 1) for x, y in pairs])
        same.append([x.verdict == y.verdict for x, y in pairs])
    return {"distance_from_1": asdict(estimate(sums)), "same_verdict": asdict(estimate(same))}


def candidate_order(judge: Asked, documents: Sequence[Document], texts: Sequence[str]) -> dict[str, float]:
    """The same candidates in another order; the judge must keep no states, or nothing is compared."""
    order = random.Random("candidates").sample(range(len(documents)), len(documents))
    given = judge.judge(documents, texts)
    moved = judge.judge([documents[at] for at in order], texts)
    restored = [moved[order.index(at)] for at in range(len(order))]
    found = flips(given, restored)
    return {"flips": found["flips"]["mean"], "largest": found["largest"]}


def nothing_relevant(
    judge: Asked, shown: Sequence[tuple[Document, Garment]], n_queries: int, rng: random.Random, *, depth: int = 10
) -> dict[str, Any]:
    """Whether the best score tells a list with one item that satisfies everything from a list without; and ties."""
    best: list[tuple[float, float]] = []  # with, without
    ties: dict[str, list[list[bool]]] = {"soft": [], "verdicts": []}
    garments = [garment for _, garment in shown]
    for _ in range(20 * n_queries):
        if len(best) == n_queries:
            break
        oracle = draw_oracle(rng.choice(garments), rng)
        good = [at for at, garment in enumerate(garments) if all(one.holds(garment) for one in oracle)]
        bad = [at for at in range(len(garments)) if at not in good]
        if not good or len(bad) < 2 * depth - 1:
            continue
        chosen = [rng.choice(good), *rng.sample(bad, 2 * depth - 1)]
        judged = judge.judge([shown[at][0] for at in chosen], [one.requirement for one in oracle])
        scores = {}
        for name, soft in (("soft", True), ("verdicts", False)):
            rule = ExpressionRule(expression=expression(oracle), soft=soft)
            scores[name] = [rule.score(one) for one in judged]
            ties[name].append([a == b for at, a in enumerate(scores[name]) for b in scores[name][:at]])
        best.append((max(scores["soft"][:depth]), max(scores["soft"][depth:])))
    return {
        "queries": len(best),
        "auroc": asdict(auroc([one for one, _ in best], [other for _, other in best])),
        "ties": {name: asdict(estimate(values)) for name, values in ties.items()},
    }


def auroc(positive: Sequence[float], negative: Sequence[float], *, seed: int = 0) -> Estimate:
    """How often a positive is above a negative, ties by half; the pairs (of one query each) are resampled.

    >>> auroc([0.9, 0.8], [0.1, 0.2]).mean
    1.0
    """
    above = np.asarray(positive)[:, None] - np.asarray(negative)[None, :]
    won = (above > 0) + 0.5 * (above == 0)
    rng = np.random.default_rng(seed)
    means = []
    for _ in range(1000):
        drawn = rng.integers(len(won), size=len(won))
        means.append(won[np.ix_(drawn, drawn)].mean())
    low, high = np.quantile(means, (0.025, 0.975))
    return Estimate(float(won.mean()), float(low), float(high), len(won), len(won))


def temperature(p_yes: Sequence[float], answers: Sequence[bool]) -> float:
    """The one number to divide logits by that makes the answers likeliest.

    >>> temperature([0.9999] * 3 + [0.0001], [True, True, False, False]) > 2
    True
    """
    logits, truth = logit(p_yes), np.asarray(answers, dtype=float)
    tried = np.geomspace(1 / 8, 8, LEVELS)
    losses = [np.logaddexp(0, np.where(truth > 0, -1, 1) * logits / one).mean() for one in tried]
    return float(tried[int(np.argmin(losses))])


def logit(p_yes: Sequence[float]) -> np.ndarray:
    """Log odds, with probabilities kept off 0 and 1."""
    clipped = np.clip(np.asarray(p_yes, dtype=float), 1e-7, 1 - 1e-7)
    return np.log(clipped / (1 - clipped))


def calibration(table: Table, task: Task) -> dict[str, Any]:
    """ECE before and after one temperature, fitted on the first half of the documents, measured on the other."""
    clusters = [
        ([one.p_yes for one in row], [one.answer for one in statements])
        for row, (_, statements) in zip(table, task, strict=True)
    ]
    half = len(clusters) // 2
    found = temperature(*_joined(clusters[:half]))
    before = clusters[half:]
    after = [([1 / (1 + math.exp(-one / found)) for one in logit(p_yes)], answers) for p_yes, answers in before]
    return {
        "temperature": found,
        "ece_before": expected_calibration_error(*_joined(before)),
        "ece_after": expected_calibration_error(*_joined(after)),
        "before": asdict(calibration_error(before)),
        "after": asdict(calibration_error(after)),
        "bins": bins(*_joined(before)),
    }


def _joined(clusters: Sequence[tuple[list[float], list[bool]]]) -> tuple[list[float], list[bool]]:
    return [one for p_yes, _ in clusters for one in p_yes], [one for _, answers in clusters for one in answers]


def bins(p_yes: Sequence[float], answers: Sequence[bool]) -> list[dict[str, float]]:
    """Mean probability and share of true statements in bins of equal width that hold any."""
    places = np.minimum((np.asarray(p_yes) * BINS).astype(int), BINS - 1)
    truth = np.asarray(answers, dtype=float)
    return [
        {"p_yes": float(np.asarray(p_yes)[places == at].mean()), "true": float(truth[places == at].mean()),
         "n": int((places == at).sum())}
        for at in range(BINS) if (places == at).any()
    ]  # fmt: skip


def by_requirements(
    judge: Asked, shown: Sequence[tuple[Document, Garment]], counts: Sequence[int]
) -> dict[str, dict[str, Any]]:
    """Share of statements judged rightly, by how many stand in one template: the same statements at every count.

    As many statements of each picture as the largest count are drawn once; at every count they are asked in so many
    templates that each stands in one. What a count has that another lacks is company alone.

    Raises:
        ValueError: a count by which the largest cannot be divided.
    """
    most = max(counts)
    if odd := [count for count in counts if most % count]:
        raise ValueError(f"wanted counts that divide {most}, so that templates are full, but got {odd}")
    rng = random.Random("requirements")
    said = [sample_statements(garment, rng, most, held_out=True) for _, garment in shown]
    found = {}
    for count in counts:
        verdicts = []
        for place, ((document, _), statements) in enumerate(zip(shown, said, strict=True)):
            for start in range(0, most, count):
                asked = statements[start : start + count]
                [judged] = judge.judge([document], [one.text for one in asked])
                verdicts += to_verdicts(place, asked, judged)
        found[str(count)] = asdict(acc_property(verdicts))
    return found
