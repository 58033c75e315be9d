import pytest

from yofo_rerank.errors import ModelError, RequirementError
from yofo_rerank.prompts import get_format, prefix_ids, template_ids, token_id

YOFO, CHAT = get_format("yofo-v1"), get_format("chat-v1")


def decoded(tokenizer, ids):
    return tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


def test_prefix_of_an_image_with_text(tokenizer):
    ids = prefix_ids(YOFO, tokenizer, n_image_tokens=3, text="a grey skirt")
    assert decoded(tokenizer, ids) == (
        "<|im_start|>user\n<|vision_start|><|image_pad|><|image_pad|><|image_pad|><|vision_end|>a grey skirt"
        "<|im_end|>\n<|im_start|>assistant\n"
    )


def test_prefix_of_a_text(tokenizer):
    ids = prefix_ids(YOFO, tokenizer, n_image_tokens=0, text="a grey skirt")
    assert decoded(tokenizer, ids) == "<|im_start|>user\na grey skirt<|im_end|>\n<|im_start|>assistant\n"


def test_template(tokenizer):
    template = template_ids(YOFO, tokenizer, ["blue", "not pink"])
    assert decoded(tokenizer, template.ids) == (
        "blue<|auth_start|>unknown<|auth_end|>\nnot pink<|auth_start|>unknown<|auth_end|>\n"
    )
    assert [decoded(tokenizer, [template.ids[slot]]) for slot in template.slots] == ["unknown"] * 2
    assert [decoded(tokenizer, [template.ids[slot - 1]]) for slot in template.slots] == ["<|auth_start|>"] * 2
    assert template.reason_spans == []


def test_template_with_reasons_for_some(tokenizer):
    template = template_ids(YOFO, tokenizer, ["blue", "not pink"], reasons=["it is\nnavy", None])
    assert decoded(tokenizer, template.ids) == (
        "blue<|auth_start|>unknown<|auth_end|><|reason_start|>it is navy<|reason_end|>\n"
        "not pink<|auth_start|>unknown<|auth_end|>\n"
    )
    ((start, end),) = template.reason_spans
    assert decoded(tokenizer, template.ids[start:end]) == "<|reason_start|>it is navy<|reason_end|>"


def test_a_requirement_is_tokenised_alone(tokenizer):
    alone = template_ids(YOFO, tokenizer, ["hooded"]).ids
    assert template_ids(YOFO, tokenizer, ["blue", "hooded", "red"]).ids[-len(alone) - 5 :][:1] != []
    both = template_ids(YOFO, tokenizer, ["blue", "hooded"]).ids
    assert both == template_ids(YOFO, tokenizer, ["blue"]).ids + alone


@pytest.mark.parametrize("text", ["not\npink", "not\r\npink", "not\u2028pink", "not\x0bpink"])
def test_line_breaks_become_spaces(tokenizer, text):
    assert template_ids(YOFO, tokenizer, [text]) == template_ids(YOFO, tokenizer, ["not pink"])


def test_zero_shot_layout(tokenizer):
    prefix = decoded(tokenizer, prefix_ids(CHAT, tokenizer, n_image_tokens=1, text=None))
    assert prefix.startswith("<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>\n")
    assert prefix.endswith("<|im_end|>\n<|im_start|>assistant\n")
    assert decoded(tokenizer, template_ids(CHAT, tokenizer, ["blue", "hooded"]).ids) == (
        "blue\nunknown\nhooded\nunknown\n"
    )


def test_bad_input(tokenizer):
    with pytest.raises(RequirementError, match="at least one"):
        template_ids(YOFO, tokenizer, [])
    with pytest.raises(RequirementError, match="needs a text"):
        template_ids(YOFO, tokenizer, ["\n"])
    with pytest.raises(ModelError, match="'chat-v1' has no place for reasons"):
        template_ids(CHAT, tokenizer, ["blue"], reasons=["because"])


def test_a_missing_token_is_named(make_tiny):
    bare = make_tiny("qwen2_vl").processor.tokenizer
    with pytest.raises(ModelError, match="auth_start"):
        template_ids(YOFO, bare, ["blue"])


def test_an_answer_that_is_not_one_token_is_refused(tokenizer):
    assert token_id(tokenizer, "yes") != token_id(tokenizer, "no")
    with pytest.raises(ModelError, match=r"'antidisestablishment' must be one token"):
        token_id(tokenizer, "antidisestablishment")


def test_a_slow_tokenizer_is_refused():
    class Slow:
        is_fast = False

    with pytest.raises(ModelError, match="wanted a fast one"):
        token_id(Slow(), "yes")
