"""`training.json`: how the weights beside it were made, for the model card and for a second call of the same run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from yofo_rerank import __version__
from yofo_rerank.training.dataset import ExampleDataset

FILE_NAME = "training.json"


class DataFacts(BaseModel):
    """What an example file holds, as far as it was trained on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str  # its name
    examples: int
    left_out: int  # bad ones
    properties: int
    answered_yes: int
    with_reason: int
    with_image: int
    with_text: int


class TrainingRecord(BaseModel):
    """How a finished run went."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = __version__
    settings: dict[str, Any]
    steps: int
    losses: dict[str, float]  # of the last report
    data: DataFacts
    validation: DataFacts | None
    metrics: dict[str, Any]  # of the validation file after the last step

    def save(self, folder: Path) -> None:
        """Write `training.json` into the folder."""
        (folder / FILE_NAME).write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TrainingRecord | None:
        """Read it from a folder; None where there is none that can be read."""
        try:
            return cls.model_validate_json((folder / FILE_NAME).read_bytes())
        except (OSError, ValidationError):
            return None


def facts_of(data: ExampleDataset, left_out: int) -> DataFacts:
    """Count what is in the examples; reads the file once."""
    counts = dict.fromkeys(("properties", "answered_yes", "with_reason", "with_image", "with_text"), 0)
    for example in data.examples():
        counts["properties"] += len(example.properties)
        counts["answered_yes"] += sum(prop.answer for prop in example.properties)
        counts["with_reason"] += sum(prop.reason is not None for prop in example.properties)
        counts["with_image"] += bool(example.all_images)
        counts["with_text"] += example.text is not None
    return DataFacts(file=data.file.path.name, examples=len(data), left_out=left_out, **counts)
