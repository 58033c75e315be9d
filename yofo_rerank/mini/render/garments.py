"""Putting a garment together: pieces first, trims on top. Returns what lies behind and before the figure."""

from __future__ import annotations

import random
from dataclasses import dataclass

from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.render import details, edges
from yofo_rerank.mini.render.draw import corner, fill, lerp, line, mirrored, polyline, soft, spline
from yofo_rerank.mini.render.figure import LEGS, TORSO, WHOLE, Body
from yofo_rerank.mini.render.materials import Cloth, paint_piece
from yofo_rerank.mini.render.palette import mix
from yofo_rerank.mini.render.shapes import (
    FITS,
    Fit,
    Neck,
    Trunk,
    neck_opening,
    one_piece_trousers,
    skirt,
    sleeve,
    torso,
    trousers,
)  # fmt: skip


@dataclass(frozen=True)
class Drawing:
    """SVG text: what lies behind the figure, what lies before it, and the garment's outlines (for its shadow)."""

    back: str
    front: str
    outlines: list[str]


def frame_of(garment: Garment) -> Body:
    """How much of the figure a category needs in the picture."""
    if garment.category in ("skirt", "trousers", "shorts"):
        return LEGS
    return WHOLE if garment.category in ("dress", "jumpsuit", "coat") else TORSO


def sew(garment: Garment, body: Body, cloth: Cloth, rng: random.Random) -> Drawing:
    """Draw one garment on one body."""
    return _bottoms(garment, body, cloth, rng) if frame_of(garment) is LEGS else _hung(garment, body, cloth, rng)


def _hem(garment: Garment, low: float, slant: float, rng: random.Random) -> tuple[float, float]:
    side = rng.random() < 0.5
    if not garment.asymmetric_hem:
        return low, low
    return (low - slant, low) if side else (low, low - slant)


def _neck_kind(garment: Garment) -> str:
    if garment.hood:
        return "hood"
    if garment.category == "cardigan":
        return "deep v"
    if garment.neckline is not None:
        return garment.neckline
    if garment.category == "shirt":
        return "collar"
    return ("lapel" if garment.category == "coat" else "collar") if garment.collar else "band"


def _trunk(garment: Garment, body: Body, fit: Fit, neck: Neck, rng: random.Random) -> Trunk:
    u, sleeves = body.unit, garment.sleeves or "long"
    flare, wide = rng.uniform(1, 13), rng.uniform(9.5, 15)
    if garment.category == "jumpsuit":
        return one_piece_trousers(body, fit, neck, sleeves=sleeves, wide=wide)
    if garment.length is None:
        hem = _hem(garment, body.hip_y + fit.drop * u, 26, rng)
        return torso(body, fit, neck, sleeves=sleeves, hem=hem, hem_half=body.hip + fit.flare * u)
    low = {"short": body.knee_y - 17, "midi": body.knee_y + 14, "long": body.ankle_y + 4}[garment.length]
    slant = {"short": 17.0, "midi": 26.0, "long": 34.0}[garment.length]
    spread = {"short": 0.55, "midi": 1.0, "long": 1.2}[garment.length]
    hem = _hem(garment, low + (3 if garment.asymmetric_hem and garment.length != "long" else 0), slant, rng)
    return torso(body, fit, neck, sleeves=sleeves, hem=hem, hem_half=body.hip + 1 + (fit.flare + flare) * spread)


def _hung(garment: Garment, body: Body, cloth: Cloth, rng: random.Random) -> Drawing:
    """Everything that hangs from the shoulders."""
    fit, u = FITS[garment.category], body.unit
    neck = neck_opening(body, _neck_kind(garment))
    trunk = _trunk(garment, body, fit, neck, rng)
    front, outlines = [], [trunk.piece.data]
    if garment.sleeves in ("short", "long"):
        for index, arm in enumerate(body.arms):
            piece, end, half = sleeve(body, arm, length=garment.sleeves, room=fit.sleeve)
            outlines.append(piece.data)
            front.append(paint_piece(cloth, piece, index + 1))
            ribbed = fit.band == "rib"
            if ribbed or (garment.category in ("shirt", "jacket", "coat") and garment.sleeves == "long"):
                front.append(edges.cuff(cloth, end, half, 9 * u, ribbed=ribbed or garment.category == "jacket"))
    ruched = _ruched_stretch(garment, body, trunk)
    if garment.ruched:
        front.append(details.puckers(cloth, trunk, *ruched))
    front.append(paint_piece(cloth, trunk.piece, 0))
    if garment.ruched:
        front.append(details.ruching(cloth, trunk, *ruched))
    front.append(_bands(garment, body, fit, trunk, cloth))
    front.append(_trims(garment, body, fit, neck, trunk, cloth, rng))
    back = _neck_inside(cloth, body, neck) + (edges.hood_back(cloth, body) if garment.hood else "")
    return Drawing(back, "".join(front), outlines)


