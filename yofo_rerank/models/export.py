"""A judge as a folder that plain Hugging Face transformers answers with: weights, processor and a decision template."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from yofo_rerank.errors import ConfigError, ModelError
from yofo_rerank.models.config import FILE_NAME as YOFO_CONFIG
from yofo_rerank.models.config import Calibration, YofoConfig
from yofo_rerank.models.publish import CARD, CARD_REPOSITORY
from yofo_rerank.models.sources import MINI, SAFE_FILES, local_folder, resolve
from yofo_rerank.prompts import token_id
from yofo_rerank.prompts.decision import decision_template

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from yofo_rerank.models.loading import LoadedModel
    from yofo_rerank.prompts.format import Attention, PromptFormat

DECISION, TEMPLATE = "decision.json", "decision_template.jinja"  # names that transformers gave
_WRITTEN = (*SAFE_FILES, CARD)


@dataclass(frozen=True)
class Exported:
    """What lies in the folder."""

    folder: Path
    attention: Attention  # as the template asks
    max_pixels: int


def export_folder(
    folder: str | Path,
    model: str = MINI,
    adapter: str | None = None,
    *,
    format: str | None = None,  # noqa: A002  # the judge's own word
    attention: Attention | None = None,
    dtype: str = "auto",
) -> Exported:
    """Write a judge for `transformers.pipeline("decision")` and `transformers serve` (5.23 or later), and for us.

    >>> export_folder("judge", "Qwen/Qwen3-VL-2B-Instruct", "runs/final").attention  # doctest: +SKIP
    'isolated'

    Args:
        folder: new, empty, or an earlier export, which is replaced when the new one is whole.
        model: "mini", hub id or folder.
        adapter: LoRA adapter, hub id or folder; it is merged into the weights.
        format: prompt format of bare weights.
        attention: "isolated" asks every requirement in a prompt of its own; "joint" asks all in one prompt, N times
            faster there, and answers may depend on neighbours. None = as the judge is asked.
        dtype: of the weights; "auto" = as stored, or float32, bfloat16, float16.

    Raises:
        ConfigError: something else is in the folder, or it is where the model comes from.
        ModelError: the model cannot be loaded, or answers in a way that decision models cannot.
    """
    folder = Path(folder).resolve()
    check_export_folder(folder, model, adapter)
    from yofo_rerank.models.build import model_layout
    from yofo_rerank.models.loading import load_model
    from yofo_rerank.models.patches import Patcher
    from yofo_rerank.training.replace import replaced_folder

    loaded = load_model(model, adapter=adapter, format_name=format, device="cpu", dtype=dtype)
    layout = model_layout(loaded)
    attention = attention or layout.attention
    template = decision_template(layout, attention)
    decision = _decision(loaded, layout.yes[0], layout.no[0])
    _restore(loaded, adapter or model)
    size = Patcher(loaded.image_processor, loaded.config.max_pixels if loaded.config else None).size
    config = _config(loaded, model, attention, size["longest_edge"])
    network = _network(loaded, layout)
    with replaced_folder(folder) as fresh:
        network.save_pretrained(fresh)
        _save_processor(loaded, model, size, fresh)
        (fresh / DECISION).write_text(json.dumps(decision, indent=2) + "\n", encoding="utf-8")
        (fresh / TEMPLATE).write_text(template, encoding="utf-8")
        config.save(fresh)
        (fresh / CARD).write_text(_card(config, has_head=network is not loaded.model), encoding="utf-8")
    return Exported(folder, attention, size["longest_edge"])


def check_export_folder(folder: Path, model: str, adapter: str | None) -> None:
    """ConfigError unless an export may take this place; reads no weights."""
    for source in (model, adapter):
        found = None if source is None else local_folder(source)
        if found is not None and (found.resolve() == folder or folder in found.resolve().parents):
            raise ConfigError(f"{folder} holds the model that is exported; wanted another folder")
    if folder.is_file():
        raise ConfigError(f"{folder} is a file; wanted a folder")
    if not folder.exists():
        return
    present = sorted(path.name for path in folder.iterdir())
    if not present:
        return
    foreign = [name for name in present if not any(fnmatch(name, pattern) for pattern in _WRITTEN)]
    if foreign or not {DECISION, TEMPLATE, YOFO_CONFIG} <= set(present):
        raise ConfigError(
            f"{folder} holds {(foreign or present)[0]!r} and is no export; wanted a new or empty folder, or an export"
        )


def _decision(loaded: LoadedModel, yes: str, no: str) -> dict[str, Any]:
    calibration = loaded.config.calibration if loaded.config else Calibration()
    if calibration.bias:
        raise ModelError(
            f"the calibration has the bias {calibration.bias:g}, for which decision models have no place; "
            "wanted one temperature alone"
        )
    return {
        "labels": {"noul": [yes, no]},
        "temperature": {"noul": calibration.temperature},
        "noul_options": ["true", "false"],
        "sanitize_control_tokens": True,
        "adapter": None,
    }


def _restore(loaded: LoadedModel, name: str) -> None:
    """The network as its own class would have it, in place."""
    from yofo_rerank.models.families import get_family
    from yofo_rerank.models.vision import restore_convolution

    if any(type(module).__module__.startswith("peft.") for module in loaded.model.modules()):
        raise ModelError(f"the adapter of {name!r} cannot be merged exactly into its model: nothing to export")
    embedding = loaded.model.get_submodule(get_family(loaded.model.config).patch_embedding)
    restore_convolution(embedding, loaded.model.config.vision_config)


def _network(loaded: LoadedModel, layout: PromptFormat) -> PreTrainedModel:
    """As it is, or under the head that transformers wants of its family."""
    from yofo_rerank.models.decision_head import needs_head, with_head

    if not needs_head(loaded.model.config):
        return loaded.model
    return with_head(loaded.model, *(token_id(loaded.tokenizer, words[0]) for words in (layout.yes, layout.no)))


def _config(loaded: LoadedModel, model: str, attention: Attention, max_pixels: int) -> YofoConfig:
    """So that our own judge reads the folder too, as it reads any fully trained model."""
    layout, trained = loaded.layout, loaded.config
    base = trained.base_model if trained else model
    return YofoConfig(
        format=layout.name,
        format_version=layout.version,
        base_model=Path(base).name if Path(base).is_absolute() else base,
        max_pixels=max_pixels,
        special_tokens=layout.special_tokens,
        attention=attention,
        calibration=trained.calibration if trained else Calibration(),
    )


def _save_processor(loaded: LoadedModel, model: str, size: dict[str, int], folder: Path) -> None:
    """With our budget of pixels; no added token, special or not, can be written by a user's text."""
    from transformers import AutoProcessor

    processor = AutoProcessor.from_pretrained(resolve(model, None, None)[0], trust_remote_code=False)
    processor.tokenizer, processor.image_processor = loaded.tokenizer, loaded.image_processor
    processor.image_processor.size = size
    processor.tokenizer.chat_control_tokens = sorted(loaded.tokenizer.get_added_vocab())
    processor.save_pretrained(folder)


def _card(config: YofoConfig, *, has_head: bool) -> str:
    environment = Environment(  # noqa: S701  # Markdown of our own words, no HTML
        loader=PackageLoader("yofo_rerank", "models"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template = environment.get_template("export_card.md.j2")
    return template.render(config=config, repository=CARD_REPOSITORY, has_head=has_head)
