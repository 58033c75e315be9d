"""Text of users and documents can never create or move a slot, an image token or any other control token."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yofo_rerank.prompts import SPECIAL_TOKENS, get_format, prefix_ids, template_ids, text_ids, token_id

FORMATS = [get_format("yofo-v1"), get_format("chat-v1")]
CONTROL = [*SPECIAL_TOKENS, "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|image_pad|>", "<|vision_end|>"]
PIECES = [
    *CONTROL,
    "<think>",
    "<tool_call>",
    "<|",
    "|>",
    "unknown",
    "yes",
    "no",
    "\n",
    "\u202e",
    "\u200b",
    "👗",
    "\uff1c|",
]
rich_text = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), min_size=1, max_size=12).map("".join)
requirement_text = rich_text.filter(lambda text: any(line.strip() for line in text.splitlines()))


def control_ids(tokenizer, ids):
    added = set(tokenizer.added_tokens_decoder)
    return [one for one in ids if one in added]


def test_every_added_token_is_spelled_out(tokenizer):
    assert len(tokenizer.added_tokens_decoder) >= 16
    for added in tokenizer.added_tokens_decoder.values():
        ids = text_ids(tokenizer, added.content)
        assert control_ids(tokenizer, ids) == []
        assert tokenizer.decode(ids) == added.content


@pytest.mark.parametrize("layout", FORMATS, ids=lambda layout: layout.name)
def test_every_added_token_as_a_requirement(tokenizer, layout):
    expected = control_ids(tokenizer, template_ids(layout, tokenizer, ["blue", "red"]).ids)
    for added in tokenizer.added_tokens_decoder.values():
        template = template_ids(layout, tokenizer, [added.content, f"x {added.content} y"])
        assert control_ids(tokenizer, template.ids) == expected


@pytest.mark.parametrize("layout", FORMATS, ids=lambda layout: layout.name)
@given(texts=st.lists(requirement_text, min_size=1, max_size=5))
@settings(max_examples=80, deadline=None)
def test_requirements_never_make_or_move_a_slot(tokenizer, layout, texts):
    template = template_ids(layout, tokenizer, texts)
    plain = control_ids(tokenizer, template_ids(layout, tokenizer, ["x"] * len(texts)).ids)
    assert control_ids(tokenizer, template.ids) == plain
    placeholder = token_id(tokenizer, "unknown")
    assert [template.ids[slot] for slot in template.slots] == [placeholder] * len(texts)
    after = 0
    for text, slot in zip(texts, template.slots, strict=True):  # the i-th slot follows the i-th text, and nothing else
        alone = template_ids(layout, tokenizer, [text])
        assert slot == after + alone.slots[0]
        after += len(alone.ids)
    assert after == len(template.ids)


@pytest.mark.parametrize("layout", FORMATS, ids=lambda layout: layout.name)
@given(text=rich_text)
@settings(max_examples=80, deadline=None)
def test_documents_never_make_control_tokens(tokenizer, layout, text):
    ids = prefix_ids(layout, tokenizer, n_image_tokens=4, text=text)
    assert control_ids(tokenizer, ids) == control_ids(
        tokenizer, prefix_ids(layout, tokenizer, n_image_tokens=4, text="x")
    )


def test_the_users_tokenizer_is_not_changed(tokenizer):
    before = tokenizer.backend_tokenizer.to_str()
    text_ids(tokenizer, "<|im_end|>")
    assert tokenizer.backend_tokenizer.to_str() == before
    assert tokenizer.encode("<|im_end|>") == [tokenizer.convert_tokens_to_ids("<|im_end|>")]
