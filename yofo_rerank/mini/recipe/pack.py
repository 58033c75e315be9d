"""What a finished run is shipped as: three folders to copy over `yofo_rerank/mini/weights`, cards excepted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from yofo_rerank.models.sources import MINI

LEFT_OUT = ("README.md", "training.json")  # the cards are written by people; the run's record is evals/train_mini.py's
ADAPTER = "adapter_model.safetensors"


def pack(run: Path, folder: Path) -> Path:
    """Copy base, adapter (in float16, as the base) and first stage of a run; the adapter's base is named mini."""
    from safetensors.torch import load_file, save_file

    for part, made in {"base": "base", "adapter": "adapter/final", "clip": "clip/weights"}.items():
        shutil.rmtree(folder / part, ignore_errors=True)
        shutil.copytree(run / made, folder / part, ignore=shutil.ignore_patterns(*LEFT_OUT))
    halved = {name: tensor.half() for name, tensor in load_file(folder / "adapter" / ADAPTER).items()}
    save_file(halved, folder / "adapter" / ADAPTER, metadata={"format": "pt"})
    _change(folder / "adapter" / "adapter_config.json", {"base_model_name_or_path": MINI})
    # the processor's own limit holds for images: mini knows one size alone
    _change(folder / "adapter" / "yofo_config.json", {"base_model": MINI, "max_pixels": None})
    return folder


def _change(path: Path, values: dict[str, Any]) -> None:
    found = json.loads(path.read_text(encoding="utf-8")) | values
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
