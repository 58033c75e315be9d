"""Where a document has a figure, and the document with these figures in their places.

Two kinds of places:

- `<!-- figures: WHAT -->...<!-- end -->` in Markdown, within a line or around lines of their own;
- `key: value  # figures: WHAT` in the YAML at the head of a model card.

WHAT is the name of a table (`evals.figures.tables`) or of a value (`evals.figures.values`), or one value of a record
with the way to write it: `mini_search/orders/reranked/MRR/mean .3f`,
`import_time/import yofo_rerank/seconds/median x1000 .0f`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from evals.figures.records import Records
from evals.figures.tables import TABLES
from evals.figures.values import VALUES
from yofo_rerank.errors import ConfigError

PLACE = re.compile(r"(<!-- figures: (?P<what>[^>]+?) -->)(?P<old>(?:(?!<!-- figures: ).)*?)(<!-- end -->)", re.DOTALL)
HEAD = re.compile(r"^(\s*[\w-]+: )(?P<old>\S+)(\s+# figures: (?P<what>.+))$", re.MULTILINE)
VALUE = re.compile(r"(?P<path>\S.*?/.*?)(?: x(?P<factor>[\d.]+))?(?: (?P<spec>[,.]\S*))?")


def filled(text: str, records: Records) -> str:
    """The document with every figure as the records have it."""

    def place(match: re.Match[str]) -> str:
        around = "\n" if match["old"].startswith("\n") else ""
        return f"{match[1]}{around}{written(match['what'], records)}{around}{match[4]}"

    def head(match: re.Match[str]) -> str:
        return f"{match[1]}{written(match['what'], records)}{match[3]}"

    return HEAD.sub(head, PLACE.sub(place, text))


def without_figures(text: str) -> str:
    """The document without what stands between markers: what people wrote."""
    return HEAD.sub("", PLACE.sub("", text))


def written(what: str, records: Records) -> str:
    """A table, or one value, as text.

    Raises:
        ConfigError: neither is known.
    """
    table: Callable[[Records], str] | None = TABLES.get(what)
    if table is not None:
        return table(records)
    match = VALUE.fullmatch(VALUES.get(what, what))
    if match is None:
        known = ", ".join((*TABLES, *VALUES))
        raise ConfigError(f"unknown figures {what!r}: wanted record/key/... or one of {known}")
    value = records.value(match["path"])
    if match["factor"]:
        value *= float(match["factor"])
    return format(value, match["spec"] or "")
