"""Silhouettes: the outlines of torso garments, skirts, trousers and sleeves on a body."""

from __future__ import annotations

from dataclasses import dataclass

from yofo_rerank.mini.render.draw import Node, Point, corner, lerp, limb, mirrored, soft, spline
from yofo_rerank.mini.render.figure import Body, Limb
from yofo_rerank.mini.render.materials import Piece


@dataclass(frozen=True)
class Fit:
    """How one category sits on the body, in units of the figure: room at chest and waist, hem below the hip, ..."""

    chest: float = 3.0
    waist: float = 3.0
    flare: float = 3.0  # hem half-width beyond the hip
    drop: float = 4.0  # hem below the hip line
    sleeve: float = 3.0  # room in the sleeve, on each side
    strap: float = 0.0  # width of the shoulder strap; 0 = to the shoulder
    tails: float = 0.0  # how far the hem curves up at the sides (shirt tails)
    band: str = ""  # "rib" for knitted bands at hem and cuffs
    front: str = ""  # "", "open" (cardigan), "closed" (outerwear), "placket" (shirt)


FITS = {
    "dress": Fit(chest=2, waist=1.5, sleeve=1.5),
    "jumpsuit": Fit(chest=2.5, waist=2.5, sleeve=2),
    "t-shirt": Fit(chest=5, waist=10, flare=3, drop=3, sleeve=5),
    "tank top": Fit(chest=1.5, waist=4, flare=1.5, drop=4, strap=8),
    "shirt": Fit(chest=4, waist=7, flare=3, drop=8, sleeve=3.5, tails=11, front="placket"),
    "sweater": Fit(chest=6, waist=11, flare=2, drop=4, sleeve=5.5, band="rib"),
    "sweatshirt": Fit(chest=7, waist=13, flare=1, drop=3, sleeve=6.5, band="rib"),
    "cardigan": Fit(chest=5, waist=9, flare=4, drop=9, sleeve=4.5, band="rib", front="open"),
    "jacket": Fit(chest=8, waist=13, flare=5, drop=2, sleeve=7, front="closed"),
    "coat": Fit(chest=6, waist=8, flare=9, sleeve=5.5, front="closed"),
}


@dataclass(frozen=True)
class Neck:
    """The opening: its kind, half-width at the shoulder, and the y of its lowest point."""

    kind: str
    half: float
    y: float
    depth: float


@dataclass(frozen=True)
class Trunk:
    """A garment's main piece with what details need to find their place on it."""

    piece: Piece
    side: list[Point]  # right side seam from top to hem
    hem: tuple[float, float]  # y at left (x < 0) and right
    nodes: list[Node]

    def half(self, y: float) -> float:
        """Half-width of the piece at a height."""
        for above, below in zip(self.side, self.side[1:], strict=False):
            if above[1] <= y <= below[1]:
                return lerp(above, below, (y - above[1]) / ((below[1] - above[1]) or 1))[0]
        return self.side[0][0] if y < self.side[0][1] else self.side[-1][0]


def neck_opening(body: Body, kind: str) -> Neck:
    """Where a neckline of the given kind lies on the body; `band` is the plain edge of collarless outerwear."""
    u = body.unit
    half, depth = {
        "round": (17, 17),
        "v": (15, 42),
        "square": (21, 27),
        "high": (13, 4),
        "band": (15, 12),
        "collar": (14, 15),
        "lapel": (14, 36),
        "hood": (16, 16),
        "deep v": (15, 46),
    }[kind]
    return Neck(kind, half * u, _shoulder_y(body, half * u), body.neck_top + depth * u)


