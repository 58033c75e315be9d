"""The user's images: found, named by their bytes, grouped by category, and made small enough to send."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import random
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from yofo_rerank.documents import ImageLimits, load_image
from yofo_rerank.errors import ConfigError
from yofo_rerank.image_formats import readable_suffixes

PARTS = 7  # 6 to training, 1 to validation


@dataclass(frozen=True)
class Picture:
    """A file, and the SHA-256 of its bytes: two files with the same bytes are one picture."""

    path: Path
    digest: str
    category: str  # the folder it lies in

    @property
    def split(self) -> str:
        """`train` or `validation`, 6 : 1, by the digest alone: a picture never changes sides."""
        return "validation" if int(self.digest[:15], 16) % PARTS == 0 else "train"


def find_pictures(folder: Path) -> list[Picture]:
    """Every readable kind of image below a folder, each picture once, ordered by digest.

    Raises:
        ConfigError: there is none.
    """
    found: dict[str, Picture] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in readable_suffixes() and path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            category = path.parent.relative_to(folder).as_posix()
            found.setdefault(digest, Picture(path, digest, category))
    if not found:
        raise ConfigError(f"{folder}: wanted images ({', '.join(sorted(readable_suffixes()))}), but found none")
    return [found[digest] for digest in sorted(found)]


def draw_pairs(pictures: Sequence[Picture], count: int, seed: int) -> list[tuple[Picture, Picture]]:
    """`count` different pairs of one category and one side of the split, drawn at random.

    Which of two comes first does not depend on the count, so that asking for more pairs asks none of before again.

    Raises:
        ConfigError: there are no two pictures of one category and side, or not so many pairs.
    """
    groups: dict[tuple[str, str], list[Picture]] = {}
    for picture in pictures:
        groups.setdefault((picture.category, picture.split), []).append(picture)
    sizes = [len(group) * (len(group) - 1) // 2 for group in groups.values()]
    if count > sum(sizes):
        raise ConfigError(f"wanted {count} pairs, but {sum(sizes)} can be made of images in one folder and split")
    rng = random.Random(seed)
    if sum(sizes) <= 2 * count:
        every = [pair for group in groups.values() for pair in combinations(group, 2)]
        rng.shuffle(every)
        chosen = every[:count]
    else:
        drawn: dict[frozenset[str], tuple[Picture, Picture]] = {}
        while len(drawn) < count:
            first, second = rng.sample(rng.choices(list(groups.values()), weights=sizes)[0], 2)
            drawn.setdefault(frozenset((first.digest, second.digest)), (first, second))
        chosen = list(drawn.values())
    return [_turned(*sorted(pair, key=lambda one: one.digest), seed) for pair in chosen]


def _turned(one: Picture, other: Picture, seed: int) -> tuple[Picture, Picture]:
    first = random.Random(f"{seed} {one.digest} {other.digest}").random() < 0.5
    return (one, other) if first else (other, one)


def keep_picture(picture: Picture, folder: Path) -> str:
    """Put the file beside the data, as a hard link where that is possible; its name there, `images/<digest>.<suffix>`.

    A link under a name of its own first: a killed run leaves no half of a copy, and two threads may keep one picture.
    """
    name = f"images/{picture.digest[:32]}{picture.path.suffix.lower()}"
    target = folder / name
    if target.exists():
        return name
    target.parent.mkdir(exist_ok=True)
    aside = target.with_name(f".new-{uuid.uuid4().hex}-{target.name}")
    try:
        os.link(picture.path, aside)
    except OSError:  # another disk, or a file system without links
        shutil.copyfile(picture.path, aside)
    aside.replace(target)
    aside.unlink(missing_ok=True)  # still there if the target was the same link already
    return name


def as_jpeg(path: Path, max_pixels: int, root: Path) -> bytes:
    """The picture, safely decoded and made smaller, as a new JPEG file without metadata.

    Raises:
        ImageError: it cannot be read.
    """
    image = load_image(path, ImageLimits(root=root), name=path.name, max_pixels=max_pixels)
    scale = (max_pixels / (image.width * image.height)) ** 0.5
    if scale < 1:
        image = image.resize((max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def as_data_uri(jpeg: bytes) -> str:
    """A JPEG as an address that chat completions take."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
