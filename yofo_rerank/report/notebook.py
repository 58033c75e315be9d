"""A ranking as a small HTML table, which notebooks show."""

from __future__ import annotations

from yofo_rerank.report.page import thumbnail
from yofo_rerank.report.table import printable
from yofo_rerank.report.templates import get_template
from yofo_rerank.requirements import Ranking

MAX_PLACES = 10
THUMBNAIL_SIDE = 96  # pixels


def render_table(ranking: Ranking) -> str:
    """The first places with pictures, scores and verdicts; without script, style sheet or external resource.

    >>> from yofo_rerank.requirements import DecomposedQuery, Requirement
    >>> query = DecomposedQuery(query="<b>blue</b>", requirements=(Requirement(text="blue"),))
    >>> "&lt;b&gt;blue" in render_table(Ranking([], query=query))
    True
    """
    places = ranking[:MAX_PLACES]
    pictures = [thumbnail(place.document, side=THUMBNAIL_SIDE) for place in places]
    names = [printable(place.document.id) for place in places]
    hidden = len(ranking) - len(places)
    return get_template("notebook.html.j2").render(
        ranking=ranking, shown=zip(places, pictures, names, strict=True), hidden=hidden
    )
