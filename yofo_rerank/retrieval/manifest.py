"""What an index folder says of itself: the pointer to its generation, and the generation's manifest.

The pointer holds size and digest of the manifest, the manifest those of every file: no changed bit goes unnoticed.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yofo_rerank.errors import IndexMismatch

POINTER = "yofo_index.json"
MANIFEST = "manifest.json"
FORMAT: Literal["yofo-clip-faiss"] = "yofo-clip-faiss"
VERSION: Literal[2] = 2

Record = TypeVar("Record", bound=BaseModel)


class StoredFile(BaseModel):
    """A file, and what it must hold; the first layout did not write sizes down."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^(manifest\.json|vectors(-[0-9a-f]{16})?\.faiss|documents(-[0-9a-f]{16})?\.jsonl)$")
    size: int | None = Field(default=None, ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Pointer(BaseModel):
    """The one file that is ever replaced: which generation holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["yofo-clip-faiss"] = FORMAT
    version: Literal[2] = VERSION
    generation: str = Field(pattern=r"^generation-[0-9a-f]{32}$")
    manifest: StoredFile


class Manifest(BaseModel):
    """What a generation holds and which encoder made it; version 1 is the first layout, without generations."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["yofo-clip-faiss"] = FORMAT
    version: Literal[1, 2] = VERSION
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
    images: tuple[str, ...] = ()  # kept beside the generations, named by their digests


def parse_pointer(data: bytes, path: Path) -> Pointer | Manifest:
    """The pointer of an index; of one in the first layout, its manifest.

    Raises:
        IndexMismatch: codes `not_an_index`, `version`, `corrupt`.
    """
    fields = _parse_json(data, path)
    got = (fields.get("format"), fields.get("version")) if isinstance(fields, dict) else (None, None)
    if got[0] != FORMAT:
        raise IndexMismatch(f"{path} has format {got[0]!r}, wanted {FORMAT!r}", code="not_an_index")
    if got[1] not in (1, VERSION):
        message = f"{path} has version {got[1]!r}, wanted 1 or {VERSION}: index the documents anew"
        raise IndexMismatch(message, code="version")
    return _validate(Manifest, fields, path) if got[1] == 1 else _validate(Pointer, fields, path)


def parse_manifest(data: bytes, stored: StoredFile, path: Path) -> Manifest:
    """The manifest of a generation, checked against the pointer.

    Raises:
        IndexMismatch: code `corrupt`.
    """
    if (len(data), hashlib.sha256(data).hexdigest()) != (stored.size, stored.sha256):
        raise IndexMismatch(f"{path} is corrupt: it was cut or changed", code="corrupt")
    return _validate(Manifest, _parse_json(data, path), path)


def _parse_json(data: bytes, path: Path) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise IndexMismatch(f"{path} is corrupt: it is not JSON", code="corrupt") from error


def _validate(kind: type[Record], fields: Any, path: Path) -> Record:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, item["loc"])) for item in error.errors())
        raise IndexMismatch(f"{path} is corrupt: missing or wrong: {wrong}", code="corrupt") from error
