"""What a pair costs on paper: floating-point operations of each part of a forward pass, and the ratios they promise.

One multiplication with addition counts two operations; causal attention counts half its square. Norms, activations
and the two-row head are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from evals.bench.shapes import Shape


@dataclass(frozen=True)
class Tokens:
    """Lengths of what is judged: the prefix (text before and after the image, and the image) and the template."""

    prefix_text: int
    image: int
    per_requirement: float
    requirements: int
    shared: int = 0  # template tokens that every pass needs, whatever the number of requirements

    def template(self, requirements: int | None = None) -> float:
        """Template tokens of a pass over that many requirements; default all."""
        return self.shared + self.per_requirement * (self.requirements if requirements is None else requirements)


@dataclass(frozen=True)
class Cost:
    """Operations of one document with all requirements in one pass."""

    vision: float
    prefix: float
    template: float
    pass_per_requirement: float  # of all passes together

    @property
    def one_pass(self) -> float:
        """A cold pass."""
        return self.vision + self.prefix + self.template

    @property
    def one_pass_ratio(self) -> float:
        """A pass for each requirement against one pass for all."""
        return self.pass_per_requirement / self.one_pass

    @property
    def cached_ratio(self) -> float:
        """A cold pass against one behind a kept prefix state."""
        return self.one_pass / self.template


def cost(shape: Shape, tokens: Tokens) -> Cost:
    """Operations of judging one document."""
    vision = _vision(shape, 4 * tokens.image)
    before = tokens.prefix_text + tokens.image
    prefix = _language(shape, before, 0)
    single = _language(shape, tokens.template(1), before)
    return Cost(
        vision=vision,
        prefix=prefix,
        template=_language(shape, tokens.template(), before),
        pass_per_requirement=tokens.requirements * (vision + prefix + single),
    )


def _language(shape: Shape, tokens: float, context: float) -> float:
    """The layers of the language model over `tokens` that follow `context` tokens."""
    attention = shape.heads * shape.head_width
    projections = shape.width * (2 * attention + 2 * shape.kv_heads * shape.head_width)
    feed_forward = 3 * shape.width * shape.feed_forward
    seen = tokens * (context + tokens / 2)  # pairs of positions
    return 2 * shape.layers * (tokens * (projections + feed_forward) + 2 * attention * seen)


def _vision(shape: Shape, patches: int) -> float:
    """The vision tower over one image, with its mergers."""
    width = shape.vision_width
    layer = patches * (4 * width**2 + 2 * width * shape.vision_feed_forward) + 2 * width * patches**2
    embedding = patches * 3 * 2 * shape.patch**2 * width
    merger = patches / 4 * ((4 * width) ** 2 + 4 * width * shape.width)
    return 2 * (shape.vision_layers * layer + embedding + (1 + len(shape.deepstack)) * merger)
