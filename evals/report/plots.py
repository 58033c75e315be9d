"""Plots as SVG that takes the colour of the page's text, so that one drawing serves light and dark."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#010203"  # drawn in this, shown in the colour of the text
COLOURS = ("#2f8f67", "#8a6fe8", "#d08a1d", "#4a90d9", "#d1495b", "#7f8c8d")
MARKERS = "osD^vP"
Points = Sequence[tuple[float, float]]


def lines(
    series: Mapping[str, Points],
    *,
    x: str,
    y: str,
    log_x: bool = False,
    diagonal: bool = False,
    bottom: float | None = None,
    top: float | None = None,
    intervals: Mapping[str, Points] | None = None,
) -> str:
    """One line for each series, with a mark at each point; `intervals` holds (low, high) of each point."""

    def draw(axes: Axes) -> None:
        if diagonal:
            axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=":", label="perfect")
        for place, (name, points) in enumerate(series.items()):
            xs, ys = zip(*points, strict=True)
            colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
            axes.plot(xs, ys, color=colour, marker=marker, markersize=4, linewidth=1.6, label=name)
            if intervals and name in intervals:
                low, high = zip(*intervals[name], strict=True)
                axes.vlines(xs, low, high, color=colour, linewidth=1, alpha=0.6)
        if log_x:
            axes.set_xscale("log")
        axes.set_ylim(bottom=bottom, top=top)
        axes.legend(frameon=False, fontsize=8, labelcolor=INK)

    return _drawn(draw, x, y)


def scatter(points: Mapping[str, tuple[float, float]], *, x: str, y: str, highlight: Sequence[str] = ()) -> str:
    """Named points; the horizontal axis is logarithmic."""

    def draw(axes: Axes) -> None:
        for name, (across, up) in points.items():
            chosen = name in highlight
            axes.scatter(
                [across], [up], color=COLOURS[0] if chosen else COLOURS[1], marker="D" if chosen else "o", s=36
            )
            axes.annotate(name, (across, up), xytext=(5, 5), textcoords="offset points", fontsize=8, color=INK)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter("{x:g}")
        axes.margins(x=0.25, y=0.15)
        axes.set_ylim(bottom=0)

    return _drawn(draw, x, y)


def bars(values: Mapping[str, tuple[float, float, float]], *, y: str, highlight: Sequence[str] = ()) -> str:
    """Horizontal bars of (value, low, high)."""

    def draw(axes: Axes) -> None:
        names = list(values)[::-1]
        for place, name in enumerate(names):
            value, low, high = values[name]
            error = [[max(value - low, 0)], [max(high - value, 0)]]
            colour = COLOURS[0] if name in highlight else COLOURS[1]
            axes.barh(place, value, color=colour, xerr=error, ecolor=INK, capsize=2, height=0.62)
            axes.annotate(
                f"{value:.1f}", (high, place), xytext=(4, -3), textcoords="offset points", fontsize=8, color=INK
            )
        axes.set_yticks(range(len(names)), names)
        axes.margins(x=0.12)

    return _drawn(draw, y, "", height=0.8 + 0.32 * len(values))


def _drawn(draw: Callable[[Axes], None], x: str, y: str, *, height: float = 3.4) -> str:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    settings: dict[Any, Any] = {
        "svg.fonttype": "none", "svg.hashsalt": "yofo", "font.family": "sans-serif", "font.size": 9,
        "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK,
    }  # fmt: skip
    with mpl.rc_context(settings):
        figure, axes = plt.subplots(figsize=(6.4, height), layout="constrained")
        draw(axes)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.18, color=INK, linewidth=0.6)
        axes.set_axisbelow(True)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
        plt.close(figure)
    return _inline(buffer.getvalue())


def _inline(svg: str) -> str:
    """What may stand in a page: no prologue, no ids that clash, no fixed size, the page's colour."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1)
    prefix = f"p{zlib.crc32(body.encode()):x}-"
    body = re.sub(r'id="([^"]+)"', rf'id="{prefix}\1"', body)
    body = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{prefix}\2"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}\1)", body)
    return body.replace(INK, "currentColor").strip()
