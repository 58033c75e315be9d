"""Families with linear layers: states are copied, a mixture of experts too, and what is refused."""

import pytest
import torch

from yofo_rerank import YofoJudge
from yofo_rerank.errors import ModelError
from yofo_rerank.models import recurrent
from yofo_rerank.models.states.state import pack, unpack

CLOSE = {"atol": 1e-4, "rtol": 1e-4}
TEXTS = ("blue", "not pink", "a hooded top")


@pytest.fixture(scope="module")
def moe(make_tiny):
    return make_tiny("qwen3_5_moe")


def test_a_mixture_of_experts_keeps_the_rules(moe, slot_model, ask, pictured_documents):
    model = slot_model(moe)
    cold = ask(model, pictured_documents, TEXTS, "isolated")
    warm = ask(model, pictured_documents, TEXTS, "isolated")
    alone = torch.cat(
        [
            torch.cat([ask(slot_model(moe, cache_bytes=0), [one], [text], "joint") for text in TEXTS], dim=1)
            for one in pictured_documents
        ]
    )
    assert cold.std(0).mean() > 0.05 and cold.std(1).mean() > 0.05
    torch.testing.assert_close(warm, cold, **CLOSE)
    torch.testing.assert_close(cold, alone, **CLOSE)


def test_many_copies_are_read_in_groups(tiny_qwen3_5, slot_model, ask, pictured_documents, monkeypatch):
    whole = ask(slot_model(tiny_qwen3_5), pictured_documents, TEXTS, "isolated")
    model = slot_model(tiny_qwen3_5)
    monkeypatch.setattr(recurrent, "MAX_EXPANDED_TOKENS", 100)
    torch.testing.assert_close(ask(model, pictured_documents, TEXTS, "isolated"), whole, **CLOSE)
    assert model.network.passes > 4


@pytest.mark.parametrize("int8", [False, True])
def test_a_state_is_kept_whole(tiny_qwen3_5, slot_model, pictured_documents, int8):
    model = slot_model(tiny_qwen3_5)
    [state] = model.encode(pictured_documents[:1])
    back = unpack(pack(state, int8=int8))
    assert len(back.recurrent) == 4
    assert all(map(torch.equal, back.recurrent, state.recurrent))
    assert any(one.abs().max() > 0 for one in state.recurrent)


def test_states_on_disk(tiny_qwen3_5, saved_model, tmp_path, pictured_documents):
    folder = str(saved_model(tiny_qwen3_5, tmp_path / "model"))
    first = YofoJudge.from_pretrained(folder, format="ask-v1", states=tmp_path / "states", verdicts=False)
    cold = first.judge(pictured_documents, TEXTS)
    first.unload()
    del first
    again = YofoJudge.from_pretrained(folder, format="ask-v1", states=tmp_path / "states", verdicts=False)
    warm = again.judge(pictured_documents, TEXTS)
    assert again.stats.cache_hits == len(pictured_documents)
    for one, other in zip(cold, warm, strict=True):
        assert [x.p_yes for x in one] == pytest.approx([x.p_yes for x in other], abs=1e-5)


def test_recurrent_layers_hide_nothing(tiny_qwen3_5, pictured_documents):
    judge = YofoJudge.from_components(tiny_qwen3_5.model, tiny_qwen3_5.processor, "ask-v1")
    with pytest.raises(ModelError, match="recurrent") as raised:
        judge.evidence(pictured_documents[0], ["blue"])
    assert raised.value.code == "no_evidence"
