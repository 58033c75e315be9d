"""Images: whole ones of every format, damaged in many ways."""

from __future__ import annotations

import io
import random
import time
from functools import cache
from pathlib import Path

from PIL import Image

from tests.attack import words
from tests.attack.entry import Entry, LetIn
from yofo_rerank.errors import ImageError
from yofo_rerank.images import ImageLimits, load_image

LIMITS = ImageLimits(max_pixels=4_000_000, seconds=1.0)
SECONDS = 5.0


@cache
def whole_images() -> list[bytes]:
    """Small ones of every format and kind that is read here."""
    from yofo_rerank.image_formats import FORMATS

    noise = Image.effect_noise((40, 28), 90)
    kinds = [("JPEG", "RGB", {}), ("JPEG", "L", {"progressive": True}), ("JPEG", "CMYK", {}), ("PNG", "RGB", {})]
    kinds += [
        ("PNG", "P", {}),
        ("PNG", "RGBA", {}),
        ("PNG", "I;16", {}),
        ("WEBP", "RGB", {}),
        ("WEBP", "RGBA", {"lossless": True}),
    ]
    kinds += [("GIF", "P", {}), ("BMP", "RGB", {}), ("BMP", "P", {}), ("BMP", "1", {})]
    kinds += [("AVIF", "RGB", {})] * next(one.is_available() for one in FORMATS if one.name == "AVIF")
    exif = Image.Exif()
    exif[0x0112] = 6
    images = []
    for form, mode, options in kinds:
        buffer = io.BytesIO()
        extra = {"exif": exif} if form in ("JPEG", "PNG", "WEBP") else {}
        noise.convert("I").convert(mode).save(buffer, form, **options, **extra) if mode == "I;16" else noise.convert(
            mode
        ).save(buffer, form, **options, **extra)
        images.append(buffer.getvalue())
    return images


def make(rng: random.Random) -> bytes:
    """Damaged, sometimes with the head of one format and the body of another."""
    data = words.mutated(rng, rng.choice(whole_images()))
    if rng.random() < 0.05:
        data = data[: rng.randint(0, 40)] + rng.choice(whole_images())[rng.randint(0, 40) :]
    return data


def check(data: bytes, folder: Path) -> None:
    """A picture within the limits, or an ImageError, in time."""
    start = time.thread_time()
    try:
        picture = load_image(data, LIMITS, max_pixels=500)
    except ImageError as error:
        if not error.code or "0x" in str(error):
            raise LetIn(f"an error without a code, or with an address: {error}") from error
        picture = None
    if time.thread_time() - start > SECONDS:
        raise LetIn(f"{len(data)} bytes take {time.thread_time() - start:.1f} s")
    if picture is not None and (picture.mode != "RGB" or picture.width * picture.height > LIMITS.max_pixels):
        raise LetIn(f"{picture.mode} {picture.size}")


ENTRIES = [Entry("images", "damaged images of every format", make, check, per_second=3200, from_bytes=bytes)]
