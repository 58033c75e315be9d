"""What reaches the model's own `from_pretrained`: attention, devices, quantization; and compiling."""

import pytest
import torch

from yofo_rerank import YofoJudge
from yofo_rerank.models.families import get_family

TEXTS = ["blue", "not pink"]


def margins(judge, documents):
    chances = [[one.p_yes for one in found] for found in judge.judge(documents, TEXTS)]
    return torch.logit(torch.tensor(chances, dtype=torch.float64), eps=1e-12)


def open_judge(base, **model_kwargs):
    return YofoJudge.from_pretrained(base, format="yofo-v1", device="cpu", verdicts=False, model_kwargs=model_kwargs)


def network_of(judge):
    return judge._slot_model().network.model


@pytest.fixture(scope="module")
def base(tiny, saved_model, tmp_path_factory):
    return saved_model(tiny, tmp_path_factory.mktemp(tiny.family) / "base")


@pytest.fixture(scope="module")
def expected(base, pictured_documents):
    found = margins(open_judge(base), pictured_documents)
    assert found.std(0).min() > 0.1
    return found


@pytest.mark.parametrize(
    "given", [{"attn_implementation": "eager"}, {"device_map": "cpu"}, {"device_map": {"": "cpu"}}]
)
def test_answers_stay_the_same(base, expected, pictured_documents, given):
    torch.testing.assert_close(margins(open_judge(base, **given), pictured_documents), expected, atol=1e-3, rtol=1e-3)


def test_compiled_answers_are_the_same_and_the_language_model_was_compiled(base, expected, pictured_documents, tiny):
    if tiny.family != "qwen3_vl":
        pytest.skip("one family is enough: tracing takes seconds")
    judge = open_judge(base, compile={"backend": "eager", "dynamic": True})
    language_model = network_of(judge).get_submodule(get_family(network_of(judge).config).language_model)
    assert language_model._compiled_call_impl is not None
    torch.testing.assert_close(margins(judge, pictured_documents[:2]), expected[:2], atol=1e-3, rtol=1e-3)


def test_int8_weights_of_torchao(base, expected, pictured_documents):
    quantization = pytest.importorskip("torchao.quantization")
    from transformers import TorchAoConfig

    given = TorchAoConfig(quantization.Int8WeightOnlyConfig(), modules_to_not_convert=["visual", "lm_head"])
    judge = open_judge(base, quantization_config=given)
    found = margins(judge, pictured_documents)
    layer = network_of(judge).get_submodule(get_family(network_of(judge).config).language_model).layers[-1]
    assert type(layer.mlp.down_proj.weight) is not torch.nn.Parameter
    difference = (found - expected).abs()
    assert difference.max() > 0
    assert difference.mean() < 0.3 * expected.std()


def test_an_adapter_beside_int8_weights_is_not_merged(adapted, pictured_documents):
    quantization = pytest.importorskip("torchao.quantization")
    from transformers import TorchAoConfig

    base, adapter, *_ = adapted("qwen3_vl")
    given = TorchAoConfig(quantization.Int8WeightOnlyConfig(), modules_to_not_convert=["visual", "lm_head"])
    settings = {"device": "cpu", "verdicts": False}
    plain = margins(YofoJudge.from_pretrained(base, adapter, **settings), pictured_documents)
    judge = YofoJudge.from_pretrained(base, adapter, **settings, model_kwargs={"quantization_config": given})
    difference = (margins(judge, pictured_documents) - plain).abs()
    assert any("lora_A" in name for name, _ in network_of(judge).named_modules())
    assert difference.max() > 0
    assert difference.mean() < 0.3 * plain.std()
