"""The model card (README.md) of a trained folder, from what the folder itself says."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from yofo_rerank.models.config import YofoConfig
from yofo_rerank.models.publish import CARD, CARD_REPOSITORY
from yofo_rerank.prompts import PromptFormat
from yofo_rerank.training.record import TrainingRecord

_FACTS = (
    ("file", "file"),
    ("examples", "examples"),
    ("bad examples left out", "left_out"),
    ("properties", "properties"),
    ("answered yes", "answered_yes"),
    ("with a reason", "with_reason"),
    ("with an image", "with_image"),
    ("with a text", "with_text"),
)
_FIGURES = (("Acc_property", "eval_acc_property"), ("Acc_sample", "eval_acc_sample"), ("Acc_dep", "eval_acc_dep"))


def write_card(folder: Path, config: YofoConfig, record: TrainingRecord) -> Path:
    """Write `README.md` into the folder."""
    path = folder / CARD
    path.write_text(render_card(config, record), encoding="utf-8")
    return path


def render_card(config: YofoConfig, record: TrainingRecord) -> str:
    """Model card with the metadata of the Hugging Face hub on top; every figure comes from the record."""
    figures = [(label, record.metrics[key]) for label, key in _FIGURES if key in record.metrics]
    by_position = record.metrics.get("eval_acc_by_position", [])
    figures += [(f"at place {place} of the template", value) for place, value in enumerate(by_position, start=1)]
    text = _template().render(
        name=f"A YOFO judge on {config.base_model}",
        base=config.base_model,
        repository=CARD_REPOSITORY,
        is_adapter=record.settings["lora"] is not None,
        judged=config.prompt_format().attention,
        settings={key: _in_words(value) for key, value in record.settings.items() if value is not None},
        config=config,
        record=record.model_dump(),
        facts=_FACTS,
        figures=figures,
        example=_example(config.prompt_format()),
    )
    return text.rstrip() + "\n"


def _in_words(value: Any) -> str:
    return ", ".join(f"{key} {one}" for key, one in value.items()) if isinstance(value, dict) else str(value)


def _example(layout: PromptFormat) -> str:
    """What the model is given for an image and two requirements."""
    slot = layout.before_slot + (layout.placeholder or "") + layout.after_slot + layout.after_requirement
    return f"{layout.before_document}(image)(text){layout.after_document}hooded{slot}not blue{slot}".rstrip()


@cache
def _template() -> Template:
    environment = Environment(  # noqa: S701  # Markdown of our own words and figures, no HTML
        loader=PackageLoader("yofo_rerank", "training"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("card.md.j2")
