import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from yofo_rerank.errors import ModelError
from yofo_rerank.models.build import ModelKwargs, Source
from yofo_rerank.models.config import Calibration, YofoConfig
from yofo_rerank.models.digests import FileDigests
from yofo_rerank.models.verdicts.identity import known_model

TRAINED = YofoConfig(format="yofo-v1", format_version=1, base_model="base")


@pytest.fixture
def folders(tmp_path):
    """Files as a model and its adapter have them; nobody loads them here."""
    base, adapter = tmp_path / "base", tmp_path / "adapter"
    base.mkdir()
    adapter.mkdir()
    (base / "config.json").write_text(json.dumps({"dtype": "bfloat16"}))
    (base / "model.safetensors").write_bytes(b"weights")
    (base / "tokenizer.json").write_text("{}")
    (adapter / "adapter_model.safetensors").write_bytes(b"lora")
    (adapter / "adapter_config.json").write_text("{}")
    TRAINED.save(adapter)
    return base, adapter


def identity(folders, max_pixels=None, **changes):
    base, adapter = folders
    source = Source(name=str(base), adapter=str(adapter))
    return known_model(replace(source, **changes), max_pixels, FileDigests()).identity


def test_every_file_and_setting_that_answers_depend_on_counts(folders):
    base, adapter = folders
    found = [identity(folders), identity(folders, 448**2), identity(folders, dtype="float32")]
    found.append(identity(folders, adapter=None, format_name="yofo-v1"))
    found.append(identity(folders, adapter=None, format_name="chat-v1"))
    found.append(identity(folders, model_kwargs=ModelKwargs({"quantization_config": {"bits": 8}})))
    for path in (base / "model.safetensors", base / "tokenizer.json", adapter / "adapter_model.safetensors"):
        path.write_bytes(path.read_bytes() + b" ")
        found.append(identity(folders))
    (base / "model-00002.safetensors").write_bytes(b"more weights")
    found.append(identity(folders))
    TRAINED.model_copy(update={"max_pixels": 9999}).save(adapter)
    found.append(identity(folders))
    assert len(set(found)) == len(found)


def test_place_device_and_calibration_do_not(folders, tmp_path):
    base, adapter = folders
    before = identity(folders)
    assert identity(folders, device="cuda") == before
    assert identity(folders, dtype="bfloat16") == before  # as stored
    assert identity(folders, model_kwargs=ModelKwargs({"attn_implementation": "eager", "compile": True})) == before
    (base / "README.md").write_text("a model card")
    TRAINED.model_copy(update={"calibration": Calibration(temperature=2.0)}).save(adapter)
    moved = shutil.copytree(base, tmp_path / "moved")
    assert identity((moved, adapter)) == before
    known = known_model(Source(name=str(base), adapter=str(adapter)), None, FileDigests())
    assert known.calibration.temperature == 2


def test_attention_is_part_of_a_verdict_and_not_of_a_state(folders):
    known = known_model(Source(name=str(folders[0]), adapter=str(folders[1])), None, FileDigests())
    assert known.verdict_identity() == known.verdict_identity(known.layout.attention)
    assert known.verdict_identity("joint") != known.verdict_identity("isolated")


def test_what_is_not_there_is_a_typed_error(tmp_path, folders):
    with pytest.raises(ModelError, match="not a folder"):
        known_model(Source(name=str(tmp_path / "nothing")), None, FileDigests())
    (folders[0] / "config.json").write_text("[")
    with pytest.raises(ModelError, match=r"cannot read .*config\.json"):
        identity(folders)


def test_it_needs_no_torch():
    program = (
        "import sys, yofo_rerank.models.verdicts, yofo_rerank.models.verdicts.identity\n"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
