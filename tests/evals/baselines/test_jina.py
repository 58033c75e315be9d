"""Jina reranker m0 on a tiny random checkpoint: its prompt, its padding, its bias, its old names."""

from __future__ import annotations

import logging

import pytest
import torch

from evals.baselines import jina_m0
from tests.evals.baselines.test_named import BY_NAME, QUERY, damaged
from yofo_rerank.documents import Document


@pytest.fixture
def jina(jina_folder):
    return BY_NAME["jina-reranker-m0"].load(jina_folder)


def test_jina_s_prompt_has_the_document_first():
    assert jina_m0.prompt("a skirt", "grey") == "**Document**:\na skirt\n**Query**:\ngrey"


def test_jina_reads_token_100_last_behind_padding_on_the_left(jina, texts):
    inputs = jina.inputs(QUERY, texts)
    assert (inputs["input_ids"][:, -1] == 100).all()
    assert (inputs["attention_mask"][:, -1] == 1).all()
    assert inputs["attention_mask"][0, 0] == 0
    assert inputs["mm_token_type_ids"].shape == inputs["input_ids"].shape
    kept = inputs["input_ids"][0][inputs["attention_mask"][0] == 1][:-1]
    assert jina.processor.tokenizer.decode(kept) == jina_m0.prompt("top", QUERY)


def test_jina_pads_texts_and_mixes_pictures_with_them(jina, texts, pictures, agree):
    agree(jina, QUERY, texts)
    agree(jina, QUERY, [texts[0], pictures[0], texts[2], pictures[1], pictures[2]])


def test_jina_padded_on_the_right_would_be_wrong(jina, texts):
    """The number is read at the last position, whatever stands there."""
    inputs = jina.inputs(QUERY, texts)
    shifted = {
        name: torch.stack(
            [row.roll(-int((mask == 0).sum())) for row, mask in zip(value, inputs["attention_mask"], strict=True)]
        )
        for name, value in inputs.items()
    }
    with torch.inference_mode():
        left, right = (
            jina.head(jina.network(**given, use_cache=False).last_hidden_state[:, -1])[0, 0]
            for given in (inputs, shifted)
        )
    assert abs(left - right) > 1e-3


def test_jina_s_bias_is_taken_off_once_and_no_sigmoid(jina, texts):
    inputs = jina.inputs(QUERY, texts)
    with torch.inference_mode():
        hidden = jina.network(**inputs, use_cache=False).last_hidden_state[:, -1]
        first, _, second = jina.head
        by_hand = (hidden @ first.weight.T + first.bias).relu() @ second.weight.T + second.bias - 2.65
    assert jina.score(QUERY, texts) == pytest.approx(by_hand[:, 0].tolist(), abs=1e-4)


def test_jina_s_picture_gets_its_own_pixel_limits(jina, make_image):
    large = jina.inputs(QUERY, [Document(image=make_image(1600, 1200))])
    _, rows, columns = large["image_grid_thw"][0].tolist()
    side = jina.processor.image_processor.patch_size
    assert 0.9 * 602_112 < rows * columns * side**2 <= 602_112
    assert (large["input_ids"] == jina.network.config.image_token_id).sum() == rows * columns // 4


def test_jina_s_old_names_are_read_whole(jina, jina_folder, texts, pictures, tmp_path):
    """The checkpoint on the hub is older than transformers 4.52, with `visual.` and `model.` at the top."""

    def old(tensors):
        renamed = {}
        for name, tensor in tensors.items():
            name = name.replace("model.visual.", "visual.").replace("model.language_model.", "model.")
            renamed[name] = tensor
        return renamed

    scorer = BY_NAME["jina-reranker-m0"].load(damaged(jina_folder, tmp_path, old))
    documents = [*texts, *pictures]
    assert scorer.score(QUERY, documents) == pytest.approx(jina.score(QUERY, documents), abs=1e-5)


def test_jina_cuts_a_text_that_is_too_long_and_says_so(jina, monkeypatch, caplog):
    monkeypatch.setattr(jina_m0, "MAX_TOKENS", 540)
    with caplog.at_level(logging.WARNING):
        ids = jina.inputs(QUERY, [Document(text="a grey skirt " * 200)])["input_ids"]
    assert "reads 28 tokens" in caplog.text
    assert jina.processor.tokenizer.decode(ids[0, :-1]).endswith(f"**Query**:\n{QUERY}")
