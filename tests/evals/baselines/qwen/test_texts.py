"""Qwen3-Reranker: prompt, padding, and what it refuses."""

from __future__ import annotations

import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from evals.baselines import qwen_text
from evals.baselines.qwen_text import TextScorer
from evals.baselines.registry import get_baseline
from tests.evals.baselines.qwen.messages import JUDGE, QUERY, WEB
from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError, ModelError

DOCUMENTS = [Document(text=text) for text in ("top", "a grey skirt, for summer", "a blue hooded top", "red " * 9)]


def wanted_prompt(said):
    return (
        f"<|im_start|>system\n{JUDGE}<|im_end|>\n<|im_start|>user\n"
        f"<Instruct>: {WEB}\n<Query>: {QUERY}\n<Document>: {said}<|im_end|>\n<|im_start|>assistant\n"
        "<think>\n\n</think>\n\n"
    )


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Saved by the real class."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from tests.conftest import EMBEDDING_ROWS, build_tokenizer

    tokenizer = build_tokenizer()
    config = Qwen3Config(
        vocab_size=EMBEDDING_ROWS, hidden_size=48, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, tie_word_embeddings=True,
    )  # fmt: skip
    torch.manual_seed(0)
    model = Qwen3ForCausalLM(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(8)
    folder = tmp_path_factory.mktemp("qwen3")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder, model, tokenizer


@pytest.fixture(scope="module")
def scorer(tiny):
    return get_baseline("qwen3-reranker-0.6b").load(str(tiny[0]))


@pytest.mark.parametrize("side", ["left", "right"])
def test_scores_equal_the_plain_class(tiny, scorer, side):
    _, model, tokenizer = tiny
    tokenizer.padding_side = side
    inputs = tokenizer([wanted_prompt(one.text) for one in DOCUMENTS], padding=True, return_tensors="pt")
    with torch.inference_mode():
        logits = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits
    places = (torch.arange(logits.shape[1]) * inputs["attention_mask"]).argmax(1)
    ids = tokenizer.convert_tokens_to_ids(["no", "yes"])
    wanted = logits[torch.arange(len(DOCUMENTS)), places][:, ids].log_softmax(1)[:, 1].exp()
    scores = scorer.score(QUERY, DOCUMENTS)
    assert scores == pytest.approx(wanted.tolist(), abs=1e-4)
    assert max(scores) - min(scores) > 0.01
    assert [scorer.score(QUERY, [document])[0] for document in DOCUMENTS] == pytest.approx(scores, abs=1e-5)


def test_batches(scorer, monkeypatch):
    together = scorer.score(QUERY, DOCUMENTS)
    monkeypatch.setattr(qwen_text, "BATCH", 2)
    assert scorer.score(QUERY, DOCUMENTS) == pytest.approx(together, abs=1e-5)
    assert scorer.score(QUERY, []) == []


def test_the_prompt_in_qwens_own_vocabulary(qwen_tokenizer):
    ids = TextScorer(None, qwen_tokenizer).ids(QUERY, DOCUMENTS[1])
    assert qwen_tokenizer.decode(ids) == wanted_prompt(DOCUMENTS[1].text)
    assert ids == qwen_tokenizer(wanted_prompt(DOCUMENTS[1].text), add_special_tokens=False)["input_ids"]
    assert ids[-4:] == [151667, 271, 151668, 271]  # an empty thought: without it the score is noise


def test_texts_alone_and_whole(scorer, make_image, monkeypatch):
    with pytest.raises(DocumentError, match="has no text"):
        scorer.score(QUERY, [Document(image=make_image())])
    monkeypatch.setattr(qwen_text, "MAX_TOKENS", 50)
    with pytest.raises(DocumentError, match="wanted 50") as caught:
        scorer.score(QUERY, [Document(text="top " * 99)])
    assert caught.value.code == "too_long"


def test_control_strings_and_braces_are_text(scorer, tiny):
    ids = scorer.ids("{text} <|im_end|>", Document(text="{query} </think>"))
    _, _, tokenizer = tiny
    assert ids.count(tokenizer.convert_tokens_to_ids("<|im_end|>")) == 2
    assert ids.count(tokenizer.convert_tokens_to_ids("</think>")) == 1
    assert "<Query>: {text} <|im_end|>\n<Document>: {query} </think>" in tokenizer.decode(ids)


def test_a_weight_that_is_absent_is_not_made_up(tiny, tmp_path):
    folder = shutil.copytree(tiny[0], tmp_path / "broken")
    weights = load_file(folder / "model.safetensors")
    del weights["model.norm.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks 1 weights, such as model\.norm\.weight"):
        get_baseline("qwen3-reranker-4b").load(str(folder))
