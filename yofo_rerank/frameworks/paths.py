"""Paths that come with other people's data stay inside a root folder."""

from __future__ import annotations

from pathlib import Path

from yofo_rerank.errors import ImageError
from yofo_rerank.images import is_address


def confined(path: str | Path, root: str | Path | None) -> str | Path:
    """The path, really inside `root` (relative ones start there); without a root, the path as it is.

    Links are followed first, so that none leads out. Whether there is a file is found out by whoever opens it.

    Raises:
        ImageError: `outside_root`, `url` for an address, or `bad_path` for what can be no path.
    """
    if root is None:
        return path
    if is_address(path):
        raise ImageError(f"got the address {str(path)[:200]!r}, and nothing is fetched; wanted a path", code="url")
    try:
        folder = Path(root).resolve()
        resolved = (folder / path).resolve()
    except (ValueError, OSError, RuntimeError) as error:  # NUL, characters no file name can hold, a loop of links
        raise ImageError(f"{str(path)[:200]!r} is not a path that can be opened", code="bad_path") from error
    if not resolved.is_relative_to(folder):
        raise ImageError(f"{str(path)[:200]!r} lies outside the root folder {str(root)!r}", code="outside_root")
    return resolved
