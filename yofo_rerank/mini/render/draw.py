"""Turning points into SVG text."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

Point = tuple[float, float]
Node = tuple[float, float, bool]  # x, y, and whether the outline turns a corner there


def num(value: float) -> str:
    """The number with at most one decimal, as short as it goes."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def lerp(first: Point, second: Point, share: float) -> Point:
    """The point that lies `share` of the way from the first to the second."""
    return first[0] + (second[0] - first[0]) * share, first[1] + (second[1] - first[1]) * share


def soft(x: float, y: float) -> Node:
    """A point that the outline passes smoothly."""
    return x, y, False


def corner(x: float, y: float) -> Node:
    """A point at which the outline turns."""
    return x, y, True


def mirrored(half: Sequence[Node]) -> list[Node]:
    """A right half (from the middle on top, clockwise to the middle below) completed by its mirror image."""
    return [*half, *((-x, y, turn) for x, y, turn in reversed(half) if x != 0)]


def spline(nodes: Sequence[Node], *, closed: bool = True) -> str:
    """Path data through the nodes: Catmull-Rom where soft, straight tangents at corners."""
    count = len(nodes)
    parts = [f"M{num(nodes[0][0])} {num(nodes[0][1])}"]
    for index in range(count if closed else count - 1):
        here, there = nodes[index], nodes[(index + 1) % count]
        before = nodes[index - 1] if closed or index else here
        after = nodes[(index + 2) % count] if closed or index + 2 < count else there
        out = (there[0] - here[0], there[1] - here[1])
        start = out if here[2] else ((there[0] - before[0]) / 2, (there[1] - before[1]) / 2)
        end = out if there[2] else ((after[0] - here[0]) / 2, (after[1] - here[1]) / 2)
        numbers = (
            here[0] + start[0] / 3, here[1] + start[1] / 3, there[0] - end[0] / 3, there[1] - end[1] / 3, *there[:2]
        )  # fmt: skip
        parts.append("C" + " ".join(map(num, numbers)))
    return "".join(parts) + ("Z" if closed else "")


def polygon(points: Sequence[Point]) -> str:
    """Path data of a closed polygon."""
    return "M" + "L".join(f"{num(x)} {num(y)}" for x, y in points) + "Z"


def polyline(points: Sequence[Point]) -> str:
    """Path data of an open line."""
    return "M" + "L".join(f"{num(x)} {num(y)}" for x, y in points)


def sides(axis: Sequence[Point], widths: Sequence[float]) -> tuple[list[Point], list[Point]]:
    """The two long edges of a limb with the given half-widths along its axis."""
    left, right = [], []
    for index, (x, y) in enumerate(axis):
        before, after = axis[max(0, index - 1)], axis[min(len(axis) - 1, index + 1)]
        dx, dy = after[0] - before[0], after[1] - before[1]
        length = hypot(dx, dy) or 1.0
        across = (-dy / length * widths[index], dx / length * widths[index])
        left.append((x + across[0], y + across[1]))
        right.append((x - across[0], y - across[1]))
    return left, right


def limb(axis: Sequence[Point], widths: Sequence[float]) -> str:
    """Path data of a tapered limb, square at both ends and smooth in between."""
    left, right = sides(axis, widths)
    nodes = []
    for edge in (left, right[::-1]):
        nodes += [(x, y, index in (0, len(edge) - 1)) for index, (x, y) in enumerate(edge)]
    return spline(nodes)


def fill(data: str, paint: str, opacity: float = 1.0) -> str:
    """A filled path."""
    faded = f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
    return f'<path d="{data}" fill="{paint}"{faded}/>'


def line(data: str, paint: str, width: float, *, opacity: float = 1.0, dash: str = "", extra: str = "") -> str:
    """A stroked path with round ends."""
    faded = f' stroke-opacity="{opacity:.2f}"' if opacity < 1 else ""
    dashed = f' stroke-dasharray="{dash}" stroke-linecap="butt"' if dash else ' stroke-linecap="round"'
    return (
        f'<path d="{data}" fill="none" stroke="{paint}" stroke-width="{width:.2f}" stroke-linejoin="round"'
        f"{dashed}{faded}{extra}/>"
    )


def circle(x: float, y: float, radius: float, paint: str, *, rim: str = "", rim_width: float = 0.8) -> str:
    """A disc, with a rim if a colour for it is given."""
    stroke = f' stroke="{rim}" stroke-width="{rim_width:.2f}"' if rim else ""
    return f'<circle cx="{num(x)}" cy="{num(y)}" r="{radius:.2f}" fill="{paint}"{stroke}/>'
