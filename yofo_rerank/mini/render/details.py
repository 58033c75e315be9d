"""Trims: buttons, zip, belt, pockets, emblem, collar, hood, ribbing, ruching. Each is drawn to be unmistakable."""

from __future__ import annotations

import random
from math import cos, pi, sin

from yofo_rerank.mini.render.draw import (
    Point,
    circle,
    corner,
    fill,
    lerp,
    line,
    mirrored,
    num,
    polygon,
    polyline,
    sides,
    soft,
    spline,
)  # fmt: skip
from yofo_rerank.mini.render.figure import Body
from yofo_rerank.mini.render.materials import Cloth
from yofo_rerank.mini.render.palette import distance, luminance, mix
from yofo_rerank.mini.render.shapes import Neck, Trunk


def buttons(cloth: Cloth, top: float, bottom: float, x: float = 0.0, *, band: bool = True) -> str:
    """A vertical row of at least four buttons on a plain placket."""
    u = cloth.unit
    radius = max(2.5, 3.1 * u)
    count = max(4, min(8, int((bottom - top) / (15 * u)) + 1))
    parts = []
    if band:
        half = 5.2 * u
        box = [(x - half, top - 6 * u), (x + half, top - 6 * u), (x + half, bottom + 6 * u), (x - half, bottom + 6 * u)]
        parts.append(fill(polygon(box), mix(cloth.base, cloth.ink, 0.08)))
        for edge in (-half, half):
            parts.append(line(polyline([(x + edge, top - 6 * u), (x + edge, bottom + 6 * u)]), cloth.ink, 1.1 * u))
    for index in range(count):
        y = top + (bottom - top) * index / (count - 1)
        parts.append(circle(x, y, radius, cloth.contrast, rim=cloth.rim, rim_width=1.1 * u))
        parts.append(circle(x, y, radius * 0.28, cloth.rim))
    return "".join(parts)


def zipper(cloth: Cloth, top: float, bottom: float) -> str:
    """A metal zip down the front with a puller on top."""
    u = cloth.unit
    metal, dark = ("#e6e8ec", "#4b4e57") if luminance(cloth.base) < 0.6 else ("#8a8f9b", "#3c3f49")
    path = polyline([(0, top), (0, bottom)])
    pull = polygon([(-2.2 * u, top + 5 * u), (2.2 * u, top + 5 * u), (1.6 * u, top + 13 * u), (-1.6 * u, top + 13 * u)])
    return (
        line(path, dark, 5 * u)
        + line(path, metal, 3.2 * u, dash=f"{num(1.6 * u)} {num(1.1 * u)}")
        + fill(pull, metal)
        + line(pull, dark, 0.7)
    )


def belt(cloth: Cloth, trunk: Trunk, y: float, *, height: float = 8.0) -> str:
    """A band across the waist in a colour that stands out, with a buckle."""
    u = cloth.unit
    grounds = [cloth.base] + ([cloth.second] if cloth.second else [])
    strap = max(
        ("#3a2417", "#1d1d20", "#b9824a", "#f2eadb"), key=lambda tone: min(distance(tone, ground) for ground in grounds)
    )
    edge = mix(strap, "#000000", 0.55) if luminance(strap) > 0.2 else "#c9c2b8"
    tall = height * u
    high, low = trunk.half(y) + 1.2, trunk.half(y + tall) + 1.2
    sag = 1.5 * u
    band = [corner(-high, y), soft(0, y + sag), corner(high, y), corner(low, y + tall), soft(0, y + tall + sag),
            corner(-low, y + tall)]  # fmt: skip
    data = spline(band)
    metal, middle, reach = "#f0cf6a", y + sag + tall / 2, tall * 0.78
    frame = polygon([(-reach, middle - tall * 0.68), (reach, middle - tall * 0.68), (reach, middle + tall * 0.68),
                     (-reach, middle + tall * 0.68)])  # fmt: skip
    return (
        fill(data, strap)
        + line(data, edge, 1 * u)
        + line(frame, "#4a3a12", 3.4 * u)
        + line(frame, metal, 2.1 * u)
        + line(polyline([(0, middle), (reach, middle)]), metal, 1.6 * u)
    )


def patch_pockets(cloth: Cloth, x: float, y: float, width: float, height: float) -> str:
    """Two plain patch pockets with flaps, at x and -x (centres), y their top."""
    u, parts = cloth.unit, []
    plain, flap_tone = cloth.raised, mix(cloth.base, cloth.ink, 0.3)
    for sign in (-1, 1):
        left, right, low = sign * x - width / 2, sign * x + width / 2, y + height
        bag = polygon([(left, y), (right, y), (right, low - 4 * u), (sign * x, low), (left, low - 4 * u)])
        flap = polygon([(left - 1, y - 1), (right + 1, y - 1), (right + 1, y + height * 0.24),
                        (sign * x, y + height * 0.4), (left - 1, y + height * 0.24)])  # fmt: skip
        parts.append(fill(bag, plain) + line(bag, cloth.ink, 1.8 * u))
        if cloth.material == "denim":
            parts.append(line(bag, cloth.thread, 0.9 * u, dash=f"{num(2.6 * u)} {num(1.2 * u)}"))
        parts.append(fill(flap, flap_tone) + line(flap, cloth.ink, 1.8 * u))
    return "".join(parts)


