"""Folders in, judges out: base models, LoRA adapters, and the refusals."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from yofo_rerank import YofoJudge
from yofo_rerank.errors import AdapterMismatch, ModelError
from yofo_rerank.models.adapter import attach_adapter
from yofo_rerank.models.config import Calibration, YofoConfig
from yofo_rerank.models.sources import resolve

TEXTS = ["blue", "not pink"]


def margins(judge, documents):
    """Log-odds of yes  # (docs, slots); random weights are too sure of themselves to compare probabilities."""
    chances = [[one.p_yes for one in found] for found in judge.judge(documents, TEXTS)]
    return torch.logit(torch.tensor(chances, dtype=torch.float64), eps=1e-12)


@pytest.mark.parametrize(
    ("family", "tied"), [("qwen2_vl", True), ("qwen2_5_vl", False), ("qwen3_vl", True), ("qwen3_vl", False)]
)
def test_adapter_round_trip(adapted, family, tied, pictured_documents):
    base, adapter, model, processor = adapted(family, tied=tied)
    live = margins(YofoJudge.from_components(model, processor, cache_bytes=0), pictured_documents)
    judge = YofoJudge.from_pretrained(base, adapter)
    loaded = margins(judge, pictured_documents)
    assert live.std(0).min() > 0.1
    torch.testing.assert_close(loaded, live, atol=1e-4, rtol=1e-3)
    bare = margins(YofoJudge.from_pretrained(base, format="yofo-v1"), pictured_documents)
    assert (bare - live).abs().max() > 0.1  # the adapter does something
    network = judge._loaded.network.model
    assert not any("lora" in name for name, _ in network.named_modules())  # merged
    assert (network.get_output_embeddings().weight is network.get_input_embeddings().weight) == tied


def test_an_adapter_without_a_tokenizer_gets_the_same_token_ids(adapted, pictured_documents):
    base, adapter, model, processor = adapted("qwen2_vl", with_tokenizer=False)
    live = margins(YofoJudge.from_components(model, processor), pictured_documents)
    torch.testing.assert_close(
        margins(YofoJudge.from_pretrained(base, adapter), pictured_documents), live, atol=1e-4, rtol=1e-3
    )


def test_kept_unmerged_where_merging_would_change_answers(adapted, pictured_documents, monkeypatch, caplog):
    base, adapter, model, processor = adapted("qwen3_vl")
    live = margins(YofoJudge.from_components(model, processor), pictured_documents)
    monkeypatch.setattr("yofo_rerank.models.adapter._TOLERANCE", {torch.float32: -1.0})
    judge = YofoJudge.from_pretrained(base, adapter, cache_bytes=0)
    torch.testing.assert_close(margins(judge, pictured_documents), live, atol=1e-4, rtol=1e-3)
    assert any("lora" in name for name, _ in judge._loaded.network.model.named_modules())
    assert "kept unmerged" in caplog.text


def test_an_adapter_of_another_base(adapted, make_tiny, saved_model, tmp_path, pictured_documents):
    _, adapter, _, _ = adapted("qwen3_vl")
    other = saved_model(make_tiny("qwen3_vl", seed=7), tmp_path / "other")
    with pytest.raises(AdapterMismatch, match="was trained on 'the-base'"):
        margins(YofoJudge.from_pretrained(other, adapter), pictured_documents)


def test_an_adapter_of_another_format(adapted, pictured_documents):
    base, adapter, _, _ = adapted("qwen2_vl")
    with pytest.raises(AdapterMismatch, match="'yofo-v1', but got 'chat-v1'"):
        margins(YofoJudge.from_pretrained(base, adapter, format="chat-v1"), pictured_documents)
    config = json.loads((adapter / "yofo_config.json").read_text())
    (adapter / "yofo_config.json").write_text(json.dumps(config | {"format": "yofo-v7"}))
    with pytest.raises(ModelError, match="'yofo-v7'; known: ask-v1, chat-v1, yofo-v1"):
        margins(YofoJudge.from_pretrained(base, adapter), pictured_documents)


def test_an_adapter_for_other_token_ids(adapted, make_tiny):
    _, adapter, _, _ = adapted("qwen2_vl")
    with pytest.raises(AdapterMismatch, match="token ids"):
        attach_adapter(make_tiny("qwen2_vl").model, adapter, [3, 4])


def test_the_adapters_calibration_and_pixels_are_used(adapted, pictured_documents):
    base, adapter, _, _ = adapted("qwen2_vl")
    plain = margins(YofoJudge.from_pretrained(base, adapter, max_pixels=1024), pictured_documents)
    config = YofoConfig.load(adapter)
    calibration = Calibration(temperature=2.0, bias=0.5)
    config.model_copy(update={"calibration": calibration, "max_pixels": 1024}).save(adapter)
    judge = YofoJudge.from_pretrained(base, adapter)
    expected = plain / 2 + 0.5
    torch.testing.assert_close(margins(judge, pictured_documents), expected, atol=1e-4, rtol=1e-3)
    assert judge.info()["max_pixels"] == 1024


def test_an_adapter_needs_safetensors(tmp_path, tiny_qwen2_vl, saved_model):
    base = saved_model(tiny_qwen2_vl, tmp_path / "base")
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelError, match=r"has no adapter_model\.safetensors"):
        resolve(str(base), str(tmp_path / "adapter"), None)


def test_a_model_needs_safetensors(tmp_path, tiny_qwen2_vl, saved_model, pictured_documents):
    base = saved_model(tiny_qwen2_vl, tmp_path / "base")
    (base / "model.safetensors").rename(base / "pytorch_model.bin")
    with pytest.raises(ModelError, match="cannot load"):
        margins(YofoJudge.from_pretrained(base), pictured_documents)


