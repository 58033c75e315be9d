"""Literal ids with Qwen's own vocabulary: the layout that adapters are trained on must never drift."""

import copy

import pytest

from yofo_rerank.prompts import SPECIAL_TOKENS, get_format, layout_ids, prefix_ids, template_ids, text_ids, token_id

YOFO, CHAT = get_format("yofo-v1"), get_format("chat-v1")


@pytest.fixture(scope="module")
def extended(qwen_tokenizer):
    """With the four special tokens, which come right after Qwen3's own."""
    tokenizer = copy.deepcopy(qwen_tokenizer)
    tokenizer.add_tokens(list(SPECIAL_TOKENS), special_tokens=True)
    return tokenizer


def test_the_vocabulary_is_qwens(qwen_tokenizer):
    assert len(qwen_tokenizer) == 151669
    known = {"yes": 9693, "no": 2152, "unknown": 16088, "<|im_start|>": 151644, "<|image_pad|>": 151655}
    assert {token: token_id(qwen_tokenizer, token) for token in known} == known
    system = layout_ids(qwen_tokenizer, "<|im_start|>system\nYou are a helpful")
    assert system == [151644, 8948, 198, 2610, 525, 264, 10950]


def test_special_tokens_take_unused_rows(extended):
    assert [token_id(extended, token) for token in SPECIAL_TOKENS] == [151669, 151670, 151671, 151672]
    assert len(extended) <= 151936  # rows of the embedding table


def test_yofo_prefix(extended):
    assert prefix_ids(YOFO, extended, n_image_tokens=2, text="grey") == [
        151644, 872, 198, 151652, 151655, 151655, 151653, 34571, 151645, 198, 151644, 77091, 198,
    ]  # fmt: skip


def test_yofo_template(extended):
    template = template_ids(YOFO, extended, ["a hood", "not pink"], reasons=["it is red", None])
    assert template.ids == [
        64, 27215, 151669, 16088, 151670, 151671, 275, 374, 2518, 151672, 198,
        1921, 18217, 151669, 16088, 151670, 198,
    ]  # fmt: skip
    assert template.slots == [3, 14]
    assert template.reason_spans == [(5, 10)]


def test_chat_template(qwen_tokenizer):
    template = template_ids(CHAT, qwen_tokenizer, ["a hood"])
    assert template.ids == [64, 27215, 198, 16088, 198]
    assert template.slots == [3]


def test_no_added_token_comes_out_of_text(extended):
    for added in extended.added_tokens_decoder.values():
        assert max(text_ids(extended, added.content)) < 151643
