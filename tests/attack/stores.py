"""Index folders: damaged by a stranger or a disk, and broken off in the middle of a change."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

import faiss
import numpy as np

from tests.attack import words
from tests.attack.entry import Entry, Lost
from yofo_rerank import Document
from yofo_rerank.errors import IndexMismatch, YofoError
from yofo_rerank.retrieval import ClipFaissRetriever
from yofo_rerank.retrieval.index import VectorIndex

FACTORIES = ("Flat", "HNSW8")


class Encoder:
    """Vectors of a text's digest: no model, and every text has its own."""

    model, pretrained, fingerprint, dim = "attack", None, "attack", 8

    def encode_texts(self, texts: list[str], *, warn: bool = True) -> np.ndarray:
        rows = [np.random.default_rng(list(text.encode())).normal(size=self.dim) for text in texts]
        return np.array([row / np.linalg.norm(row) for row in rows], np.float32)

    def encode_images(self, images: list[Any]) -> np.ndarray:
        return self.encode_texts([image.tobytes().hex() for image in images])

    def too_long(self, texts: list[str]) -> list[bool]:
        return [False] * len(texts)


def garments(first: int, n: int, text: str = "garment") -> list[Document]:
    """Documents by number."""
    return [Document(text=f"{text} {number}", id=str(number)) for number in range(first, first + n)]


def contents(retriever: ClipFaissRetriever) -> dict[str, str | None]:
    """What it holds, after a look whether each is found by its own words."""
    held = {document.id: document.text for document in retriever.documents}
    for id_, text in held.items():
        if retriever.factory == "Flat" and retriever.search(text or "", top_k=1)[0].document.id != id_:
            raise Lost(f"document {id_} is not found by its own text")
    return held


def _stored(folder: Path) -> Path:
    """An index of seven documents; made once."""
    if not (folder / "whole").exists():
        retriever = ClipFaissRetriever(Encoder())
        retriever.add(garments(0, 7), progress=False)
        retriever.save(folder / "whole")
    return folder / "whole"


def make_damage(rng: random.Random) -> random.Random:
    """What happens to which file depends on the files."""
    return rng


def check_damage(rng: random.Random, folder: Path) -> None:
    """A damaged folder is refused, or holds what it held."""
    shutil.rmtree(folder / "damaged", ignore_errors=True)
    shutil.copytree(_stored(folder), folder / "damaged")
    files = sorted(path for path in (folder / "damaged").rglob("*") if path.is_file())
    path = rng.choice(files)
    data = path.read_bytes()
    kind = rng.random()
    if kind < 0.4 and data:
        at = rng.randrange(len(data))
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :])
    elif kind < 0.6:
        path.write_bytes(data[: rng.randint(0, len(data))])
    elif kind < 0.7:
        path.unlink()
    elif kind < 0.8:
        path.write_bytes(rng.choice(files).read_bytes() if rng.choice(files).exists() else b"")
    else:
        path.write_bytes(words.mutated(rng, data))
    try:
        held = {
            document.id: document.text for document in ClipFaissRetriever.load(folder / "damaged", Encoder()).documents
        }
    except IndexMismatch:
        return
    if held != {document.id: document.text for document in garments(0, 7)}:
        raise Lost(f"{path.name} was changed, and {len(held)} documents came back")


FAULTS: list[tuple[Any, str, type[BaseException]]] = [
    (os, "fsync", OSError), (os, "replace", OSError), (Path, "replace", OSError), (Path, "open", OSError),
    (Path, "open", KeyboardInterrupt), (Path, "mkdir", OSError), (VectorIndex, "add", MemoryError),
    (VectorIndex, "add", KeyboardInterrupt), (VectorIndex, "remove", MemoryError), (VectorIndex, "write_to", OSError),
    (VectorIndex, "train", MemoryError), (Encoder, "encode_texts", MemoryError), (Path, "unlink", OSError),
]  # fmt: skip


def make_fault(rng: random.Random) -> tuple[Any, ...]:
    """What breaks, how often it works before, in what, and before or after it has done its work."""
    what = rng.choice(["add", "replace", "remove", "save", "save"])
    return (*rng.choice(FAULTS), rng.randint(0, 3), what, rng.choice(FACTORIES), rng.random() < 0.5)


