"""A finished run stays as it is, and what it left behind says how it was made."""

import json
import re
import shutil

import pytest
import torch
import yaml
from safetensors.torch import load_file

from yofo_rerank.errors import ConfigError
from yofo_rerank.models.config import YofoConfig
from yofo_rerank.training import TrainConfig, train
from yofo_rerank.training.card import render_card
from yofo_rerank.training.finish import planned_steps
from yofo_rerank.training.record import TrainingRecord

KEYS = {"batch_size": 4, "gradient_accumulation": 1, "workers": 0, "device": "cpu", "learning_rate": 1e-2}
KEYS |= {"progress": False, "plot": False, "scheduler": "constant_with_warmup", "lora": {"rank": 2, "alpha": 4}}


@pytest.fixture(scope="module")
def base(make_tiny, saved_model, tmp_path_factory):
    return str(saved_model(make_tiny("qwen3_vl"), tmp_path_factory.mktemp("private place") / "base"))


@pytest.fixture
def run(base, toy, tmp_path):
    def start(output="out", **keys):
        return train(TrainConfig(model=base, train_file=toy, output_dir=tmp_path / output, **KEYS | keys))

    return start


def state_of(folder):
    return {path.relative_to(folder): (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.rglob("*")}


def weights_of(folder):
    return load_file(folder / "adapter_model.safetensors")


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("keys", [{"max_steps": 3}, {"max_steps": 4}, {"epochs": 1.5}])
def test_a_finished_run_is_left_as_it_is(run, keys, caplog):
    first = run(**keys)
    before = state_of(first.folder)
    again = run(**keys)
    assert again.steps == first.steps
    assert state_of(first.folder) == before
    assert "nothing is left to do" in caplog.text
    assert run(**keys | {"max_steps": 2}).steps == first.steps  # fewer are done as well
    assert state_of(first.folder) == before


def test_more_steps_go_on_from_the_last_one(run):
    run(max_steps=3)
    assert run(max_steps=5).steps == 5


def test_without_final_it_is_made_from_the_last_checkpoint_and_nothing_is_trained(run, toy):
    """Stopped between the last checkpoint and `final`."""
    first = run(max_steps=3, validation_file=toy)
    before = weights_of(first.folder)
    shutil.rmtree(first.folder)
    again = run(max_steps=3, validation_file=toy)
    assert again.resumed_from.name == "checkpoint-3"
    assert again.steps == 3
    assert same(weights_of(again.folder), before)
    assert again.metrics["eval_acc_property"] == first.metrics["eval_acc_property"]


def test_a_finished_run_with_other_settings_is_an_error(run):
    run(max_steps=2)
    with pytest.raises(ConfigError, match=r"other settings \(learning_rate\).*resume: never"):
        run(max_steps=2, learning_rate=1e-3)
    assert run(max_steps=2, log_every=1).steps == 2
    assert run(max_steps=2, learning_rate=1e-3, resume="never").steps == 2


def test_a_damaged_checkpoint_falls_back_to_an_older_one(run, caplog):
    run(max_steps=3, save_every=1, keep_checkpoints=3)
    whole = run("other", max_steps=6)
    out = whole.folder.parents[1] / "out"
    (out / "checkpoint-3" / "adapter_model.safetensors").write_bytes(b"damaged")
    result = run(max_steps=6, save_every=100)
    assert result.resumed_from.name == "checkpoint-2"
    assert result.steps == 6
    assert sum("cannot be resumed from" in message for message in caplog.messages) == 1


@pytest.mark.parametrize(
    "keys",
    [{"epochs": 2.3}, {"batch_size": 3, "gradient_accumulation": 2, "epochs": 1.5}],
)
def test_planned_steps_are_those_of_the_trainer(run, base, toy, tmp_path, keys):
    config = TrainConfig(model=base, train_file=toy, output_dir=tmp_path, **KEYS | keys)
    assert run(**keys).steps == planned_steps(config, 16, 1)


def test_nothing_that_is_published_names_a_local_path(run, base, toy, tmp_path):
    result = run(max_steps=2, validation_file=toy)
    readable = [path for path in result.folder.iterdir() if path.suffix in (".json", ".md", ".jinja")]
    texts = {path.name: path.read_text() for path in readable}
    assert {"README.md", "adapter_config.json", "yofo_config.json", "training.json"} <= texts.keys()
    for name, text in texts.items():
        for secret in (str(tmp_path), str(toy.parent), base, "private place", "/tmp"):
            assert secret not in text, (name, secret)
    assert json.loads(texts["adapter_config.json"])["base_model_name_or_path"] == "base"
    assert YofoConfig.load(result.folder).base_model == "base"


def test_the_card_holds_the_figures_of_the_run(run, toy):
    result = run(max_steps=2, validation_file=toy, log_every=1)
    card = (result.folder / "README.md").read_text()
    record = TrainingRecord.load(result.folder)
    assert card.startswith("---\nlibrary_name: peft\n")  # a local base is no model of the hub
    assert "|---|---|---|\n| file | train.jsonl | train.jsonl |\n" in card
    assert "| lora | rank 2, alpha 4, dropout 0.05 |" in card
    assert "Trained with mixed attention; unless the judge is told otherwise it\nasks every requirement alone." in card
    assert f"| Acc_property | {100 * result.metrics['eval_acc_property']:.2f} % |" in card
    assert f"answer_loss {record.losses['answer_loss']:.4f}" in card
    assert "| learning_rate | 0.01 |" in card
    assert "| examples | 16 | 16 |" in card
    assert record.data.with_reason > 0
    assert record.validation.properties == record.data.properties > 32
    assert "hooded<|auth_start|>unknown<|auth_end|>" in card
    assert re.search(r"At most \d+ pixels", card)
    assert "{{" not in card
    assert "\n\n\n" not in card


def test_without_validation_the_card_says_so(run):
    assert "how well it judges is not known" in (run(max_steps=1).folder / "README.md").read_text()


def test_a_base_of_the_hub_is_linked(run):
    result = run(max_steps=1)
    config, record = YofoConfig.load(result.folder), TrainingRecord.load(result.folder)
    card = render_card(config.model_copy(update={"base_model": "Qwen/Qwen3-VL-2B-Instruct"}), record)
    metadata = yaml.safe_load(card.split("---")[1])
    assert metadata["base_model"] == "Qwen/Qwen3-VL-2B-Instruct"
    assert metadata["base_model_relation"] == "adapter"
    assert 'YofoJudge.from_pretrained("Qwen/Qwen3-VL-2B-Instruct", adapter="this-repository")' in card


def test_a_run_that_starts_over_is_not_mistaken_for_the_one_before(run, monkeypatch):
    first = run(max_steps=4)
    out = first.folder.parent
    monkeypatch.setattr("yofo_rerank.training.run._go", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run(max_steps=4, resume="never", seed=1)
    assert weights_of(first.folder)  # still in use
    assert (out / "earlier" / "checkpoint-4").is_dir()
    monkeypatch.undo()
    again = run(max_steps=4, seed=1)
    assert again.resumed_from is None
    assert again.steps == 4
    assert TrainingRecord.load(again.folder).settings["seed"] == 1
