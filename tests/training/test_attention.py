"""Isolated attention in training: each requirement sees the document and itself alone, wherever it stands."""

import dataclasses

import pytest
import torch

from yofo_rerank.prompts import template_ids
from yofo_rerank.training.arrange import OPPOSITE, without_reasons
from yofo_rerank.training.collator import LABELS, STOOD_IN, Collator
from yofo_rerank.training.dataset import ExampleDataset
from yofo_rerank.training.encode import ExampleEncoder
from yofo_rerank.training.examples import Example, ExampleFile
from yofo_rerank.training.head import head_at
from yofo_rerank.training.visibility import visible

PROPERTIES = [
    {"text": "is red", "answer": "yes", "reason": "the top is red"},
    {"text": "is blue", "answer": "no"},
    {"text": "a small top", "answer": True, "reason": "it is small"},
]


def with_properties(item, properties, *, isolated=True):
    example = Example(image=item.example.image, properties=properties)
    return dataclasses.replace(item, example=example, isolated=isolated)


def logits_at(model, maker, item, what="slots"):
    """Logits at the slots (or reason positions) of one item  # (positions, vocab)."""
    batch = Collator(ExampleEncoder(maker, 1536))([item])
    forward = {name: tensor for name, tensor in batch.items() if name not in (*LABELS, STOOD_IN)}
    forward["attention_mask"] = visible(batch["segments"], batch["attention_mask"], model.dtype)
    columns = batch[what][0]
    with torch.no_grad(), head_at(model, torch.zeros_like(columns), columns):
        return model(**forward).logits


def test_together_equals_each_alone_in_any_order(family, loaded, toy_items):
    model, maker = loaded(family)
    together = logits_at(model, maker, with_properties(toy_items[0], PROPERTIES))
    for place, prop in enumerate(PROPERTIES):
        alone = logits_at(model, maker, with_properties(toy_items[0], [prop]))
        torch.testing.assert_close(together[place], alone[0], atol=1e-4, rtol=1e-4)
        bare = logits_at(model, maker, with_properties(toy_items[0], [prop | {"reason": None}], isolated=False))
        torch.testing.assert_close(alone[0], bare[0], atol=1e-4, rtol=1e-4)  # as plain causal attention
    mixed = logits_at(model, maker, with_properties(toy_items[0], PROPERTIES[::-1]))
    torch.testing.assert_close(mixed.flip(0), together, atol=1e-4, rtol=1e-4)
    joint = logits_at(model, maker, with_properties(toy_items[0], PROPERTIES, isolated=False))
    torch.testing.assert_close(joint[0], together[0], atol=1e-4, rtol=1e-4)
    assert (joint[1:] - together[1:]).abs().max() > 1e-2  # the neighbours count there


def test_reasons_are_learnt_behind_their_own_requirement(family, loaded, toy_items):
    model, maker = loaded(family)
    together = logits_at(model, maker, with_properties(toy_items[0], PROPERTIES), "reason_positions")
    alone = [
        logits_at(model, maker, with_properties(toy_items[0], [PROPERTIES[place]]), "reason_positions")
        for place in (0, 2)
    ]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-4, rtol=1e-4)


def test_requirements_laid_out_one_by_one_are_the_joint_template(loaded, toy_items):
    _, maker = loaded("qwen3_vl")
    texts, reasons = [prop["text"] for prop in PROPERTIES], [prop.get("reason") for prop in PROPERTIES]
    wanted = template_ids(maker.layout, maker.tokenizer, texts, reasons=reasons)
    encoder = ExampleEncoder(maker, 1536)
    item = with_properties(toy_items[0], PROPERTIES)
    prefix = encoder.prefix(item)
    got = encoder.encode(item, prefix)
    shift = len(prefix.ids)
    assert got.ids[shift:] == wanted.ids
    assert got.slots == [slot + shift - 1 for slot in wanted.slots]
    assert max(got.positions[0].tolist()) < prefix.next_position + len(wanted.ids) / 2  # they start anew


def test_mixed_draws_both_ways_anew_every_epoch(toy):
    def drawn(attention, epoch=0):
        data = ExampleDataset(
            ExampleFile(toy), seed=1, shuffle=True, dependency_aware=False, use_reasons=True, attention=attention
        )
        data.epoch = epoch
        return [data[index].isolated for index in range(len(data))]

    assert not any(drawn("joint"))
    assert all(drawn("isolated"))
    assert 2 < sum(drawn("mixed")) < 14
    assert drawn("mixed") == drawn("mixed") != drawn("mixed", epoch=1)


@pytest.mark.parametrize("hidden", [False, True])
def test_a_dependent_question_does_not_see_the_reason_before_it(family, loaded, toy, hidden):
    """The second answer must come from the model's own, unwritten first one (paper section 4.5)."""
    model, maker = loaded(family)
    model = model.double()  # a longer template is summed in another order, which float32 shows on some processors
    data = ExampleDataset(
        ExampleFile(toy), seed=0, shuffle=True, dependency_aware=True, use_reasons=True, reasons_are_hidden=hidden
    )
    item = data[0]  # both of its properties have a reason
    first, second = item.example.properties
    assert second.text == OPPOSITE
    assert (first.reason is not None) == hidden
    bare = dataclasses.replace(item, example=without_reasons(item.example))
    batch = [Collator(ExampleEncoder(maker, 1536, hide_reasons=hidden))([one]) for one in (item, bare)]
    logits = []
    for one in batch:
        forward = {name: tensor for name, tensor in one.items() if name not in (*LABELS, STOOD_IN)}
        forward["attention_mask"] = visible(one["segments"], one["attention_mask"], model.dtype)
        with torch.no_grad(), head_at(model, torch.zeros_like(one["slots"][0]), one["slots"][0]):
            logits.append(model(**forward).logits)
    torch.testing.assert_close(logits[0], logits[1], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("settings", [{"attention": "mixed"}, {"attention": "joint", "hide_reasons": True}])
def test_recurrent_layers_are_trained_in_joint_attention_alone(tiny_qwen3_5, saved_model, tmp_path, settings):
    from yofo_rerank.errors import ConfigError
    from yofo_rerank.training.config import TrainConfig
    from yofo_rerank.training.prepare import prepare_parts

    folder = saved_model(tiny_qwen3_5, tmp_path / "base")
    config = TrainConfig(model=str(folder), train_file="x.jsonl", output_dir=tmp_path / "out", **settings)
    with pytest.raises(ConfigError, match="attention: joint"):
        prepare_parts(config)
