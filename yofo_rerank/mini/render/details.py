"""Trims: buttons, zip, belt, pockets, emblem, ruching. Each is drawn to be unmistakable."""

from __future__ import annotations

import random
from math import cos, pi, sin

from yofo_rerank.mini.render.draw import Point, circle, corner, fill, line, num, polygon, polyline, soft, spline
from yofo_rerank.mini.render.materials import Cloth
from yofo_rerank.mini.render.palette import distance, luminance, mix
from yofo_rerank.mini.render.shapes import Trunk


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
        edges = [polyline([(x + edge, top - 6 * u), (x + edge, bottom + 6 * u)]) for edge in (-half, half)]
        parts += [line(edge, cloth.ink, 1.1 * u) for edge in edges]
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
        reach = [size * (0.4 if index % 2 else 0.8) for index in range(10)]
        points = [(x + r * sin(index * pi / 5), y - r * cos(index * pi / 5)) for index, r in enumerate(reach)]
        return ring + fill(polygon(points), cloth.rim)
    if kind == "ring":
        return ring + circle(x, y, size * 0.5, cloth.contrast, rim=cloth.rim, rim_width=size * 0.28)
    shapes: dict[str, list[Point]] = {
        "bolt": [(0.15, -0.8), (-0.5, 0.15), (-0.05, 0.15), (-0.2, 0.8), (0.5, -0.2), (0.05, -0.2)],
        "peak": [(-0.72, 0.45), (-0.2, -0.45), (0.05, -0.05), (0.25, -0.3), (0.72, 0.45)],
    }
    return ring + fill(polygon([(x + size * px, y + size * py) for px, py in shapes[kind]]), cloth.rim)


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
