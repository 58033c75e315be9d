"""Where things lie: paths and links around a root folder, internet addresses."""

from __future__ import annotations

import ipaddress
import os
import random
import socket
from pathlib import Path
from unittest import mock

from tests.attack import words
from tests.attack.entry import Entry, LetIn
from yofo_rerank.errors import ImageError
from yofo_rerank.files import read_regular_file
from yofo_rerank.frameworks.fetch import FetchLimits, fetch_image
from yofo_rerank.frameworks.paths import confined

INSIDE, OUTSIDE = b"inside", b"outside"
PARTS = [
    "..",
    ".",
    "",
    "sub",
    "a.png",
    "in",
    "out",
    "loop",
    "abs",
    "up",
    "proc",
    "root",
    "outside",
    "~",
    "a.png\0",
    "x" * 300,
]


def _root(folder: Path) -> Path:
    """A root with links of every kind, and a secret beside it; made once."""
    root = folder / "root"
    if not root.exists():
        (root / "sub" / "sub").mkdir(parents=True)
        (folder / "outside" / "sub").mkdir(parents=True)
        for place, content in ((root, INSIDE), (folder / "outside", OUTSIDE)):
            (place / "a.png").write_bytes(content)
            (place / "sub" / "a.png").write_bytes(content)
        links = {
            "in": "sub",
            "out": "../outside",
            "loop": "loop",
            "abs": folder / "outside",
            "up": "..",
            "proc": "/proc/self/root",
        }
        for name, target in links.items():
            (root / name).symlink_to(target)
            (root / "sub" / name).symlink_to(target)
        (root / "sub" / "sub" / "a.png").symlink_to(folder / "outside" / "a.png")
    return root


def make_path(rng: random.Random) -> str:
    """Parts in any order, from anywhere."""
    path = "/".join(rng.choice(PARTS) for _ in range(rng.randint(1, 7)))
    start = rng.random()
    return (
        path
        if start < 0.7
        else f"ROOT/{path}"
        if start < 0.9
        else f"{rng.choice(['/', 'file://', 'file:ROOT/', '//'])}{path}"
    )


def check_path(path: str, folder: Path) -> None:
    """What is read is inside, by either way in."""
    root = _root(folder)
    path = path.replace("ROOT", str(root))
    for early in (False, True):
        try:
            data = read_regular_file(confined(path, root) if early else path, max_bytes=100, root=root)
        except ImageError:
            continue
        if data != INSIDE:
            raise LetIn(f"{path!r} leads to {data!r}")


def make_swap(rng: random.Random) -> tuple[str, str]:
    """A file that is opened, and what is swapped for a link before."""
    return rng.choice([("sub/a.png", "sub"), ("sub/a.png", "sub/a.png"), ("a.png", "a.png")])


def check_swap(swap: tuple[str, str], folder: Path) -> None:
    """A path that was inside when it was looked at is not opened when it leads out meanwhile."""
    root = _root(folder)
    path, name = swap
    found = confined(path, root)
    away = folder / "away"
    os.rename(root / name, away)
    (root / name).symlink_to(folder / "outside" / Path(name).name)
    try:
        if read_regular_file(found, max_bytes=100, root=root) != INSIDE:
            raise LetIn(f"{name} was swapped")
    except ImageError:
        pass
    finally:
        (root / name).unlink()
        os.rename(away, root / name)


def make_url(rng: random.Random) -> tuple[str, list[str]]:
    """An address, and what its name stands for."""
    host = rng.choice(
        ["example.com", "localhost", "127.1", "0x7f.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "1.1.1.1", "a" * 300]
    )
    host = (
        host if rng.random() < 0.7 else f"[{ipaddress.IPv6Address(rng.getrandbits(128) >> rng.choice([0, 0, 64, 96]))}]"
    )
    scheme = rng.choice(["https", "https", "https", "HTTPS", "http", "ftp", "file", "gopher", "https:", ""])
    user = rng.choice(["", "", "", "u:p@", "@"])
    port = rng.choice(["", "", ":443", ":80", ":99999", ":x"])
    path = rng.choice(["", "/", "/a b", "/\r\nHost: x", "/%0d%0a", "?q", "#f", words.text(rng)])
    addresses = [_address(rng) for _ in range(rng.randint(1, 3))]
    return f"{scheme}://{user}{host}{port}{path}", addresses


def _address(rng: random.Random) -> str:
    if rng.random() < 0.4:
        return str(ipaddress.IPv4Address(rng.getrandbits(32)))
    if rng.random() < 0.5:
        number = ipaddress.IPv4Address(rng.choice(["10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.0.1"]))
        return str(ipaddress.IPv6Address(int(number) | rng.choice([0, 0xFFFF << 32, 0xFFFF << 48, 0x64FF9B << 96])))
    return str(ipaddress.IPv6Address(rng.getrandbits(128)))


def check_url(asked: tuple[str, list[str]], folder: Path) -> None:
    """Nothing is connected to unless every address of the name is global unicast; errors are short and plain."""
    url, addresses = asked
    connected = []
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]

    def connect(address: tuple[str, int], timeout: float) -> None:
        connected.append(address[0])
        raise OSError("not here")

    with (
        mock.patch.object(socket, "create_connection", connect),
        mock.patch.object(socket, "getaddrinfo", lambda *a, **k: found),
    ):
        try:
            fetch_image(url, FetchLimits(seconds=1))
        except ImageError as error:
            if not str(error).isprintable() or len(str(error)) > 500:
                raise LetIn(f"an error of {len(str(error))} characters") from error
    for address in connected:
        if not all(
            ipaddress.ip_address(one).is_global and not ipaddress.ip_address(one).is_multicast for one in addresses
        ):
            raise LetIn(f"{url!r} connects to {address} of {addresses}")


ENTRIES = [
    Entry("paths", "paths and links around a root", make_path, check_path, per_second=2700),
    Entry("swaps", "files and folders swapped for links after the check", make_swap, check_swap, per_second=1400),
    Entry("addresses", "internet addresses and what they stand for", make_url, check_url, per_second=700),
]
