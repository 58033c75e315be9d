"""Safe image loading: from a path, bytes, a data URI or a PIL image to an upright RGB picture, or an `ImageError`.

Nothing here touches the network or Pillow's global settings. Every error carries a code:

| code | the source is |
|---|---|
| `missing`, `unreadable`, `not_a_file`, `bad_path` | no file, no permission, a folder or device, no path at all |
| `outside_root`, `url` | a path that leaves `ImageLimits.root`, an address that would have to be fetched |
| `too_many_bytes`, `too_many_pixels`, `too_small`, `bad_aspect` | beyond a limit (pixels: read from the header) |
| `too_many_scans`, `too_slow`, `oom` | made to take long, or more memory than there is |
| `bad_data_uri`, `not_an_image`, `truncated`, `bad_mode`, `missing_extra` | not decodable, or not here |
| `pdf`, `not_a_pdf`, `encrypted`, `too_many_pages`, `no_such_page` | a whole PDF, or a page that cannot be drawn |
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile

from yofo_rerank.errors import ImageError
from yofo_rerank.files import check_bytes, read_regular_file, shown_path
from yofo_rerank.image_budget import BLOCK, MAX_SCANNED_PIXELS, MAX_SCANS, TimedBytes, TooSlow, scans
from yofo_rerank.image_formats import format_of, known_names
from yofo_rerank.pdf import MAX_PDF_BYTES, PdfPage, is_pdf, render_page
from yofo_rerank.plain_inputs import plain_image

__all__ = [
    "DEFAULT_LIMITS",
    "ImageLimits",
    "ImageSource",
    "is_address",
    "is_data_uri",
    "load_image",
    "read_regular_file",
]

ImageSource = str | Path | bytes | Image.Image | PdfPage

# What Pillow's decoders raise on damaged input (found by fuzzing and in their source); none of it may leak as it is.
_PILLOW_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,  # AVIF
    SyntaxError,
    TypeError,
    ValueError,
    Warning,  # raised where the process turns warnings into errors
    struct.error,
    zlib.error,
)
_URL = re.compile(r"[a-z][a-z0-9+.\-]*://|//|\\\\", re.IGNORECASE)  # also //host/share and \\host\share


@dataclass(frozen=True)
class ImageLimits:
    """What an image may cost and where it may come from.

    >>> ImageLimits(max_pixels=1_000_000).min_side
    2
    """

    max_bytes: int = 20 * 1024 * 1024
    max_pixels: int = 50_000_000
    min_side: int = 2  # pixels
    max_aspect: float = 200.0  # longer side / shorter side; the Qwen processors raise above it
    seconds: float = 5.0  # of the processor, for decoding; WebP, AVIF and HEIC are held by their pixels alone
    root: Path | None = None  # confines paths; a relative path is then relative to it
    max_pdf_bytes: int = MAX_PDF_BYTES  # of a file whose page is wanted

    def __post_init__(self) -> None:
        for field in ("max_bytes", "max_pixels", "min_side", "max_aspect", "max_pdf_bytes"):
            if not getattr(self, field) >= 1:
                raise ValueError(f"{field} must be at least 1, but got {getattr(self, field)}")
        if not self.seconds > 0:
            raise ValueError(f"seconds must be above 0, but got {self.seconds}")


DEFAULT_LIMITS = ImageLimits()


def load_image(
    source: ImageSource,
    limits: ImageLimits = DEFAULT_LIMITS,
    *,
    name: str = "image",
    max_pixels: int | None = None,
) -> Image.Image:
    """Decode an image into a new RGB picture as a person would see it; `source` is never changed.

    EXIF orientation is applied, transparency lies on white, 16-bit grey is scaled, and of an animation or a
    multi-picture file only the first frame is read. Limits are checked on the header, before any pixel is decoded.

    >>> load_image(Image.new("L", (4, 3))).mode
    'RGB'

    Args:
        source: a path, the bytes of a file, a base64 `data:` URI, a page of a PDF, a PIL image or a uint8 array.
            Addresses are refused.
        limits: what it may cost and where it may come from.
        name: what error messages call it.
        max_pixels: a JPEG of more may be decoded smaller, to no fewer than these: several times as fast. Its own
            (width, height) is then `picture.info["full_size"]`. A page of a PDF is drawn with at most as many.

    Raises:
        ImageError: with the codes of the table above.
    """
    source = plain_image(source)
    try:
        if isinstance(source, PdfPage):
            return _page(source, limits, name, max_pixels)
        image = source if isinstance(source, Image.Image) else _open(read_source(source, limits, name), limits, name)
        _check_size(image.size, limits, name)
        full_size = image.size
        if max_pixels is not None and isinstance(image, JpegImageFile):
            _shrink(image, max_pixels)
        is_smaller = full_size != image.size
        picture = _decoded(image, name)
    except MemoryError as error:
        raise ImageError(f"{name}: not enough memory to decode it", code="oom") from error
    if is_smaller:
        is_turned = (full_size[0] < full_size[1]) != (picture.width < picture.height)
        picture.info["full_size"] = full_size[::-1] if is_turned else full_size
    return picture


def image_size(
    source: ImageSource, limits: ImageLimits = DEFAULT_LIMITS, *, name: str = "image", max_pixels: int | None = None
) -> tuple[int, int]:
    """Width and height (or the reverse, where EXIF turns it) from the header; arguments and errors as `load_image`."""
    source = plain_image(source)
    if isinstance(source, PdfPage):
        return _page(source, limits, name, max_pixels).size
    return (source if isinstance(source, Image.Image) else _open(read_source(source, limits, name), limits, name)).size


def is_data_uri(source: object) -> bool:
    """Whether the source is content written as a `data:` URI, and not a path.

    >>> is_data_uri("data:image/png;base64,AAAA"), is_data_uri("data/1.png")
    (True, False)
    """
    return isinstance(source, str) and source[:5].lower() == "data:"


def is_address(source: object) -> bool:
    """Whether the source would have to be fetched.

    >>> is_address("https://example.com/1.png"), is_address("photos/1.png")
    (True, False)
    """
    return isinstance(source, str) and _URL.match(source) is not None


def read_source(
    source: str | Path | bytes | PdfPage, limits: ImageLimits = DEFAULT_LIMITS, name: str = "image"
) -> bytes:
    """The bytes of a file, given by its path, as bytes or as a `data:` URI; of a page its PDF's; not decoded.

    Raises:
        ImageError: they cannot be read, or are too many.
    """
    if isinstance(source, PdfPage):
        return read_source(source.file, replace(limits, max_bytes=limits.max_pdf_bytes), name)
    if isinstance(source, bytes):
        check_bytes(len(source), limits.max_bytes, name)
        return source
    if is_data_uri(source):
        return _decode_data_uri(str(source), limits, name)
    if is_address(source):
        got = f"{name}: got an address ({shown_path(source)}), and nothing is fetched"
        raise ImageError(f"{got}; wanted a path, bytes or a PIL image", code="url")
    if isinstance(source, str | Path):
        return read_regular_file(source, max_bytes=limits.max_bytes, root=limits.root, name=name)
    raise ImageError(f"{name}: got {type(source).__name__}, wanted a path, bytes or a PIL image", code="not_an_image")


def _page(page: PdfPage, limits: ImageLimits, name: str, max_pixels: int | None) -> Image.Image:
    most = min(max_pixels or limits.max_pixels, limits.max_pixels)
    data = read_source(page, limits, name)
    picture = render_page(data, page.number, max_pixels=most, seconds=limits.seconds, name=name)
    _check_size(picture.size, limits, name)
    return picture


def _decode_data_uri(uri: str, limits: ImageLimits, name: str) -> bytes:
    header, comma, payload = uri.partition(",")
    if not comma or not header.lower().endswith(";base64"):
        raise ImageError(f"{name}: a data URI must look like data:image/png;base64,...", code="bad_data_uri")
    if "%" not in payload:  # with escapes the size is known only after decoding
        check_bytes(len(payload) * 3 // 4 - 2, limits.max_bytes, name)
    try:
        data = base64.b64decode(unquote_to_bytes(payload), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImageError(f"{name}: the data URI is not valid base64", code="bad_data_uri") from error
    check_bytes(len(data), limits.max_bytes, name)
    return data


def _open(data: bytes, limits: ImageLimits, name: str) -> Image.Image:
    """Read the header with the one decoder that the first bytes call for.

    Not `Image.open`: it warns, process-wide, about sizes that are refused here anyway, and it would try other formats.
    """
    form = format_of(data)
    if form is None and is_pdf(data):
        raise ImageError(
            f"{name}: got a PDF; wanted a page of it: PdfPage(file, number), or pdf_pages(file)", code="pdf"
        )
    if form is None:
        raise ImageError(f"{name}: got {len(data)} bytes that are not {known_names()}", code="not_an_image")
    if not form.is_available():
        raise ImageError(f"{name}: {form.name} is not read here: {form.missing}", code="missing_extra")
    opener: Any = form.opener()
    try:
        image = opener(TimedBytes(data, limits.seconds))
    except TooSlow as error:
        raise _too_slow(name) from error
    except Image.DecompressionBombError as error:  # Pillow's own cap, for WebP already at the header
        raise ImageError(f"{name}: the header promises more pixels than is safe", code="too_many_pixels") from error
    except _PILLOW_ERRORS as error:
        raise ImageError(f"{name}: the image is truncated or damaged; wanted a whole file", code="truncated") from error
    image.decodermaxblock = BLOCK
    if form.name == "JPEG":
        _check_scans(data, image.size, name)
    return image


def _check_scans(data: bytes, size: tuple[int, int], name: str) -> None:
    """Each of a JPEG's scans goes over all pixels, and an empty one takes twelve bytes."""
    most = min(MAX_SCANS, MAX_SCANNED_PIXELS // max(1, size[0] * size[1]))
    if scans(data, most) > most:
        message = f"{name}: got a JPEG of more than {most} scans over {size[0]} x {size[1]} pixels"
        raise ImageError(f"{message}, wanted fewer", code="too_many_scans")


def _shrink(image: JpegImageFile, max_pixels: int) -> None:
    share = math.sqrt(max_pixels / (image.width * image.height))
    if share < 1:
        image.draft(None, (math.ceil(image.width * share), math.ceil(image.height * share)))  # never smaller


def _decoded(image: Image.Image, name: str) -> Image.Image:
    try:
        image.load()
    except TooSlow as error:
        raise _too_slow(name) from error
    except _PILLOW_ERRORS as error:
        raise ImageError(f"{name}: the image is truncated or damaged; wanted a whole file", code="truncated") from error
    return _to_rgb(_upright(image), name)


def _too_slow(name: str) -> ImageError:
    return ImageError(f"{name}: decoding takes longer than the limits allow", code="too_slow")


def _check_size(size: tuple[int, int], limits: ImageLimits, name: str) -> None:
    width, height = size
    got = f"{name}: got {width} x {height} pixels"
    if width * height > limits.max_pixels:
        raise ImageError(f"{got}, wanted at most {limits.max_pixels:,} in all", code="too_many_pixels")
    if min(size) < max(1, limits.min_side):
        raise ImageError(f"{got}, wanted sides of at least {limits.min_side}", code="too_small")
    if max(size) > limits.max_aspect * min(size):
        raise ImageError(f"{got}, wanted an aspect ratio of at most {limits.max_aspect:g}", code="bad_aspect")


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except _PILLOW_ERRORS:  # unreadable EXIF says nothing about orientation
        return image


def _to_rgb(image: Image.Image, name: str) -> Image.Image:
    if image.mode == "I" or image.mode.startswith("I;16"):  # 16-bit grey; Pillow's own conversion clips at 255
        return image.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L").convert("RGB")
    if image.mode == "F":
        raise ImageError(f"{name}: got floating-point pixels of unknown range, wanted 8 or 16 bits", code="bad_mode")
    try:
        if image.has_transparency_data:
            seen = image.convert("RGBA")
            return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")
        return image.convert("RGB")  # always a new image
    except _PILLOW_ERRORS as error:
        raise ImageError(f"{name}: pixels of mode {image.mode} cannot become RGB", code="bad_mode") from error
