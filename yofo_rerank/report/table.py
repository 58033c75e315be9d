"""A ranking as a rich table: rank before and after, score, and every judgement."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from yofo_rerank.requirements import Judgement, RankedDocument, Ranking, Requirement

MAX_CELL_CHARS = 200


def ranking_table(ranking: Ranking, *, top_k: int = 10) -> RenderableType:
    """Lay out the first `top_k` places of a ranking, below the requirements that they were judged by.

    >>> from rich.console import Console
    >>> from yofo_rerank.requirements import DecomposedQuery
    >>> query = DecomposedQuery(query="blue top", requirements=(Requirement(text="blue"),))
    >>> Console(width=60).print(ranking_table(Ranking([], query=query)))  # doctest: +ELLIPSIS
    blue top...
    """
    parts: list[RenderableType] = [Text(printable(ranking.query.query), style="bold")]
    parts += [_requirement_line(number, item) for number, item in enumerate(ranking.query.requirements, start=1)]
    parts += [
        Text(f"! {printable(warning)}", style="yellow") for warning in (*ranking.query.warnings, *ranking.warnings)
    ]
    parts.append(_places(ranking, top_k))
    return Group(*parts)


def printable(text: str) -> str:
    r"""The text on one line without control characters, so that a foreign text cannot steer the terminal.

    >>> printable("a\x1b[31mb\nc")
    'a [31mb c'
    """
    return "".join(char if char.isprintable() else " " for char in text[:MAX_CELL_CHARS]).strip()


def _requirement_line(number: int, requirement: Requirement) -> Text:
    weight = "" if requirement.weight == 1 else f" x{requirement.weight:g}"
    head = Text(f"  r{number:<3}{requirement.necessity:<6} ", style="dim")
    return head.append(printable(requirement.text), style="default").append(weight, style="dim")


def _places(ranking: Ranking, top_k: int) -> Table:
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("#", justify="right")
    table.add_column("before", justify="right")
    table.add_column("product", overflow="fold", min_width=8)
    table.add_column("score", justify="right")
    for number in range(1, len(ranking.query.requirements) + 1):
        table.add_column(f"r{number}", justify="right", no_wrap=True)
    for place, ranked in enumerate(ranking[: max(top_k, 0)], start=1):
        table.add_row(str(place), _before(ranked, place), printable(ranked.document.id), *_outcome(ranked))
    return table


def _before(ranked: RankedDocument, place: int) -> Text:
    climbed = ranked.index + 1 - place
    arrow = f" ▲{climbed}" if climbed > 0 else f" ▼{-climbed}" if climbed < 0 else " ="
    return Text(str(ranked.index + 1)).append(arrow, style="green" if climbed > 0 else "red" if climbed < 0 else "dim")


def _outcome(ranked: RankedDocument) -> list[Text]:
    if ranked.failure is not None:
        return [Text(printable(ranked.failure.code), style="red")]
    return [Text(f"{ranked.score:.3f}"), *(verdict_text(judgement) for judgement in ranked.judgements)]


def verdict_text(judgement: Judgement) -> Text:
    """A judgement in seven characters: a tick or a cross, and the probability of yes."""
    mark, style = ("✓", "green") if judgement.verdict else ("✗", "red")
    return Text(f"{mark} {judgement.p_yes:.2f}", style=style)
