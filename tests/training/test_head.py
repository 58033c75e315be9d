"""The LM head at supervised positions equals the full one, in loss and gradients; hidden reasons are hidden."""

import dataclasses

import pytest
import torch

from yofo_rerank.training.adapt import add_lora
from yofo_rerank.training.arrange import without_reasons
from yofo_rerank.training.collator import ABSENT, LABELS, Collator
from yofo_rerank.training.config import LoraSettings
from yofo_rerank.training.encode import ExampleEncoder
from yofo_rerank.training.head import head_at
from yofo_rerank.training.losses import answer_loss, reason_loss, total_loss
from yofo_rerank.training.visibility import visible


def places(batch, name):
    return torch.nonzero(batch[name] != ABSENT, as_tuple=True)


def objective(slot_logits, reason_logits, batch):
    slots, reasons = places(batch, "slots"), places(batch, "reason_positions")
    answer = answer_loss(slot_logits, batch["answers"][slots], slots[0], len(batch["slots"]))
    reason = reason_loss(reason_logits, batch["reason_tokens"][reasons], reasons[0], len(batch["slots"]))
    return total_loss(answer, reason, 0.55)


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def adapted(loaded, family):
    model, maker = loaded(family)
    torch.manual_seed(1)
    ids = [maker.tokenizer.convert_tokens_to_ids(token) for token in maker.layout.special_tokens]
    model = add_lora(model, LoraSettings(rank=4, dropout=0), ids)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)  # zero at the start: half of the gradients would be zero too
    return model.train(), maker


@pytest.mark.parametrize("lora", [True, False])
def test_selected_head_equals_the_full_one(family, loaded, toy_items, lora):
    model, maker = adapted(loaded, family) if lora else loaded(family)
    batch = Collator(ExampleEncoder(maker, 1536))(toy_items[:6])
    forward = {name: tensor for name, tensor in batch.items() if name not in LABELS}
    slots, reasons = places(batch, "slots"), places(batch, "reason_positions")
    at = [(batch["slots"][slots]), (batch["reason_positions"][reasons])]

    full = model(**forward).logits
    full_loss = objective(full[slots[0], at[0]], full[reasons[0], at[1]], batch)
    full_gradients, full_loss = gradients(model, full_loss), float(full_loss.detach())

    with head_at(model, torch.cat([slots[0], reasons[0]]), torch.cat(at)):
        few = model(**forward).logits
    assert few.shape == (len(at[0]) + len(at[1]), full.shape[-1])
    few_loss = objective(few[: len(at[0])], few[len(at[0]) :], batch)
    few_gradients, few_loss = gradients(model, few_loss), float(few_loss.detach())

    assert few_loss == pytest.approx(full_loss, rel=1e-6)
    assert few_gradients.keys() == full_gradients.keys()
    for name, gradient in full_gradients.items():
        torch.testing.assert_close(few_gradients[name], gradient, atol=1e-5, rtol=1e-4)
    zero = [name for name, gradient in full_gradients.items() if not gradient.any()]
    assert len(zero) < len(full_gradients) / 4  # or the comparison would be empty
    assert model(**forward).logits.shape == full.shape  # the hook is gone


def test_a_hidden_reason_changes_no_slot(family, loaded, toy_items):
    model, maker = loaded(family)
    item = next(item for item in toy_items if all(prop.reason for prop in item.example.properties[:2]))
    bare = dataclasses.replace(item, example=without_reasons(item.example))

    def slot_logits(one, *, hide):
        batch = Collator(ExampleEncoder(maker, 1536, hide_reasons=hide))([one])
        forward = {name: tensor for name, tensor in batch.items() if name not in LABELS}
        if hide:
            forward["attention_mask"] = visible(batch["segments"], batch["attention_mask"], model.dtype)
        with torch.no_grad(), head_at(model, torch.zeros_like(batch["slots"][0]), batch["slots"][0]):
            return model(**forward).logits

    wanted = slot_logits(bare, hide=False)
    torch.testing.assert_close(slot_logits(item, hide=True), wanted, atol=1e-5, rtol=1e-4)
    seen = slot_logits(item, hide=False)
    torch.testing.assert_close(seen[0], wanted[0], atol=1e-5, rtol=1e-4)  # nothing comes before the first slot
    assert (seen[1] - wanted[1]).abs().max() > 1e-4  # the paper's layout: the second slot sees the first reason
