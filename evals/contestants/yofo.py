"""YOFO itself: a LoRA of the same base under the paper's objective; with reasons, dependent questions, other ranks."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import torch
from torch import nn

from evals.contestants.blocks import FORMAT, base_tokenizer, copy_base
from evals.contestants.lessons import Shelf
from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.recipe.language import IMAGE_TOKENS, Lesson, judging_loss, make_lesson, rope_positions
from yofo_rerank.mini.statements import sample_statements
from yofo_rerank.mini.weights import weights_folder
from yofo_rerank.prompts import SPECIAL_TOKENS, get_format, prefix_ids, template_ids, token_id
from yofo_rerank.training.adapt import add_lora
from yofo_rerank.training.arrange import OPPOSITE
from yofo_rerank.training.config import LoraSettings

BATCH, STATEMENTS = 12, 12  # 144 verdicts a step, as the single-score contestants have 144 pairs
PAIRS = 24  # dependent questions a step


class Yofo(nn.Module):
    """The base with a LoRA; every second step of `dependent` asks for the opposite of an answer before it."""

    def __init__(self, *, rank: int = 64, reasons: bool = False, dependent: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        rows = [token_id(base_tokenizer(), token) for token in SPECIAL_TOKENS]
        self.adapted = add_lora(copy_base(), LoraSettings(rank=rank, alpha=2 * rank, dropout=0.0), rows)
        self._reasons, self._dependent = reasons, dependent

    def loss(self, shelf: Shelf, rng: random.Random) -> tuple[torch.Tensor, dict[str, float]]:
        """Of one batch, in the joint template of the paper."""
        ask_opposite = self._dependent and rng.random() < 0.5
        garments = shelf.pictures.garments
        places = rng.sample(range(len(garments)), min(PAIRS if ask_opposite else BATCH, len(garments)))
        lessons = [self._lesson(garments[place], place, rng, ask_opposite) for place in places]
        model: Any = self.adapted.base_model.model
        loss, figures = judging_loss(model, base_tokenizer(), lessons, shelf.pictures.seen(places))
        return loss, {"answer_loss": figures["answer_loss"], "accuracy": figures["accuracy"]}

    def _lesson(self, garment: Garment, place: int, rng: random.Random, ask_opposite: bool) -> Lesson:
        if ask_opposite:
            return dependent_lesson(garment, place, rng)
        return make_lesson(base_tokenizer(), garment, place, rng, n=STATEMENTS, reasons=self._reasons)

    def save_adapter(self, folder: Path) -> None:
        """A folder that `YofoJudge.from_pretrained("mini-base", adapter=folder)` loads, in bfloat16."""
        from safetensors.torch import load_file, save_file

        self.adapted.save_pretrained(str(folder))
        path = folder / "adapter_model.safetensors"
        save_file({name: one.bfloat16() for name, one in load_file(path).items()}, path, metadata={"format": "pt"})
        (folder / "README.md").unlink(missing_ok=True)  # peft's blank card
        for file in weights_folder("adapter").iterdir():  # processor, and what the adapter belongs to
            if file.name not in ("README.md", "adapter_config.json", "adapter_model.safetensors"):
                (folder / file.name).write_bytes(file.read_bytes())
        config = json.loads((folder / "adapter_config.json").read_text()) | {"base_model_name_or_path": "mini"}
        (folder / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def dependent_lesson(garment: Garment, place: int, rng: random.Random) -> Lesson:
    """A statement, and the paper's question for the opposite of its answer (section 4.5)."""
    layout, tokenizer = get_format(FORMAT), base_tokenizer()
    [said] = sample_statements(garment, rng, 1)
    prefix = prefix_ids(layout, tokenizer, n_image_tokens=IMAGE_TOKENS, text=None)
    template = template_ids(layout, tokenizer, [said.text, OPPOSITE])
    ids = [*prefix, *template.ids]
    return Lesson(
        ids=ids,
        positions=rope_positions(ids, token_id(tokenizer, "<|image_pad|>"), []),
        picture=place,
        slots=[len(prefix) + slot for slot in template.slots],
        answers=[said.answer, not said.answer],
        reasons=[],
        values=[0, 0],  # no projection is trained here
    )
