"""What training leaves behind is what the judge loads, and both judge alike."""

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


@pytest.mark.parametrize(
    "keys",
    [{"lora": {"rank": 4, "alpha": 8, "dropout": 0.1}}, {"lora": None, "freeze_vision": False}],
    ids=["lora", "full"],
)
def test_judge_repeats_what_the_trainer_sees(family, make_tiny, saved_model, toy, tmp_path, keys):
    base = str(saved_model(make_tiny(family), tmp_path / "base"))
    config = TrainConfig(
        model=base, train_file=toy, validation_file=toy, output_dir=tmp_path / "out", max_pixels=48 * 48, max_steps=6,
        learning_rate=5e-3, **SMALL, **keys,
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

    judge = (
        YofoJudge.from_pretrained(base, adapter=folder)
        if config.lora is not None
        else YofoJudge.from_pretrained(folder)
    )
    file, p_yes, differences = ExampleFile(toy), [], []
    for index in range(len(file)):
        example = file[index]
        image = None if example.image is None else toy.parent / example.image
        judgements = judge.judge(
            [Document(image=image, text=example.text)], [prop.text for prop in example.properties]
        )[0]
        for place, judgement in enumerate(judgements):
            wanted = 1 / (1 + np.exp(no[index, place] - yes[index, place]))
            p_yes.append(judgement.p_yes)
            differences.append(abs(judgement.p_yes - wanted))
    assert max(differences) < 1e-4
    assert max(p_yes) - min(p_yes) > 0.05  # or agreeing would mean little


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
