"""`--verdicts`: what one command has judged, the next one knows, without the model."""

import json

import pytest

from yofo_rerank.cli import main
from yofo_rerank.mini import sample_catalog


@pytest.fixture
def photo(tmp_path):
    [(document, _)] = sample_catalog(1, seed=3)
    document.load_image().save(tmp_path / "0.png")
    return tmp_path / "0.png"


def judged(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    assert ended.value.code == 0
    return json.loads(capsys.readouterr().out)["judgements"]


def test_the_second_command_asks_no_model(photo, tmp_path, capsys, monkeypatch):
    words = ("judge", photo, "-r", "has a belt", "--model", "mini", "--verdicts", tmp_path / "kept", "--json")
    first = judged(capsys, *words)

    def loaded(*_, **__):
        raise AssertionError("the model was loaded")

    monkeypatch.setattr("yofo_rerank.held_model.shared_slot_model", loaded)
    assert judged(capsys, *words) == first
    with pytest.raises(AssertionError, match="was loaded"):
        main(["judge", str(photo), "-r", "has pockets", "--model", "mini", "--verdicts", str(tmp_path / "kept")])


def test_a_joint_judge_keeps_none(photo, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(
            [
                "judge",
                str(photo),
                "-r",
                "x",
                "--model",
                "mini",
                "--attention",
                "joint",
                "--verdicts",
                str(tmp_path / "k"),
            ]
        )
    assert ended.value.code == 1
    assert "joint" in capsys.readouterr().err
