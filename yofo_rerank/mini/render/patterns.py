"""Prints: pattern paints in the second colour, readable at 192 pixels; the base colour keeps most of the area.

Tiles measure whole pixels and stand upright in the picture whatever the camera does: the rasteriser copies such tiles,
and resamples all others at ten times the cost. Diagonals are therefore drawn inside the tile.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from math import cos, pi, sin

from yofo_rerank.mini.render.draw import num
from yofo_rerank.mini.render.palette import mix

Tile = tuple[int, int, str]  # width, height, what is drawn in it


def print_paint(pattern: str, base: str, second: str, unit: float, upright: str, rng: random.Random) -> str:
    """The `<pattern id="print">` of a named print; `upright` undoes the camera's turn."""
    return paint("print", _PRINTS[pattern](base, second, unit * rng.uniform(0.9, 1.12), rng), upright, rng)


def paint(name: str, tile: Tile, upright: str, rng: random.Random) -> str:
    """A pattern paint of a tile, at a random phase."""
    width, height, inside = tile
    phase = f"translate({rng.randrange(width)} {rng.randrange(height)})"
    return (
        f'<pattern id="{name}" patternUnits="userSpaceOnUse" width="{width}" height="{height}" '
        f'patternTransform="{upright} {phase}">{inside}</pattern>'
    )


def _striped(base: str, second: str, scale: float, rng: random.Random) -> Tile:
    del base
    period, way = (
        round(rng.choice((11.0, 14.0, 18.0)) * scale),
        rng.choice(("across", "across", "down", "rising", "falling")),
    )
    if way == "across":
        return period, period, f'<path d="M0 0H{period}V{num(period * 0.4)}H0Z" fill="{second}"/>'
    if way == "down":
        return period, period, f'<path d="M0 0H{num(period * 0.4)}V{period}H0Z" fill="{second}"/>'
    side = round(period * 1.42)
    data = f"M{-side} {side}L{side} {-side}M0 {side}L{side} 0M0 {2 * side}L{2 * side} 0"
    flip = f' transform="translate({side} 0) scale(-1 1)"' if way == "falling" else ""
    return side, side, f'<path d="{data}"{flip} stroke="{second}" stroke-width="{num(period * 0.4)}"/>'


def _checked(base: str, second: str, scale: float, rng: random.Random) -> Tile:
    del base
    size = round(rng.choice((14.0, 17.0, 20.0)) * scale)
    bar, tartan, diagonal = size * 0.25, rng.random() < 0.5, rng.random() < 0.25
    if diagonal:
        side = round(size * 1.42)
        data = f"M0 0L{side} {side}M{side} 0L0 {side}"
        return side, side, f'<path d="{data}" stroke="{second}" stroke-width="{num(bar)}" stroke-linecap="square"/>'
    inside = f'<path d="M0 0H{size}V{num(bar)}H{num(bar)}V{size}H0Z" fill="{second}"/>'
    if tartan:  # a thin second line
        at = num((size + bar) / 2)
        inside += f'<path d="M{at} 0V{size}M0 {at}H{size}" stroke="{second}" stroke-width="1.4"/>'
    return size, size, inside


def _dots(base: str, second: str, scale: float, rng: random.Random) -> Tile:
    del base
    size = round(rng.choice((15.0, 18.0, 21.0)) * scale)
    radius = size * 0.225
    if rng.random() < 0.4:  # a square grid, half the tile apart
        size = round(size * 0.72)
        return size, size, f'<circle cx="{size / 2}" cy="{size / 2}" r="{radius:.2f}" fill="{second}"/>'
    spots = ((size * 0.25, size * 0.25), (size * 0.75, size * 0.75))
    discs = "".join(f'<circle cx="{num(x)}" cy="{num(y)}" r="{radius:.2f}" fill="{second}"/>' for x, y in spots)
    return size, size, discs


def _floral(base: str, second: str, scale: float, rng: random.Random) -> Tile:
    size = round(rng.choice((24.0, 27.0)) * scale)
    petal, parts = 2.85 * scale, []
    for x, y, turn in ((0.27, 0.27, rng.uniform(0, 1)), (0.75, 0.75, rng.uniform(0, 1))):
        for index in range(5):
            angle = turn + index * 2 * pi / 5
            at = size * x + 4.4 * scale * sin(angle), size * y - 4.4 * scale * cos(angle)
            parts.append(f'<circle cx="{at[0]:.2f}" cy="{at[1]:.2f}" r="{petal:.2f}" fill="{second}"/>')
        heart = f'cx="{num(size * x)}" cy="{num(size * y)}" r="{2.1 * scale:.2f}"'
        parts.append(f'<circle {heart} fill="{mix(base, second, 0.12)}"/>')
    for x, y in ((0.75, 0.25), (0.25, 0.75)):
        leaf = f"M{num(size * x - 2.6 * scale)} {num(size * y + 2 * scale)}q1 -4.6 5.2 -4.4q0 4.6 -5.2 4.4Z"
        parts.append(f'<path d="{leaf}" fill="{second}"/>')
    return size, size, "".join(parts)


def _zigzag(base: str, second: str, scale: float, rng: random.Random) -> Tile:
    del base
    wide = round(rng.choice((14.0, 18.0)) * scale)
    tall = round(wide * 0.9)
    rise = wide / 2
    rows = "".join(
        f"M{-wide / 2} {y + rise}L0 {y}L{rise} {y + rise}L{wide} {y}L{wide * 1.5} {y + rise}" for y in (-tall, 0, tall)
    )
    return wide, tall, f'<path d="{rows}" fill="none" stroke="{second}" stroke-width="{num(wide * 0.25)}"/>'


_PRINTS: dict[str, Callable[[str, str, float, random.Random], Tile]] = {
    "striped": _striped,
    "checked": _checked,
    "polka dot": _dots,
    "floral": _floral,
    "zigzag": _zigzag,
}
