import json
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from evals.baselines.registry import baselines, get_baseline
from evals.contestants import budget, recipes
from evals.contestants import pictures as pictures_module
from evals.contestants.lessons import Shelf
from evals.contestants.recipes import RECIPES, get_recipe, load_trained, train, trained_as
from evals.contestants.scorers import open_yofo
from yofo_rerank import Document
from yofo_rerank.errors import ConfigError
from yofo_rerank.mini.catalog import sample_catalog

ONE_SCORE = ("clip-style", "siglip-style", "blip2-itm-style", "jina-style", "whole-query-style")


@pytest.fixture(scope="module")
def two():
    return [document for document, _ in sample_catalog(2, seed=77)]


@pytest.mark.parametrize("name", ONE_SCORE)
def test_trains_saves_a_small_file_and_scores_alike_alone_and_in_a_batch(name, pictures, folder, two):
    own = train(get_recipe(name), pictures, folder, seconds=1)
    assert (own / "weights.safetensors").stat().st_size <= 5_000_000
    written = trained_as(name, folder)
    assert written["steps"] >= 1 and written["pictures"] == 40
    scorer = get_baseline(name).load(str(folder))
    both = scorer.score("a red dress without a belt", two)
    alone = [scorer.score("a red dress without a belt", [one])[0] for one in two]
    assert both == pytest.approx(alone, abs=0.03)  # bfloat16
    assert both[0] != both[1]
    assert scorer.score("a blue coat", two) != both


def test_training_goes_on_where_it_stopped(pictures, folder):
    recipe = get_recipe("clip-style")
    first = json.loads((train(recipe, pictures, folder / "resumed", seconds=1) / "recipe.json").read_text())["steps"]
    again = json.loads((train(recipe, pictures, folder / "resumed", seconds=1) / "recipe.json").read_text())["steps"]
    assert again == first  # the budget was used up
    more = json.loads((train(recipe, pictures, folder / "resumed", seconds=2) / "recipe.json").read_text())["steps"]
    assert more > first


@pytest.mark.parametrize("name", ["yofo-dep", "yofo-reasons"])
def test_yofo_trains_and_its_adapter_opens_as_any_other(name, pictures, folder, two):
    own = train(get_recipe(name), pictures, folder, seconds=1)
    weights = own / "adapter" / "adapter_model.safetensors"
    assert weights.stat().st_size <= 5_000_000
    [[judgement], _] = open_yofo(name, folder).judge(two, ["a dress"])
    assert 0 <= judgement.p_yes <= 1


def test_every_contestant_has_a_record_that_says_it_was_trained_here():
    records = baselines()
    for name in (*ONE_SCORE, "yofo", "yofo, as shipped", "clip, as shipped"):
        assert records[name].state == "trained" and records[name].licence == "apache-2.0"


def test_unknown_and_untrained_contestants_are_named(tmp_path):
    with pytest.raises(ConfigError, match="known are clip-style"):
        get_recipe("blip3")
    with pytest.raises(ConfigError, match="--train jina-style"):
        load_trained("jina-style", tmp_path)
    with pytest.raises(ConfigError, match="--train yofo"):
        open_yofo("yofo", tmp_path)


def test_a_document_without_a_picture_is_an_error_and_no_score(pictures, folder):
    train(get_recipe("clip-style"), pictures, folder, seconds=1)
    with pytest.raises(Exception, match="picture"):
        get_baseline("clip-style").load(str(folder)).score("a dress", [Document(text="a dress")])


def test_the_losses_of_all_recipes_reach_what_they_train(pictures):
    shelf = Shelf(pictures)
    for name in ("siglip-style", "blip2-itm-style", "whole-query-style"):
        torch.manual_seed(0)
        module = RECIPES[name].make()
        loss, figures = module.loss(shelf, random.Random(1))
        loss.backward()
        touched = [n for n, p in module.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0]
        assert len(touched) > 5 and all(isinstance(value, float) for value in figures.values())


@pytest.mark.parametrize("metadata", [{"origin": "another digest"}, {}, None])  # without: an earlier version
def test_a_checkpoint_of_another_origin_is_begun_anew(metadata, tmp_path):
    checkpoint, layer = tmp_path / "checkpoint.safetensors", torch.nn.Linear(2, 1)

    def train_one(seconds):
        def loss(_):
            return layer(torch.ones(2)).sum(), {}

        rates = {"muon_rate": 0.1, "adam_rate": 0.1}
        return budget.train_for(seconds, "toy", layer, loss, tmp_path, **rates, origin="this")

    steps = train_one(0.05)
    assert steps > 0
    assert train_one(0.01) == steps  # taken up: its time was used
    save_file(load_file(checkpoint) | {"step": torch.tensor(10**6)}, checkpoint, metadata)
    assert train_one(0.01) < 10**6


def test_whatever_decides_the_weights_is_in_their_origin(pictures, monkeypatch):
    recipe = get_recipe("clip-style")
    fewer = replace(pictures, garments=pictures.garments[:-1])
    others = [
        recipes._origin(replace(recipe, adam_rate=0.5), pictures, 1.0),
        recipes._origin(recipe, fewer, 1.0),
        recipes._origin(recipe, pictures, 2.0),
    ]
    before = recipes._origin(recipe, pictures, 1.0)
    assert recipes._origin(recipe, pictures, 1.0) == before
    monkeypatch.setattr(recipes, "mini_weights", lambda: "another digest")
    others.append(recipes._origin(recipe, pictures, 1.0))
    assert len({before, *others}) == 5


def test_what_was_trained_from_other_embedded_weights_is_refused(pictures, folder, monkeypatch):
    train(get_recipe("clip-style"), pictures, folder, seconds=1)
    assert trained_as("clip-style", folder)
    monkeypatch.setattr(recipes, "mini_weights", lambda: "another digest")
    for opened in (trained_as, load_trained):
        with pytest.raises(ConfigError, match=r"trained from other embedded weights.*--train clip-style"):
            opened("clip-style", folder)


def test_pictures_are_looked_at_again_by_other_embedded_weights(tmp_path, monkeypatch):
    looked = []

    def look(_tower, drawn, path):
        if not path.exists():
            looked.append(len(drawn))
            np.save(path, np.zeros((len(drawn), 2, 1, 1), np.float16))
        return np.load(path)

    monkeypatch.setattr(pictures_module, "cache_features", look)
    monkeypatch.setattr(pictures_module, "render_pictures", lambda *_, **__: ([None] * 3, np.zeros((3, 1))))
    for _ in range(2):
        made = pictures_module.make_pictures(tmp_path, 3)
    assert looked == [3]
    monkeypatch.setattr(pictures_module, "mini_weights", lambda: "another digest")
    assert pictures_module.make_pictures(tmp_path, 3).seconds != made.seconds
    assert looked == [3, 3]
    (tmp_path / "seconds.json").write_text('{"seconds": 1.0}')  # as earlier versions wrote it
    pictures_module.make_pictures(tmp_path, 3)
    assert looked == [3, 3, 3]
