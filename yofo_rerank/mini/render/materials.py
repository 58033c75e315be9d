"""Cloth: how a piece of a garment is painted, so that its material can be told by eye on every colour.

cotton: matte with a few soft folds; denim: twill hatching and contrast stitching; leather: hard bright highlights;
knit: rows of V stitches; satin: broad smooth bands of sheen.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from yofo_rerank.mini.render.draw import Point, fill, line, num, sides, soft, spline
from yofo_rerank.mini.render.palette import distance, luminance, mix
from yofo_rerank.mini.render.patterns import Tile, paint, print_paint


@dataclass(frozen=True)
class Cloth:
    """Everything that painting a piece of one garment needs to know."""

    base: str
    second: str | None
    pattern: str
    material: str
    unit: float
    seed: int

    @property
    def ink(self) -> str:
        """The colour of seams and outlines: darker than the cloth, or lighter where the cloth is nearly black."""
        if luminance(self.base) < 0.22:
            return mix(self.base, "#e8e8f0", 0.42)
        return mix(self.base, "#15151c", 0.66 if luminance(self.base) < 0.75 else 0.52)

    @property
    def shade(self) -> str:
        """A slightly darker cloth, for insides and bands."""
        return mix(self.base, "#101018", 0.3)

    @property
    def raised(self) -> str:
        """What is sewn on top (pockets, collars): lighter than the cloth, or darker where the cloth is light."""
        return mix(self.base, "#ffffff", 0.2) if luminance(self.base) < 0.6 else mix(self.base, "#20202a", 0.09)

    @property
    def contrast(self) -> str:
        """A neutral that stands out from the cloth, for buttons and emblems."""
        return "#fbf6e9" if luminance(self.base) < 0.55 else "#26242a"

    @property
    def rim(self) -> str:
        """The line around a detail in the contrast colour."""
        return "#26242a" if luminance(self.base) < 0.55 else "#fbf6e9"

    @property
    def thread(self) -> str:
        """Denim's stitching: amber, or cream or dark brown where amber would not show."""
        amber, cream, brown = "#f2a93b", "#fff3d6", "#4a2a12"
        return amber if distance(amber, self.base) > 0.3 else max((cream, brown), key=lambda t: distance(t, self.base))


@dataclass(frozen=True)
class Piece:
    """One sewn part: its outline, and its axis with half-widths along it for folds and highlights."""

    data: str
    axis: Sequence[Point]
    widths: Sequence[float]


def cloth_defs(cloth: Cloth, upright: str, rng: random.Random) -> str:
    """The paints of one garment; `upright` undoes the camera's turn for its tiles."""
    light = luminance(cloth.base)
    dark_by = 0.13 if light > 0.75 else 0.22 if light > 0.2 else 0.4
    glow = 0.16 if light < 0.2 else 0.1
    shade = (
        f'<linearGradient id="shade"><stop offset="0" stop-color="#0c0c18" stop-opacity="{dark_by * 0.6:.2f}"/>'
        f'<stop offset=".3" stop-color="#fff" stop-opacity="{glow}"/>'
        '<stop offset=".62" stop-color="#0c0c18" stop-opacity="0"/>'
        f'<stop offset="1" stop-color="#0c0c18" stop-opacity="{dark_by}"/></linearGradient>'
    )
    parts = [shade, _sheen(cloth) if cloth.material == "satin" else ""]
    if cloth.second is not None:
        parts.append(print_paint(cloth.pattern, cloth.base, cloth.second, cloth.unit, upright, rng))
    if cloth.material in _TEXTURES:
        parts.append(paint("texture", _TEXTURES[cloth.material](cloth), upright, rng))
    return "".join(parts)


def paint_piece(cloth: Cloth, piece: Piece, number: int) -> str:
    """The piece with its print, material, shading and outline; `number` makes its clip unique."""
    inside = []
    if cloth.second is not None:
        inside.append(fill(piece.data, "url(#print)"))
    if cloth.material in _TEXTURES:
        inside.append(fill(piece.data, "url(#texture)"))
    sheen = "url(#sheen)" if cloth.material == "satin" else "url(#shade)"
    inside.append(fill(piece.data, sheen))
    inside.append(_INSIDE[cloth.material](cloth, piece, random.Random(cloth.seed * 31 + number)))
    return (
        f'{fill(piece.data, cloth.base)}<clipPath id="c{number}"><path d="{piece.data}"/></clipPath>'
        f'<g clip-path="url(#c{number})">{"".join(inside)}</g>{line(piece.data, cloth.ink, 1.5 * cloth.unit)}'
    )


def _along(piece: Piece, across: float, start: float, stop: float) -> str:
    """A line along the piece at `across` (-1..1 of its half-width), from `start` to `stop` of its length."""
    outer, _ = sides(piece.axis, [width * across for width in piece.widths])
    steps = len(outer) - 1
    points = []
    for index in range(6):
        at = (start + (stop - start) * index / 5) * steps
        low = min(int(at), steps - 1)
        share = at - low
        points.append(soft(outer[low][0] + (outer[low + 1][0] - outer[low][0]) * share,
                           outer[low][1] + (outer[low + 1][1] - outer[low][1]) * share))  # fmt: skip
    return spline(points, closed=False)


