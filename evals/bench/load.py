"""Clients that ask a service for rankings, as fast as it answers or faster, and check every answer."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

Truth = Mapping[tuple[int, str], float]  # (picture, requirement) -> p_yes

TOLERANCE = 1e-4  # batches of another shape round in other places

LOOK_EVERY = 0.02  # seconds, of a refused client: whether it may ask again


@dataclass
class Load:
    """What came of it."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)  # of the requests that were judged
    verdicts: int = 0
    wrong: int = 0
    lost: int = 0  # requests without an answer

    @property
    def offered(self) -> int:
        """Requests made so far."""
        return self.statuses.total() + self.lost

    def figures(self, duration: float) -> dict[str, Any]:
        """Plain numbers."""
        p50, p99 = (float(np.percentile(self.seconds, q)) if self.seconds else None for q in (50, 99))
        return {
            "duration_seconds": duration,
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "offered_per_answered": self.offered / self.statuses[200] if self.statuses[200] else None,
            "verdicts_per_second": self.verdicts / duration,
            "p50_seconds": p50,
            "p99_seconds": p99,
            "wrong_answers": self.wrong,
            "lost_requests": self.lost,
        }


def run_load(
    url: str,
    pictures: Sequence[str],
    truth: Truth,
    *,
    clients: int,
    documents: int,
    requirements: int,
    seconds: float,
    shared: bool,
    offered: float = 1.0,
) -> dict[str, Any]:
    """Ask for so long, every client again as soon as it is answered; returns plain numbers.

    Args:
        url: of the service.
        pictures: `data:` addresses.
        truth: what each requirement of each picture must be answered with.
        clients: at one time.
        documents: of one request.
        requirements: of one request.
        seconds: how long.
        shared: all ask about the same pictures at one time, or each about its own choice.
        offered: so many times what is answered is asked: clients that are refused ask again at once until then, and
            only beyond it wait as they are told.
    """
    load = Load()
    texts = sorted({text for _, text in truth})

    async def client(number: int, http: httpx.AsyncClient, until: float) -> None:
        chance = random.Random(number)
        turn = 0
        while time.monotonic() < until:
            places = random.Random(turn) if shared else chance
            chosen = places.sample(range(len(pictures)), documents)
            asked = chance.sample(texts, requirements)
            wait = await _ask(http, chosen, [pictures[one] for one in chosen], asked, truth, load)
            told = time.monotonic() + wait
            while time.monotonic() < told and load.offered >= offered * load.statuses[200]:
                await asyncio.sleep(LOOK_EVERY)
            turn += 1

    async def everybody() -> float:
        started = time.monotonic()
        limits = httpx.Limits(max_connections=clients)
        async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits) as http:
            await asyncio.gather(*(client(number, http, started + seconds) for number in range(clients)))
        return time.monotonic() - started

    return load.figures(asyncio.run(everybody()))


async def _ask(
    http: httpx.AsyncClient,
    chosen: Sequence[int],
    images: Sequence[str],
    asked: Sequence[str],
    truth: Truth,
    load: Load,
) -> float:
    """Returns the seconds that a refused client is told to wait."""
    body = {
        "model": "mini",
        "query": "x",
        "requirements": asked,
        "documents": [{"image": image} for image in images],
        "explain": True,
    }
    started = time.monotonic()
    try:
        answer = await http.post("/v1/rerank", json=body)
    except httpx.HTTPError:
        load.lost += 1
        return 0.0
    load.statuses[answer.status_code] += 1
    if answer.status_code == 200:
        load.seconds.append(time.monotonic() - started)
        _check(answer.json(), chosen, truth, load)
        return 0.0
    return float(answer.headers.get("retry-after", "0.1"))


def _check(answer: dict[str, Any], chosen: Sequence[int], truth: Truth, load: Load) -> None:
    if len(answer["results"]) != len(chosen):
        load.wrong += 1
    for result in answer["results"]:
        for judgement in result["judgements"]:
            expected = truth[chosen[result["index"]], judgement["requirement"]["text"]]
            load.verdicts += 1
            load.wrong += abs(judgement["p_yes"] - expected) > TOLERANCE
