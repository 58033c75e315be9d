"""Paths that come with other people's data stay inside a root folder.

This looks early, so that a bad path is refused before a model runs; the document carries the root, and the file is
opened from it (`yofo_rerank.files`), whatever has been swapped in the meantime.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from yofo_rerank.errors import ImageError
from yofo_rerank.images import is_address


def confined(path: str | Path, root: str | Path | None) -> str | Path:
    """The path, really inside `root` (relative ones start there); without a root, the path as it is.

    Links are followed first, so that none leads out. Whether there is a file is found out by whoever opens it. A
    `file:` address is opened only inside a root: an address may come from anybody.

    Raises:
        ImageError: `outside_root`, `url` for an address, or `bad_path` for what can be no path.
    """
    if is_address(path):
        return _addressed(str(path), root)
    if root is None:
        return path
    try:
        folder = Path(root).resolve()
        resolved = (folder / path).resolve()
    except (ValueError, OSError, RuntimeError) as error:  # NUL, characters no file name can hold, a loop of links
        raise ImageError(f"{str(path)[:200]!r} is not a path that can be opened", code="bad_path") from error
    if not resolved.is_relative_to(folder):
        raise ImageError(f"{str(path)[:200]!r} lies outside the root folder {str(root)!r}", code="outside_root")
    return resolved


def _addressed(address: str, root: str | Path | None) -> str | Path:
    """The path that a `file:` address names, inside the root."""
    got = f"got the address {address[:200]!r}, and nothing is fetched"
    named = file_named(address)
    if named is None:
        raise ImageError(f"{got}; wanted a path", code="url")
    if root is None:
        raise ImageError(
            f"{got}; wanted the path {named[:200]!r} alone, or a root folder, in which file: addresses are opened "
            "(allow_remote_images=True is for https)",
            code="url",
        )
    try:
        return confined(named, root)
    except ImageError as error:
        raise ImageError(f"{got} from outside the root folder {str(root)!r}", code="url") from error


def file_named(address: str) -> str | None:
    """The path that a `file:` address names; None for another address, or another machine's.

    >>> file_named("file:///photos/a%20b.jpg"), file_named("https://example.com/1.jpg")
    ('/photos/a b.jpg', None)
    """
    scheme, _, rest = address.partition(":")
    if scheme.lower() != "file":
        return None
    host, slash, name = rest[2:].partition("/") if rest.startswith("//") else ("", "", rest)
    return unquote(slash + name) if host.lower() in ("", "localhost") else None
