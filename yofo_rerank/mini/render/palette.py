"""Colours: the twelve nameable cloth colours, skins, backdrops, and the arithmetic between them."""

from __future__ import annotations

import colorsys
import random

Rgb = tuple[float, float, float]

CLOTH = {
    "black": "#202023",
    "white": "#f8f8f6",
    "grey": "#8f9093",
    "red": "#cf2029",
    "pink": "#f490b9",
    "orange": "#f47b20",
    "yellow": "#f6d62a",
    "green": "#2e8b3d",
    "blue": "#2459c4",
    "purple": "#7a3fa8",
    "brown": "#6f4424",
    "beige": "#dcc6a0",
}
PEOPLE = ("#f4d3bd", "#e8b796", "#cf9a72", "#ad734b", "#80503a", "#553626")
SKINS = (*PEOPLE, "#eceae6", "#c3c5c8", "#54565b")  # and shop mannequins in plaster, grey and charcoal
HAIR = ("#2a1d17", "#4a2f1f", "#7b4a26", "#b9854a", "#191a1d", "#8d8a86")
BACKDROPS = (
    "#f3f1ec", "#e9edf1", "#f6e9e4", "#e4efe6", "#ece6f3", "#fbf3da", "#dfe9ee", "#d9d6d0", "#c9d6cf", "#d8cbbd",
    "#b9c7d3", "#e9d3c8", "#cfc7dc", "#a9b7a6", "#9fb0bf", "#8c97a3", "#b79f90", "#6f7f86", "#f7f7f7", "#dcdde0",
)  # fmt: skip


def rgb(colour: str) -> Rgb:
    """`"#ff0000"` -> `(1.0, 0.0, 0.0)`."""
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def hexa(colour: Rgb) -> str:
    """`(1.0, 0.0, 0.0)` -> `"#ff0000"`."""
    return "#" + "".join(f"{round(min(1.0, max(0.0, part)) * 255):02x}" for part in colour)


def mix(first: str, second: str, share: float) -> str:
    """`share` of the second colour in the first."""
    return hexa(tuple(a + (b - a) * share for a, b in zip(rgb(first), rgb(second), strict=True)))  # type: ignore[arg-type]


def luminance(colour: str) -> float:
    """Perceived brightness in 0..1."""
    red, green, blue = rgb(colour)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def distance(first: str, second: str) -> float:
    """How far apart two colours look: brightness counts most, 0 = the same, black to white = 1."""
    light = luminance(first) - luminance(second)
    spread = sum((a - b) ** 2 for a, b in zip(rgb(first), rgb(second), strict=True)) / 3
    return (0.6 * light**2 + 0.4 * spread) ** 0.5


def cloth_colour(name: str, rng: random.Random) -> str:
    """The base tone of a named colour with a jitter too small to change its name."""
    hue, light, saturation = colorsys.rgb_to_hls(*rgb(CLOTH[name]))
    hue += rng.uniform(-0.008, 0.008)
    light += rng.uniform(-0.022, 0.022) if name != "white" else rng.uniform(-0.02, 0.01)
    saturation *= rng.uniform(0.92, 1.04)
    return hexa(colorsys.hls_to_rgb(hue % 1, min(0.99, max(0.06, light)), min(1.0, saturation)))


def apart_from(colours: tuple[str, ...], others: list[str], rng: random.Random, *, least: float) -> str:
    """A colour of `colours`, drawn at random among those at least `least` away from every one of `others`."""
    order = rng.sample(colours, len(colours))
    gaps = [min(distance(colour, other) for other in others) for colour in order]
    return next((c for c, gap in zip(order, gaps, strict=True) if gap >= least), order[gaps.index(max(gaps))])
