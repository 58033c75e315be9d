"""What training leaves behind is what the judge loads, and both judge alike."""

import math

import numpy as np
import pytest

from yofo_rerank import Document, YofoJudge
from yofo_rerank.errors import AdapterMismatch
from yofo_rerank.models.config import YofoConfig
from yofo_rerank.training import TrainConfig, train
from yofo_rerank.training.data import load_data
from yofo_rerank.training.examples import ExampleFile
from yofo_rerank.training.finish import save_final
from yofo_rerank.training.prepare import prepare_parts
from yofo_rerank.training.run import build_trainer, example_encoder, record_of

SMALL = {
    "batch_size": 4,
    "eval_batch_size": 5,
    "gradient_accumulation": 1,
    "workers": 0,
    "device": "cpu",
    "progress": False,
    "plot": False,
}


LORA = {"lora": {"rank": 4, "alpha": 8, "dropout": 0.1}}
FULL = {"lora": None, "freeze_vision": False}


@pytest.mark.parametrize(
    ("keys", "attention"),
    [(LORA, "joint"), (LORA, "isolated"), (FULL, "mixed")],
    ids=["lora-joint", "lora-isolated", "full-mixed"],
)
def test_judge_repeats_what_the_trainer_sees(family, make_tiny, saved_model, toy, tmp_path, keys, attention):
    base = str(saved_model(make_tiny(family), tmp_path / "base"))
    config = TrainConfig(
        model=base, train_file=toy, validation_file=toy, output_dir=tmp_path / "out", max_pixels=48 * 48, max_steps=6,
        learning_rate=5e-3, attention=attention, **SMALL, **keys,
    )  # fmt: skip
    parts = prepare_parts(config)
    data = load_data(config, example_encoder(config, parts))
    trainer, trained = build_trainer(config, data, parts)
    trainer.train()
    seen = trainer.predict(data.validation)
    assert len(seen.predictions) == len(data.validation)  # no incomplete batch is dropped
    no, yes = np.moveaxis(seen.predictions, -1, 0)
    folder = tmp_path / "final"
    save_final(folder, trainer, trained, record_of(config, data, trainer, {}))

    source = {"model": base, "adapter": folder} if config.lora is not None else {"model": folder}
    rows = zip(yes - no, data.validation, strict=True)
    wanted = np.concatenate([row[: len(item.example.properties)] for row, item in rows])
    odds = log_odds(YofoJudge.from_pretrained(**source), toy)
    assert np.abs(odds - wanted).max() < 2e-4
    assert odds.max() - odds.min() > 0.5  # or agreeing would mean little
    other = "isolated" if attention == "joint" else "joint"
    assert np.abs(log_odds(YofoJudge.from_pretrained(**source, attention=other), toy) - wanted).max() > 1e-2
    assert YofoConfig.load(folder).attention == attention


def log_odds(judge, path):
    """Of every property of the file, in its order."""
    odds, file = [], ExampleFile(path)
    for index in range(len(file)):
        example = file[index]
        image = None if example.image is None else path.parent / example.image
        document = Document(image=image, text=example.text)
        judgements = judge.judge([document], [prop.text for prop in example.properties])[0]
        odds += [math.log(one.p_yes / (1 - one.p_yes)) for one in judgements]
    return np.array(odds)


def test_yofo_config_says_what_it_was_trained_with(make_tiny, saved_model, toy, tmp_path):
    base = saved_model(make_tiny("qwen3_vl"), tmp_path / "base")
    other = saved_model(make_tiny("qwen3_vl", seed=1), tmp_path / "other")
    result = train(
        TrainConfig(model=str(base), train_file=toy, output_dir=tmp_path / "out", max_steps=1, max_pixels=4096, **SMALL)
    )
    config = YofoConfig.load(result.folder)
    assert (config.format, config.format_version, config.max_pixels) == ("yofo-v1", 1, 4096)
    assert config.base_model == "base"
    with pytest.raises(AdapterMismatch):
        YofoJudge.from_pretrained(str(other), adapter=result.folder).judge([Document(text="a top")], ["is red"])
