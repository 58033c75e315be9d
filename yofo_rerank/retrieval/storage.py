"""An index on disk: a folder that is valid at every moment, for any number of writers and readers, without pickle.

    yofo_index.json              the pointer: which generation holds, and the digest of its manifest
    yofo_index.lock              held by whoever writes
    generation-<random>/         one save: manifest.json, vectors.faiss (FAISS's own file), documents.jsonl
    kept-images/<digest>.png     images that existed in memory only

A save writes a generation of its own, reads it again, and then replaces the pointer in one step; a save that fails, or
is killed, leaves the old index. A reader finishes with the generation it opened (`yofo_rerank.retrieval.generations`).
The first layout, with everything beside the pointer, is read too; saving there writes this one.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError, IndexMismatch, YofoError
from yofo_rerank.pdf import PdfPage
from yofo_rerank.retrieval.files import TEMPORARY, Put, replace, sha256, store, sync_folder
from yofo_rerank.retrieval.generations import GENERATION, IMAGES, LOCK, Lease, discard, remove_old, writing
from yofo_rerank.retrieval.index import VectorIndex
from yofo_rerank.retrieval.kept_images import image_path, keep_image, kept_path
from yofo_rerank.retrieval.manifest import (
    MANIFEST,
    POINTER,
    Manifest,
    Pointer,
    StoredFile,
    parse_manifest,
    parse_pointer,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Opened:
    """A generation of an index folder, which stays while `lease` lives."""

    folder: Path
    manifest: Manifest
    lease: Lease

    @property
    def place(self) -> Path:
        """Where its files are: the folder itself in the first layout."""
        return self.lease.path.parent


def open_index(folder: Path) -> Opened:
    """The generation that holds now.

    Raises:
        IndexMismatch: codes `not_an_index`, `version`, `corrupt`.
    """
    pointer = _read_pointer(folder)
    while True:
        try:
            return _open_generation(folder, pointer)
        except FileNotFoundError as error:
            newer = _read_pointer(folder)  # a writer may have replaced and deleted it meanwhile
            if newer == pointer:
                name = _named_by(folder, pointer).relative_to(folder)
                raise IndexMismatch(f"the index in {folder} is corrupt: {name} is missing", code="corrupt") from error
            pointer = newer


def read_manifest(folder: Path) -> Manifest:
    """What an index folder holds and which encoder made it; errors as in `open_index`."""
    return open_index(folder).manifest


def read_contents(opened: Opened) -> tuple[VectorIndex, dict[int, Document]]:
    """Vectors and documents (by key); FAISS sees its file only after size and checksum fit.

    Raises:
        IndexMismatch: code `corrupt`.
    """
    manifest, place = opened.manifest, opened.place
    _check_file(opened, manifest.vectors)
    documents = read_documents(opened)
    vectors = place / manifest.vectors.name
    try:
        index = VectorIndex.read(vectors, manifest.index, search_parameters=manifest.search_parameters)
    except RuntimeError as error:
        raise IndexMismatch(f"{vectors} is corrupt: FAISS cannot read it", code="corrupt") from error
    got, wanted = (index.dim, len(index), len(documents)), (manifest.dim, manifest.n_documents, manifest.n_documents)
    if got != wanted or max(documents, default=-1) >= manifest.next_key:
        message = f"got (dimension, vectors, documents) = {got}, wanted {wanted}, keys below {manifest.next_key}"
        raise IndexMismatch(f"the index in {opened.folder} is corrupt: {message}", code="corrupt")
    return index, documents


def write_index(
    folder: Path,
    index: VectorIndex,
    documents: Mapping[int, Document],
    *,
    encoder: Mapping[str, Any],
    next_key: int,
    opened: Opened | None = None,
) -> Opened | None:
    """Write or replace the index in `folder`; returns what the writer holds from now on.

    Args:
        folder: made where it is not there.
        index: holds exactly the documents' keys.
        documents: by key.
        encoder: its model, pretrained and fingerprint.
        next_key: above every key ever used.
        opened: the generation that the writer holds; if it is this folder's, the new one takes its place.

    Raises:
        ImageError: an image in memory cannot be read, so it cannot be kept.
        RetrievalError: codes `locked`, `not_stored`.
    """
    folder = folder.absolute()
    (folder / IMAGES).mkdir(parents=True, exist_ok=True)
    with writing(folder):
        before = _read_old_pointer(folder)
        generation = folder / f"{GENERATION}{uuid4().hex}"
        generation.mkdir()
        try:
            manifest = _write_generation(generation, index, documents, encoder=encoder, next_key=next_key)
            now = _switch(folder, generation, manifest)
        except BaseException:
            if _read_old_pointer(folder) == before:
                discard(generation)
            raise
        is_ours = opened is not None and opened.folder.absolute() == folder
        if opened and is_ours:
            if before and _named_by(folder, before) != opened.lease.path.absolute():
                logger.warning("another writer changed the index in %s meanwhile; its changes are replaced", folder)
            opened.lease.release()
        try:
            remove_old(folder, generation.name, before if isinstance(before, Manifest) else None)
        except (OSError, YofoError) as error:  # the new index holds all the same
            said = str(error)  # not the error itself: its frames hold the lock, and a handler may keep it
            logger.warning("what the index in %s no longer needs cannot be deleted: %s", folder, said)
    return now if is_ours else opened


def foreign_files(folder: Path) -> list[str]:
    """Names in a folder that is no index, which a save would find there; none where there is an index, or nothing."""
    if not folder.is_dir() or _read_old_pointer(folder):
        return []
    names = sorted(path.name for path in folder.iterdir())
    return [name for name in names if name not in (LOCK, IMAGES) and not name.startswith((GENERATION, TEMPORARY))]


def _write_generation(
    generation: Path,
    index: VectorIndex,
    documents: Mapping[int, Document],
    *,
    encoder: Mapping[str, Any],
    next_key: int,
) -> Manifest:
    """Everything of a save but the manifest."""
    images: set[str] = set()

    def put_documents(put: Put) -> None:
        for key, document in documents.items():
            line, names = _to_line(document, generation.parent)
            images.update(names)
            put(json.dumps({**line, "key": key}).encode() + b"\n")

    documents_file = _store(generation / "documents.jsonl", put_documents)
    return Manifest(
        **encoder,
        dim=index.dim,
        index=index.factory,
        search_parameters=index.search_parameters,
        n_documents=len(documents),
        next_key=next_key,
        documents=documents_file,
        vectors=_store(generation / "vectors.faiss", index.write_to),
        images=tuple(sorted(images)),
    )


def _to_line(document: Document, folder: Path) -> tuple[dict[str, Any], list[str]]:
    """A document as JSON types, and the names of its images that are kept in the folder; of several all are named."""
    kept = [keep_image(document, folder, page) for page in range(len(document.images))]
    paths = [None if name else image_path(image) for name, image in zip(kept, document.images, strict=True)]
    pages = [
        image.number if isinstance(image, PdfPage) and path else None
        for image, path in zip(document.images, paths, strict=True)
    ]
    root = None if all(kept) or document.root is None else str(document.root)
    line = document.to_dict() | {"root": root, "kept": kept[0] if kept else None, "image": paths[0] if paths else None}
    line.pop("images", None)
    if len(kept) > 1 or any(pages):
        rows = zip(paths, kept, pages, strict=True)
        line["images"] = [dict(zip(("image", "kept", "page"), row, strict=True)) for row in rows]
    return line, [name for name in kept if name]


def _switch(folder: Path, generation: Path, manifest: Manifest) -> Opened:
    """Write the manifest, force everything to disk, and point at it: the one moment of change."""
    stored = _store(generation / MANIFEST, lambda put: put(manifest.model_dump_json(indent=2).encode()))
    for place in (generation, folder / IMAGES, folder):
        sync_folder(place)
    pointer = Pointer(generation=generation.name, manifest=stored)
    opened = Opened(folder, manifest, Lease(generation / MANIFEST))
    replace(folder / POINTER, lambda put: put(pointer.model_dump_json(indent=2).encode()))
    sync_folder(folder)
    return opened


def _store(path: Path, write: Callable[[Put], object]) -> StoredFile:
    size, digest = store(path, write)
    return StoredFile(name=path.name, size=size, sha256=digest)


def _read_pointer(folder: Path) -> Pointer | Manifest:
    path = folder / POINTER
    if not path.is_file():
        raise IndexMismatch(f"no index in {folder}: wanted a file {POINTER}", code="not_an_index")
    return parse_pointer(path.read_bytes(), path)


def _read_old_pointer(folder: Path) -> Pointer | Manifest | None:
    """What a save replaces; whatever cannot be read is replaced too."""
    try:
        return _read_pointer(folder)
    except (OSError, IndexMismatch):
        return None


def _named_by(folder: Path, pointer: Pointer | Manifest) -> Path:
    """The file that stands for a generation, and that its readers hold."""
    if isinstance(pointer, Pointer):
        return folder / pointer.generation / MANIFEST
    return folder / pointer.documents.name


def _open_generation(folder: Path, pointer: Pointer | Manifest) -> Opened:
    path = _named_by(folder, pointer)
    lease = Lease(path)
    manifest = pointer if isinstance(pointer, Manifest) else parse_manifest(path.read_bytes(), pointer.manifest, path)
    return Opened(folder, manifest, lease)


def _check_file(opened: Opened, file: StoredFile) -> None:
    path = opened.place / file.name
    if not path.is_file():
        raise IndexMismatch(f"the index in {opened.folder} is corrupt: {file.name} is missing", code="corrupt")
    if file.size not in (None, path.stat().st_size) or sha256(path) != file.sha256:
        raise IndexMismatch(f"the index in {opened.folder} is corrupt: {file.name} was cut or changed", code="corrupt")


def read_documents(opened: Opened) -> dict[int, Document]:
    """The documents by key, after size and checksum of their file fit.

    Raises:
        IndexMismatch: code `corrupt`.
    """
    _check_file(opened, opened.manifest.documents)
    documents: dict[int, Document] = {}
    name = opened.manifest.documents.name
    with (opened.place / name).open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                key, document = _from_line(json.loads(line), opened)
            except (KeyError, TypeError, ValueError, DocumentError) as error:
                message = f"{name} is corrupt in line {number}: it is not a document"
                raise IndexMismatch(message, code="corrupt") from error
            documents[key] = document
    return documents


def _from_line(line: dict[str, Any], opened: Opened) -> tuple[int, Document]:
    text, key, metadata = line["text"], int(line["key"]), line["metadata"]
    images = [_image(one, opened) for one in line.get("images", [line]) if one["image"] or one["kept"]]
    return key, Document(images=images, text=text, id=line["id"], metadata=metadata, root=line.get("root"))


def _image(line: dict[str, Any], opened: Opened) -> Path | PdfPage:
    if line["kept"] is not None:
        return kept_path(line["kept"], opened.folder, opened.manifest.version)
    page = line.get("page")
    return Path(line["image"]) if page is None else PdfPage(Path(line["image"]), page)