def kangaroo_pocket(cloth: Cloth, y: float, half: float, height: float) -> str:
    """The muff pocket of a sweatshirt."""
    shape = [(-half * 0.62, y), (half * 0.62, y), (half, y + height * 0.62), (half, y + height), (-half, y + height),
             (-half, y + height * 0.62)]  # fmt: skip
    u, data = cloth.unit, polygon(shape)
    slits = "".join(
        line(polyline([(s * half * 0.62, y), (s * half, y + height * 0.62)]), cloth.ink, 3 * u) for s in (-1, 1)
    )
    return fill(data, cloth.raised) + line(data, cloth.ink, 1.8 * u) + slits


def hip_pockets(cloth: Cloth, trunk: Trunk, top: float) -> str:
    """Slanted trouser pockets: a dark opening with a bold edge on each side."""
    u, parts = cloth.unit, []
    for sign in (-1, 1):
        start, end = (sign * trunk.half(top) * 0.5, top), (sign * (trunk.half(top + 24 * u) - 0.5), top + 24 * u)
        bend = (sign * trunk.half(top + 10 * u) * 0.62, top + 17 * u)
        rim = (sign * (trunk.half(top) - 0.5), top)
        opening = spline([corner(*start), soft(*bend), corner(*end), corner(*rim)])
        edge = spline([corner(*start), soft(*bend), corner(*end)], closed=False)
        tone = mix(cloth.base, "#000000", 0.38) if luminance(cloth.base) > 0.2 else mix(cloth.base, "#ffffff", 0.3)
        parts.append(fill(opening, tone) + line(edge, cloth.ink, 2.2 * u))
        if cloth.material == "denim":
            inner = spline([corner(start[0] - sign * 3 * u, start[1]), soft(bend[0] - sign * 3 * u, bend[1] + 3 * u),
                            corner(end[0] - sign * 1 * u, end[1] + 4 * u)], closed=False)  # fmt: skip
            parts.append(line(inner, cloth.thread, 1.1 * u, dash=f"{num(3 * u)} {num(1.3 * u)}"))
            parts += [circle(*spot, 1.7 * u, "#d98f4e", rim="#5b3413", rim_width=0.6) for spot in (start, end)]
    return "".join(parts)


def emblem(cloth: Cloth, x: float, y: float, size: float, rng: random.Random) -> str:
    """A simple logo on the chest: a badge with a star, bolt, ring or mountain in it."""
    ring = circle(x, y, size, cloth.contrast, rim=cloth.rim, rim_width=1.2 * cloth.unit)
    kind = rng.choice(("star", "bolt", "ring", "peak"))
    if kind == "star":
        points = [
            (x + size * r * sin(i * pi / 5), y - size * r * cos(i * pi / 5))
            for i in range(10)
            for r in (0.4 if i % 2 else 0.8,)
        ]
        return ring + fill(polygon(points), cloth.rim)
    if kind == "ring":
        return ring + circle(x, y, size * 0.5, cloth.contrast, rim=cloth.rim, rim_width=size * 0.28)
    shapes: dict[str, list[Point]] = {
        "bolt": [(0.15, -0.8), (-0.5, 0.15), (-0.05, 0.15), (-0.2, 0.8), (0.5, -0.2), (0.05, -0.2)],
        "peak": [(-0.72, 0.45), (-0.2, -0.45), (0.05, -0.05), (0.25, -0.3), (0.72, 0.45)],
    }
    return ring + fill(polygon([(x + size * px, y + size * py) for px, py in shapes[kind]]), cloth.rim)


def shirt_collar(cloth: Cloth, body: Body, neck: Neck) -> str:
    """Two pointed leaves and the stand behind the neck."""
    u, parts = cloth.unit, []
    tone = cloth.raised
    for sign in (-1, 1):
        leaf = spline([corner(0, neck.depth), corner(sign * neck.half * 0.78, body.neck_top - 7 * u),
                       soft(sign * (neck.half + 3 * u), neck.y - 2 * u), corner(sign * (neck.half + 6 * u), neck.y + 9 * u),
                       corner(sign * neck.half * 0.86, neck.depth + 11 * u)])  # fmt: skip
        parts.append(fill(leaf, tone) + line(leaf, cloth.ink, 1.6 * u))
    return "".join(parts)


