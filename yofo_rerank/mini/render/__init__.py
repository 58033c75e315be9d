"""Pictures of garments: vector drawings in the style of product photography, rendered at the size asked for."""

from __future__ import annotations

import io
import random

import resvg_py
from PIL import Image, ImageChops

from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.render import scene
from yofo_rerank.mini.render.figure import LEGS, TORSO, draw_figure, draw_hair, posed
from yofo_rerank.mini.render.garments import frame_of, sew
from yofo_rerank.mini.render.materials import Cloth, cloth_defs
from yofo_rerank.mini.render.palette import HAIR, SKINS, apart_from, cloth_colour

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
    stream = {name: random.Random(f"{name}:{seed}") for name in ("cloth", "body", "people", "cut", "scene", "camera")}
    frame = frame_of(garment)
    flat = _lies_flat(garment, stream["people"])
    body = posed(frame, stream["body"], flat=flat)
    cloth = Cloth(
        base=cloth_colour(garment.colour, stream["cloth"]),
        second=cloth_colour(garment.second_colour, stream["cloth"]) if garment.second_colour else None,
        pattern=garment.pattern,
        material=garment.material,
        unit=frame.unit,
        seed=seed,
    )
    skin = apart_from(SKINS, [cloth.base], stream["people"], least=0.16)
    person = skin in SKINS[:6] and stream["people"].random() < 0.8
    wall_defs, wall = scene.backdrop(
        [cloth.base] if flat else [cloth.base, skin], stream["scene"], floor=frame is not TORSO
    )
    drawing = sew(garment, body, cloth, stream["cut"])
    hair = stream["people"].choice(HAIR) if person else None
    if flat:
        figure, behind = "", scene.hanger(body, stream["scene"])
    else:
        figure = draw_figure(body, skin, stream["people"], hair)
        behind = draw_hair(body, hair, stream["people"]) if hair and frame is not LEGS and not garment.hood else ""
        behind = scene.ground_shadow(frame) + behind
    zoom, middle = _framing(garment) if flat else (1.0, 96.0)
    camera, upright = scene.camera(frame, stream["camera"], zoom=zoom, middle=middle)
    shadow = scene.cast_shadow(drawing.outlines, stream["scene"])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 192 192"><defs>'
        f"{wall_defs}{scene.POOL}{cloth_defs(cloth, upright, stream['cloth'])}</defs>{wall}"
        f"{scene.props(stream['scene'], stream['scene'])}"
        f'<g transform="{camera}">{shadow}{behind}{drawing.back}{figure}{drawing.front}</g>'
        f"{scene.foreground(stream['scene'])}</svg>"
    )


def _lies_flat(garment: Garment, rng: random.Random) -> bool:
    """Whether the garment is shown unworn; lengths are read off a figure, so anything with a length is worn."""
    draw = rng.random() < 0.3
    return draw and garment.length is None and garment.category not in ("jumpsuit",)


def _framing(garment: Garment) -> tuple[float, float]:
    """How near the camera comes to an unworn garment, and the height it looks at."""
    if garment.category == "shorts":
        return 1.4, 52.0
    if garment.category == "trousers":
        return 1.02, 88.0
    return (1.05, 80.0) if garment.sleeves == "long" else (1.2, 80.0)