def torso(body: Body, fit: Fit, neck: Neck, *, sleeves: str, hem: tuple[float, float], hem_half: float) -> Trunk:
    """The main piece of anything that hangs from the shoulders; `hem` is y at the left and right side."""
    top, side = _upper_half(body, fit, neck, sleeves)
    low = max(hem)
    if low > body.hip_y + 18 * body.unit:
        hip = body.hip + 2.5 + (hem_half - body.hip) * 0.22
        side.append((hip, body.hip_y))
    right = [*top, *(soft(x, y) for x, y in side[1:])]
    middle = (hem[0] + hem[1]) / 2
    sag = 3 * body.unit if not fit.tails else 0.0
    if fit.tails:
        rise = fit.tails * body.unit
        end = [corner(hem_half, hem[1] - rise), soft(hem_half * 0.62, hem[1])]
        left = [soft(-hem_half * 0.62, hem[0]), corner(-hem_half, hem[0] - rise)]
    else:
        end, left = [corner(hem_half, hem[1])], [corner(-hem_half, hem[0])]
    nodes = [*right, *end, soft(0, middle + sag), *left, *((-x, y, t) for x, y, t in reversed(right) if x)]
    side = [*side, (hem_half, hem[1] - (fit.tails * body.unit))]
    axis = [(0.0, body.shoulder_y), (0.0, body.chest_y), (0.0, body.waist_y), (0.0, middle)]
    widths = [body.shoulder * 0.8, side[0][0], side[1][0], hem_half]
    return Trunk(Piece(spline(nodes), axis, widths), side, hem, nodes)


def one_piece_trousers(body: Body, fit: Fit, neck: Neck, *, sleeves: str, wide: float) -> Trunk:
    """A jumpsuit: bodice and trouser legs in one piece."""
    top, side = _upper_half(body, fit, neck, sleeves)
    legs, outer = _leg_half(body, hem_y=body.ankle_y, wide=wide)
    nodes = mirrored([*top, *(soft(x, y) for x, y in side[1:]), *legs])
    side = [*side, *outer]
    axis = [(0.0, body.shoulder_y), (0.0, body.chest_y), (0.0, body.waist_y), (0.0, body.hip_y), (0.0, body.ankle_y)]
    widths = [body.shoulder * 0.8, side[0][0], side[1][0], body.hip, outer[-1][0] * 1.25]
    return Trunk(Piece(spline(nodes), axis, widths), side, (body.ankle_y, body.ankle_y), nodes)


def trousers(body: Body, *, hem_y: float, wide: float) -> Trunk:
    """Two legs from the waist to `hem_y`; `wide` is the half-width of a leg at the hem."""
    legs, outer = _leg_half(body, hem_y=hem_y, wide=wide)
    waist = body.waist + 1.5
    nodes = mirrored([soft(0, body.waist_y + 1.5), corner(waist, body.waist_y), *legs])
    side = [(waist, body.waist_y), *outer]
    axis = [(0.0, body.waist_y), (0.0, body.hip_y), (0.0, body.crotch_y), (0.0, hem_y)]
    widths = [waist, body.hip, body.hip, outer[-1][0]]
    return Trunk(Piece(spline(nodes), axis, widths), side, (hem_y, hem_y), nodes)


def skirt(body: Body, *, hem: tuple[float, float], hem_half: float) -> Trunk:
    """From the waist to the hem."""
    waist, hip = body.waist + 1.5, body.hip + 2 + (hem_half - body.hip) * 0.3
    middle = sum(hem) / 2
    right = [soft(0, body.waist_y + 1.5), corner(waist, body.waist_y), soft(hip, body.hip_y)]
    nodes = [*right, corner(hem_half, hem[1]), soft(0, middle + 3), corner(-hem_half, hem[0]),
             *((-x, y, t) for x, y, t in reversed(right) if x)]  # fmt: skip
    side = [(waist, body.waist_y), (hip, body.hip_y), (hem_half, hem[1])]
    axis = [(0.0, body.waist_y), (0.0, body.hip_y), (0.0, middle)]
    return Trunk(Piece(spline(nodes), axis, [waist, hip, hem_half]), side, hem, nodes)


