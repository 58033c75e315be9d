"""A build: what has no answer yet is asked, a bounded number at a time, and every answer is kept at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.builders.endpoint import Endpoint, Refused, Unreachable, Usage, ask
from evals.builders.images import Picture, as_jpeg, keep_picture
from evals.builders.journal import Entry, Lines, read_journal
from evals.builders.kinds import Kind
from evals.builders.replies import BadReply
from yofo_rerank.errors import ImageError

MAX_IN_A_ROW = 5  # questions that the server left without an answer; then the run ends


@dataclass(frozen=True)
class Prices:
    """Money per million tokens, in any currency."""

    input: float = 0.0
    output: float = 0.0

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """What these tokens cost."""
        return (input_tokens * self.input + output_tokens * self.output) / 1e6


@dataclass
class Tally:
    """How far the build has come, earlier runs included."""

    total: int
    written: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    stopped: str | None = None  # why the run ended before the last question

    def count(self, entry: Entry) -> None:
        """Add one outcome."""
        self.written += entry.state == "written"
        self.failed += entry.state == "failed"
        self.input_tokens += entry.input_tokens
        self.output_tokens += entry.output_tokens


@dataclass(frozen=True)
class Plan:
    """What a build asks, of whom, and how."""

    folder: Path
    root: Path  # of the pictures
    kind: Kind
    prompt: str
    questions: Sequence[tuple[Picture, ...]]
    max_pixels: int = 1_000_000
    concurrency: int = 8
    prices: Prices = Prices()
    max_cost: float | None = None


def key_of(pictures: Iterable[Picture]) -> str:
    """What a question is called: the digests of its pictures."""
    return "+".join(picture.digest for picture in pictures)


def build(
    plan: Plan, endpoint: Endpoint, *, again: bool = False, seen: Callable[[Tally], None] = lambda _: None
) -> Tally:
    """Ask what is not answered yet; with `again` also what failed. `seen` is told after every outcome.

    Raises:
        Refused: the server refuses every question.
    """
    known = read_journal(plan.folder)
    tally = Tally(total=len(plan.questions))
    missing = []
    for question in plan.questions:
        entry = known.get(key_of(question))
        if entry is None or (again and entry.state == "failed"):
            missing.append(question)
        else:
            tally.count(entry)
    seen(tally)
    journal = Lines(plan.folder / "journal.jsonl")
    try:
        asyncio.run(_work(plan, endpoint, missing, journal, tally, seen))
    finally:
        journal.close()
    return tally


async def _work(
    plan: Plan,
    endpoint: Endpoint,
    missing: Sequence[tuple[Picture, ...]],
    journal: Lines,
    tally: Tally,
    seen: Callable[[Tally], None],
) -> None:
    waiting = iter(missing)
    silent = 0  # questions without an answer since the last one with

    async def work() -> None:
        nonlocal silent
        for question in waiting:  # shared: every worker takes the next one
            if tally.stopped:
                return
            if plan.max_cost is not None and plan.prices.of(tally.input_tokens, tally.output_tokens) >= plan.max_cost:
                tally.stopped = f"the cost has reached {plan.max_cost:g}"
                return
            try:
                entry = await _outcome(plan, endpoint, question)
            except Unreachable as error:
                silent += 1
                if silent >= MAX_IN_A_ROW:
                    tally.stopped = f"the server is silent ({error}); run the same command later to go on"
                continue
            silent = 0
            journal.add(entry.model_dump(exclude_none=True))
            tally.count(entry)
            seen(tally)

    async with endpoint.client:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(plan.concurrency, len(missing))):
                    group.create_task(work())
        except* Refused as errors:
            raise errors.exceptions[0] from None
    if tally.stopped is None and tally.written + tally.failed < tally.total:
        tally.stopped = "the server left some questions without an answer; run the same command to ask them again"


async def _outcome(plan: Plan, endpoint: Endpoint, question: tuple[Picture, ...]) -> Entry:
    """One question from picture to entry; what is wrong with this question alone is an entry too."""
    usage, problem, reply, names = Usage(), None, None, []
    try:
        jpegs = [await asyncio.to_thread(as_jpeg, one.path, plan.max_pixels, plan.root) for one in question]
        reply = await ask(endpoint, plan.kind, plan.prompt, jpegs, usage)
        names = [await asyncio.to_thread(keep_picture, one, plan.folder) for one in question]
    except (BadReply, ImageError) as error:
        problem = str(error)[:500]
    return Entry(
        key=key_of(question),
        images=names,
        digests=[one.digest for one in question],
        state="written" if reply else "failed",
        reply=reply.model_dump() if reply else None,
        problem=problem,
        asked=usage.asked,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
    )
