"""Jeans and trousers that are none, by name: the word whose denial the embedded judge found hardest."""

from __future__ import annotations

import random
from typing import Any

from evals.bootstrap import estimate
from yofo_rerank import Document, YofoJudge
from yofo_rerank.mini.attributes import Garment, sample_garment
from yofo_rerank.mini.render import render
from yofo_rerank.mini.statements import holds, say

CLAIM = ("nickname", "jeans")
SAID = {"jeans": "yes", "not jeans": "no"}  # and the polarity of their wordings


def jeans_figures(judge: YofoJudge, n: int, seed: int) -> dict[str, Any]:
    """How often "jeans" and "not jeans", in wordings kept from training, are judged rightly of n pictures of each."""
    rng = random.Random(f"jeans {seed}")
    right: dict[str, dict[str, list[list[bool]]]] = {said: {} for said in SAID}
    for kind, garments in _trousers(n, rng).items():
        for place, garment in enumerate(garments):
            document = Document(image=render(garment, seed=seed * 1_000_003 + place))
            texts = [say(CLAIM, rng, polarity, held_out=True) for polarity in SAID.values()]
            [judgements] = judge.judge([document], texts)
            truths = (holds(garment, CLAIM), not holds(garment, CLAIM))
            for said, judgement, truth in zip(SAID, judgements, truths, strict=True):
                right[said].setdefault(kind, []).append([judgement.verdict == truth])
    return {
        said: {"both": vars(estimate([one for hits in found.values() for one in hits]))}
        | {kind: vars(estimate(hits)) for kind, hits in found.items()}
        for said, found in right.items()
    }


def _trousers(n: int, rng: random.Random) -> dict[str, list[Garment]]:
    found: dict[str, list[Garment]] = {"of jeans": [], "of other trousers": []}
    while min(map(len, found.values())) < n:
        garment = sample_garment(rng, category="trousers")
        same = found["of jeans" if holds(garment, CLAIM) else "of other trousers"]
        if len(same) < n:
            same.append(garment)
    return found