def _soft_folds(cloth: Cloth, piece: Piece, rng: random.Random) -> str:
    dark = luminance(cloth.base) < 0.2
    tone, opacity = ("#ffffff", 0.1) if dark else ("#14142a", 0.11)
    parts = []
    for across in (-0.62, 0.55, rng.uniform(-0.2, 0.2)):
        start = rng.uniform(0.45, 0.62)
        parts.append(line(_along(piece, across, start, start + rng.uniform(0.3, 0.45)), tone,
                          rng.uniform(2.2, 3.6) * cloth.unit, opacity=opacity))  # fmt: skip
    return "".join(parts)


def _denim_seams(cloth: Cloth, piece: Piece, rng: random.Random) -> str:
    """Two rows of contrast stitching inside the outline: wide strokes of which the clip leaves the inner rims."""
    del rng
    u, parts = cloth.unit, []
    for outer, inner in ((9.6, 7.6), (5.6, 3.6)):
        parts.append(line(piece.data, cloth.thread, outer * u))
        parts.append(line(piece.data, cloth.base, inner * u))
    return "".join(parts)


def _gloss(cloth: Cloth, piece: Piece, rng: random.Random) -> str:
    """Hard-edged highlights with a dark reflex beside each."""
    light, u, parts = luminance(cloth.base), cloth.unit, []
    bright, dark = ("#ffffff", mix(cloth.base, "#08080c", 0.55))
    if light > 0.8:
        dark = "#8d93a3"
    for across, start, stop, width in ((-0.5, 0.03, 0.55, 4.2), (0.56, 0.08, 0.42, 3.0), (-0.22, 0.5, 0.93, 2.6),
                                       (0.5, 0.56, 0.9, 3.6)):  # fmt: skip
        start, stop = start + rng.uniform(-0.02, 0.04), stop + rng.uniform(-0.05, 0.05)
        parts.append(line(_along(piece, across + 0.2, start + 0.03, stop + 0.03), dark, (width + 2) * u, opacity=0.55))
        parts.append(line(_along(piece, across, start, stop), bright, width * u, opacity=0.82 if light < 0.8 else 1))
        parts.append(line(_along(piece, across - 0.18, start + 0.06, stop - 0.12), bright, 1.1 * u, opacity=0.75))
    return "".join(parts)


def _knit_folds(cloth: Cloth, piece: Piece, rng: random.Random) -> str:
    del rng
    tone = "#ffffff" if luminance(cloth.base) < 0.2 else "#14142a"
    return "".join(line(_along(piece, across, 0.02, 1), tone, 2.4 * cloth.unit, opacity=0.12) for across in (-0.5, 0.5))


def _drape(cloth: Cloth, piece: Piece, rng: random.Random) -> str:
    """Long soft highlights that run with the cloth."""
    white = 0.34 if luminance(cloth.base) < 0.8 else 0.75
    parts = []
    for across, width in ((-0.38, 7.0), (0.3, 4.5)):
        data = _along(piece, across, rng.uniform(0.05, 0.15), rng.uniform(0.85, 1.0))
        parts += [line(data, "#ffffff", width * share * cloth.unit, opacity=white * 0.4) for share in (1.0, 0.6, 0.3)]
    return "".join(parts)


_INSIDE = {"cotton": _soft_folds, "denim": _denim_seams, "leather": _gloss, "knit": _knit_folds, "satin": _drape}


def _stitches(cloth: Cloth) -> Tile:
    """V stitches with a dark and a light leg, so that they show on every colour and over every print."""
    light = luminance(cloth.base)
    dark, bright = (0.34, 0.4) if light > 0.25 else (0.6, 0.34)
    if light > 0.8:
        dark, bright = 0.22, 0.2
    wide, tall = (6, 5) if cloth.unit == 1 else (5, 4)
    half, parts = wide / 2, []
    for tone, opacity, width, shift in (("#0b0b16", dark, 1.2, 0.0), ("#fff", bright, 1.0, tall * 0.5)):
        legs = ""
        for y in (shift - tall, shift):
            foot = num(y + tall * 0.75)
            legs += f"M.5 {num(y)}L{num(half - 0.2)} {foot}M{wide - 0.5} {num(y)}L{num(half + 0.2)} {foot}"
        parts.append(f'<path d="{legs}" stroke="{tone}" stroke-opacity="{opacity}" stroke-width="{width}"/>')
    rib = f'<path d="M0 0V{tall}M{wide} 0V{tall}" stroke="#0b0b16" stroke-opacity="{dark}" stroke-width="1.3"/>'
    return wide, tall, rib + "".join(parts)


def _twill(cloth: Cloth) -> Tile:
    """Fine diagonal hatching."""
    tone, opacity = ("#ffffff", 0.34) if luminance(cloth.base) < 0.6 else ("#1c2440", 0.24)
    data = "M-1 5L5 -1M-1 1L1 -1M3 5L5 3"
    return 4, 4, f'<path d="{data}" stroke="{tone}" stroke-opacity="{opacity}" stroke-width="1.2"/>'


_TEXTURES = {"knit": _stitches, "denim": _twill}


def _sheen(cloth: Cloth) -> str:
    light = luminance(cloth.base)
    white = 0.55 if light < 0.8 else 0.9
    dark = 0.3 if light < 0.8 else 0.26
    return (
        '<linearGradient id="sheen" gradientUnits="userSpaceOnUse" x1="-30" y1="30" x2="6" y2="66" '
        f'spreadMethod="reflect"><stop offset="0" stop-color="#0a0a14" stop-opacity="{dark}"/>'
        f'<stop offset=".4" stop-color="#0a0a14" stop-opacity="0"/><stop offset=".6" stop-color="#fff" '
        f'stop-opacity="0"/><stop offset="1" stop-color="#fff" stop-opacity="{white}"/></linearGradient>'
    )
