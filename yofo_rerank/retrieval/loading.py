"""Loading an open_clip model and its tokenizer, from safe weights only, and telling which one it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from yofo_rerank.errors import ModelError

if TYPE_CHECKING:
    import torch
    from PIL import Image

# What open_clip raises for a configuration, weights or a tokenizer that it cannot use.
LOAD_ERRORS = (AssertionError, AttributeError, KeyError, OSError, RuntimeError, TypeError, ValueError)
PRECISIONS = {"float32": "fp32", "bfloat16": "bf16"}  # ours -> open_clip's
CONFIG_FILE = "open_clip_config.json"
WEIGHT_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors")  # open_clip's own order
PROBE_TEXT = "A blue, hooded top; not pink, 2 pockets."  # how a tokenizer splits it is part of an encoder's identity
PROBED_VALUES = 64  # per weight tensor


class Loaded(NamedTuple):
    """A model on its device, and what goes in and comes out."""

    model: Any
    preprocess: Callable[[Image.Image], torch.Tensor]
    tokenizer: Any
    device: torch.device
    dtype: torch.dtype
    dim: int
    image_size: int  # longer side of what the model sees
    fingerprint: str


def load(model: str, pretrained: str | None, device: str | None, dtype: str) -> Loaded:
    """Load what `ClipEncoder(model, pretrained)` stands for, on `device` (default: a GPU where there is one).

    Raises:
        ModelError: there is no such model, its weights are unsafe or damaged, or it would run code of its own.
    """
    import open_clip
    import torch
    from safetensors import SafetensorError

    name = _locate(model)
    _check_folder(name)
    if ":" not in name:
        _check_known(name, pretrained)
    tag = open_clip.get_pretrained_cfg(name, pretrained) if pretrained else {}
    try:
        _check_safe(_weights_file(name, pretrained, tag), model)
        target = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        _check_text_config(open_clip.get_model_config(name), name)
        network, preprocess = open_clip.create_model_from_pretrained(
            name,
            pretrained,
            precision=PRECISIONS[dtype],
            device=target,
            force_quick_gelu=bool(tag.get("quick_gelu")),  # else OpenAI's weights would run with another activation
        )
        tokenizer = open_clip.get_tokenizer(name)
        probe = tokenizer([PROBE_TEXT])  # (1, context length)
    except (*LOAD_ERRORS, SafetensorError) as error:
        raise ModelError(f"open_clip cannot load {model!r}, pretrained={pretrained!r}: {error}") from error
    network.eval()
    config: dict[str, Any] = {"preprocess": open_clip.get_model_preprocess_cfg(network), "probe": probe[0].tolist()}
    with torch.inference_mode():
        dim = network.encode_text(probe.to(target)).shape[1]
    precision = open_clip.get_input_dtype(PRECISIONS[dtype]) or torch.float32
    size = config["preprocess"]["size"]
    side = max(size) if isinstance(size, list | tuple) else int(size)
    return Loaded(network, preprocess, tokenizer, target, precision, dim, side, _fingerprint(network, config))


def count_tokens(tokenizer: Any, text: str) -> int:
    """Tokens of a text before any is cut off, start and end included."""
    wrapped = getattr(tokenizer, "tokenizer", None)  # open_clip wraps Hugging Face's; its own only has `encode`
    if wrapped is None:
        return len(tokenizer.encode(text)) + 2
    clean = getattr(tokenizer, "clean_fn", str)
    return len(wrapped(clean(text), truncation=False).input_ids)


def _locate(model: str) -> str:
    """The name under which open_clip finds a model: folders get its `local-dir:` schema."""
    if model == "mini":
        from yofo_rerank.mini.weights import weights_folder

        return f"local-dir:{weights_folder('clip')}"
    return f"local-dir:{model}" if Path(model).is_dir() else model


def _check_folder(name: str) -> None:
    """A local folder must hold its configuration and safetensors weights."""
    schema, _, path = name.partition(":")
    if schema != "local-dir":
        return
    folder = Path(path)
    if not (folder / CONFIG_FILE).is_file():
        raise ModelError(f"no open_clip model in {folder}: wanted a file {CONFIG_FILE}")
    if not any((folder / file).is_file() for file in WEIGHT_FILES):
        raise ModelError(f"no safe weights in {folder}: wanted {' or '.join(WEIGHT_FILES)}")


def _check_known(name: str, pretrained: str | None) -> None:
    """A name of open_clip's own needs weights: one of its tags, or a file."""
    import open_clip

    if name not in (known := open_clip.list_models()):
        raise ModelError(f"{name!r} is neither a folder nor one of open_clip's models: {', '.join(known)}")
    if pretrained and not open_clip.is_pretrained_cfg(name, pretrained) and Path(pretrained).is_file():
        _check_safe(pretrained, name)
    elif not pretrained or not open_clip.is_pretrained_cfg(name, pretrained):
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(name))
        raise ModelError(f"{name!r} got pretrained={pretrained!r}, wanted a weight file or one of: {tags}")


def _weights_file(name: str, pretrained: str | None, tag: dict[str, Any]) -> str | None:
    """The file that open_clip will read, downloaded if it must be; None for a folder, which is checked already."""
    from open_clip.pretrained import download_pretrained, download_pretrained_from_hf

    schema, _, path = name.partition(":")
    if schema == "hf-hub":
        return str(download_pretrained_from_hf(path))
    if schema == "local-dir":
        return None
    return str(download_pretrained(tag)) if tag else pretrained


def _check_safe(file: str | None, model: str) -> None:
    """Refuse what open_clip would read as pickle or TorchScript, which can run code."""
    if file and not file.endswith(".safetensors"):
        raise ModelError(f"the weights of {model!r} are in {Path(file).name!r}, wanted safetensors: pickle is not read")


def _check_text_config(model_config: dict[str, Any] | None, name: str) -> None:
    """Refuse a configuration that would run code from the model's own folder or repository."""
    options = ((model_config or {}).get("text_cfg") or {}).get("tokenizer_kwargs") or {}
    if options.get("trust_remote_code"):
        raise ModelError(f"{name} wants to run its own code (tokenizer_kwargs.trust_remote_code), which is refused")


def _fingerprint(network: torch.nn.Module, config: dict[str, Any]) -> str:
    """Digest of configuration and weight samples, these rounded to bfloat16 so that the dtype does not matter."""
    import torch

    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    for name, tensor in sorted(network.state_dict().items()):
        values = tensor.detach().flatten()
        sample = values[:: max(1, len(values) // PROBED_VALUES)][:PROBED_VALUES].to(torch.bfloat16).float().cpu()
        digest.update(f"{name}{tuple(tensor.shape)}".encode() + sample.numpy().tobytes())
    return f"open_clip:{digest.hexdigest()[:32]}"
