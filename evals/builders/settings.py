"""What a folder is a build of: another model or prompt needs another folder, so that no data set is of two minds."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from evals.builders.kinds import KINDS, Kind
from yofo_rerank.errors import ConfigError
from yofo_rerank.retrieval.files import replace

FILE = "build.json"


class Settings(BaseModel):
    """The choices that shape every reply."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    model: str
    prompt: str
    max_pixels: int
    seed: int = 0

    def to_kind(self) -> Kind:
        """The record of that name."""
        if self.kind not in KINDS:
            raise ConfigError(f"unknown kind {self.kind!r}; known: {', '.join(KINDS)}")
        return KINDS[self.kind]


def read_settings(folder: Path) -> Settings:
    """The settings of a build.

    Raises:
        ConfigError: the folder holds none.
    """
    try:
        return Settings.model_validate_json((folder / FILE).read_bytes())
    except OSError as error:
        raise ConfigError(
            f"{folder}: wanted a folder that `python -m evals.build` made, but found no {FILE}"
        ) from error
    except ValidationError as error:
        raise ConfigError(f"{folder / FILE}: {error.errors()[0]['msg']}") from error


def claim_folder(folder: Path, settings: Settings) -> None:
    """Make the folder, or go on in it where it was made with the same settings.

    Raises:
        ConfigError: other settings, or something else is in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / FILE).exists():
        before = read_settings(folder).model_dump()
        changed = [name for name, value in settings.model_dump().items() if before[name] != value]
        if changed:
            raise ConfigError(
                f"{folder} was begun with another {', '.join(changed)}; wanted the same, or another --out"
            )
        return
    others = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    if others:
        raise ConfigError(f"{folder} holds {others[0]!r} and is no build; wanted an empty or new folder")
    text = json.dumps(settings.model_dump(), indent=1) + "\n"
    replace(folder / FILE, lambda put: put(text.encode()))
