"""How much of the vocabulary yes and no hold: reported with zero-shot answers, and warned of where it is little."""

import pytest
import torch

from yofo_rerank import Document, YofoJudge
from yofo_rerank.prompts import answer_ids, get_format

ASK = get_format("ask-v1")
TEXTS = ["blue", "not pink"]


def test_it_is_the_share_of_the_whole_vocabulary(make_tiny, caplog):
    tiny = make_tiny("qwen2_vl")
    judge = YofoJudge.from_components(tiny.model, tiny.processor, cache_bytes=0)
    document = Document(text="a grey skirt")
    (found,) = judge.judge([document], TEXTS)
    model = judge._loaded
    for judgement in found:
        ids = model.prepare(document).ids + model.template([judgement.requirement.text]).ids
        with torch.inference_mode():
            ids = torch.tensor([ids])
            chances = tiny.model(input_ids=ids, mm_token_type_ids=torch.zeros_like(ids)).logits[0, -1].softmax(-1)
        labels = answer_ids(tiny.processor.tokenizer, ASK.yes) + answer_ids(tiny.processor.tokenizer, ASK.no)
        assert judgement.label_mass == pytest.approx(float(chances[labels].sum()), rel=1e-3, abs=1e-7)
        assert judgement.to_dict()["label_mass"] == judgement.label_mass
    judge.judge([document], TEXTS)
    assert caplog.text.count("the prompt format does not fit this model") == 1  # random weights say anything


def test_a_trained_format_does_not_pay_for_it(tiny_qwen3_vl, caplog):
    judge = YofoJudge.from_components(tiny_qwen3_vl.model, tiny_qwen3_vl.processor, format="yofo-v1")
    (found,) = judge.judge([Document(text="top")], TEXTS)
    assert [judgement.label_mass for judgement in found] == [None, None]
    assert "does not fit" not in caplog.text
