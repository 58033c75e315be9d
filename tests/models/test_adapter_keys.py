"""Adapters under older names judge as under today's; a partial one is refused."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from yofo_rerank import Document, YofoJudge
from yofo_rerank.errors import AdapterMismatch
from yofo_rerank.mini import sample_catalog
from yofo_rerank.mini.weights import weights_folder
from yofo_rerank.models.adapter import attach_adapter
from yofo_rerank.models.adapter_keys import check_keys, current_names

TEXTS = ["it is red", "it has a hood", "not striped"]
OLD_STYLES = {
    "before 4.52": ("model.language_model.", "model."),
    "around 4.52": ("model.language_model.", "language_model.model."),
    "twice": ("model.language_model.", "model.language_model.model."),
}


def rewrite(source, folder, change):
    """A copy of an adapter whose tensors went through `change(weights) -> weights`."""
    shutil.copytree(source, folder)
    weights = load_file(folder / "adapter_model.safetensors")
    save_file(change(weights), folder / "adapter_model.safetensors", metadata={"format": "pt"})
    return folder


def renamed(new, old):
    return lambda weights: {key.replace(new, old): value for key, value in weights.items()}


@pytest.mark.parametrize("style", OLD_STYLES)
def test_minis_adapter_under_older_names(tmp_path, style):
    documents = [document for document, _ in sample_catalog(4, seed=5)]
    adapter = rewrite(weights_folder("adapter"), tmp_path / "old", renamed(*OLD_STYLES[style]))
    assert all(
        "model.language_model.layers" not in key or style == "twice"
        for key in load_file(adapter / "adapter_model.safetensors")
    )
    wanted = [[one.p_yes for one in row] for row in YofoJudge.from_pretrained("mini").judge(documents, TEXTS)]
    found = [[one.p_yes for one in row] for row in YofoJudge.from_pretrained("mini", adapter).judge(documents, TEXTS)]
    assert found == [pytest.approx(row, abs=1e-5) for row in wanted]  # batches of another shape round elsewhere
    assert torch.tensor(wanted).std() > 0.1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: dict(list(weights.items())[1:]), r"of \d+ tensors 1 are missing"),
        (lambda weights: dict(list(weights.items())[:1]), r"are missing \(.*, \.\.\.\)"),
        (lambda weights: weights | {"base_model.model.extra.lora_A.weight": torch.ones(1)}, "1 have no place .*extra"),
        (renamed("language_model", "decoder"), r"\d\d are missing .* \d\d have no place"),
        (renamed("lora_A", "lora_C"), "are missing"),
        (lambda weights: {}, r"of \d+ tensors \d+ are missing"),
    ],
)
def test_a_partial_or_foreign_adapter_is_refused(adapted, tmp_path, change, message):
    base, adapter, _, _ = adapted("qwen3_vl")
    broken = rewrite(adapter, tmp_path / "broken", change)
    with pytest.raises(AdapterMismatch, match=message):
        YofoJudge.from_pretrained(base, broken).judge([Document(text="top")], TEXTS)


def test_an_old_pattern_means_what_it_meant(adapted, tmp_path, make_tiny):
    """Before 4.52 the vision tower had no `model.` before its names, so this one adapted the language model alone."""
    _, adapter, live, _ = adapted(
        "qwen2_5_vl", trainable_token_indices=None, target_modules=r".*language_model.*down_proj"
    )
    old = rewrite(adapter, tmp_path / "old", renamed(*OLD_STYLES["before 4.52"]))
    config = json.loads((old / "adapter_config.json").read_text())
    (old / "adapter_config.json").write_text(json.dumps(config | {"target_modules": r"(.*(model).*(down_proj).*$)"}))
    merged = attach_adapter(make_tiny("qwen2_5_vl").model, old, [])
    live.merge_adapter()
    wanted = live.get_base_model().state_dict()
    for name, tensor in merged.state_dict().items():
        wrapped = name.replace("down_proj.weight", "down_proj.base_layer.weight")
        torch.testing.assert_close(tensor, wanted[wrapped if wrapped in wanted else name])


def test_two_tensors_for_one_place():
    place = "base_model.model.model.language_model.norm"
    with pytest.raises(AdapterMismatch, match="2 tensors for 1 places"):
        current_names({place: 1, "base_model.model.model.norm": 2}, {place})
    assert current_names({"model.norm": 1}, {place}) == {place: 1}


def test_what_is_allowed_beside_the_adapter():
    check_keys(["a", "b"], ["a"], also=["b"])
    with pytest.raises(AdapterMismatch, match=r"0 are missing, and 1 have no place \(b\)"):
        check_keys(["a", "b"], ["a"])
