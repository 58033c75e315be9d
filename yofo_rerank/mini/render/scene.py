"""The photograph around the garment: backdrop, floor, hanger, shadow, light, things in front, camera."""

from __future__ import annotations

import random

from PIL import Image

from yofo_rerank.mini.render.draw import circle, corner, fill, line, num, polyline, soft, spline
from yofo_rerank.mini.render.figure import LEGS, TORSO, Body
from yofo_rerank.mini.render.palette import BACKDROPS, apart_from, mix

SIZE = 192


def backdrop(others: list[str], rng: random.Random, *, floor: bool) -> tuple[str, str]:
    """A plain, graded or two-tone studio wall that none of the given colours melts into; defs and drawing."""
    tint = apart_from(BACKDROPS, others, rng, least=0.17)
    kind = rng.choice(("plain", "plain", "linear", "linear", "radial"))
    bright, dim = mix(tint, "#ffffff", 0.3), mix(tint, "#20242c", 0.13)
    stops = f'<stop offset="0" stop-color="{bright}"/><stop offset="1" stop-color="{dim}"/>'
    defs = {
        "plain": "",
        "linear": f'<linearGradient id="wall" x2="{num(rng.uniform(-0.5, 0.5))}" y2="1">{stops}</linearGradient>',
        "radial": f'<radialGradient id="wall" cx="{num(rng.uniform(0.2, 0.8))}" cy=".4">{stops}</radialGradient>',
    }[kind]
    paint = tint if kind == "plain" else "url(#wall)"
    parts = [f'<rect width="{SIZE}" height="{SIZE}" fill="{paint}"/>']
    panel, height = rng.random() < 0.2, rng.uniform(158, 168)
    if panel:
        x = rng.uniform(-10, 60)
        parts.append(f'<rect x="{num(x)}" y="-5" width="{num(rng.uniform(80, 130))}" height="205" rx="60" '
                     f'fill="{mix(tint, "#ffffff", 0.35)}" fill-opacity=".6"/>')  # fmt: skip
    if floor and rng.random() < 0.75:
        parts.append(f'<rect y="{num(height)}" width="{SIZE}" height="40" fill="{mix(tint, "#3a3430", 0.16)}"/>')
    return defs, "".join(parts)


def hanger(body: Body, rng: random.Random) -> str:
    """What an unworn garment hangs from: a clothes hanger, or a rail with clips for bottoms."""
    wood = rng.choice(("#b98a55", "#8c6239", "#3b3b40", "#d8d3c8"))
    if body is LEGS:
        bar, half = body.waist_y - 7, body.waist + 2
        parts = [line(polyline([(-half - 4, bar), (half + 4, bar)]), wood, 4)]
        for sign in (-1, 1):
            x = sign * half * 0.72
            parts.append(f'<rect x="{num(x - 3)}" y="{num(bar - 3)}" width="6" height="12" rx="1.5" fill="#6d7078"/>')
        hook = spline([corner(0, bar), corner(0, bar - 7), soft(5, bar - 12), corner(0, bar - 16)], closed=False)
        return "".join(parts) + line(hook, "#8b8e96", 2)
    top = body.neck_top - 8
    arms = spline(
        [corner(-body.shoulder + 4, body.shoulder_y + 2), soft(0, top), corner(body.shoulder - 4, body.shoulder_y + 2)],
        closed=False,
    )
    hook = spline([corner(0, top), corner(0, top - 5), soft(5, top - 10), corner(0, top - 14)], closed=False)
    return line(arms, wood, 4.5) + line(hook, "#8b8e96", 2)


def ground_shadow(body: Body) -> str:
    """The soft pool of shadow under a standing figure."""
    if body.ankle_y > SIZE:  # the ground is out of the frame
        return ""
    return f'<ellipse cx="0" cy="{num(body.ankle_y + 10)}" rx="{num(body.hip * 1.5)}" ry="6" fill="url(#pool)"/>'


POOL = (
    '<radialGradient id="pool"><stop offset="0" stop-color="#14121a" stop-opacity=".42"/>'
    '<stop offset="1" stop-color="#14121a" stop-opacity="0"/></radialGradient>'
)


def cast_shadow(outlines: list[str], rng: random.Random) -> str:
    """The garment's shadow on the wall or table behind it, in two soft steps."""
    dx, dy = rng.uniform(2, 5) * rng.choice((-1, 1)), rng.uniform(2, 5)
    shapes = "".join(f'<path d="{data}"/>' for data in outlines)
    return "".join(
        f'<g transform="translate({num(dx * far)} {num(dy * far)})" fill="#14121a" fill-opacity=".09">{shapes}</g>'
        for far in (0.6, 1.2)
    )


