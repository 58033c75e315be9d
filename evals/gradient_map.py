"""The contestant of evidence: gradient x attention (Chefer et al., ICCV 2021, eq. 5), which needs a backward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from yofo_rerank.documents import Document
    from yofo_rerank.models.slot_model import SlotModel


def gradient_map(model: SlotModel, document: Document, text: str) -> list[list[float]]:
    """Positive part of attention x its gradient from the slot to each image token, over all layers and heads."""
    prefix = model.prepare(document)
    [question] = model.questions([text], "isolated")
    template = question.template
    [part] = prefix.parts
    if part.grid is None:
        raise ValueError("a gradient map needs a picture, but got a document without one")
    network = model.network
    before = network.model.config._attn_implementation  # there is no public reader
    network.model.set_attn_implementation("eager")  # the only one that shows its attention
    try:
        after = (prefix.next_position + torch.arange(len(template.ids))).expand(3, -1)
        output = network.model.model(
            input_ids=torch.tensor([prefix.ids + template.ids]),
            position_ids=torch.cat([prefix.positions, after], dim=1)[:, None],
            pixel_values=model.maker.patcher.values(prefix.pictures).requires_grad_(True),
            image_grid_thw=torch.tensor(prefix.grids),
            use_cache=False,
            output_attentions=True,
        )
    finally:
        network.model.set_attn_implementation(before)
    slot = len(prefix.ids) + template.slots[0] - 1
    no, yes = network.answers(output.last_hidden_state[0, slot])
    gradients = torch.autograd.grad(yes - no, output.attentions)
    image = slice(part.start, part.start + part.n_tokens)
    layers = zip(output.attentions, gradients, strict=True)
    total = sum((attention * gradient).clamp(min=0)[0, :, slot, image].sum(0) for attention, gradient in layers)
    return torch.as_tensor(total).view(part.grid).tolist()