def sleeve(body: Body, arm: Limb, *, length: str, room: float) -> tuple[Piece, tuple[Point, Point], float]:
    """A short or long sleeve; with the last stretch of its axis (for the cuff) and its half-width at the end."""
    u = body.unit
    shoulder, elbow, wrist = arm
    cap = (shoulder[0] * 0.9, shoulder[1] - 3.5 * u)  # rounds the top of the sleeve off
    if length == "short":
        end = lerp(shoulder, elbow, 0.74)
        axis = [cap, lerp(shoulder, elbow, 0.1), lerp(shoulder, end, 0.55), end]
        widths = [4 * u, (8 + room * 0.7) * u, (9.2 + room) * u, (9.5 + room * 1.15) * u]
    else:
        axis = [cap, lerp(shoulder, elbow, 0.1), lerp(shoulder, elbow, 0.5), elbow, lerp(elbow, wrist, 0.6), wrist]
        widths = [4 * u, (8 + room * 0.7) * u, (8.6 + room) * u, (7.4 + room) * u, (6 + room * 0.8) * u,
                  (5.2 + room * 0.5) * u]  # fmt: skip
    return Piece(limb(axis, widths), axis, widths), (axis[-2], axis[-1]), widths[-1]


def _shoulder_y(body: Body, x: float) -> float:
    share = (x - body.neck) / (body.shoulder - body.neck)
    return body.neck_top + (body.shoulder_y - body.neck_top) * max(0.0, share) - 2.5 * body.unit


def _neck_half(neck: Neck) -> list[Node]:
    """The right half of the opening, from its lowest point up to the shoulder."""
    drop = neck.depth - neck.y
    if neck.kind in ("v", "deep v", "lapel", "collar"):
        return [corner(0, neck.depth), corner(neck.half, neck.y)]
    if neck.kind == "square":
        return [soft(0, neck.depth), corner(neck.half * 0.94, neck.depth), corner(neck.half, neck.y)]
    if neck.kind == "high":
        return [soft(0, neck.y - 1), corner(neck.half, neck.y)]
    return [soft(0, neck.depth), soft(neck.half * 0.74, neck.y + drop * 0.72), corner(neck.half, neck.y)]


def _upper_half(body: Body, fit: Fit, neck: Neck, sleeves: str) -> tuple[list[Node], list[Point]]:
    """Neck, shoulder and armhole of the right half, and the side seam down to the waist."""
    u = body.unit
    under = (body.chest + fit.chest * u, body.chest_y)
    waist = (body.waist + fit.waist * u, body.waist_y)
    if sleeves == "sleeveless":
        tip_x = neck.half + fit.strap * u if fit.strap else max(body.shoulder * 0.83, neck.half + 7 * u)
        tip = (tip_x, _shoulder_y(body, tip_x))
        armhole = [corner(*tip), soft(min(tip[0], under[0]) - 2.5 * u, (tip[1] * 1.1 + under[1]) / 2.1), corner(*under)]
        if fit.front == "closed":  # a gilet keeps its full shoulder
            tip = (body.shoulder + 1, _shoulder_y(body, body.shoulder))
            armhole = [corner(*tip), soft(body.shoulder - 2 * u, (tip[1] + under[1]) / 2), corner(*under)]
    else:
        tip = (body.shoulder + fit.sleeve * 0.5 * u, body.shoulder_y - 0.5)
        armhole = [soft(tip[0] - 1.5 * u, tip[1]), soft(tip[0] - 2 * u, (tip[1] + under[1]) / 2), corner(*under)]
    return [*_neck_half(neck), *armhole], [under, waist]


def _leg_half(body: Body, *, hem_y: float, wide: float) -> tuple[list[Node], list[Point]]:
    """Right leg from hip to hem and back up the inner seam to the crotch; and the points of the outer seam."""
    centre = body.hip * 0.5 + wide * 0.18
    gap = 1.2 * body.unit
    outer = [(body.hip + 2.5, body.hip_y), (body.hip + 2.5, body.crotch_y + 4), (centre + wide, hem_y)]
    inner = [corner(max(gap + 1, centre - wide), hem_y), corner(0, body.crotch_y + 4)]
    return [*(soft(x, y) for x, y in outer[:-1]), corner(*outer[-1]), *inner], outer
