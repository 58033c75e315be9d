"""Damaged files of a model or an adapter: always a typed error, whatever was done to them."""

import json
import random
import shutil

import pytest
from PIL import Image

from yofo_rerank import Document, YofoJudge
from yofo_rerank.errors import YofoError

VALUES = (None, True, -1, 0, 3, 2.5, float("nan"), 1e308, "", "x", [], {}, [1], {"a": 1}, 10**30, "../x")
DOCUMENTS = [Document(text="a grey skirt"), Document(image=Image.new("RGB", (48, 40), "red"))]
FILES = {
    "base": ["config.json", "model.safetensors.index.json", "model-00001-of-*.safetensors", "tokenizer.json",
             "tokenizer_config.json", "processor_config.json", "chat_template.jinja", "generation_config.json"],
    "adapter": ["adapter_config.json", "adapter_model.safetensors", "yofo_config.json", "tokenizer.json"],
}  # fmt: skip
PER_FILE = 8


@pytest.fixture(scope="module")
def whole(adapted, tmp_path_factory):
    """A sharded base with a chat template, and an adapter; folders to copy from."""
    base, adapter, _, processor = adapted("qwen3_vl")
    folder = tmp_path_factory.mktemp("whole")
    from transformers import Qwen3VLForConditionalGeneration

    model = Qwen3VLForConditionalGeneration.from_pretrained(base)
    model.save_pretrained(folder / "base", max_shard_size="200KB")
    processor.save_pretrained(folder / "base")
    (folder / "base" / "chat_template.jinja").write_text("{% for message in messages %}{{ message.role }}{% endfor %}")
    shutil.copytree(adapter, folder / "adapter")
    return folder


def places(data, path=()):
    """Paths of everything near the top of a JSON document."""
    if path:
        yield path
    children = data.items() if isinstance(data, dict) else enumerate(data[:5]) if isinstance(data, list) else ()
    for key, child in children if len(path) < 3 else ():
        yield from places(child, (*path, key))


def damaged_json(data, rng):
    """One value gone or another."""
    *way, last = rng.choice(list(places(data)))
    parent = data
    for key in way:
        parent = parent[key]
    if rng.random() < 0.3:
        del parent[last]
    else:
        parent[last] = rng.choice(VALUES)
    return json.dumps(data).encode()


def damaged(raw, name, rng):
    if name.endswith(".json") and rng.random() < 0.7:
        return damaged_json(json.loads(raw), rng)
    kind, changed = rng.choice(("cut", "flipped", "longer")), bytearray(raw)
    if kind == "cut":
        return bytes(changed[: rng.randrange(len(changed))])
    if kind == "longer":
        at = rng.randrange(len(changed))
        return bytes(changed[:at] + rng.randbytes(20) + changed[at:])
    for _ in range(rng.choice((1, 5, 30))):
        changed[rng.randrange(min(len(changed), 3000))] ^= 1 << rng.randrange(8)
    return bytes(changed)


@pytest.mark.parametrize(("part", "name"), [(part, name) for part, names in FILES.items() for name in names])
def test_a_damaged_file_is_a_typed_error(whole, tmp_path, part, name):
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    file = next((tmp_path / part).glob(name))
    raw, rng = file.read_bytes(), random.Random(name)
    adapter = tmp_path / "adapter" if part == "adapter" else None
    refused = 0
    for number in range(PER_FILE):
        file.write_bytes(damaged(raw, file.name, rng) if number else b"\x00{")
        try:
            found = YofoJudge.from_pretrained(tmp_path / "base", adapter).judge(DOCUMENTS, ["blue"], on_error="empty")
        except YofoError:
            refused += 1
        else:
            assert len(found) == len(DOCUMENTS)  # harmless, or one document at a time
    assert refused or name in {"generation_config.json"}


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("patch_size", 16, "has patch_size 16, but the model's vision tower wants 8"),
        ("size", {"shortest_edge": 5000, "longest_edge": 100}, "wanted its edges in pixels"),
        ("image_std", [0.5, 0.0, 0.5], "wanted three numbers each"),
        ("image_mean", [0.5, "x", 0.5], "wanted three numbers each|cannot load"),
        ("rescale_factor", -1, "wanted a number above 0"),
    ],
)
def test_a_processor_that_does_not_fit_its_model(whole, tmp_path, key, value, message):
    base = shutil.copytree(whole / "base", tmp_path / "base")
    config = json.loads((base / "processor_config.json").read_text())
    config["image_processor"][key] = value
    (base / "processor_config.json").write_text(json.dumps(config))
    with pytest.raises(YofoError, match=message):
        YofoJudge.from_pretrained(base).judge(DOCUMENTS, ["blue"])
