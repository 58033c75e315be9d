"""What decoding one image may cost: counted before where it can be, watched meanwhile where it cannot."""

from __future__ import annotations

import io
import re
import time

MAX_SCANS = 200  # of a JPEG; progressive ones have about 10
MAX_SCANNED_PIXELS = 2_000_000_000  # scans x pixels: each scan goes over the whole picture, however few bytes it has
BLOCK = 8192  # bytes between two looks at the clock

_MARKER = re.compile(rb"\xff+([\x01-\xfe])")
_SOS, _EOI = 0xDA, 0xD9


class TooSlow(Exception):  # never leaves this library
    """The time is over."""


class TimedBytes(io.BytesIO):
    """Bytes that can be read only until this thread has worked for some seconds.

    Pillow's decoders of JPEG, PNG, GIF and BMP ask for one block after another, so a file cannot hold them longer.
    """

    def __init__(self, data: bytes, seconds: float) -> None:
        super().__init__(data)
        self._end = time.thread_time() + seconds

    def read(self, size: int | None = -1, /) -> bytes:
        """As `BytesIO.read`.

        Raises:
            TooSlow: the time is over.
        """
        if time.thread_time() > self._end:
            raise TooSlow
        return super().read(size)


def scans(data: bytes, most: int = MAX_SCANS) -> int:
    r"""How many scans a JPEG holds up to its end; counting stops above `most`.

    Nothing of it is decoded: markers stand out in the data, and each says where it ends.

    >>> scans(b"\xff\xd8" + b"\xff\xda\x00\x02...." * 3 + b"\xff\xd9" + b"\xff\xda\x00\x02")
    3
    """
    count, place = 0, 2
    while count <= most and (found := _MARKER.search(data, place)):
        marker, place = found[1][0], found.end()
        if marker == _EOI:
            break
        if marker >= 0xC0 and not 0xD0 <= marker <= 0xD8:  # the others have no content
            count += marker == _SOS
            place += int.from_bytes(data[place : place + 2], "big")
    return count
