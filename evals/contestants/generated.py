"""Verdicts as most people ask for them: the same backbone writes a JSON object, token by token.

The embedded base is no chat model, so what it writes is no JSON; it is made to write as many tokens as the answer has,
which is all that speed depends on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

import torch

from evals.baselines.generated import written
from evals.contestants.pictures import load_base
from yofo_rerank import Document
from yofo_rerank.mini.weights import weights_folder

Form = Literal["list", "numbers", "texts"]
ASK = "Answer each with yes or no, as a JSON object from its number: "


def answer(requirements: Sequence[str], form: Form) -> str:
    """A JSON answer with a verdict for each requirement: a list, or an object by number, or by text as schemas have it.

    The list is what the baseline `generated-verdicts` asks for, and the shortest.

    >>> answer(["red", "hooded"], "list"), answer(["red", "hooded"], "numbers"), answer(["red", "hooded"], "texts")
    ('[true, true]', '{"1":"yes","2":"yes"}', '{"red":"yes","hooded":"yes"}')
    """
    if form == "list":
        return written([True] * len(requirements))
    keys = requirements if form == "texts" else [str(at) for at in range(1, len(requirements) + 1)]
    return json.dumps(dict.fromkeys(keys, "yes"), separators=(",", ":"))


class GeneratingJudge:
    """Transformers' own `generate`, with its key-value cache, greedily, a batch of documents at a time."""

    def __init__(self, form: Form, batch: int = 16) -> None:
        from transformers import AutoProcessor

        self._batch, self._form = batch, form
        self._processor: Any = AutoProcessor.from_pretrained(str(weights_folder("base")))

    def new_tokens(self, requirements: Sequence[str]) -> int:
        """How many tokens the answer has."""
        return len(self._processor.tokenizer(answer(requirements, self._form)).input_ids)

    @torch.inference_mode()
    def judge(self, documents: Sequence[Document], requirements: Sequence[str]) -> list[str]:
        """What is written about each document."""
        listed = ASK + " ".join(f"{at}. {text}" for at, text in enumerate(requirements, start=1))
        content = [{"type": "image"}, {"type": "text", "text": listed}]
        prompt = self._processor.apply_chat_template(
            [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
        )
        length = self.new_tokens(requirements)
        written: list[str] = []
        for at in range(0, len(documents), self._batch):
            images = [document.load_image() for document in documents[at : at + self._batch]]
            inputs = self._processor(text=[prompt] * len(images), images=images, return_tensors="pt", padding=True)
            ids = load_base().generate(**inputs, do_sample=False, min_new_tokens=length, max_new_tokens=length)
            written += self._processor.batch_decode(ids[:, inputs["input_ids"].shape[1] :])
        return written
