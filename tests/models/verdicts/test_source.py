import json
import os

import pytest

from yofo_rerank.errors import ModelError, VerdictsError
from yofo_rerank.models.build import Source
from yofo_rerank.models.config import Calibration, YofoConfig
from yofo_rerank.models.verdicts import Answer
from yofo_rerank.models.verdicts.source import SourceVerdicts

TRAINED = YofoConfig(format="yofo-v1", format_version=1, base_model="base")
LONG_AGO = (1_600_000_000, 1_600_000_000)


@pytest.fixture
def base(tmp_path):
    """Files as a model has them; nobody loads them here."""
    folder = tmp_path / "base"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"dtype": "bfloat16"}))
    (folder / "model.safetensors").write_bytes(b"weights")
    TRAINED.save(folder)
    for path in folder.iterdir():
        os.utime(path, LONG_AGO)
    return folder


def make(base, where, attention="isolated", **settings):
    return SourceVerdicts(Source(name=str(base), **settings), None, attention, where)


def known(verdicts):
    return bool(verdicts.open().verdicts.get(b"a", ["blue"]))


def test_what_one_process_keeps_the_next_one_knows(base, tmp_path):
    make(base, tmp_path / "kept").open().verdicts.put(b"a", {"blue": Answer(1.0)})
    again = make(base, tmp_path / "kept")
    assert again.hits_and_misses == (0, 0)
    assert known(again)
    assert again.hits_and_misses == (1, 0)
    assert not known(make(base, tmp_path / "kept", dtype="float32"))
    assert sorted(path.name for path in (tmp_path / "kept").iterdir() if "-" not in path.name) == [
        "verdicts.sqlite", "verdicts.sqlite.digests.json"
    ]  # fmt: skip


def test_a_model_that_is_replaced_is_another_one(base, tmp_path):
    verdicts = make(base, tmp_path / "kept")
    verdicts.open().verdicts.put(b"a", {"blue": Answer(1.0)})
    verdicts.check()
    assert known(verdicts)
    (base / "model.safetensors").write_bytes(b"WEIGHTS")
    verdicts.check()
    assert not known(verdicts)
    (base / "model.safetensors").write_bytes(b"weights")
    verdicts.check(loaded=True)
    assert known(verdicts)


def test_a_later_calibration_applies_to_what_is_kept(base, tmp_path):
    verdicts = make(base, tmp_path / "kept")
    verdicts.open().verdicts.put(b"a", {"blue": Answer(1.0)})
    TRAINED.model_copy(update={"calibration": Calibration(temperature=2.0)}).save(base)
    verdicts.check()
    assert verdicts.open().calibration.temperature == 2
    assert known(verdicts)


def test_a_newer_revision_is_noticed_when_it_is_loaded(base, tmp_path, monkeypatch):
    newer = tmp_path / "newer"
    newer.mkdir()
    for path in base.iterdir():
        (newer / path.name).write_bytes(path.read_bytes() + b" ")
    verdicts = make(base, tmp_path / "kept")
    verdicts.open().verdicts.put(b"a", {"blue": Answer(1.0)})
    monkeypatch.setattr("yofo_rerank.models.verdicts.source.resolve", lambda *_: (newer, None))
    verdicts.check()  # a hit asks nobody for a newer one
    assert known(verdicts)
    verdicts.check(loaded=True)
    assert not known(verdicts)


def test_joint_answers_are_refused(base, tmp_path):
    with pytest.raises(VerdictsError, match="wanted attention='isolated'"):
        make(base, tmp_path, attention="joint")
    TRAINED.model_copy(update={"attention": "joint"}).save(base)
    with pytest.raises(VerdictsError, match="wanted attention='isolated'"):
        make(base, tmp_path, attention=None).open()


def test_no_model_is_a_typed_error(tmp_path):
    with pytest.raises(ModelError, match="not a folder"):
        make(tmp_path / "nothing", tmp_path / "kept").open()
    assert not (tmp_path / "kept").exists()
