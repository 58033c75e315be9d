"""The files that `yofo train` reads, made from what was written and decided; and the pairs, for the ranking error."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.builders.decisions import checked_reply, read_decisions
from evals.builders.journal import Entry, read_journal
from evals.builders.kinds import Kind
from evals.builders.replies import ImageReply, PairReply, Reply
from yofo_rerank.retrieval.files import replace
from yofo_rerank.training.examples import Example

SPLITS = ("train", "validation")


@dataclass(frozen=True)
class Exported:
    """How many examples went into each file, and how many replies were left out."""

    train: int
    validation: int
    pairs: int
    dropped: int
    unseen: int  # left out by `reviewed_only`


def export(folder: Path, kind: Kind, *, reviewed_only: bool = False) -> Exported:
    """Write train.jsonl and validation.jsonl (and pairs.jsonl), each whole or not at all.

    A dropped reply is left out, a mended one stands for the written one.
    """
    decisions = read_decisions(folder)
    chosen: list[tuple[Entry, Reply]] = []
    dropped = unseen = 0
    entries = sorted(read_journal(folder).values(), key=lambda entry: entry.key)
    for entry in entries:
        if entry.state != "written" or entry.reply is None:
            continue
        decision = decisions.get(entry.key)
        if decision is None and reviewed_only:
            unseen += 1
        elif decision is not None and decision.action == "drop":
            dropped += 1
        else:
            reply = decision.reply if decision is not None and decision.reply is not None else entry.reply
            chosen.append((entry, checked_reply(kind, reply)))
    counts = {}
    for split in SPLITS:
        found = [
            example for entry, reply in chosen if entry.split == split for example in _examples(entry.images, reply)
        ]
        counts[split] = _write(folder / f"{split}.jsonl", found)
    pairs = [_pair(entry, reply) for entry, reply in chosen if isinstance(reply, PairReply)]
    if kind.schema is PairReply:
        _write(folder / "pairs.jsonl", pairs)
    return Exported(**counts, pairs=len(pairs), dropped=dropped, unseen=unseen)


def _examples(images: list[str], reply: Reply) -> Iterator[dict[str, Any]]:
    """One example for each image, in the words of `yofo_rerank.training.examples`."""
    if isinstance(reply, ImageReply):
        said = [[prop.model_dump() for prop in reply.properties]]
    else:
        said = [
            [
                {"text": one.text, "answer": getattr(one, image), "reason": getattr(one, f"{image}_reason")}
                for one in reply.requirements
            ]
            for image in ("first", "second")
        ]
    for image, properties in zip(images, said, strict=True):
        example = {"image": image, "properties": properties}
        Example.model_validate(example)
        yield example


def _pair(entry: Entry, reply: PairReply) -> dict[str, Any]:
    return {
        "first": entry.images[0],
        "second": entry.images[1],
        "query": reply.query,
        "requirements": [one.text for one in reply.requirements],
        "expression": reply.expression,
        "better": reply.better,
        "split": entry.split,
    }


def _write(path: Path, lines: Iterable[dict[str, Any]]) -> int:
    written = [json.dumps(line).encode() + b"\n" for line in lines]
    replace(path, lambda put: [put(line) for line in written])
    return len(written)