def _ruched_stretch(garment: Garment, body: Body, trunk: Trunk) -> tuple[float, float]:
    """Top and bottom (y) of the gathers along the side seams."""
    low = min(trunk.hem)
    if body.neck_top < 0:
        return body.waist_y + 12, low - 8
    end = {"dress": min(low - 6, body.hip_y + 14), "jumpsuit": body.hip_y - 2}.get(garment.category, low - 8)
    return body.chest_y + 5 * body.unit, end


def _neck_inside(cloth: Cloth, body: Body, neck: Neck) -> str:
    """The inside of the back, seen through the opening when nobody wears the garment."""
    inside = mirrored([soft(0, neck.y - 1), corner(neck.half, neck.y), corner(neck.half, neck.y + 3),
                       soft(0, neck.depth + 3)])  # fmt: skip
    data = spline(inside)
    return fill(data, cloth.shade) + line(data, cloth.ink, 1.2 * body.unit)


def _bands(garment: Garment, body: Body, fit: Fit, trunk: Trunk, cloth: Cloth) -> str:
    """Knitted bands at the hem; the plain band of a jacket."""
    u, half = body.unit, trunk.side[-1][0]
    left, right = trunk.hem
    if fit.band == "rib":
        tall = 10 * u
        narrow = half - (3 if garment.category == "sweatshirt" else 0.5) * u
        return edges.ribbing(cloth, ((-half - 0.5, left - tall), (half + 0.5, right - tall)),
                               ((-narrow, left + 2), (narrow, right + 2)), 16)  # fmt: skip
    if garment.category == "jacket":
        return edges.ribbing(
            cloth, ((-half - 1, left - 8), (half + 1, right - 8)), ((-half + 1, left + 3), (half - 1, right + 3)), 1
        )
    if garment.category == "t-shirt" and cloth.material == "cotton":
        edge = polyline([(-half + 1, left - 4), (half - 1, right - 4)])
        return line(edge, cloth.ink, 0.9, opacity=0.55)
    return ""


def _trims(garment: Garment, body: Body, fit: Fit, neck: Neck, trunk: Trunk, cloth: Cloth, rng: random.Random) -> str:
    u, parts = body.unit, []
    if garment.pockets:
        parts.append(_pockets(garment, body, trunk, cloth))
    parts.append(_front(garment, body, fit, neck, trunk, cloth))
    if garment.belt:
        parts.append(details.belt(cloth, trunk, body.waist_y - 4 * u, height=9))
    if garment.chest_logo:
        x = -18 * u if fit.front else 0.0
        parts.append(
            details.emblem(
                cloth, x, body.chest_y + (12 if neck.kind == "v" else 6) * u, (8 if fit.front else 12) * u, rng
            )
        )
    return "".join([*parts, _neck_finish(garment, body, neck, cloth)])


def _pockets(garment: Garment, body: Body, trunk: Trunk, cloth: Cloth) -> str:
    """Muff pocket, chest pockets or patch pockets; above the hem, however it slants."""
    u = body.unit
    if garment.category == "sweatshirt":
        return details.kangaroo_pocket(cloth, body.waist_y - 4, 25 * u, 24 * u)
    if garment.category == "shirt":
        return details.patch_pockets(cloth, 20.5 * u, body.chest_y - 1, 18 * u, 20 * u)
    x, top = {
        "jumpsuit": (16.5 * u, body.hip_y - 10),
        "dress": (17 * u, body.waist_y + 10),
        "coat": (21 * u, body.waist_y + 14),
    }.get(garment.category, (22 * u, body.waist_y + 2))
    width, height, half = 21 * u, 22 * u, trunk.side[-1][0]
    reach = min(0.5, (x + width / 2) / (2 * half))
    lowest = min(lerp((0, trunk.hem[0]), (0, trunk.hem[1]), 0.5 + side * reach)[1] for side in (-1, 1)) - 4 * u
    return details.patch_pockets(cloth, x, min(top, lowest - height), width, height)


