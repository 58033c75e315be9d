"""A toy set that a tiny model can learn."""

import json

import pytest
import torch
from PIL import Image

FAMILIES = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl")


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture(scope="session")
def loaded(make_tiny):
    """A fresh model of a family, and a PrefixMaker whose tokenizer has the special tokens."""
    from yofo_rerank.models.prefixes import PrefixMaker
    from yofo_rerank.models.tokens import add_special_tokens
    from yofo_rerank.prompts import get_format

    def load(family):
        model, processor = make_tiny(family)
        layout = get_format("yofo-v1")
        add_special_tokens(processor.tokenizer, model, layout.special_tokens)
        return model, PrefixMaker(processor.tokenizer, processor.image_processor, layout)

    return load


@pytest.fixture(scope="session")
def toy(tmp_path_factory):
    """16 documents, most of them pictures of one colour, with statements and, half of them, reasons."""
    folder = tmp_path_factory.mktemp("toy")
    lines = []
    for index in range(16):
        colour = ("red", "blue")[index % 2]
        Image.new("RGB", (32 + 16 * (index % 3), 32), colour).save(folder / f"{index}.png")
        reason = {"reason": f"the top is {colour}"} if index % 4 < 2 else {}
        properties = [{"text": f"is {c}", "answer": "yes" if c == colour else "no", **reason} for c in ("red", "blue")]
        properties.append({"text": "a small top", "answer": index % 2 == 0})
        lines.append({"image": f"{index}.png", "properties": properties[: 2 + index % 2]})
    lines[5] = {"text": "a grey skirt", "properties": [{"text": "is grey", "answer": True}]}
    path = folder / "train.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


@pytest.fixture(scope="session")
def toy_items(toy):
    """The toy set in its own order, with reasons."""
    from yofo_rerank.training.dataset import ExampleDataset
    from yofo_rerank.training.examples import ExampleFile

    data = ExampleDataset(ExampleFile(toy), seed=0, shuffle=False, dependency_aware=False, use_reasons=True)
    return [data[index] for index in range(len(data))]


@pytest.fixture
def short_run(make_tiny, saved_model, tmp_path):
    """Settings of a run on a CPU over 16 pictures of one colour each in `train.jsonl`."""
    lines = []
    for index in range(16):
        colour = ("red", "blue")[index % 2]
        Image.new("RGB", (32 + 16 * (index % 3), 32), colour).save(tmp_path / f"{index}.png")
        properties = [{"text": f"is {c}", "answer": c == colour, "reason": f"it is {colour}"} for c in ("red", "blue")]
        lines.append({"image": f"{index}.png", "properties": properties})
    (tmp_path / "train.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return {
        "model": str(saved_model(make_tiny("qwen3_vl"), tmp_path / "base")),
        "train_file": str(tmp_path / "train.jsonl"),
        "validation_file": str(tmp_path / "train.jsonl"),
        "gradient_accumulation": 1,
        "workers": 0,
        "device": "cpu",
        "log_every": 1,
        "progress": False,
        "plot": False,
    }
