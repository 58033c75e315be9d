"""Pictures of garments: vector drawings in the style of product photography, rendered at the size asked for."""

from __future__ import annotations

import io
import random

import resvg_py
from PIL import Image, ImageChops

from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.render import scene
from yofo_rerank.mini.render.figure import TORSO, Body, draw_figure, draw_hair, posed
from yofo_rerank.mini.render.garments import frame_of, sew
from yofo_rerank.mini.render.materials import Cloth, cloth_defs
from yofo_rerank.mini.render.palette import HAIR, PEOPLE, SKINS, apart_from, cloth_colour

__all__ = ["render", "svg"]


def render(garment: Garment, seed: int, size: int = 192) -> Image.Image:
    """The picture of a garment: RGB, `size` x `size`, the same for the same arguments.

    The seed decides everything that is not the garment: person or mannequin, pose, backdrop, light, camera.

    >>> from yofo_rerank.mini.attributes import sample_garment
    >>> render(sample_garment(random.Random(0)), seed=0).size
    (192, 192)
    """
    if size < 1:
        raise ValueError(f"size must be at least 1 pixel, got {size}")
    png = resvg_py.svg_to_bytes(svg_string=svg(garment, seed), width=size, height=size, skip_system_fonts=True)
    with Image.open(io.BytesIO(png)) as image:
        picture = image.convert("RGB")
    light = scene.light(random.Random(f"light:{seed}")).resize((size, size), Image.Resampling.BILINEAR)
    return ImageChops.multiply(picture, light)


def svg(garment: Garment, seed: int) -> str:
    """The picture as SVG text, 192 units wide and high, before the light falls on it."""
    streams = {name: random.Random(f"{name}:{seed}") for name in ("cloth", "body", "people", "cut", "scene", "camera")}
    frame = frame_of(garment)
    flat = _hangs_unworn(garment, streams["people"])
    body = posed(frame, streams["body"], flat=flat)
    cloth = Cloth(
        base=cloth_colour(garment.colour, streams["cloth"]),
        second=cloth_colour(garment.second_colour, streams["cloth"]) if garment.second_colour else None,
        pattern=garment.pattern,
        material=garment.material,
        unit=frame.unit,
        seed=seed,
    )
    skin = apart_from(SKINS, [cloth.base], streams["people"], least=0.16)
    others = [cloth.base] if flat else [cloth.base, skin]
    defs, wall = scene.backdrop(others, streams["scene"], floor=frame is not TORSO)
    drawing = sew(garment, body, cloth, streams["cut"])
    behind, figure = _wearer(garment, body, skin, streams["people"])
    if flat:
        behind, figure = scene.hanger(body, streams["scene"]), ""
    shadow = scene.cast_shadow(drawing.outlines, streams["scene"])
    zoom, middle = _framing(garment) if flat else (1.0, 96.0)
    camera, upright = scene.camera(frame, streams["camera"], zoom=zoom, middle=middle)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 192 192"><defs>'
        f"{defs}{scene.POOL}{cloth_defs(cloth, upright, streams['cloth'])}</defs>{wall}{scene.props(streams['scene'])}"
        f'<g transform="{camera}">{shadow}{behind}{drawing.back}{figure}{drawing.front}</g>'
        f"{scene.foreground(streams['scene'])}</svg>"
    )


def _hangs_unworn(garment: Garment, rng: random.Random) -> bool:
    """Whether nobody wears the garment; lengths are read off a figure, so anything with a length is worn."""
    return rng.random() < 0.3 and garment.length is None and garment.category != "jumpsuit"


def _wearer(garment: Garment, body: Body, skin: str, rng: random.Random) -> tuple[str, str]:
    """What of the person or mannequin lies behind the garment's back (hair, shadow), and the figure itself."""
    hair = rng.choice(HAIR) if skin in PEOPLE and rng.random() < 0.8 else None
    figure = draw_figure(body, skin, rng, hair)
    shown = hair is not None and body.neck_top > 0 and not garment.hood
    return scene.ground_shadow(body) + (draw_hair(body, hair, rng) if hair is not None and shown else ""), figure


def _framing(garment: Garment) -> tuple[float, float]:
    """How near the camera comes to an unworn garment, and the height it looks at."""
    if garment.category == "shorts":
        return 1.4, 52.0
    if garment.category == "trousers":
        return 1.02, 88.0
    return (1.05, 80.0) if garment.sleeves == "long" else (1.2, 80.0)
