"""Safe image loading: from a path, bytes, a data URI or a PIL image to an upright RGB picture, or an `ImageError`.

Nothing here touches the network or Pillow's global settings. Every error carries a code:

| code | the source is |
|---|---|
| `missing`, `unreadable`, `not_a_file`, `bad_path` | no file, no permission, a folder or device, no path at all |
| `outside_root`, `url` | a path that leaves `ImageLimits.root`, an address that would have to be fetched |
| `too_many_bytes`, `too_many_pixels`, `too_small`, `bad_aspect` | beyond a limit (pixels: read from the header) |
| `bad_data_uri`, `not_an_image`, `truncated`, `bad_mode` | not decodable |
"""

from __future__ import annotations

import base64
import binascii
import io
import os
import re
import stat
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from yofo_rerank.errors import ImageError

ImageSource = str | Path | bytes | Image.Image

# What Pillow's decoders raise on damaged input (found by fuzzing and in their source); none of it may leak as it is.
_PILLOW_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    Warning,  # raised where the process turns warnings into errors
    struct.error,
    zlib.error,
)
_URL = re.compile(r"[a-z][a-z0-9+.\-]*://|//|\\\\", re.IGNORECASE)  # also //host/share and \\host\share
_MAX_SHOWN = 200  # characters of a path in a message; a longer "path" is more likely content


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
    root: Path | None = None  # confines paths; a relative path is then relative to it

    def __post_init__(self) -> None:
        for field in ("max_bytes", "max_pixels", "min_side", "max_aspect"):
            if not getattr(self, field) >= 1:
                raise ValueError(f"{field} must be at least 1, but got {getattr(self, field)}")


DEFAULT_LIMITS = ImageLimits()


def load_image(source: ImageSource, limits: ImageLimits = DEFAULT_LIMITS, *, name: str = "image") -> Image.Image:
    """Decode JPEG, PNG or WebP into a new RGB picture as a person would see it; `source` is never changed.

    EXIF orientation is applied, transparency lies on white, 16-bit grey is scaled, and of an animation or a
    multi-picture file only the first frame is read. Limits are checked on the header, before any pixel is decoded.

    >>> load_image(Image.new("L", (4, 3))).mode
    'RGB'

    Args:
        source: a path, the bytes of a file, a base64 `data:` URI, or a PIL image. Addresses are refused.
        limits: what it may cost and where it may come from.
        name: what error messages call it.

    Raises:
        ImageError: with the codes of the table above.
    """
    image = source if isinstance(source, Image.Image) else _open(_read(source, limits, name), name)
    _check_size(image.size, limits, name)
    try:
        image.load()
    except _PILLOW_ERRORS as error:
        raise ImageError(f"{name}: the image is truncated or damaged; wanted a whole file", code="truncated") from error
    return _to_rgb(_upright(image), name)


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


def read_regular_file(path: str | Path, *, max_bytes: int, root: Path | None = None, name: str = "file") -> bytes:
    """Read a regular file of at most `max_bytes`; with `root`, only one that really lies inside it.

    Links are followed before the check, so that a link cannot lead out. A FIFO or a device is refused without waiting.

    Raises:
        ImageError: `missing`, `unreadable`, `not_a_file`, `bad_path`, `outside_root` or `too_many_bytes`.
    """
    shown = f"{name}: {_shown(path)}"
    try:
        resolved = (Path(path) if root is None else Path(root) / path).resolve(strict=True)
        inside = root is None or resolved.is_relative_to(Path(root).resolve(strict=True))
    except (ValueError, RuntimeError) as error:  # NUL, characters no file name can hold, a loop of links
        raise ImageError(f"{shown} is not a path that can be opened", code="bad_path") from error
    except PermissionError as error:
        raise ImageError(f"{shown} cannot be read: permission denied", code="unreadable") from error
    except OSError as error:
        raise ImageError(f"{shown} does not exist", code="missing") from error
    if not inside:
        raise ImageError(f"{shown} lies outside the root folder {_shown(root)}", code="outside_root")
    try:
        # O_NONBLOCK: a FIFO opens at once instead of waiting for a writer. O_NOFOLLOW: the links are resolved already.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(resolved, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ImageError(f"{shown} is not a regular file", code="not_a_file")
            _check_bytes(status.st_size, max_bytes, shown)
            data = file.read(max_bytes + 1)
    except IsADirectoryError as error:
        raise ImageError(f"{shown} is not a regular file but a folder", code="not_a_file") from error
    except OSError as error:
        raise ImageError(f"{shown} cannot be read: {error.strerror}", code="unreadable") from error
    _check_bytes(len(data), max_bytes, shown)  # it may have grown, or have no size, as under /proc
    return data


def _read(source: str | Path | bytes, limits: ImageLimits, name: str) -> bytes:
    if isinstance(source, bytes):
        _check_bytes(len(source), limits.max_bytes, name)
        return source
    if is_data_uri(source):
        return _decode_data_uri(str(source), limits, name)
    if is_address(source):
        raise ImageError(
            f"{name}: got an address ({_shown(source)}), and nothing is fetched; wanted a path, bytes or a PIL image",
            code="url",
        )
    if isinstance(source, str | Path):
        return read_regular_file(source, max_bytes=limits.max_bytes, root=limits.root, name=name)
    raise ImageError(f"{name}: got {type(source).__name__}, wanted a path, bytes or a PIL image", code="not_an_image")


def _decode_data_uri(uri: str, limits: ImageLimits, name: str) -> bytes:
    header, comma, payload = uri.partition(",")
    if not comma or not header.lower().endswith(";base64"):
        raise ImageError(f"{name}: a data URI must look like data:image/png;base64,...", code="bad_data_uri")
    if "%" not in payload:  # with escapes the size is known only after decoding
        _check_bytes(len(payload) * 3 // 4 - 2, limits.max_bytes, name)
    try:
        data = base64.b64decode(unquote_to_bytes(payload), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImageError(f"{name}: the data URI is not valid base64", code="bad_data_uri") from error
    _check_bytes(len(data), limits.max_bytes, name)
    return data


def _open(data: bytes, name: str) -> Image.Image:
    """Read the header with the one decoder that the first bytes call for.

    Not `Image.open`: it warns, process-wide, about sizes that are refused here anyway, and it would try other formats.
    """
    decoder: type[JpegImageFile | PngImageFile | WebPImageFile]
    if data.startswith(b"\xff\xd8\xff"):
        decoder = JpegImageFile
    elif data.startswith(b"\x89PNG\r\n\x1a\n"):
        decoder = PngImageFile
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        decoder = WebPImageFile
    else:
        raise ImageError(f"{name}: got {len(data)} bytes that are not JPEG, PNG or WebP", code="not_an_image")
    try:
        return decoder(io.BytesIO(data))
    except Image.DecompressionBombError as error:  # Pillow's own cap, for WebP already at the header
        raise ImageError(f"{name}: the header promises more pixels than is safe", code="too_many_pixels") from error
    except _PILLOW_ERRORS as error:
        raise ImageError(f"{name}: the image is truncated or damaged; wanted a whole file", code="truncated") from error


def _check_bytes(n_bytes: int, max_bytes: int, name: str) -> None:
    if n_bytes > max_bytes:
        raise ImageError(f"{name}: got {n_bytes:,} bytes, wanted at most {max_bytes:,}", code="too_many_bytes")


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


def _shown(path: object) -> str:
    text = str(path)
    return repr(text) if len(text) <= _MAX_SHOWN else f"a string of {len(text):,} characters"
