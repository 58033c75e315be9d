"""Reading files that other people may have named, or may be exchanging at this moment.

A file inside a root folder is opened from that folder's descriptor, and no link is followed on the way: whatever is
swapped for a link between check and opening, the opening fails. Linux does this in one call (`openat2`); elsewhere the
path is walked folder by folder. Hard links cannot be told from other files, and pass.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import sys
from pathlib import Path

from yofo_rerank.errors import ImageError

_MAX_SHOWN = 200  # characters of a path in a message; a longer "path" is more likely content
# O_NONBLOCK: a FIFO opens at once instead of waiting for a writer.
_FILE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_CAN_WALK = os.open in os.supports_dir_fd
_OPENAT2 = 437  # the number of the system call, on every architecture
_RESOLVE = 0x08 | 0x04 | 0x02  # BENEATH, NO_SYMLINKS, NO_MAGICLINKS
_LINK_ERRORS = (errno.ELOOP, errno.EXDEV, errno.ENOTDIR)


def read_regular_file(path: str | Path, *, max_bytes: int, root: Path | None = None, name: str = "file") -> bytes:
    """Read a regular file of at most `max_bytes`; with `root`, only one that really lies inside it.

    Relative paths start at the root. Links inside the root may lead elsewhere inside it. A FIFO or a device is refused
    without waiting.

    Raises:
        ImageError: `missing`, `unreadable`, `not_a_file`, `bad_path`, `outside_root` or `too_many_bytes`.
    """
    shown = name if repr(str(path)) in name else f"{name}: {shown_path(path)}"  # a document's id may be its path
    try:
        descriptor = os.open(path, _FILE) if root is None else _open_inside(path, Path(root), shown)
        with os.fdopen(descriptor, "rb") as file:
            _check_status(os.fstat(file.fileno()), max_bytes, shown)
            data = file.read(max_bytes + 1)
    except ImageError:
        raise
    except (ValueError, RuntimeError) as error:  # NUL, characters no file name can hold, a loop of links
        raise ImageError(f"{shown} is not a path that can be opened", code="bad_path") from error
    except IsADirectoryError as error:
        raise ImageError(f"{shown} is not a regular file but a folder", code="not_a_file") from error
    except OSError as error:
        raise _unopened(error, shown) from error
    check_bytes(len(data), max_bytes, shown)  # it may have grown, or have no size, as under /proc
    return data


def _check_status(status: os.stat_result, max_bytes: int, shown: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ImageError(f"{shown} is not a regular file", code="not_a_file")
    check_bytes(status.st_size, max_bytes, shown)


def check_bytes(n_bytes: int, max_bytes: int, name: str) -> None:
    """Raise ImageError (`too_many_bytes`) beyond the limit."""
    if n_bytes > max_bytes:
        raise ImageError(f"{name}: got {n_bytes:,} bytes, wanted at most {max_bytes:,}", code="too_many_bytes")


def _open_inside(path: str | Path, root: Path, shown: str) -> int:
    """A descriptor of a file below `root`.

    Links are resolved first, and the path without links is opened from the root: a link found on the way then was put
    there in the meantime.
    """
    folder = root.resolve(strict=True)
    resolved = (folder / path).resolve(strict=True)
    if not resolved.is_relative_to(folder):
        raise ImageError(f"{shown} lies outside the root folder {shown_path(root)}", code="outside_root")
    below = resolved.relative_to(folder).parts
    if not below:
        raise IsADirectoryError(errno.EISDIR, "is the root")
    if not _CAN_WALK:  # Windows: links can be made by administrators alone
        return os.open(resolved, _FILE)
    descriptor = os.open(folder, os.O_RDONLY | _FOLDER)
    try:
        opened = open_at_once(descriptor, below)
        return open_step_by_step(descriptor, below) if opened is None else opened
    except OSError as error:
        if error.errno not in _LINK_ERRORS:
            raise
        raise ImageError(
            f"{shown} changed while it was opened, and may lie outside the root folder {shown_path(root)}",
            code="outside_root",
        ) from error
    finally:
        os.close(descriptor)


def open_at_once(root: int, parts: tuple[str, ...]) -> int | None:
    """A descriptor by `openat2`, which follows no link and does not leave the root; None where there is none."""
    if sys.platform != "linux":
        return None
    how = (ctypes.c_uint64 * 3)(_FILE, 0, _RESOLVE)  # flags, mode, resolve
    call = ctypes.CDLL(None, use_errno=True).syscall
    name = os.fsencode("/".join(parts))
    opened = int(call(ctypes.c_long(_OPENAT2), ctypes.c_int(root), ctypes.c_char_p(name), how, ctypes.c_size_t(24)))
    if opened >= 0:
        return opened
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EPERM, errno.EAGAIN):  # an old kernel; a sandbox; a rename on the way
        return None
    raise OSError(number, os.strerror(number))


def open_step_by_step(root: int, parts: tuple[str, ...]) -> int:
    """A descriptor by opening folder after folder, none of which may be a link."""
    current = os.dup(root)
    try:
        for part in parts[:-1]:
            below = os.open(part, os.O_RDONLY | _FOLDER | _NO_LINK, dir_fd=current)
            os.close(current)
            current = below
        return os.open(parts[-1], _FILE | _NO_LINK, dir_fd=current)
    finally:
        os.close(current)


def _unopened(error: OSError, shown: str) -> ImageError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
        return ImageError(f"{shown} does not exist", code="missing")
    if error.errno == errno.ELOOP:
        return ImageError(f"{shown} is not a path that can be opened", code="bad_path")
    if error.errno in (errno.EACCES, errno.EPERM):
        return ImageError(f"{shown} cannot be read: permission denied", code="unreadable")
    return ImageError(f"{shown} cannot be read: {error.strerror}", code="unreadable")


def shown_path(path: object) -> str:
    """For messages."""
    text = str(path)
    return repr(text) if len(text) <= _MAX_SHOWN else f"a string of {len(text):,} characters"
