"""Other people's checkpoints of the supported families in our slot model: loaded, read behind a prompt, heard."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from transformers import GenerationConfig

from evals.baselines.prompt import Laid
from evals.baselines.record import Baseline
from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError
from yofo_rerank.models.batches import batches
from yofo_rerank.models.build import Budget, build_slot_model
from yofo_rerank.models.loading import load_model
from yofo_rerank.models.patches import Picture
from yofo_rerank.models.slot_model import SlotModel
from yofo_rerank.prompts import PromptFormat, token_id
from yofo_rerank.prompts.format import IMAGE_PAD


@dataclass(frozen=True)
class Checkpoint:
    """What a prompt does not say: limits of pictures in image tokens (after merging), answers, where the rest lies."""

    min_tokens: int
    max_tokens: int
    yes: str = "yes"
    no: str = "no"
    base: str | None = None  # the checkpoint is a LoRA adapter of this model
    processor: str | None = None  # the makers use that of another model
    has_head: bool = True  # an embedder may be published without its LM head


def open_slot_model(record: Baseline, source: str, checkpoint: Checkpoint, device: str | None) -> SlotModel:
    """A slot model of the record's checkpoint, or of a folder of the same class.

    Raises:
        ModelError: as `load_model`; an answer that is not one token.
    """
    is_ours = source == record.hub_id
    base = checkpoint.base if is_ours else base_of_adapter(source)
    loaded = load_model(
        base or source,
        adapter=source if base else None,
        format_name="ask-v1",  # needs no tokens of its own; replaced below
        revision=record.revision if is_ours and not base else None,
        device=device,
        processor=checkpoint.processor if is_ours else None,
        may_lack=() if checkpoint.has_head else ("lm_head.weight",),
    )
    images = copy.deepcopy(loaded.image_processor)
    area = (images.patch_size * images.merge_size) ** 2
    limits = checkpoint.min_tokens * area, checkpoint.max_tokens * area
    images.size = {"shortest_edge": limits[0], "longest_edge": limits[1]}
    layout = PromptFormat(record.name, 1, before_document="", yes=(checkpoint.yes,), no=(checkpoint.no,))
    loaded = replace(loaded, layout=layout, image_processor=images)
    return build_slot_model(loaded, Budget(max_pixels=limits[1], cache_bytes=0))


def base_of_adapter(source: str) -> str | None:
    """What a folder with a LoRA adapter says that it was trained on; None for a folder with a whole model."""
    config = Path(source) / "adapter_config.json"
    return json.loads(config.read_text(encoding="utf-8"))["base_model_name_or_path"] if config.is_file() else None


def image_of(document: Document, prompt: str, model: SlotModel) -> Picture | str:
    """What fills `{image}` of a prompt; nothing where the document has no image, or the prompt no place for one.

    Raises:
        DocumentError: the prompt has no place for anything that the document has (code `not_read`).
        ImageError: its image cannot be read.
    """
    has_image = document.image is not None and "{image}" in prompt
    if not has_image and not (document.text and "{text}" in prompt):
        raise DocumentError(f"document {document.id[:80]!r} has nothing that this model reads", code="not_read")
    if not has_image:
        return ""
    patcher = model.maker.patcher
    image = document.load_image(max_pixels=patcher.enough_pixels)
    return "" if image is None else patcher.cut(image, image.info.get("full_size"))


@torch.inference_mode()
def read_last(model: SlotModel, prompts: Iterable[Laid]) -> torch.Tensor:
    """The last hidden state of every prompt, in their order, in batches  # (prompts, width)."""
    found: dict[int, torch.Tensor] = {}
    groups = batches(
        enumerate(prompts),
        bucket=lambda one: one[1].prefix.grids,
        tokens=lambda one: len(one[1].ids),
        max_tokens=model.max_batch_tokens,
    )
    for group in groups:
        laid = [one for _, one in group]
        with model.lock:
            hidden, _ = model.network.run_prefixes(
                [one.prefix for one in laid], [[one.template] for one in laid], keep_states=False
            )
        found |= zip((place for place, _ in group), hidden, strict=True)
    return torch.stack([found[place] for place in range(len(found))])


@torch.inference_mode()
def speak(
    model: SlotModel, laid: Laid, max_new_tokens: int, *, logits: bool = False
) -> tuple[list[int], Sequence[torch.Tensor]]:
    """What the model says behind a prompt, greedily: token ids without the end, and the logits of every step if asked.

    Those of 8,192 steps would be 5 GB.
    """
    network, tokenizer = model.network, model.maker.tokenizer
    ids = torch.tensor([laid.ids], device=network.device)
    vision = {}
    if laid.prefix.pictures:
        vision["pixel_values"] = model.maker.patcher.values(laid.prefix.pictures, network.device)
        vision["image_grid_thw"] = torch.tensor(laid.prefix.grids, device=network.device)
    ends = [token_id(tokenizer, "<|im_end|>"), token_id(tokenizer, "<|endoftext|>")]
    config = GenerationConfig(
        do_sample=False, repetition_penalty=1.0,  # or the checkpoint's own would count: Qwen2.5-VL's has 1.05
        max_new_tokens=max_new_tokens, eos_token_id=ends, pad_token_id=ends[1],
        return_dict_in_generate=True, output_logits=logits,
    )  # fmt: skip
    with model.lock:
        said = network.model.generate(  # type: ignore[operator]
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            mm_token_type_ids=(ids == token_id(tokenizer, IMAGE_PAD)).int(),
            generation_config=config,
            **vision,
        )
    new = said.sequences[0, len(laid.ids) :].tolist()
    return [one for one in new if one not in ends], [step[0] for step in said.logits or ()]
