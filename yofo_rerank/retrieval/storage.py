"""An index on disk: a folder that is valid at every moment, without pickle.

    yofo_index.json              the manifest: version, encoder, FAISS factory, names and SHA-256 of the next two
    vectors-<digest>.faiss       FAISS's own file
    documents-<digest>.jsonl     one document per line
    images/<digest>.png          images that existed in memory only

Everything but the manifest has its content's digest in its name, so a save adds files beside the old ones, then
replaces the manifest in one step, then deletes what nothing refers to any more. A save that fails leaves the old index.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yofo_rerank.documents import Document, load_image
from yofo_rerank.errors import DocumentError, IndexMismatch
from yofo_rerank.images import DEFAULT_LIMITS, is_data_uri, read_regular_file
from yofo_rerank.retrieval.index import VectorIndex

MANIFEST = "yofo_index.json"
FORMAT: Literal["yofo-clip-faiss"] = "yofo-clip-faiss"
VERSION: Literal[1] = 1
IMAGES = "images"
TEMPORARY = ".yofo-tmp-"

_KEPT_IMAGE = re.compile(r"[0-9a-f]{64}\.(png|jpg|webp|bin)")
_CONTENT_FILE = re.compile(r"(vectors-[0-9a-f]{16}\.faiss|documents-[0-9a-f]{16}\.jsonl|\.yofo-tmp-\w+)")
_SUFFIXES = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"RIFF": ".webp"}


class StoredFile(BaseModel):
    """A file beside the manifest, and the digest that its content must have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^(vectors-[0-9a-f]{16}\.faiss|documents-[0-9a-f]{16}\.jsonl)$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """What an index folder holds and which encoder made it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["yofo-clip-faiss"] = FORMAT
    version: Literal[1] = VERSION
    model: str
    pretrained: str | None
    fingerprint: str
    dim: int = Field(ge=1)
    index: str
    search_parameters: str | None
    n_documents: int = Field(ge=0)
    next_key: int = Field(ge=0)
    vectors: StoredFile
    documents: StoredFile


def write_index(
    folder: Path, index: VectorIndex, documents: Mapping[int, Document], *, encoder: Mapping[str, Any], next_key: int
) -> None:
    """Write or replace the index in `folder`; `encoder` holds its model, pretrained and fingerprint.

    Raises:
        ImageError: an image in memory cannot be read, so it cannot be kept.
    """
    (folder / IMAGES).mkdir(parents=True, exist_ok=True)
    kept: set[str | None] = set()

    def write_documents(path: Path) -> None:
        with path.open("w", encoding="utf-8") as file:
            for key, document in documents.items():
                line = _to_line(key, document, folder)
                kept.add(line["kept"])
                file.write(json.dumps(line) + "\n")

    manifest = Manifest(
        **encoder,
        dim=index.dim,
        index=index.factory,
        search_parameters=index.search_parameters,
        n_documents=len(documents),
        next_key=next_key,
        documents=StoredFile(**_store(folder, "documents-{}.jsonl", write_documents)),
        vectors=StoredFile(**_store(folder, "vectors-{}.faiss", index.write)),
    )
    _store(folder, MANIFEST, lambda path: path.write_text(manifest.model_dump_json(indent=2), encoding="utf-8"))
    _delete_leftovers(folder, manifest, kept)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an index folder.

    Raises:
        IndexMismatch: codes `not_an_index`, `version`, `corrupt`.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise IndexMismatch(f"no index in {folder}: wanted a file {MANIFEST}", code="not_an_index")
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise IndexMismatch(f"{path} is corrupt: it is not JSON", code="corrupt") from error
    got = (fields.get("format"), fields.get("version")) if isinstance(fields, dict) else (None, None)
    if got[0] != FORMAT:
        raise IndexMismatch(f"{path} has format {got[0]!r}, wanted {FORMAT!r}", code="not_an_index")
    if got[1] != VERSION:
        raise IndexMismatch(
            f"{path} has version {got[1]!r}, wanted {VERSION}: index the documents anew", code="version"
        )
    try:
        return Manifest.model_validate(fields)
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, item["loc"])) for item in error.errors())
        raise IndexMismatch(f"{path} is corrupt: missing or wrong: {wrong}", code="corrupt") from error


def read_contents(folder: Path, manifest: Manifest) -> tuple[VectorIndex, dict[int, Document]]:
    """Vectors and documents (by key) of an index folder; FAISS sees its file only after the checksum fits.

    Raises:
        IndexMismatch: code `corrupt`.
    """
    for file in (manifest.vectors, manifest.documents):
        path = folder / file.name
        if not path.is_file():
            raise IndexMismatch(f"the index in {folder} is corrupt: {file.name} is missing", code="corrupt")
        if _sha256(path) != file.sha256:
            raise IndexMismatch(f"the index in {folder} is corrupt: {file.name} was cut or changed", code="corrupt")
    documents = _read_documents(folder, manifest)
    vectors = folder / manifest.vectors.name
    try:
        index = VectorIndex.read(vectors, manifest.index, search_parameters=manifest.search_parameters)
    except RuntimeError as error:
        raise IndexMismatch(f"{vectors} is corrupt: FAISS cannot read it", code="corrupt") from error
    got, wanted = (index.dim, len(index), len(documents)), (manifest.dim, manifest.n_documents, manifest.n_documents)
    if got != wanted:
        message = f"got (dimension, vectors, documents) = {got}, wanted {wanted}"
        raise IndexMismatch(f"the index in {folder} is corrupt: {message}", code="corrupt")
    return index, documents


def _to_line(key: int, document: Document, folder: Path) -> dict[str, Any]:
    """A document as JSON types: its image as the path given, or as a file kept in the folder."""
    kept = _keep_image(document, folder)
    return {**document.to_dict(), "key": key, "kept": kept} | ({"image": None} if kept else {})


def _keep_image(document: Document, folder: Path) -> str | None:
    image = document.image
    if image is None:
        return None
    if isinstance(image, bytes):
        data = image
    elif isinstance(image, str | Path) and not is_data_uri(image):
        path = Path(image)
        if not (_KEPT_IMAGE.fullmatch(path.name) and (path.parent.parent / MANIFEST).is_file()):
            return None  # the user's own file: its path is enough
        data = read_regular_file(path, max_bytes=DEFAULT_LIMITS.max_bytes)  # kept by an index saved before
    else:
        picture = load_image(image, name=f"document {document.id!r}")
        data = _encoded(picture, format="PNG")
        if len(data) > DEFAULT_LIMITS.max_bytes:  # it could not be loaded again
            data = _encoded(picture, format="JPEG", quality=95)
    suffix = next((suffix for magic, suffix in _SUFFIXES.items() if data.startswith(magic)), ".bin")
    name = hashlib.sha256(data).hexdigest() + suffix
    if not (folder / IMAGES / name).is_file():
        _store(folder, f"{IMAGES}/{name}", lambda path: path.write_bytes(data))
    return name


def _encoded(picture: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, **options)
    return buffer.getvalue()


def _read_documents(folder: Path, manifest: Manifest) -> dict[int, Document]:
    documents: dict[int, Document] = {}
    with (folder / manifest.documents.name).open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                key, document = _from_line(json.loads(line), folder)
            except (KeyError, TypeError, ValueError, DocumentError) as error:
                message = f"{manifest.documents.name} is corrupt in line {number}: it is not a document"
                raise IndexMismatch(message, code="corrupt") from error
            documents[key] = document
    return documents


def _from_line(line: dict[str, Any], folder: Path) -> tuple[int, Document]:
    image, kept = line["image"], line["kept"]
    if kept is not None and not _KEPT_IMAGE.fullmatch(kept):
        raise ValueError(kept)
    path = folder.resolve() / IMAGES / kept if kept else Path(image) if image is not None else None
    return int(line["key"]), Document(image=path, text=line["text"], id=line["id"], metadata=line["metadata"])


def _store(folder: Path, name: str, write: Callable[[Path], object]) -> dict[str, str]:
    """Write a file under a temporary name, force it to disk, then give it its name (`{}` becomes the digest).

    Returns the fields of a `StoredFile`.
    """
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=TEMPORARY)
    os.close(handle)
    path = Path(temporary)
    try:
        write(path)
        path.chmod(0o644)  # mkstemp's 0600 would hide the index from other users
        with path.open("rb") as file:
            os.fsync(file.fileno())
        sha256 = _sha256(path)
        name = name.format(sha256[:16])
        path.replace(folder / name)
    finally:
        path.unlink(missing_ok=True)
    return {"name": name, "sha256": sha256}


def _delete_leftovers(folder: Path, manifest: Manifest, kept: set[str | None]) -> None:
    """Delete what an earlier save left; only names that this module gives."""
    current = {manifest.vectors.name, manifest.documents.name}
    for path in folder.iterdir():
        if _CONTENT_FILE.fullmatch(path.name) and path.name not in current:
            path.unlink(missing_ok=True)
    for path in (folder / IMAGES).iterdir():
        if _KEPT_IMAGE.fullmatch(path.name) and path.name not in kept:
            path.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
