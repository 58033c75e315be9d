"""Edges: collars, lapels, necklines, hood, and the bands at hems and wrists."""

from __future__ import annotations

from yofo_rerank.mini.render.draw import (
    Point,
    corner,
    fill,
    lerp,
    line,
    mirrored,
    polygon,
    polyline,
    sides,
    soft,
    spline,
)
from yofo_rerank.mini.render.figure import Body
from yofo_rerank.mini.render.materials import Cloth
from yofo_rerank.mini.render.palette import luminance, mix
from yofo_rerank.mini.render.shapes import Neck


def shirt_collar(cloth: Cloth, body: Body, neck: Neck) -> str:
    """Two pointed leaves and the stand behind the neck."""
    u, parts = cloth.unit, []
    tone = cloth.raised
    for sign in (-1, 1):
        leaf = spline(
            [
                corner(0, neck.depth),
                corner(sign * neck.half * 0.78, body.neck_top - 7 * u),
                soft(sign * (neck.half + 3 * u), neck.y - 2 * u),
                corner(sign * (neck.half + 6 * u), neck.y + 9 * u),
                corner(sign * neck.half * 0.86, neck.depth + 11 * u),
            ]
        )
        parts.append(fill(leaf, tone) + line(leaf, cloth.ink, 1.6 * u))
    return "".join(parts)


def lapels(cloth: Cloth, body: Body, neck: Neck) -> str:
    """A notched coat collar: upper collar round the neck and broad lapels down to the closure."""
    u, parts = cloth.unit, []
    tone = cloth.raised
    for sign in (-1, 1):
        middle = (neck.y + neck.depth) / 2
        lapel = polygon(
            [
                (0, neck.depth),
                (sign * neck.half * 0.9, neck.y + 4 * u),
                (sign * (neck.half + 11 * u), middle - 2 * u),
                (sign * (neck.half + 8 * u), middle + 5 * u),
                (sign * 3 * u, neck.depth + 10 * u),
            ]
        )
        upper = polygon(
            [
                (sign * neck.half * 0.62, neck.y + 11 * u),
                (sign * neck.half * 0.8, body.neck_top - 6 * u),
                (sign * (neck.half + 4 * u), neck.y - 2 * u),
                (sign * (neck.half + 11 * u), middle - 8 * u),
                (sign * (neck.half + 3 * u), middle - 2 * u),
            ]
        )
        for data, colour in ((lapel, tone), (upper, mix(tone, cloth.ink, 0.1))):
            parts.append(fill(data, colour) + line(data, cloth.ink, 1.6 * u))
    return "".join(parts)


def high_neck(cloth: Cloth, body: Body, neck: Neck) -> str:
    """A turtleneck with its fold and ribs."""
    u = cloth.unit
    top = body.neck_top - 11 * u
    low = neck.y + 5 * u
    tube = [
        corner(-neck.half * 0.93, top),
        soft(0, top + 3 * u),
        corner(neck.half * 0.93, top),
        soft(neck.half * 1.06, neck.y - 3 * u),
        corner(neck.half * 1.12, low - 3 * u),
        soft(0, low + 4 * u),
        corner(-neck.half * 1.12, low - 3 * u),
        soft(-neck.half * 1.06, neck.y - 3 * u),
    ]
    data = spline(tube)
    ribs = "".join(
        line(
            polyline([(neck.half * 0.9 * t, top + 3 * u), (neck.half * 1.05 * t, low)]), cloth.ink, 0.9 * u, opacity=0.6
        )
        for t in (-0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75)
    )
    return fill(data, mix(cloth.base, cloth.ink, 0.1)) + ribs + line(data, cloth.ink, 1.6 * u)


