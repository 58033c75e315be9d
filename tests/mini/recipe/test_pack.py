"""A finished run becomes the folders that are shipped."""

import json

import torch
from safetensors.torch import load_file, save_file

from yofo_rerank.mini.recipe.pack import pack


def test_the_adapter_is_halved_and_belongs_to_mini_and_cards_stay(tmp_path):
    run = tmp_path / "run"
    for part in ("base", "adapter/final", "clip/weights"):
        (run / part).mkdir(parents=True)
        (run / part / "README.md").write_text("a card")
    (run / "base/config.json").write_text("{}")
    save_file({"a": torch.tensor([0.5, 1 / 3])}, run / "adapter/final/adapter_model.safetensors")
    (run / "adapter/final/adapter_config.json").write_text(json.dumps({"r": 64, "base_model_name_or_path": "base"}))
    (run / "adapter/final/yofo_config.json").write_text(json.dumps({"base_model": "base", "max_pixels": 9}))
    (run / "adapter/final/training.json").write_text("{}")
    for _ in range(2):  # a second time is no different
        folder = pack(run, run / "weights")
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    adapter = {"adapter_config.json", "yofo_config.json", "adapter_model.safetensors"}
    assert found == {"base/config.json", *(f"adapter/{name}" for name in adapter)}
    halved = load_file(folder / "adapter/adapter_model.safetensors")["a"]
    assert torch.equal(halved, torch.tensor([0.5, 1 / 3]).half())
    assert json.loads((folder / "adapter/adapter_config.json").read_text()) == {
        "r": 64,
        "base_model_name_or_path": "mini",
    }
    assert json.loads((folder / "adapter/yofo_config.json").read_text()) == {"base_model": "mini", "max_pixels": None}
    assert load_file(run / "adapter/final/adapter_model.safetensors")["a"].dtype == torch.float32
