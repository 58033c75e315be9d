"""Where weights come from: the package ("mini"), a local folder, or the Hugging Face hub."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from yofo_rerank.errors import MissingExtra, ModelError

MINI = "mini"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
SAFE_FILES = ("*.json", "*.safetensors", "*.txt", "*.jinja")  # nothing that runs or unpickles

FileStamps = tuple[tuple[str, int, int, int, int], ...]


def resolve(name: str, adapter: str | None, revision: str | None) -> tuple[Path, Path | None]:
    """Folders of base and adapter; "mini" brings its own adapter.

    Raises:
        ModelError: not found; an adapter without safetensors weights.
    """
    adapter_folder: Path | None
    if name == MINI:
        from yofo_rerank.mini.weights import weights_folder

        base = weights_folder("base")
        if not (base / "config.json").is_file():
            raise ModelError(f"the embedded model 'mini' is not part of this installation: no {base / 'config.json'}")
        adapter_folder = weights_folder("adapter") if adapter is None else _folder(adapter, None)
    else:
        base = _folder(name, revision)
        adapter_folder = None if adapter is None else _folder(adapter, None)
    if adapter_folder is not None and not (adapter_folder / ADAPTER_WEIGHTS).is_file():
        raise ModelError(f"the adapter folder {str(adapter_folder)!r} has no {ADAPTER_WEIGHTS}")
    return base, adapter_folder


@contextmanager
def as_model_error(name: str) -> Iterator[None]:
    """What the libraries raise when something cannot be loaded, as a ModelError with the first line of its reason."""
    try:
        with _without_bars() if name == MINI else nullcontext():  # loaded before one could be read
            yield
    except (ModelError, MissingExtra):
        raise
    except Exception as error:  # of four libraries, whose own errors share no other base; tokenizers raise it plain
        reason = str(error).strip().splitlines()
        raise ModelError(f"cannot load {name!r}: {reason[0] if reason else type(error).__name__}") from error


def file_stamps(*folders: Path | None) -> FileStamps:
    """Path, size, times of change and inode of every file that a model is loaded from: others mean other contents.

    Raises:
        ModelError: a folder that cannot be read.
    """
    try:
        paths = sorted(
            {path for folder in folders if folder for pattern in SAFE_FILES for path in folder.glob(pattern)}
        )
        found = [(str(path), path.stat()) for path in paths]
    except OSError as error:
        raise ModelError(f"cannot read the files of the model: {error}") from error
    return tuple((name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino) for name, stat in found)


@contextmanager
def _without_bars() -> Iterator[None]:
    from transformers.utils import logging

    was_enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_enabled:
            logging.enable_progress_bar()


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def local_folder(name: str) -> Path | None:
    """The folder of that name; None for "mini" and for what may be a Hugging Face id.

    Raises:
        ModelError: a path where no folder is.
    """
    path = Path(name).expanduser()
    if name != MINI and path.is_dir():
        return path
    if path.is_absolute() or name.startswith((".", "~")) or (name != MINI and path.exists()):
        raise ModelError(f"{name!r} is not a folder; wanted a local folder or a Hugging Face id such as 'owner/name'")
    return None


def _folder(name: str, revision: str | None) -> Path:
    if (path := local_folder(name)) is not None:
        return path
    from huggingface_hub import snapshot_download

    with as_model_error(name):
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(SAFE_FILES)))
