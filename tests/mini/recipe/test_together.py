"""The third lesson: batches with and without reasons, and every part learns."""

import json
import random

import numpy as np
import torch

from yofo_rerank.mini.architecture import build_model
from yofo_rerank.mini.attributes import sample_garment
from yofo_rerank.mini.recipe.language import make_lesson
from yofo_rerank.mini.recipe.together import train_together
from yofo_rerank.mini.recipe.vision import Probe


def test_reasons_may_be_left_out_and_the_deciding_values_stay(tokenizer):
    garment = sample_garment(random.Random(3))
    full, bare = (make_lesson(tokenizer, garment, 0, random.Random(5), n=9, reasons=given) for given in (True, False))
    assert len(bare.slots) == len(full.slots) == 9
    assert (bare.answers, bare.values) == (full.answers, full.values)
    assert len(full.reasons) == 9 and not bare.reasons
    assert len(bare.ids) == len(full.ids) - sum(end - begin for begin, end in full.reasons)
    said = [tokenizer.decode([value]).strip() for value in full.values]
    assert len(set(said)) > 3 and all(word.isalpha() for word in said)


def test_every_part_learns_and_a_finished_run_is_not_repeated(tokenizer, tmp_path):
    rng = random.Random(1)
    garments = [sample_garment(rng) for _ in range(6)]
    pictures = np.random.default_rng(0).integers(0, 255, (6, 192, 192, 3), dtype=np.uint8)
    model, probe = build_model(tokenizer), Probe(256)

    def parts():
        watched = {"eyes": model.model.visual.blocks[0].mlp.linear_fc1, "words": model.model.language_model.norm}
        watched |= {"probe": probe.heads[0]}
        return {name: part.weight.detach().clone() for name, part in watched.items()}

    before = parts()
    train_together(model, probe, tokenizer, garments, pictures, tmp_path, steps=2, batch=4)
    after = parts()
    assert not any(torch.equal(before[name], after[name]) for name in before)
    log = [json.loads(line) for line in (tmp_path / "together.jsonl").read_text().splitlines()]
    assert log[-1]["step"] == 2 and log[-1]["reason_loss"] > 0  # the first of the two batches has reasons
    train_together(model, probe, tokenizer, garments, pictures, tmp_path, steps=2, batch=4)
    assert all(torch.equal(after[name], one) for name, one in parts().items())