def neck_edge(cloth: Cloth, neck: Neck, width: float, *, ribbed: bool = False) -> str:
    """The finished edge of a round, v or square neckline."""
    half = {
        "round": [soft(neck.half * 0.74, neck.y + (neck.depth - neck.y) * 0.72), soft(0, neck.depth)],
        "v": [corner(0, neck.depth)],
        "square": [corner(neck.half * 0.94, neck.depth), corner(-neck.half * 0.94, neck.depth)],
    }[{"band": "round", "hood": "round", "deep v": "v"}.get(neck.kind, neck.kind)]
    nodes = [corner(neck.half, neck.y), *half]
    if neck.kind in ("round", "band", "hood"):
        nodes.append(soft(-neck.half * 0.74, neck.y + (neck.depth - neck.y) * 0.72))
    nodes.append(corner(-neck.half, neck.y))
    data = spline(nodes, closed=False)
    inner = line(data, mix(cloth.base, cloth.ink, 0.22), width)
    if ribbed:
        inner += line(data, cloth.ink, width, opacity=0.5, dash="0.9 1.6")
    return line(data, cloth.ink, width + 2 * cloth.unit) + inner


def hood_back(cloth: Cloth, body: Body) -> str:
    """The hood, standing up behind the neck with its lining visible."""
    u = body.unit
    low = body.shoulder_y + 2 * u
    top = max(3.0, body.neck_top - 22 * u)
    shell = mirrored([soft(0, top - 3 * u), soft(20 * u, top + 3 * u), soft(29 * u, body.neck_top - 4 * u),
                      soft(31 * u, body.neck_top + 6 * u), corner(24 * u, low + 3 * u)])  # fmt: skip
    inside = mirrored([soft(0, top + 4 * u), soft(14 * u, top + 8 * u), soft(20 * u, body.neck_top - 1 * u),
                       corner(16 * u, low)])  # fmt: skip
    data = spline(shell)
    lining = mix(cloth.base, "#000000", 0.5) if luminance(cloth.base) > 0.2 else mix(cloth.base, "#ffffff", 0.2)
    return (
        fill(data, cloth.base)
        + fill(data, "#000018", 0.12)
        + line(data, cloth.ink, 1.8 * u)
        + fill(spline(inside), lining)
        + line(spline(inside), cloth.ink, 1.4 * u)
    )


def hood_front(cloth: Cloth, body: Body, neck: Neck) -> str:
    """The two edges of the hood that meet under the chin, and the drawstrings."""
    u, parts = body.unit, []
    for sign in (-1, 1):
        flap = spline(
            [
                corner(0, neck.depth + 4 * u),
                soft(sign * 11 * u, neck.depth - 5 * u),
                corner(sign * 15.5 * u, body.neck_top - 6 * u),
                soft(sign * 27 * u, body.neck_top + 2 * u),
                corner(sign * 29 * u, body.shoulder_y + 5 * u),
                soft(sign * 14 * u, neck.depth + 8 * u),
            ]
        )
        tone = mix(cloth.base, cloth.ink, 0.14)
        parts.append(fill(flap, tone) + line(flap, cloth.ink, 1.7 * u))
    for sign in (-1, 1):
        cord = spline([corner(sign * 6 * u, neck.depth + 4 * u), soft(sign * 8 * u, neck.depth + 13 * u),
                       corner(sign * 7 * u, neck.depth + 22 * u)], closed=False)  # fmt: skip
        parts.append(line(cord, cloth.rim, 3.2 * u) + line(cord, cloth.contrast, 2 * u))
    return "".join(parts)


def ribbing(cloth: Cloth, start: tuple[Point, Point], end: tuple[Point, Point], count: int) -> str:
    """A ribbed band between two edges, each given by its two ends."""
    box = polygon([start[0], start[1], end[1], end[0]])
    lines = "".join(
        line(
            polyline([lerp(start[0], start[1], i / count), lerp(end[0], end[1], i / count)]),
            cloth.ink,
            0.9 * cloth.unit,
            opacity=0.75,
        )
        for i in range(1, count)
    )
    return fill(box, mix(cloth.base, cloth.ink, 0.12)) + lines + line(box, cloth.ink, 1.3 * cloth.unit)


def cuff(cloth: Cloth, axis: tuple[Point, Point], half: float, length: float, *, ribbed: bool) -> str:
    """The band at the end of a sleeve."""
    reach = ((axis[1][0] - axis[0][0]) ** 2 + (axis[1][1] - axis[0][1]) ** 2) ** 0.5
    inner = lerp(axis[0], axis[1], 1 - length / reach)
    left, right = sides([inner, axis[1]], [half * 1.04, half])
    count = 6 if ribbed else 1
    return ribbing(cloth, (left[0], right[0]), (left[1], right[1]), count)