def _front(garment: Garment, body: Body, fit: Fit, neck: Neck, trunk: Trunk, cloth: Cloth) -> str:
    """What runs down the middle: buttons on a placket, a zip, or nothing."""
    u, low = body.unit, sum(trunk.hem) / 2
    if fit.front == "open":
        band = spline([corner(neck.half, neck.y), corner(0, neck.depth), corner(-neck.half, neck.y)], closed=False)
        edge = line(band, cloth.ink, 10 * u) + line(band, mix(cloth.base, cloth.ink, 0.12), 8 * u)
        ribs = line(band, cloth.ink, 8 * u, opacity=0.5, dash="0.9 1.8")
        return details.front_gap(cloth, low, 12) + edge + ribs + details.buttons(cloth, neck.depth + 7 * u, low - 8 * u)
    if garment.buttons:
        if garment.category == "jumpsuit":
            return details.buttons(cloth, neck.depth + 9 * u, body.hip_y - 3 * u)
        end = low - (9 if garment.length != "long" else 16) * u
        if garment.category == "shirt":
            end = low - 6 * u
        if garment.category == "coat":
            end = min(end, body.knee_y - 12)
        return details.buttons(cloth, neck.depth + 9 * u, end) + (
            _opening(cloth, end + 6 * u, low) if fit.front == "closed" else ""
        )
    if fit.front == "closed":
        end = low - 2 if garment.category == "jacket" else body.knee_y - 6
        return details.zipper(cloth, neck.depth + 1, end) + _opening(cloth, end, low)
    return ""


def _opening(cloth: Cloth, top: float, bottom: float) -> str:
    return line(polyline([(0, top), (0, bottom + 2)]), cloth.ink, 1.7 * cloth.unit) + details.front_gap(
        cloth, bottom, 10
    )


def _neck_finish(garment: Garment, body: Body, neck: Neck, cloth: Cloth) -> str:
    u = body.unit
    if neck.kind == "hood":
        return edges.hood_front(cloth, body, neck)
    if neck.kind == "high":
        return edges.high_neck(cloth, body, neck)
    if neck.kind == "collar":
        return edges.shirt_collar(cloth, body, neck)
    if neck.kind == "lapel":
        return edges.lapels(cloth, body, neck)
    if neck.kind == "deep v":
        return ""
    ribbed = garment.category in ("sweater", "sweatshirt")
    return edges.neck_edge(cloth, neck, (5 if ribbed else 2.6) * u, ribbed=ribbed)


def _bottoms(garment: Garment, body: Body, cloth: Cloth, rng: random.Random) -> Drawing:
    """Skirt, trousers and shorts."""
    flare, wide = rng.uniform(0, 1), rng.uniform(0, 1)
    if garment.category == "skirt":
        low = {"short": body.knee_y - 24, "midi": body.knee_y + 24, "long": body.ankle_y + 4}[garment.length or "midi"]
        reach = {"short": 6 + 10 * flare, "midi": 3 + 18 * flare, "long": 4 + 20 * flare}[garment.length or "midi"]
        hem = _hem(garment, low + (2 if garment.asymmetric_hem and low < body.ankle_y else 0), 30, rng)
        trunk = skirt(body, hem=hem, hem_half=body.hip + reach)
    elif garment.category == "shorts":
        trunk = trousers(body, hem_y=body.crotch_y + 22, wide=21 + 3 * wide)
    else:
        trunk = trousers(body, hem_y=body.ankle_y + 2, wide=14 + 7 * wide)
    stretch = _ruched_stretch(garment, body, trunk)
    parts = [details.puckers(cloth, trunk, *stretch)] if garment.ruched else []
    parts += [paint_piece(cloth, trunk.piece, 0), _waistband(cloth, trunk, body.waist_y)]
    if garment.category != "skirt":
        parts.append(_fly(cloth, body))
    if garment.ruched:
        parts.append(details.ruching(cloth, trunk, *stretch))
    if garment.pockets:
        patch = garment.category == "skirt"
        parts.append(details.patch_pockets(cloth, 22, body.waist_y + 17, 19, 22) if patch
                     else details.hip_pockets(cloth, trunk, body.waist_y + 9))  # fmt: skip
    if garment.buttons:
        parts.append(
            details.buttons(cloth, body.waist_y + (18 if garment.belt else 8), min(sum(trunk.hem) / 2 - 10, 150))
        )
    if garment.belt:
        parts.append(details.belt(cloth, trunk, body.waist_y - 0.5, height=10))
    return Drawing("", "".join(parts), [trunk.piece.data])


def _waistband(cloth: Cloth, trunk: Trunk, top: float) -> str:
    """A band of the same cloth: a seam, not a belt."""
    half = trunk.half(top + 8)
    seam = spline([corner(-half, top + 8), soft(0, top + 9.5), corner(half, top + 8)], closed=False)
    return line(seam, cloth.ink, 0.9, opacity=0.6)


def _fly(cloth: Cloth, body: Body) -> str:
    curve = spline(
        [corner(7, body.waist_y + 9), soft(6.5, body.crotch_y - 22), corner(0, body.crotch_y - 12)], closed=False
    )
    middle = polyline([(0, body.waist_y + 9), (0, body.crotch_y + 3)])
    return line(middle, cloth.ink, 1.2, opacity=0.7) + line(curve, cloth.ink, 1.0, opacity=0.6)
