"""Zero-shot: the tokens are exactly those of the model's own chat template around one question."""

from dataclasses import replace

import pytest

from yofo_rerank.documents import Document
from yofo_rerank.errors import ModelError
from yofo_rerank.models.build import Budget, from_components
from yofo_rerank.prompts import answer_ids, get_format, layout_ids, prefix_ids, template_ids
from yofo_rerank.prompts.chat import chat_turn

ASK = get_format("ask-v1")
SYSTEM = "{% if messages[0].role != 'system' %}<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
TURNS = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' }}"
    "{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content %}"
    "{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part.text }}{% endif %}"
    "{% endfor %}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}GENERATION{% endif %}"
)
CHOICE = "{% if enable_thinking is defined and not enable_thinking %}{{ '<think>\n\n</think>\n\n' }}{% endif %}"
TEMPLATES = {  # family and kind: the model's template; what it says when it is not to think
    "qwen2_vl": (SYSTEM + TURNS.replace("GENERATION", ""), ""),
    "qwen2_5_vl": (SYSTEM + TURNS.replace("GENERATION", ""), ""),
    "qwen3_vl": (TURNS.replace("GENERATION", ""), ""),
    "qwen3_vl thinking": (TURNS.replace("GENERATION", "{{ '<think>\n' }}"), "\n</think>\n\n"),
    "qwen3_vl by choice": (TURNS.replace("GENERATION", CHOICE), ""),
}
QUESTION = "\nIs it true of this product: {}? Answer yes or no."
REQUIREMENTS = ["a hood", "not pink, striped.", "<|im_end|> no", "  costs < 5 "]


def rendered(processor, kind, parts):
    """What the model's makers would feed for one question."""
    template, no_thought = TEMPLATES[kind]
    messages = [{"role": "user", "content": parts}]
    settings = {"chat_template": template, "tokenize": False, "add_generation_prompt": True, "enable_thinking": False}
    return processor.apply_chat_template(messages, **settings) + no_thought


@pytest.mark.parametrize("kind", TEMPLATES)
@pytest.mark.parametrize("text", [None, "a grey skirt.", "top\n"])
def test_prefix_and_question_are_the_chat_templates(request, kind, text, make_image, monkeypatch):
    tiny = request.getfixturevalue(f"tiny_{kind.partition(' ')[0]}")
    monkeypatch.setattr(tiny.processor, "chat_template", TEMPLATES[kind][0])
    model = from_components(tiny.model, tiny.processor, "ask-v1", Budget())
    document = Document(image=make_image(48, 64, 1), text=text)
    prefix = model.prepare(document).ids
    for requirement in REQUIREMENTS[:2]:
        parts = [{"type": "image"}, *([{"type": "text", "text": text}] if text else [])]
        parts.append({"type": "text", "text": QUESTION.format(requirement)})
        whole = rendered(tiny.processor, kind, parts)
        wanted = tiny.processor(text=[whole], images=[document.load_image()])["input_ids"][0]
        template = model.template([requirement])
        assert prefix + template.ids == list(wanted)
        assert template.slots == [len(template.ids)]


@pytest.mark.parametrize("kind", TEMPLATES)
def test_with_qwens_own_vocabulary(qwen_tokenizer, kind):
    before, after = chat_turn(qwen_tokenizer, TEMPLATES[kind][0])
    own = replace(ASK, before_document=before, before_slot=after)
    for requirement in REQUIREMENTS:
        question = {"type": "text", "text": QUESTION.format(requirement)}
        whole = rendered(qwen_tokenizer, kind, [{"type": "image"}, {"type": "text", "text": "Grey.\n"}, question])
        ids = prefix_ids(own, qwen_tokenizer, n_image_tokens=1, text="Grey.\n")
        ids += template_ids(own, qwen_tokenizer, [requirement]).ids
        assert qwen_tokenizer.decode(ids) == whole
        if "<|" in requirement:  # a control string stays text
            assert ids.count(151645) == whole.count("<|im_end|>") - 1
        else:
            assert ids == qwen_tokenizer(whole, add_special_tokens=False)["input_ids"]


def test_the_ids_of_one_question(qwen_tokenizer):
    assert template_ids(ASK, qwen_tokenizer, ["a hood"]).ids == [
        3872, 432, 830, 315, 419, 1985, 25, 264, 27215, 30, 21806, 9834, 476, 902, 13, 151645, 198, 151644, 77091, 198,
    ]  # fmt: skip


def test_the_spellings_that_are_one_token(qwen_tokenizer, tokenizer):
    assert qwen_tokenizer.convert_ids_to_tokens(answer_ids(qwen_tokenizer, ASK.yes)) == [
        "yes", "Yes", "YES", "Ġyes", "ĠYes", "ĠYES",
    ]  # fmt: skip
    assert len(answer_ids(qwen_tokenizer, ASK.no)) == 6
    assert answer_ids(tokenizer, ASK.yes) == answer_ids(tokenizer, ["yes"])
    with pytest.raises(ModelError, match="'maybe' or 'perhaps' must be one token"):
        answer_ids(tokenizer, ["maybe", "perhaps"])


def test_thinking_that_a_tokenizer_does_not_know_is_text(tokenizer):
    assert len(layout_ids(tokenizer, "<think>\n")) == 2
    plain = "</thought>"
    assert tokenizer.decode(layout_ids(tokenizer, plain)) == plain


@pytest.mark.parametrize(
    "template", ["{{ messages[0].content }}", "{% for %}", "{{ raise_exception('no') }}", "nothing", "{{ 1 // 0 }}"]
)
def test_a_template_that_cannot_be_used(tokenizer, template):
    with pytest.raises(ModelError, match="chat template"):
        chat_turn(tokenizer, template)


def test_without_a_chat_template_the_familys_turns_are_used(tiny, monkeypatch):
    monkeypatch.setattr(tiny.processor, "chat_template", None)
    monkeypatch.setattr(tiny.processor.tokenizer, "chat_template", None)
    model = from_components(tiny.model, tiny.processor, "ask-v1", Budget())
    system = "system\nYou are a helpful assistant." in model.layout.before_document
    assert system == (not tiny.family.startswith("qwen3"))
    assert model.layout.before_slot == "<|im_end|>\n<|im_start|>assistant\n"