def lapels(cloth: Cloth, body: Body, neck: Neck) -> str:
    """A notched coat collar: upper collar round the neck and broad lapels down to the closure."""
    u, parts = cloth.unit, []
    tone = cloth.raised
    for sign in (-1, 1):
        middle = (neck.y + neck.depth) / 2
        lapel = polygon([(0, neck.depth), (sign * neck.half * 0.9, neck.y + 4 * u), (sign * (neck.half + 11 * u), middle - 2 * u),
                         (sign * (neck.half + 8 * u), middle + 5 * u), (sign * 3 * u, neck.depth + 10 * u)])  # fmt: skip
        upper = polygon([(sign * neck.half * 0.62, neck.y + 11 * u), (sign * neck.half * 0.8, body.neck_top - 6 * u),
                         (sign * (neck.half + 4 * u), neck.y - 2 * u), (sign * (neck.half + 11 * u), middle - 8 * u),
                         (sign * (neck.half + 3 * u), middle - 2 * u)])  # fmt: skip
        for data, colour in ((lapel, tone), (upper, mix(tone, cloth.ink, 0.1))):
            parts.append(fill(data, colour) + line(data, cloth.ink, 1.6 * u))
    return "".join(parts)


def high_neck(cloth: Cloth, body: Body, neck: Neck) -> str:
    """A turtleneck with its fold and ribs."""
    u = cloth.unit
    top = body.neck_top - 11 * u
    low = neck.y + 5 * u
    tube = [corner(-neck.half * 0.93, top), soft(0, top + 3 * u), corner(neck.half * 0.93, top), soft(neck.half * 1.06, neck.y - 3 * u),
            corner(neck.half * 1.12, low - 3 * u), soft(0, low + 4 * u), corner(-neck.half * 1.12, low - 3 * u),
            soft(-neck.half * 1.06, neck.y - 3 * u)]  # fmt: skip
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
        flap = spline([corner(0, neck.depth + 4 * u), soft(sign * 11 * u, neck.depth - 5 * u),
                       corner(sign * 15.5 * u, body.neck_top - 6 * u), soft(sign * 27 * u, body.neck_top + 2 * u),
                       corner(sign * 29 * u, body.shoulder_y + 5 * u), soft(sign * 14 * u, neck.depth + 8 * u)])  # fmt: skip
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
        line(polyline([lerp(start[0], start[1], i / count), lerp(end[0], end[1], i / count)]), cloth.ink, 0.9 * cloth.unit,
             opacity=0.75) for i in range(1, count)
    )  # fmt: skip
    return fill(box, mix(cloth.base, cloth.ink, 0.12)) + lines + line(box, cloth.ink, 1.3 * cloth.unit)


def cuff(cloth: Cloth, axis: tuple[Point, Point], half: float, length: float, *, ribbed: bool) -> str:
    """The band at the end of a sleeve."""
    reach = ((axis[1][0] - axis[0][0]) ** 2 + (axis[1][1] - axis[0][1]) ** 2) ** 0.5
    inner = lerp(axis[0], axis[1], 1 - length / reach)
    left, right = sides([inner, axis[1]], [half * 1.04, half])
    count = 6 if ribbed else 1
    return ribbing(cloth, (left[0], right[0]), (left[1], right[1]), count)


def ruching(cloth: Cloth, trunk: Trunk, top: float, bottom: float) -> str:
    """Gathers along both side seams: fans of folds and a puckered edge."""
    u, parts, step = cloth.unit, [], 6.4 * cloth.unit
    light = "#ffffff" if luminance(cloth.base) < 0.85 else "#c9c9d2"
    for index in range(int((bottom - top) / step)):
        y = top + step * (index + 0.5)
        for sign in (-1, 1):
            edge = sign * trunk.half(y)
            reach = (21 if index % 2 else 15) * u
            fold = spline([corner(edge, y), soft(edge - sign * reach * 0.5, y + 1.2 * u),
                           corner(edge - sign * reach, y - 4.2 * u)], closed=False)  # fmt: skip
            parts.append(line(fold, light, 1.3 * u, opacity=0.65, extra=f' transform="translate(0 {num(1.9 * u)})"'))
            parts.append(line(fold, cloth.ink, 1.9 * u))
    return "".join(parts)


def front_gap(cloth: Cloth, bottom: float, height: float) -> str:
    """The small notch at the hem where two fronts part."""
    notch = polygon([(-3.2 * cloth.unit, bottom + 5), (0, bottom - height), (3.2 * cloth.unit, bottom + 5)])
    return fill(notch, mix(cloth.base, "#000000", 0.6))


def puckers(cloth: Cloth, trunk: Trunk, top: float, bottom: float) -> str:
    """The scalloped edge of a ruched side seam; drawn before the piece, so that only its rim shows."""
    u, parts, step = cloth.unit, [], 6.4 * cloth.unit
    for index in range(int((bottom - top) / step)):
        y = top + step * (index + 0.5)
        parts += [
            circle(s * (trunk.half(y) - 0.6 * u), y, 3.4 * u, cloth.base, rim=cloth.ink, rim_width=1.4 * u)
            for s in (-1, 1)
        ]
    return "".join(parts)
