"""The images of a folder as documents: in the order of their paths, one at a time, nothing opened."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from yofo_rerank.documents import Document
from yofo_rerank.errors import ImageError
from yofo_rerank.image_formats import readable_suffixes, unread_reason
from yofo_rerank.images import read_regular_file

logger = logging.getLogger(__name__)

MAX_CAPTION_BYTES = 64 * 1024


def image_documents(root: Path) -> Iterator[Document]:
    """Each image as a document of its own."""
    for name in _names(root):
        yield Document(image=root / name, text=_caption(name, root), id=_id(name))


def view_documents(root: Path) -> Iterator[Document]:
    """The images of a subfolder as the views of one document; those at the top are documents of their own."""
    for folder, names in groupby(_names(root), key=lambda name: name.parent):
        if folder == Path():
            for name in names:
                yield Document(image=root / name, text=_caption(name, root), id=_id(name))
            continue
        views = list(names)
        text = next(filter(None, (_caption(name, root) for name in views)), None)
        yield Document(images=[root / name for name in views], text=text, id=_id(folder))


def _id(name: Path) -> str:
    return os.fsencode(name.as_posix()).decode(errors="replace")


def _names(root: Path) -> Iterator[Path]:
    """Paths of readable images inside a folder, sorted; what is left out is logged at the end."""
    suffixes = readable_suffixes()
    left_out: Counter[str] = Counter()
    for path in _files(root):
        name = path.relative_to(root)
        suffix = path.suffix.lower()
        if suffix in suffixes:
            yield name
        elif (reason := unread_reason(suffix)) is not None:
            left_out[f"{suffix} ({reason})"] += 1
    if left_out:
        counts = ", ".join(f"{count} {kind}" for kind, count in sorted(left_out.items()))
        logger.warning("%d pictures in %r are left out: %s", left_out.total(), str(root), counts)


def _files(folder: Path) -> Iterator[Path]:
    """Visible files, in the order of their paths; a stack, because folders may be nested deeper than calls."""
    open_folders = [_entries(folder)]
    while open_folders:
        entry = next(open_folders[-1], None)
        if entry is None:
            open_folders.pop()
        elif entry.is_dir(follow_symlinks=False):
            open_folders.append(_entries(Path(entry.path)))
        elif entry.is_file():
            yield Path(entry.path)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return iter(sorted((one for one in entries if not one.name.startswith(".")), key=lambda one: one.name))
    except OSError as error:
        logger.warning("folder %r is left out: %s", str(folder)[-200:], error.strerror)
        return iter(())


def _caption(image_name: Path, root: Path) -> str | None:
    path = image_name.with_suffix(".txt")
    try:
        data = read_regular_file(path, max_bytes=MAX_CAPTION_BYTES, root=root, name="caption")
    except ImageError as error:
        if error.code != "missing":
            logger.warning("%s; the image is taken without a caption", error)
        return None
    return data.decode(errors="replace").strip()