def props(rng: random.Random) -> str:
    """Something quiet beside the figure: a plant, a rail, a stool; or nothing."""
    kind, side = rng.choice(("", "", "plant", "rail", "stool")), rng.choice((0, 1))
    x = 12 if side else SIZE - 12
    if kind == "plant":
        pot = rng.choice(("#b9aa98", "#8d9298", "#e5dfd6"))
        leaves = "".join(_leaf(x, 150, angle, 44, mix("#7c9079", "#ffffff", 0.15)) for angle in (-38, -16, 8, 30))
        return f'<g>{leaves}<path d="M{x - 9} 150H{x + 9}L{x + 6} 176H{x - 6}Z" fill="{pot}"/></g>'
    if kind == "rail":
        return line(polyline([(x, -5), (x, 180), (x - 8, 184), (x + 8, 184)]), "#8f8b86", 2.4, opacity=0.7)
    if kind == "stool":
        seat = f'<rect x="{x - 18}" y="132" width="36" height="6" rx="2"/>'
        legs = f'<path d="M{x - 13} 138l-3 44h4l3 -44ZM{x + 13} 138l3 44h-4l-3 -44Z"/>'
        return f'<g fill="#ab9884">{seat}{legs}</g>'
    return ""


def foreground(rng: random.Random) -> str:
    """A mild occlusion at the lower corners of the picture: a leaf or a handbag; mostly nothing."""
    kind, right = rng.choice(("", "", "", "leaf", "bag")), rng.random() < 0.5
    if kind == "leaf":
        x = SIZE + 3 if right else -3
        angles = (-62, -40, -18) if right else (62, 40, 18)
        return "".join(_leaf(x, 197, angle, rng.uniform(38, 52), "#64805f") for angle in angles)
    if kind == "bag":
        x = SIZE - 17 if right else 17
        body = spline(
            [
                corner(x - 15, 152),
                corner(x + 15, 152),
                soft(x + 18, 176),
                corner(x + 14, 184),
                corner(x - 14, 184),
                soft(x - 18, 176),
            ]
        )
        strap = spline([corner(x - 9, 153), soft(x, 132), corner(x + 9, 153)], closed=False)
        tone = rng.choice(("#8a7763", "#5c5f66", "#c9bfb0"))
        return (
            line(strap, mix(tone, "#000000", 0.3), 2.4)
            + fill(body, tone)
            + line(body, mix(tone, "#000000", 0.35), 1.2)
            + (circle(x, 162, 2.2, "#d9c48a"))
        )
    return ""


def light(rng: random.Random) -> Image.Image:
    """Studio light as a 2 x 2 picture to be stretched and multiplied in: too weak to change the name of a colour."""
    strength, warmth = rng.uniform(0.0, 0.11), rng.uniform(-0.015, 0.015)
    corners = [1 - strength * rng.random() for _ in range(4)]
    tints = [(c * (1 + min(0.0, warmth)), c, c * (1 - max(0.0, warmth))) for c in corners]
    picture = Image.new("RGB", (2, 2))
    picture.putdata([(round(255 * r), round(255 * g), round(255 * b)) for r, g, b in tints])
    return picture


def camera(body: Body, rng: random.Random, *, zoom: float, middle: float) -> tuple[str, str]:
    """The transform of the figure (place, size, tilt, mirroring), and the one that sets tiles upright again.

    `middle` is the height (y) that comes to the middle of the picture.
    """
    scale = zoom * (rng.uniform(0.92, 1.0) if body is TORSO else rng.uniform(0.94, 1.02))
    x, y = 96 + rng.uniform(-6, 6), 96 - scale * middle + rng.uniform(-2, 3)
    mirror, tilt = rng.choice((-1, 1)), rng.uniform(-4, 4) if body is TORSO else rng.uniform(-2.5, 2.5)
    if rng.random() < 0.5:
        tilt = 0.0
    turn, back = (f"rotate({num(tilt)} 0 {num(middle)}) ", f" rotate({num(-tilt)})") if abs(tilt) >= 0.1 else ("", "")
    forth = f"translate({num(x)} {num(y)}) {turn}scale({mirror * scale:.3f} {scale:.3f})"
    return forth, f"scale({mirror / scale:.6f} {1 / scale:.6f}){back}"


def _leaf(x: float, y: float, angle: float, length: float, tone: str) -> str:
    half = length * 0.17
    data = spline([corner(0, 0), soft(half, -length * 0.5), corner(0, -length), soft(-half, -length * 0.5)])
    vein = polyline([(0, 0), (0, -length * 0.9)])
    return (
        f'<g transform="translate({num(x)} {num(y)}) rotate({num(angle)})">{fill(data, tone)}'
        f"{line(vein, mix(tone, '#ffffff', 0.3), 0.8)}</g>"
    )
