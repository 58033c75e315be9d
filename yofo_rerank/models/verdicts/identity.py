"""Which model is it? Named by its files, without loading it: what a kept state or verdict belongs to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yofo_rerank.errors import ModelError
from yofo_rerank.models.config import FILE_NAME, Calibration, YofoConfig, choose_format
from yofo_rerank.models.digests import FileDigests
from yofo_rerank.models.sources import SAFE_FILES, resolve

if TYPE_CHECKING:
    from yofo_rerank.models.build import Source
    from yofo_rerank.prompts import PromptFormat
    from yofo_rerank.prompts.format import Attention

SCHEMA = 1  # raised whenever the library reads pixels or text differently: then what was kept is not read any more


_SAME_ANSWERS = {"attn_implementation", "device_map", "compile", "max_memory", "low_cpu_mem_usage"}  # but for rounding


@dataclass(frozen=True)
class KnownModel:
    """What is known of a model before it is loaded.

    `identity` names everything but the document that a prefix state depends on; not the device: a catalogue judged on
    a GPU is served from a CPU.
    """

    identity: bytes
    layout: PromptFormat
    calibration: Calibration

    def verdict_identity(self, attention: Attention | None = None) -> bytes:
        """What a verdict depends on beside document and requirement; None = attention as the format says."""
        return hashlib.sha256(self.identity + (attention or self.layout.attention).encode()).digest()


def known_model(
    source: Source, max_pixels: int | None, digests: FileDigests, folders: tuple[Path, Path | None] | None = None
) -> KnownModel:
    """Read everything about a model but its weights, of which it takes the digest.

    Args:
        source: which model; what its device and dtype are called.
        max_pixels: the caller's; None = as the weights were trained, or the default.
        digests: remembers those of large files.
        folders: of base and adapter, where they are known already.

    Raises:
        ModelError: not found, or a file that cannot be read; `AdapterMismatch` for a prompt format that does not fit.
        ConfigError: `yofo_config.json` is malformed.
    """
    base, adapter = folders or resolve(source.name, source.adapter, source.revision)
    config = YofoConfig.load(adapter or base)
    layout = choose_format(source.format_name, config, has_adapter=adapter is not None)
    parts = {
        "schema": SCHEMA,
        "base": _digest_folder(base, digests),
        "adapter": None if adapter is None else _digest_folder(adapter, digests),
        "trained": None if config is None else config.model_dump(mode="json", exclude={"calibration"}),
        "layout": asdict(layout),
        "max_pixels": max_pixels or (config.max_pixels if config else None),
        "dtype": stored_dtype(base) if source.dtype == "auto" else source.dtype,
        "more": _other_settings(source),
    }
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).digest()
    return KnownModel(digest, layout, config.calibration if config else Calibration())


def stored_dtype(folder: Path) -> str:
    """The dtype that the weights are stored in, by the model's config; "auto" where it does not say."""
    try:
        config: Mapping[str, Any] = json.loads((folder / "config.json").read_bytes())
        found = config.get("dtype") or config.get("torch_dtype")
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"cannot read {folder / 'config.json'}: {error}") from error
    return str(found or "auto").removeprefix("torch.")


def _other_settings(source: Source) -> dict[str, Any]:
    """What else the answers depend on, such as a quantization."""
    return {name: repr(value) for name, value in sorted(source.model_kwargs.items()) if name not in _SAME_ANSWERS}


def _digest_folder(folder: Path, digests: FileDigests) -> dict[str, str]:
    """Digests of everything that a model is loaded from; `yofo_config.json` apart, whose calibration may change."""
    paths = {path for pattern in SAFE_FILES for path in folder.glob(pattern)}
    try:
        return {path.name: digests.of(path) for path in sorted(paths) if path.name != FILE_NAME and path.is_file()}
    except OSError as error:
        raise ModelError(f"cannot read the files of {str(folder)!r}: {error}") from error
