"""What a person decided about a reply: keep, mend or drop; each decision is on the disk before the next one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from evals.builders.journal import read_lines
from evals.builders.kinds import Kind
from evals.builders.replies import BadReply, Reply, check_reply
from yofo_rerank.errors import ConfigError

FILE = "decisions.jsonl"


class Decision(BaseModel):
    """One decision; a later one about the same key takes its place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    action: Literal["keep", "mend", "drop"]
    reply: dict[str, Any] | None = None  # the mended one

    @model_validator(mode="after")
    def _mended_or_not(self) -> Self:
        if (self.action == "mend") != (self.reply is not None):
            raise ValueError("a reply belongs to mend, and to mend alone")
        return self


def read_decisions(folder: Path) -> dict[str, Decision]:
    """Key -> the newest decision."""
    path = folder / FILE
    try:
        found = [Decision.model_validate(line) for line in read_lines(path)]
    except ValidationError as error:
        raise ConfigError(f"{path}: {error.errors()[0]['msg']}") from error
    return {decision.key: decision for decision in found}


def checked_reply(kind: Kind, reply: dict[str, Any]) -> Reply:
    """A mended reply must be as sound as a written one.

    Raises:
        BadReply: says where it is not.
    """
    try:
        checked = kind.schema.model_validate(reply)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise BadReply(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}") from error
    check_reply(checked)
    return checked
