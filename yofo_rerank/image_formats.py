"""Which image files are read, told by their first bytes and never by their name, and by which decoder.

JPEG, PNG, WebP, GIF, BMP and AVIF by Pillow; HEIC where pillow-heif is installed. TIFF is left out: one decoder that
stands for dozens, which few pictures need. A further format is a further record.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from PIL import Image, features

_ISO_BRANDS = rb"....ftyp(?:%b|(?:mif1|msf1).{4}(?:.{4}){0,15}?(?:%b))"  # own brand, or among the compatible ones


@dataclass(frozen=True)
class ImageFormat:
    """One format: the name people know, suffixes, first bytes, and `module:class` of its decoder."""

    name: str
    suffixes: tuple[str, ...]
    start: bytes  # regular expression
    decoder: str
    is_available: Callable[[], bool] = lambda: True
    missing: str = ""  # what helps where it is not available

    def matches(self, data: bytes) -> bool:
        """Whether a file begins like this."""
        return re.match(self.start, data[:128], re.DOTALL) is not None

    def opener(self) -> type[Image.Image]:
        """The class that reads the header when it is called with a file."""
        module, _, name = self.decoder.partition(":")
        return getattr(import_module(module), name)


@cache
def _has_avif() -> bool:
    return features.check("avif") is True


@cache
def _has_heif() -> bool:
    return find_spec("pillow_heif") is not None


FORMATS = (
    ImageFormat("JPEG", (".jpg", ".jpeg"), rb"\xff\xd8\xff", "PIL.JpegImagePlugin:JpegImageFile"),
    ImageFormat("PNG", (".png",), rb"\x89PNG\r\n\x1a\n", "PIL.PngImagePlugin:PngImageFile"),
    ImageFormat("WebP", (".webp",), rb"RIFF....WEBP", "PIL.WebPImagePlugin:WebPImageFile"),
    ImageFormat("GIF", (".gif",), rb"GIF8[79]a", "PIL.GifImagePlugin:GifImageFile"),
    ImageFormat("BMP", (".bmp",), rb"BM", "PIL.BmpImagePlugin:BmpImageFile"),
    ImageFormat(
        "AVIF",
        (".avif",),
        _ISO_BRANDS % (rb"avi[fs]", rb"avi[fs]"),
        "PIL.AvifImagePlugin:AvifImageFile",
        _has_avif,
        "this Pillow was built without it",
    ),
    ImageFormat(
        "HEIC",
        (".heic", ".heif"),
        _ISO_BRANDS % (rb"he(?:ic|ix|im|is)", rb"he(?:ic|ix|im|is)"),
        "pillow_heif:HeifImageFile",
        _has_heif,
        'pip install "yofo-rerank[heic]"',
    ),
)
UNREAD_SUFFIXES = frozenset((".tif", ".tiff", ".jp2", ".jxl", ".ico", ".psd", ".dng", ".svg"))


def format_of(data: bytes) -> ImageFormat | None:
    """The format that the first bytes tell.

    >>> format_of(b"GIF89a...").name
    'GIF'
    """
    return next((one for one in FORMATS if one.matches(data)), None)


def known_names() -> str:
    """For messages.

    >>> known_names()[:15]
    'JPEG, PNG, WebP'
    """
    names = [one.name for one in FORMATS if one.is_available()]
    return f"{', '.join(names[:-1])} or {names[-1]}"


def readable_suffixes() -> tuple[str, ...]:
    """Suffixes of the files that can be read here."""
    return tuple(suffix for one in FORMATS if one.is_available() for suffix in one.suffixes)


def unread_reason(suffix: str) -> str | None:
    """Why a picture with such a name is not read; None for one that is, or for what is no picture.

    >>> unread_reason(".tif"), unread_reason(".jpg")
    ('not read', None)
    """
    for one in FORMATS:
        if suffix in one.suffixes:
            return None if one.is_available() else one.missing
    return "not read" if suffix in UNREAD_SUFFIXES else None
