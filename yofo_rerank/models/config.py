"""`yofo_config.json`: what an adapter (or a fully trained model) was trained with, kept beside its weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yofo_rerank.errors import AdapterMismatch, ConfigError
from yofo_rerank.prompts import FORMATS, PromptFormat, get_format
from yofo_rerank.prompts.format import Attention

FILE_NAME = "yofo_config.json"
TrainedAttention = Literal["joint", "isolated", "mixed"]  # mixed: both, by turns
ZERO_SHOT_FORMAT = "ask-v1"


def judged_as(trained: TrainedAttention) -> Attention:
    """How weights are asked unless the judge is told otherwise; isolated where they were trained with both."""
    return "joint" if trained == "joint" else "isolated"


class Calibration(BaseModel):
    """Logit difference (yes - no) -> difference / temperature + bias, before the softmax."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    bias: float = Field(default=0.0, allow_inf_nan=False)


class YofoConfig(BaseModel):
    """Ties weights to the prompt format and base model they were trained with.

    >>> YofoConfig(format="yofo-v1", format_version=1, base_model="Qwen/Qwen3-VL-2B-Instruct").calibration.temperature
    1.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str
    format_version: int = Field(ge=1)
    base_model: str
    base_fingerprint: str | None = None  # `yofo_rerank.models.fingerprint.base_fingerprint`; None = not checked
    max_pixels: int | None = Field(default=None, ge=1)  # per image; None = 1,280 image tokens
    special_tokens: tuple[str, ...] = ()
    attention: TrainedAttention | None = None  # None = not said: judged as the format says
    calibration: Calibration = Calibration()

    def save(self, folder: str | Path) -> Path:
        """Write `yofo_config.json` into the folder."""
        path = Path(folder) / FILE_NAME
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        return path

    @classmethod
    def load(cls, folder: str | Path) -> YofoConfig | None:
        """Read it from a folder; None where there is no such file.

        Raises:
            ConfigError: malformed; names the file and the key.
        """
        path = Path(folder) / FILE_NAME
        if not path.is_file():
            return None
        try:
            return cls.model_validate_json(path.read_bytes())
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            key = ".".join(str(part) for part in problem["loc"])
            raise ConfigError(f"{path}: {key}: {problem['msg']}") from error

    def prompt_format(self) -> PromptFormat:
        """The format, of the same version, asked as it was trained; isolated where it was trained with both.

        Raises:
            ModelError: unknown format; names the known ones.
            AdapterMismatch: known, but of another version.
        """
        layout = get_format(self.format)
        if layout.version != self.format_version:
            raise AdapterMismatch(
                f"trained with version {self.format_version} of the prompt format {self.format!r}; "
                f"this library has version {layout.version}"
            )
        if self.attention is None:
            return layout
        return replace(layout, attention=judged_as(self.attention))


def choose_format(wanted: str | None, config: YofoConfig | None, *, has_adapter: bool) -> PromptFormat:
    """The format that the weights were trained with; for bare weights the wanted one, or the zero-shot one.

    Raises:
        AdapterMismatch: the weights were trained with another format than the wanted one, or nobody knows with which.
        ModelError: unknown format.
    """
    if config is None:
        if has_adapter and wanted is None:
            known = ", ".join(sorted(FORMATS))
            raise AdapterMismatch(
                f"the adapter has no yofo_config.json: its prompt format is unknown; name it: {known}"
            )
        return get_format(wanted or ZERO_SHOT_FORMAT)
    layout = config.prompt_format()
    if wanted is not None and wanted != layout.name:
        raise AdapterMismatch(f"the weights were trained with the prompt format {layout.name!r}, but got {wanted!r}")
    if config.special_tokens and config.special_tokens != layout.special_tokens:
        raise AdapterMismatch(
            f"the weights were trained with the special tokens {', '.join(config.special_tokens)}, "
            f"but {layout.name!r} has {', '.join(layout.special_tokens) or 'none'}"
        )
    return layout