def check_fault(fault: tuple[Any, ...], folder: Path) -> None:
    """After an operation that broke, the retriever and the folder hold what they held before or after it."""
    owner, name, error, works, what, factory, is_after = fault
    shutil.rmtree(folder / "index", ignore_errors=True)
    retriever = ClipFaissRetriever(Encoder(), factory, batch_size=100)
    retriever.add(garments(0, 5), progress=False)
    retriever.save(folder / "index")
    before = stored = contents(retriever)
    if what == "save":
        retriever.add(garments(5, 2), progress=False)
        before = contents(retriever)
    real, calls = getattr(owner, name), [0]

    def broken(*arguments: Any, **options: Any) -> Any:
        calls[0] += 1
        if calls[0] != works + 1:
            return real(*arguments, **options)
        if is_after:
            real(*arguments, **options)
        raise error("broken on purpose")

    changes = {
        "add": lambda: retriever.add(garments(5, 3), progress=False),
        "replace": lambda: retriever.add(garments(3, 4, "new"), replace=True, progress=False),
        "remove": lambda: retriever.remove(["1", "3"]),
        "save": lambda: retriever.save(folder / "index"),
    }
    after = {
        "add": before | {one.id: one.text for one in garments(5, 3)},
        "replace": before | {one.id: one.text for one in garments(3, 4, "new")},
        "remove": {id_: text for id_, text in before.items() if id_ not in ("1", "3")},
        "save": before,
    }[what]
    with mock.patch.object(owner, name, broken), suppress(OSError, MemoryError, KeyboardInterrupt, YofoError):
        changes[what]()
    held = contents(retriever)
    if held not in (before, after):
        raise Lost(
            f"{what}, {name} {error.__name__} after {works}: {len(held)} held, not {len(before)} or {len(after)}"
        )
    kept = contents(ClipFaissRetriever.load(folder / "index", Encoder()))
    if kept not in ((stored, before) if what == "save" else (stored,)):
        raise Lost(
            f"{what}, {name} {error.__name__} after {works}: {len(kept)} stored, not {len(stored)} or {len(before)}"
        )
    retriever.save(folder / "index")
    if contents(ClipFaissRetriever.load(folder / "index", Encoder())) != held:
        raise Lost(f"{what}, {name} {error.__name__} after {works}: the next save does not hold")


def _keep_saving(folder: Path, ready: Any) -> None:
    faiss.omp_set_num_threads(1)
    retriever = ClipFaissRetriever.load(folder, Encoder())
    ready.set()
    while True:
        retriever.add(garments(len(retriever), 1), progress=False)
        retriever.save(folder)


def check_kill(milliseconds: float, folder: Path) -> None:
    """A process killed while it saves leaves a folder that loads, with no fewer documents than before."""
    faiss.omp_set_num_threads(1)
    index = _stored_apart(folder)
    n_before = len(ClipFaissRetriever.load(index, Encoder()))
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    child = context.Process(target=_keep_saving, args=(index, ready), daemon=True)
    child.start()
    ready.wait(30)
    time.sleep(milliseconds / 1000)
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join(30)
    held = contents(ClipFaissRetriever.load(index, Encoder()))
    if len(held) < n_before or held != {one.id: one.text for one in garments(0, len(held))}:
        raise Lost(f"killed after {milliseconds:.1f} ms: {len(held)} documents, had {n_before}")


def _stored_apart(folder: Path) -> Path:
    """Grows from kill to kill, and starts again when it is large."""
    index = folder / "killed"
    if index.exists() and len(ClipFaissRetriever.load(index, Encoder())) > 60:
        shutil.rmtree(index)
    if not index.exists():
        shutil.copytree(_stored(folder), index)
    return index


def check_threads(seed: int, folder: Path) -> None:
    """Threads that add, remove, search and save at once: nothing is lost that was added and not removed."""
    retriever = ClipFaissRetriever(Encoder())
    errors: list[BaseException] = []

    def work(number: int) -> None:
        rng = random.Random(f"{seed} {number}")
        try:
            for at in range(number * 100, number * 100 + 4):
                retriever.add(garments(at, 1), progress=False)
                retriever.search("garment", top_k=3)
                if rng.random() < 0.3:
                    retriever.save(folder / "threads")
            retriever.remove([str(number * 100)])
        except BaseException as error:  # told to the main thread
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    wanted = {str(number * 100 + at) for number in range(4) for at in (1, 2, 3)}
    retriever.save(folder / "threads")
    for held in (contents(retriever), contents(ClipFaissRetriever.load(folder / "threads", Encoder()))):
        if held.keys() != wanted:
            raise Lost(f"{len(held)} documents, wanted {len(wanted)}")


ENTRIES = [
    Entry(
        "index folders", "flipped bits, cut and exchanged files of an index", make_damage, check_damage, per_second=120
    ),
    Entry("faults", "errors in the middle of add, replace, remove and save", make_fault, check_fault, True, 15),
    Entry("kills", "kill -9 while saving", lambda rng: rng.uniform(0, 40), check_kill, True, 6),
    Entry(
        "threads",
        "four threads that add, remove, search and save",
        lambda rng: rng.randrange(10**9),
        check_threads,
        True,
        6,
    ),
]
