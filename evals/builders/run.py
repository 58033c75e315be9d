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

MAX_SILENT = 5  # questions in a row that the server left without an answer; then the run ends
MAX_FAILED = 20  # questions in a row without a sound reply; then model, prompt or server are wrong, not the questions


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
        """Add one outcome; an open one has cost something too."""
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
        if entry is not None:
            tally.count(entry)
        if entry is None or entry.state == "open" or (again and entry.state == "failed"):
            missing.append(question)
            tally.failed -= entry is not None and entry.state == "failed"
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
    row = {"open": 0, "failed": 0}  # in a row, up to now

    async def work() -> None:
        for question in waiting:  # shared: every worker takes the next one
            if plan.max_cost is not None and plan.prices.of(tally.input_tokens, tally.output_tokens) >= plan.max_cost:
                tally.stopped = tally.stopped or f"the cost has reached {plan.max_cost:g}"
            if tally.stopped:
                return
            entry = await _outcome(plan, endpoint, question)
            journal.add(entry.model_dump(exclude_none=True))
            tally.count(entry)
            tally.stopped = tally.stopped or _enough(row, entry)
            seen(tally)

    async with endpoint.client:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(plan.concurrency, len(missing))):
                    group.create_task(work())
        except* (Refused, OSError) as errors:
            raise errors.exceptions[0] from None
    if tally.stopped is None and tally.written + tally.failed < tally.total:
        tally.stopped = "the server left some questions without an answer; run the same command to ask them again"


def _enough(row: dict[str, int], entry: Entry) -> str | None:
    """Why to stop after this outcome; counts how many of a kind came in a row."""
    for state in row:
        row[state] = row[state] + 1 if entry.state == state else 0
    if row["open"] >= MAX_SILENT:
        return f"the server is silent ({entry.problem}); run the same command later to go on"
    if row["failed"] >= MAX_FAILED:
        return f"{MAX_FAILED} questions in a row failed, the last one because {entry.problem}"
    return None


async def _outcome(plan: Plan, endpoint: Endpoint, question: tuple[Picture, ...]) -> Entry:
    """One question from picture to entry; what is wrong with this question alone is an entry too."""
    usage, state, problem, reply = Usage(), "written", None, None
    names: list[str] = []
    try:
        jpegs = [await asyncio.to_thread(as_jpeg, one.path, plan.max_pixels, plan.root) for one in question]
        names = [
            await asyncio.to_thread(keep_picture, one, plan.folder) for one in question
        ]  # a full disk costs nothing
        reply = await ask(endpoint, plan.kind, plan.prompt, jpegs, usage)
    except (BadReply, ImageError) as error:
        state, problem = "failed", str(error)[:500]
    except Unreachable as error:
        state, problem = "open", str(error)[:500]
    return Entry(
        key=key_of(question),
        images=names,
        digests=[one.digest for one in question],
        state=state,
        reply=reply.model_dump() if reply else None,
        problem=problem,
        asked=usage.asked,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
    )
