import random

import numpy as np
import torch

from yofo_rerank.mini.architecture import build_model
from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.recipe.language import collate, hidden_states, make_lesson, train_language

DRESS = Garment("dress", "red", "white", "striped", "short", "v", "midi", "cotton", belt=True)


def test_a_slot_is_trained_in_the_context_of_inference(tokenizer):
    """Hidden states at slots are the same with reasons (hidden by the mask) and with the reasons cut out."""
    model = build_model(tokenizer).eval()
    image_token = tokenizer.convert_tokens_to_ids("<|image_pad|>")
    lesson = make_lesson(tokenizer, DRESS, 0, random.Random(4))
    features = torch.randn(1, 2, 36, 256)
    inputs = collate([lesson], tokenizer.pad_token_id)
    outside = torch.ones(len(lesson.ids), dtype=torch.bool)
    for begin, end in lesson.reasons:
        outside[begin:end] = False
    assert 0 < (~outside).sum() < len(lesson.ids)
    bare = {
        "ids": inputs["ids"][:, outside],
        "positions": inputs["positions"][:, :, outside],
        "mask": torch.ones(1, 1, int(outside.sum()), int(outside.sum()), dtype=torch.bool).tril(),
    }
    assert (bare["positions"][0, 0].diff() >= 0).sum() > 30
    with torch.no_grad():
        with_reasons = hidden_states(model, inputs, features, image_token)[0, outside]
        without = hidden_states(model, bare, features, image_token)[0]
    assert without.std() > 0.1
    torch.testing.assert_close(with_reasons, without, atol=1e-4, rtol=1e-4)


def test_answers_are_never_in_the_input(tokenizer):
    yes, no = (tokenizer.convert_tokens_to_ids(word) for word in ("yes", "no"))
    lesson = make_lesson(tokenizer, DRESS, None, random.Random(1))
    for slot in lesson.slots:
        assert tokenizer.decode([lesson.ids[slot]]) == "unknown"
        assert lesson.ids[slot - 1] not in (yes, no)


def test_training_learns(tokenizer, tmp_path):
    model = build_model(tokenizer)
    before = model.model.language_model.layers[0].mlp.up_proj.weight.clone()
    train_language(
        model, tokenizer, [DRESS] * 8, np.zeros((8, 2, 36, 256), np.float16), tmp_path, steps=3, batch=4, text_share=0.5
    )
    assert not torch.equal(model.model.language_model.layers[0].mlp.up_proj.weight, before)
    assert (tmp_path / "language.jsonl").read_text().count("answer_loss") == 1
