import json

import pytest

from yofo_rerank.errors import AdapterMismatch, ConfigError, ModelError
from yofo_rerank.models.config import YofoConfig, choose_format
from yofo_rerank.models.loading import check_dtype
from yofo_rerank.prompts import SPECIAL_TOKENS

TRAINED = YofoConfig(format="yofo-v1", format_version=1, base_model="base", special_tokens=SPECIAL_TOKENS)


def test_save_and_load(tmp_path):
    config = TRAINED.model_copy(update={"max_pixels": 1000, "base_fingerprint": "a-b"})
    path = config.save(tmp_path)
    assert path.name == "yofo_config.json"
    assert YofoConfig.load(tmp_path) == config
    assert json.loads(path.read_text())["calibration"] == {"temperature": 1.0, "bias": 0.0}


def test_no_file_is_no_config(tmp_path):
    assert YofoConfig.load(tmp_path) is None


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"format_version": 0}, "format_version"),
        ({"colour": "red"}, "colour"),
        ({"calibration": {"temperature": 0}}, "calibration.temperature"),
    ],
)
def test_malformed_names_file_and_key(tmp_path, change, key):
    (tmp_path / "yofo_config.json").write_text(json.dumps(TRAINED.model_dump() | change))
    with pytest.raises(ConfigError, match=rf"yofo_config.json: {key}: "):
        YofoConfig.load(tmp_path)


def test_not_text(tmp_path):
    (tmp_path / "yofo_config.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"yofo_config\.json"):
        YofoConfig.load(tmp_path)


def test_format_of_the_weights_is_the_default():
    assert choose_format(None, TRAINED, has_adapter=True).name == "yofo-v1"
    assert choose_format("yofo-v1", TRAINED, has_adapter=True).name == "yofo-v1"
    assert choose_format(None, None, has_adapter=False).name == "ask-v1"
    assert choose_format("yofo-v1", None, has_adapter=True).name == "yofo-v1"


def test_formats_that_do_not_belong_together():
    with pytest.raises(AdapterMismatch, match=r"'yofo-v1', but got 'chat-v1'"):
        choose_format("chat-v1", TRAINED, has_adapter=True)
    with pytest.raises(AdapterMismatch, match=r"has no yofo_config\.json.*chat-v1, yofo-v1"):
        choose_format(None, None, has_adapter=True)
    with pytest.raises(AdapterMismatch, match=r"version 9 .* version 1"):
        choose_format(None, TRAINED.model_copy(update={"format_version": 9}), has_adapter=True)
    with pytest.raises(AdapterMismatch, match=r"special tokens <\|x\|>"):
        choose_format(None, TRAINED.model_copy(update={"special_tokens": ("<|x|>",)}), has_adapter=True)
    with pytest.raises(ModelError, match=r"'other'; known: ask-v1, chat-v1, yofo-v1"):
        choose_format(None, TRAINED.model_copy(update={"format": "other"}), has_adapter=True)


def test_unknown_dtype():
    check_dtype("auto")
    with pytest.raises(ModelError, match="'int8'; known: auto, float32"):
        check_dtype("int8")
