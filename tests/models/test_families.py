from types import SimpleNamespace

import pytest
import transformers

from yofo_rerank.documents import Document
from yofo_rerank.errors import ModelError
from yofo_rerank.models.families import FAMILIES, get_family


def test_records_match_the_classes(tiny):
    family = get_family(tiny.model.config)
    assert family.model_type == tiny.family
    assert type(tiny.model) is getattr(transformers, family.model_class)
    for path in (family.inner, family.language_model, family.patch_embedding):
        assert tiny.model.get_submodule(path) is not None


def test_only_qwen3_has_no_default_system_text():
    systems = {name: bool(family.default_system) for name, family in FAMILIES.items()}
    assert systems == {"qwen2_vl": True, "qwen2_5_vl": True} | dict.fromkeys(
        ("qwen3_vl", "qwen3_5", "qwen3_5_moe"), False
    )


def test_unknown_family_names_the_known_ones():
    with pytest.raises(ModelError, match=r"'bert'; known: qwen2_5_vl, qwen2_vl, qwen3_5, qwen3_5_moe, qwen3_vl"):
        get_family(transformers.BertConfig())


def test_sliding_windows_are_refused():
    text = SimpleNamespace(layer_types=["full_attention", "sliding_attention"])
    config = SimpleNamespace(model_type="qwen2_vl", get_text_config=lambda: text)
    with pytest.raises(ModelError, match="sliding_attention"):
        get_family(config)


def test_zero_shot_prefix_starts_with_the_family_system_text(tiny, slot_model):
    model = slot_model(tiny, "chat-v1")
    prefix = model.prepare(Document(text="top"))
    text = model.maker.tokenizer.decode(prefix.ids)
    assert text.startswith(FAMILIES[tiny.family].default_system + "<|im_start|>user\ntop")
