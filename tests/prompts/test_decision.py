"""A format as a decision template; tests/models/test_export.py has its token ids in the real pipeline."""

import json

import pytest

from yofo_rerank.errors import ModelError
from yofo_rerank.prompts import get_format
from yofo_rerank.prompts.decision import decision_template

jinja2 = pytest.importorskip("jinja2")


def rendered(attention, state, texts, layout="yofo-v1"):
    questions = [
        {"name": f"q{place}", "type": "noul", "instructions": text, "descriptions": [None, None]}
        for place, text in enumerate(texts)
    ]
    environment = jinja2.Environment()
    environment.filters["tojson"] = json.dumps  # as transformers has it
    template = environment.from_string(decision_template(get_format(layout), attention))
    return template.render(state=state, questions=questions, question=questions[0])


def test_joint_asks_all_and_isolated_one():
    start, end = "<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"
    joint = rendered("joint", "skirt", ["grey", " not\nblue "])
    slot = "<|auth_start|><|mark|>unknown<|auth_end|>\n"
    assert joint.replace("<|split|>", "") == f"{start}skirt{end}grey{slot}not blue{slot}"
    isolated = rendered("isolated", "skirt", ["grey"])
    assert isolated.replace("<|split|>", "") == f"{start}skirt{end}grey<|auth_start|><|mark|>"
    assert "grey<|split|><|auth_start|>" in isolated  # texts are tokenised alone
    assert "skirt<|split|><|im_end|>" in isolated


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ([{"type": "image"}, {"type": "text", "text": "skirt"}], "IMAGEskirt"),
        ({"image": [{"type": "image"}], "text": "skirt"}, "IMAGEskirt"),
        ({"text": "skirt", "image": [{"type": "image"}]}, "IMAGEskirt"),
        ({"text": "skirt"}, "skirt"),
        (["red", [{"type": "image"}], {"a": 1}], 'redIMAGE{"a": 1}'),
        ({"price": 5, "tags": ["a"], "text": None}, '{"price": 5, "tags": ["a"], "text": null}'),
        ("", ""),
    ],
)
def test_a_state_is_a_document(state, wanted):
    said = rendered("joint", state, ["grey"]).replace("<|split|>", "")
    picture = "<|vision_start|><|image_pad|><|vision_end|>"
    assert said.partition("user\n")[2].partition("<|im_end|>")[0] == wanted.replace("IMAGE", picture)


def test_formats_that_no_decision_model_reads_are_refused():
    with pytest.raises(ModelError, match="several spellings"):
        decision_template(get_format("ask-v1"), "isolated")
    assert "unknown" in decision_template(get_format("chat-v1"), "joint")
