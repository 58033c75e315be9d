"""A ranking as a rich table: rank before and after, score, and every judgement."""

from __future__ import annotations

from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from yofo_rerank.requirements import Judgement, RankedDocument, Ranking, Requirement
from yofo_rerank.shown import printable

SCORE_WIDTH, BEFORE_WIDTH, PRODUCT_WIDTH, ANSWER_WIDTH = 6, 8, 8, 6  # "failed", "100 ▲99", folded, "✓ 0.98"


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
    parts += [Text(f"! {printable(warning)}", style="yellow") for warning in ranking.warnings]
    parts.append(_Places(ranking, top_k))
    return Group(*parts)


def _requirement_line(number: int, requirement: Requirement) -> Text:
    weight = "" if requirement.weight == 1 else f" x{requirement.weight:g}"
    head = Text(f"  r{number:<3}{requirement.necessity:<6} ", style="dim")
    return head.append(printable(requirement.text), style="default").append(weight, style="dim")


@dataclass(frozen=True)
class _Places:
    """The table, as wide as the terminal lets it be: one column for each answer, or all answers in one."""

    ranking: Ranking
    top_k: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        columns = 4 + len(self.ranking.query.requirements)
        widths = len(str(self.top_k)) + SCORE_WIDTH + BEFORE_WIDTH + PRODUCT_WIDTH + (columns - 4) * ANSWER_WIDTH
        yield _places(self.ranking, self.top_k, apart=widths + 3 * columns <= options.max_width)


def _places(ranking: Ranking, top_k: int, *, apart: bool) -> Table:
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("#", justify="right", no_wrap=True, min_width=len(str(top_k)))
    table.add_column("before", justify="right", no_wrap=True, min_width=BEFORE_WIDTH)
    table.add_column("product", overflow="fold", min_width=PRODUCT_WIDTH)
    table.add_column("score", justify="right", no_wrap=True, min_width=SCORE_WIDTH)
    names = [f"r{number}" for number in range(1, len(ranking.query.requirements) + 1)]
    for name in names if apart else ["r1 …"]:
        table.add_column(name, justify="right" if apart else "left", no_wrap=apart, min_width=ANSWER_WIDTH)
    for place, ranked in enumerate(ranking[: max(top_k, 0)], start=1):
        answers = [verdict_text(judgement, gap=" " if apart else "") for judgement in ranked.judgements]
        product, score = Text(printable(ranked.document.id)), Text(f"{ranked.score:.3f}")
        if ranked.failure is not None:
            product.append(f" ({printable(ranked.failure.code)})", style="red")
            score = Text("failed", style="red")
        answers = answers if apart else [Text("  ").join(answers)]
        table.add_row(Text(str(place)), _before(ranked, place), product, score, *answers)
    return table


def _before(ranked: RankedDocument, place: int) -> Text:
    climbed = ranked.index + 1 - place
    arrow = f" ▲{climbed}" if climbed > 0 else f" ▼{-climbed}" if climbed < 0 else " ="
    return Text(str(ranked.index + 1)).append(arrow, style="green" if climbed > 0 else "red" if climbed < 0 else "dim")


def verdict_text(judgement: Judgement, *, gap: str = " ") -> Text:
    """A judgement in six characters: a tick or a cross, and the probability of yes."""
    mark, style = ("✓", "green") if judgement.verdict else ("✗", "red")
    return Text(f"{mark}{gap}{judgement.p_yes:.2f}", style=style)
