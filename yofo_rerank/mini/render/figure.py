"""The person or mannequin that wears the garment: measures, pose, drawing. x = 0 is the middle, y grows downwards."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from math import cos, radians, sin

from yofo_rerank.mini.render.draw import Point, circle, corner, fill, lerp, limb, line, mirrored, soft, spline
from yofo_rerank.mini.render.palette import mix

Limb = tuple[Point, Point, Point]  # shoulder, elbow, wrist


@dataclass(frozen=True)
class Body:
    """Heights (y) and half-widths of one figure in a 192 x 192 picture; `unit` scales details and strokes."""

    unit: float
    neck: float
    neck_top: float
    pit: float
    shoulder: float
    shoulder_y: float
    chest: float
    chest_y: float
    waist: float
    waist_y: float
    hip: float
    hip_y: float
    crotch_y: float
    knee_y: float
    ankle_y: float
    arm: tuple[float, float]  # lengths of upper arm and forearm
    arms: tuple[Limb, Limb] = (((0, 0), (0, 0), (0, 0)), ((0, 0), (0, 0), (0, 0)))


# What the frame shows decides the measures: a torso, a whole figure, or the figure from the ribs down.
TORSO = Body(1.0, 11, 22, 30, 42, 34, 36, 66, 31, 102, 37, 136, 152, 212, 280, (48, 44))
WHOLE = Body(0.86, 9, 15, 21, 33, 24, 28, 47, 24, 71, 30, 96, 104, 135, 171, (34, 30))
LEGS = Body(1.0, 11, -96, -88, 42, -84, 34, -30, 30, 16, 38, 50, 70, 114, 166, (62, 54))


def posed(body: Body, rng: random.Random, *, flat: bool) -> Body:
    """The body with its arms placed: hanging at ease, or one hand on the hip."""
    arms = []
    akimbo = rng.random() < 0.3
    for side in (1, -1):
        upper, fore = radians(rng.uniform(13, 26)), radians(rng.uniform(2, 14))
        if flat:
            upper = fore = radians(rng.uniform(17, 24))
        elif akimbo and side == 1 and body is not LEGS:
            upper, fore = radians(rng.uniform(38, 46)), radians(rng.uniform(-34, -26))
        elif body is LEGS:
            upper, fore = radians(rng.uniform(15, 19)), radians(rng.uniform(-2, 4))
        start = (side * (body.shoulder - 6 * body.unit), body.shoulder_y + 6 * body.unit)
        elbow = (start[0] + side * sin(upper) * body.arm[0], start[1] + cos(upper) * body.arm[0])
        wrist = (elbow[0] + side * sin(fore) * body.arm[1], elbow[1] + cos(fore) * body.arm[1])
        arms.append((start, elbow, wrist))
    return replace(body, arms=(arms[0], arms[1]))


def draw_figure(body: Body, skin: str, rng: random.Random, hair: str | None) -> str:
    """The bare figure; `hair` is None for a mannequin without a face."""
    u, shade = body.unit, mix(skin, "#3a1f14", 0.3)
    parts = [_legs(body, skin, shade)]
    parts += [_arm(arm, u, skin, shade) for arm in body.arms]
    torso = mirrored(
        [
            soft(0, body.neck_top - 2),
            corner(body.neck, body.neck_top - 3 * u),
            soft(body.neck + 5 * u, body.neck_top + 4 * u),
            soft(body.shoulder - 3 * u, body.shoulder_y),
            corner(body.shoulder - 1 * u, body.shoulder_y + 7 * u),
            corner(body.chest - 1, body.chest_y),
            soft(body.waist, body.waist_y),
            soft(body.hip, body.hip_y),
            corner(body.hip - 1, body.crotch_y),
            corner(0, body.crotch_y + 3 * u),
        ]
    )
    parts.append(fill(spline(torso), skin))
    if body.neck_top > 0:
        parts.append(_neck(body, skin, shade))
        collarbone = [corner(5 * u, body.pit + 3 * u), soft(13 * u, body.pit + 1 * u), corner(22 * u, body.pit + 2 * u)]
        bones = [spline([(sign * x, y, turn) for x, y, turn in collarbone], closed=False) for sign in (1, -1)]
        parts += [line(bone, shade, 1 * u, opacity=0.5) for bone in bones]
        parts.append(_head(body, skin, hair, rng))
    return "".join(parts)


def draw_hair(body: Body, hair: str, rng: random.Random) -> str:
    """Long hair that falls behind the shoulders; drawn before everything else."""
    u, drop = body.unit, rng.uniform(6, 16)
    half = rng.uniform(19, 23) * u
    low = body.neck_top + drop * u
    return fill(spline([corner(-half, -12), corner(half, -12), soft(half * 1.02, low - 8), corner(half * 0.5, low),
                        corner(-half * 0.5, low), soft(-half * 1.02, low - 8)]), hair)  # fmt: skip


def _neck(body: Body, skin: str, shade: str) -> str:
    u, top = body.unit, body.neck_top - 14 * body.unit
    neck = [corner(-body.neck, top), corner(body.neck, top), corner(body.neck, body.neck_top), soft(0, body.pit),
            corner(-body.neck, body.neck_top)]  # fmt: skip
    shadow = [corner(-body.neck, body.neck_top - 8 * u), corner(body.neck, body.neck_top - 8 * u),
              soft(0, body.neck_top + 3 * u)]  # fmt: skip
    return fill(spline(neck), skin) + fill(spline(shadow), shade, 0.45)


def _head(body: Body, skin: str, hair: str | None, rng: random.Random) -> str:
    u = body.unit
    chin = body.neck_top - 7 * u
    jaw = mirrored([soft(0, chin - 40 * u), soft(15.5 * u, chin - 26 * u), soft(14 * u, chin - 10 * u), soft(0, chin)])
    parts = [fill(spline(jaw), skin)]
    if hair is not None:
        lips = mix(skin, rng.choice(("#a03040", "#8a3b3b", "#b5485a")), 0.7)
        smile = [corner(-4.5 * u, chin - 8 * u), soft(0, chin - 9 * u), corner(4.5 * u, chin - 8 * u),
                 soft(0, chin - 5.5 * u)]  # fmt: skip
        parts.append(fill(spline(smile), lips))
    return "".join(parts)


def _arm(arm: Limb, u: float, skin: str, shade: str) -> str:
    shoulder, elbow, wrist = arm
    hand = lerp(elbow, wrist, 1.2)
    tip = lerp(elbow, wrist, 1.38)
    data = limb([shoulder, lerp(shoulder, elbow, 0.5), elbow, wrist], [8 * u, 7.8 * u, 6.6 * u, 4.8 * u])
    palm = limb([lerp(elbow, wrist, 0.94), hand, tip], [4.9 * u, 5.7 * u, 3 * u])
    round_end = circle(tip[0], tip[1], 3 * u, skin)
    return fill(data, skin) + line(data, shade, 0.7, opacity=0.35) + fill(palm, skin) + round_end


def _legs(body: Body, skin: str, shade: str) -> str:
    u, parts = body.unit, []
    for sign in (1, -1):
        axis = [
            (sign * body.hip * 0.5, body.crotch_y - 8),
            (sign * body.hip * 0.5, body.crotch_y + 3 * u),
            (sign * body.hip * 0.5, (body.crotch_y + body.knee_y) / 2),
            (sign * body.hip * 0.46, body.knee_y),
            (sign * body.hip * 0.46, body.knee_y + (body.ankle_y - body.knee_y) * 0.35),
            (sign * body.hip * 0.42, body.ankle_y),
        ]
        data = limb(
            axis,
            [body.hip * 0.48, body.hip * 0.49, body.hip * 0.37, body.hip * 0.245, body.hip * 0.25, body.hip * 0.14],
        )
        foot = [corner(axis[5][0] - 4 * u, body.ankle_y - 2), corner(axis[5][0] + 4 * u, body.ankle_y - 2),
                soft(axis[5][0] + (sign + 5) * u, body.ankle_y + 8 * u), soft(axis[5][0], body.ankle_y + 12 * u),
                soft(axis[5][0] + (sign - 5) * u, body.ankle_y + 8 * u)]  # fmt: skip
        knee = [corner(axis[3][0] - 5 * u, body.knee_y + 2), soft(axis[3][0], body.knee_y + 5 * u),
                corner(axis[3][0] + 5 * u, body.knee_y + 2)]  # fmt: skip
        parts += [
            fill(spline(foot), mix(skin, shade, 0.4)),
            fill(data, skin),
            line(data, shade, 0.7, opacity=0.35),
            line(spline(knee, closed=False), shade, 1.2 * u, opacity=0.55),
        ]
    return "".join(parts)
