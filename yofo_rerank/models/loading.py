"""From a name to a loaded model: base weights, special tokens, LoRA adapter, and checks that they belong together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import transformers

from yofo_rerank.errors import AdapterMismatch, ModelError
from yofo_rerank.models.adapter import attach_adapter
from yofo_rerank.models.config import YofoConfig, choose_format
from yofo_rerank.models.families import check_depth, get_family
from yofo_rerank.models.fingerprint import base_fingerprint, is_same_base
from yofo_rerank.models.sources import ADAPTER_WEIGHTS, as_model_error, file_digest, resolve
from yofo_rerank.models.tokens import add_special_tokens, warn_if_untrained
from yofo_rerank.models.vision import linearise_patches
from yofo_rerank.models.vision_batches import batch_pictures
from yofo_rerank.prompts import PromptFormat

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, ProcessorMixin, Qwen2VLImageProcessor

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """Everything a judge needs of a model."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    image_processor: Qwen2VLImageProcessor
    layout: PromptFormat
    config: YofoConfig | None = None  # of the adapter, or of a fully trained model
    fingerprint: str = ""  # of the base
    adapter_digest: str = ""
    chat_template: str | None = None  # of the base


def load_model(
    name: str,
    *,
    adapter: str | None = None,
    format_name: str | None = None,
    revision: str | None = None,
    device: str | None = None,
    dtype: str = "auto",
    model_kwargs: Mapping[str, Any] | None = None,
    processor: str | None = None,
    may_lack: Collection[str] = (),
) -> LoadedModel:
    """Load a model of a supported family from a hub id or a local folder; safetensors only, no remote code.

    Args:
        name: "mini", hub id or folder.
        adapter: LoRA adapter, hub id or folder.
        revision: of the model on the hub.
        format_name: None = what the weights were trained with, or zero-shot (`ask-v1`) for a bare model.
        device: None = cuda where available, else cpu.
        dtype: "auto" = as stored, or float32, bfloat16, float16.
        model_kwargs: further arguments of the model class's `from_pretrained` (`attn_implementation`, `device_map`,
            `quantization_config`, ...), and `compile`: True or arguments of `torch.compile`.
        processor: hub id or folder, where the model has none of its own.
        may_lack: weights that nothing will read, such as an embedder's LM head.

    Raises:
        ModelError: not found, not a supported family, no safetensors, no such device.
        AdapterMismatch: the adapter was trained for another base model or prompt format.
    """
    check_dtype(dtype)
    base, adapter_folder = resolve(name, adapter, revision)
    config = YofoConfig.load(adapter_folder or base)
    layout = choose_format(format_name, config, has_adapter=adapter_folder is not None)
    with as_model_error(name):
        config_of_model = transformers.AutoConfig.from_pretrained(base, trust_remote_code=False)
        family = get_family(config_of_model)
        check_depth(config_of_model)
        pair = transformers.AutoProcessor.from_pretrained(processor or base, trust_remote_code=False)
        tokenizer = _adapter_tokenizer(adapter_folder) or pair.tokenizer
        further = {"attn_implementation": "sdpa", **(model_kwargs or {})}
        compiled = further.pop("compile", None)
        model, report = getattr(transformers, family.model_class).from_pretrained(
            base, dtype="auto", use_safetensors=True, output_loading_info=True, **further
        )
    if missing := set(report["missing_keys"]) - set(may_lack):  # transformers would go on with random ones
        raise ModelError(f"{name!r} lacks {len(missing)} weights, such as {min(missing)}")
    fingerprint = base_fingerprint(model)
    if config is None and adapter_folder is None:
        warn_if_untrained(layout, tokenizer)
    token_ids = add_special_tokens(tokenizer, model, layout.special_tokens)
    if dtype == "float32":
        _cast(model, dtype)  # before merging, which in bfloat16 would round away a part of the adapter
    digest = ""
    if adapter_folder is not None:
        _check_base(config, name, fingerprint)
        with as_model_error(str(adapter_folder)):
            model = attach_adapter(model, adapter_folder, token_ids)
        digest = file_digest(adapter_folder / ADAPTER_WEIGHTS)
    linearise_patches(model.get_submodule(family.patch_embedding))
    batch_pictures(model.get_submodule(family.patch_embedding.rpartition(".")[0]))
    if "quantization_config" not in further:
        _cast(model, dtype)
    with as_model_error(name):  # an unknown device, or one that is not there
        if "device_map" not in further:
            model.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    model.eval().requires_grad_(False)
    if compiled:
        model.get_submodule(family.language_model).compile(**({} if compiled is True else compiled))
    return LoadedModel(model, tokenizer, pair.image_processor, layout, config, fingerprint, digest, chat_template(pair))


def check_dtype(dtype: str) -> None:
    """ModelError unless it is "auto" or the name of a supported dtype."""
    if dtype != "auto" and dtype not in DTYPES:
        raise ModelError(f"unknown dtype {dtype!r}; known: auto, {', '.join(DTYPES)}")


def chat_template(processor: ProcessorMixin) -> str | None:
    """The processor's own, or its tokenizer's; the one named default where there are several."""
    found = processor.chat_template or processor.tokenizer.chat_template
    return found.get("default") if isinstance(found, dict) else found


def _adapter_tokenizer(folder: Path | None) -> PreTrainedTokenizerBase | None:
    """Training added tokens to it, so it goes before the base model's."""
    if folder is None or not (folder / "tokenizer.json").is_file():
        return None
    with as_model_error(str(folder)):
        return transformers.AutoTokenizer.from_pretrained(folder, trust_remote_code=False)


def _check_base(config: YofoConfig | None, name: str, fingerprint: str) -> None:
    trained_on = config.base_fingerprint if config else None
    if config and trained_on and not is_same_base(trained_on, fingerprint):
        raise AdapterMismatch(
            f"the adapter was trained on {config.base_model!r} ({trained_on}), but got {name!r} ({fingerprint})"
        )


def _cast(model: PreTrainedModel, dtype: str) -> None:
    """Cast the weights alone: `model.to(dtype)` would also round the rotary frequencies."""
    if dtype != "auto":
        for parameter in model.parameters():
            parameter.data = parameter.data.to(DTYPES[dtype])
