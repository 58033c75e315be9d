"""Fetching an image from the web on behalf of a stranger: only what is public, small and quick."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from yofo_rerank.errors import ImageError
from yofo_rerank.frameworks.addresses import is_public
from yofo_rerank.images import DEFAULT_LIMITS
from yofo_rerank.shown import printable

_PORT = 443


@dataclass(frozen=True)
class FetchLimits:
    """What a fetch may cost."""

    max_bytes: int = DEFAULT_LIMITS.max_bytes
    seconds: float = 10.0  # for the whole of it, beside the look-up of the name


FETCH_LIMITS = FetchLimits()


def fetch_image(url: str, limits: FetchLimits = FETCH_LIMITS) -> bytes:
    """The bytes behind a public https address.

    No other scheme or port, no redirects, no proxies, no credentials; every address that the name stands for must be
    public, and the connection goes to the address that was checked, so a name cannot change its mind in between.

    Raises:
        ImageError: `url` for an address that is not fetched, `fetch_failed` for one that does not answer with an
            image's bytes in time, `too_many_bytes`.
    """
    host, target = _parts(url)
    address = _public_address(host)
    context = ssl.create_default_context()
    try:
        raw = socket.create_connection((address, _PORT), timeout=limits.seconds)
        connection = context.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)
        with connection, _cut_off(connection, limits.seconds):
            connection.do_handshake()
            return _get(connection, host, target, limits)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, ImageError):
            raise
        raise ImageError(
            f"{printable(host)} cannot be fetched from: {type(error).__name__}", code="fetch_failed"
        ) from error


def _parts(url: str) -> tuple[str, str]:
    """Host and request target."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ImageError(f"{printable(url)!r} is not a web address", code="url") from error
    if parts.scheme != "https" or not parts.hostname or port not in (None, _PORT) or parts.username is not None:
        wanted = "https://host/path, without port or user name"
        raise ImageError(
            f"{printable(f'{parts.scheme}://{parts.hostname}')} is not fetched; wanted {wanted}", code="url"
        )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not (target.isascii() and target.isprintable()) or " " in target:
        got = f"the address at {printable(parts.hostname)}"
        raise ImageError(f"{got} holds characters that must be percent-encoded", code="url")
    return parts.hostname, target


def _public_address(host: str) -> str:
    """One address of the host, after a look at all of them."""
    try:
        found = socket.getaddrinfo(host, _PORT, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ImageError(f"{printable(host)!r} has no address", code="fetch_failed") from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not is_public(address):
            raise ImageError(
                f"{printable(host)} is not fetched from: {printable(address)} is not a public address", code="url"
            )
    if not addresses:
        raise ImageError(f"{printable(host)!r} has no address", code="fetch_failed")
    return addresses[0]


@contextlib.contextmanager
def _cut_off(connection: socket.socket, seconds: float) -> Iterator[None]:
    """End the connection after some seconds, however slowly the other side drips.

    Raises:
        TimeoutError: that was necessary.
    """
    is_cut = threading.Event()

    def cut() -> None:
        is_cut.set()
        with contextlib.suppress(OSError):
            socket.socket.shutdown(connection, socket.SHUT_RDWR)  # SSLSocket's own would pull TLS from under a reader

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if is_cut.is_set():
            raise TimeoutError(f"no answer within {seconds:g} s")


def _get(connection: socket.socket, host: str, target: str, limits: FetchLimits) -> bytes:
    request = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: image/*\r\nConnection: close\r\n\r\n"
    connection.sendall(request.encode("ascii"))
    response = http.client.HTTPResponse(connection, method="GET")
    response.begin()
    if response.status != http.client.OK:
        raise ImageError(
            f"{printable(host)} answered {response.status}; wanted 200, without redirects", code="fetch_failed"
        )
    data = response.read(limits.max_bytes + 1)
    if len(data) > limits.max_bytes:
        raise ImageError(f"{printable(host)} sent more than {limits.max_bytes:,} bytes", code="too_many_bytes")
    return data