def test_missing_weights_are_not_made_up(tmp_path, tiny_qwen2_vl, saved_model, pictured_documents):
    base = saved_model(tiny_qwen2_vl, tmp_path / "base")
    weights = load_file(base / "model.safetensors")
    weights.pop("model.language_model.norm.weight", None) or weights.pop("model.norm.weight")
    save_file(weights, base / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks 1 weights, such as .*norm\.weight"):
        margins(YofoJudge.from_pretrained(base), pictured_documents)


@pytest.mark.parametrize("file", ["tokenizer.json", "tokenizer_config.json", "processor_config.json"])
@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff\xfe"])
def test_damaged_files_are_a_typed_error(tmp_path, tiny_qwen2_vl, saved_model, pictured_documents, file, content):
    base = saved_model(tiny_qwen2_vl, tmp_path / "base")
    (base / file).write_bytes(content)
    with pytest.raises(ModelError, match=r"cannot load .*base"):
        margins(YofoJudge.from_pretrained(base), pictured_documents)


def test_damaged_files_of_an_adapter_are_a_typed_error(adapted, pictured_documents):
    base, adapter, _, _ = adapted("qwen2_vl")
    for file in ("adapter_config.json", "tokenizer.json"):
        whole = (adapter / file).read_bytes()
        (adapter / file).write_bytes(b"[1]")
        with pytest.raises(ModelError, match=r"cannot load .*adapter"):
            margins(YofoJudge.from_pretrained(base, adapter=adapter), pictured_documents)
        (adapter / file).write_bytes(whole)


def test_a_device_that_is_not_there(tmp_path, tiny_qwen2_vl, saved_model, pictured_documents):
    base = saved_model(tiny_qwen2_vl, tmp_path / "base")
    for device in ("banana", "cuda:99"):
        with pytest.raises(ModelError, match="cannot load"):
            margins(YofoJudge.from_pretrained(base, device=device), pictured_documents)


def test_another_family(tmp_path, pictured_documents):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ModelError, match="unknown model family 'bert'; known"):
        margins(YofoJudge.from_pretrained(tmp_path), pictured_documents)


def test_code_that_comes_with_a_model_is_not_run(tmp_path, pictured_documents):
    (tmp_path / "config.json").write_text('{"model_type": "own", "auto_map": {"AutoConfig": "own.OwnConfig"}}')
    (tmp_path / "own.py").write_text(f"import pathlib; pathlib.Path({str(tmp_path / 'ran')!r}).touch()")
    with pytest.raises(ModelError, match="cannot load"):
        margins(YofoJudge.from_pretrained(tmp_path), pictured_documents)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["/no/such/folder", "./nothing"])
def test_a_folder_that_is_not_there(name, pictured_documents):
    with pytest.raises(ModelError, match="is not a folder"):
        margins(YofoJudge.from_pretrained(name), pictured_documents)


def test_a_hub_id_that_cannot_be_fetched(pictured_documents):
    with pytest.raises(ModelError, match="cannot load 'nobody/nothing'"):
        margins(YofoJudge.from_pretrained("nobody/nothing"), pictured_documents)


def test_mini_that_was_not_shipped(monkeypatch, tmp_path):
    monkeypatch.setattr("yofo_rerank.mini.weights.weights_folder", lambda name: tmp_path / name)
    with pytest.raises(ModelError, match="'mini' is not part of this installation"):
        resolve("mini", None, None)


def test_mini_brings_its_own_adapter(monkeypatch, tmp_path):
    monkeypatch.setattr("yofo_rerank.mini.weights.weights_folder", lambda name: tmp_path / name)
    for name, file in (("base", "config.json"), ("adapter", "adapter_model.safetensors")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).touch()
    assert resolve("mini", None, None) == (tmp_path / "base", tmp_path / "adapter")


def test_dtype_leaves_rotary_frequencies_alone(tmp_path, tiny_qwen3_vl, saved_model, pictured_documents):
    base = saved_model(tiny_qwen3_vl, tmp_path / "base")
    judge = YofoJudge.from_pretrained(base, dtype=torch.bfloat16, format="yofo-v1")
    low = margins(judge, pictured_documents)
    network = judge._loaded.network.model
    assert judge.info()["dtype"] == "bfloat16"
    assert {parameter.dtype for parameter in network.parameters()} == {torch.bfloat16}
    assert network.model.language_model.rotary_emb.inv_freq.dtype == torch.float32
    full = margins(YofoJudge.from_pretrained(base, format="yofo-v1"), pictured_documents)
    assert full.std(0).min() > 0.1
    assert (low - full).abs().median() < 0.5


def test_float32_merges_in_float32(adapted, pictured_documents):
    """Of weights that are stored in bfloat16: rounding to it after merging would lose part of the adapter."""
    base, adapter, model, processor = adapted("qwen3_vl")
    weights = load_file(base / "model.safetensors")
    low = {name: weight.bfloat16() for name, weight in weights.items()}
    save_file(low, base / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"dtype": "bfloat16"}))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" not in name and "trainable_tokens_delta" not in name:
                parameter.copy_(parameter.bfloat16())
    wanted = margins(YofoJudge.from_components(model, processor, cache_bytes=0), pictured_documents)
    settings = YofoConfig.load(adapter).model_copy(update={"base_fingerprint": None})
    settings.save(adapter)
    found = margins(YofoJudge.from_pretrained(base, adapter, dtype="float32"), pictured_documents)
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-3)
    rounded = margins(YofoJudge.from_pretrained(base, adapter), pictured_documents)
    assert (rounded - wanted).abs().max() > 1e-2
