"""Every contestant's recipe as data, and the one function that trains any of them."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from evals.contestants.budget import train_for, trained_tensors
from evals.contestants.lessons import Shelf
from evals.contestants.pictures import Pictures
from evals.record import mini_weights
from yofo_rerank.errors import ConfigError

logger = logging.getLogger("evals.contestants")
RUNS = Path("runs/contestants")
PICTURES = 36_000  # as many as the embedded base was made with
SECONDS = 240.0  # of processor, one thread


@dataclass(frozen=True)
class Recipe:
    """One contestant: what is built, and how fast it learns; the budget is the same for all of a table."""

    name: str
    build: str  # "module:class"
    options: dict[str, Any] = field(default_factory=dict)
    muon_rate: float = 0.01
    adam_rate: float = 1.5e-3
    adam_only: bool = False
    share: float = 1.0  # of the budget; the ranks of table 4 have half of it each
    about: str = ""

    def make(self) -> nn.Module:
        """The untrained module."""
        module, _, name = self.build.partition(":")
        built: nn.Module = getattr(import_module(module), name)(**self.options)
        return built


_HERE = "evals.contestants"
_LORA: dict[str, Any] = {"muon_rate": 0.01, "adam_rate": 1e-3}  # with AdamW alone it stays where it starts
_YOFO: dict[str, Any] = {"build": f"{_HERE}.yofo:Yofo", "adam_only": True, "adam_rate": 8e-4}
RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("clip-style", f"{_HERE}.dual:Dual", {"pairwise": False}, about="softmax over the batch"),
        Recipe("siglip-style", f"{_HERE}.dual:Dual", {"pairwise": True}, about="sigmoid of every pair"),
        Recipe("blip2-itm-style", f"{_HERE}.matching:Matching", about="cross-attention, match or not"),
        Recipe("jina-style", f"{_HERE}.one_score:OneScore", {"mlp": True}, **_LORA, about="backbone, MLP, one score"),
        Recipe(
            "whole-query-style",
            f"{_HERE}.one_score:OneScore",
            {"mlp": False},
            **_LORA,
            about="backbone, one yes/no slot",
        ),
        Recipe("yofo", **_YOFO, about="backbone, one slot a requirement"),
        Recipe("yofo-dep", **_YOFO, options={"dependent": True}, about="and dependent questions"),
        Recipe("yofo-reasons", **_YOFO, options={"reasons": True}, about="and post-hoc reasons"),
        *(
            Recipe(f"yofo-rank-{rank}", **_YOFO, options={"rank": rank}, share=0.5, about="half of the budget")
            for rank in (8, 32, 64, 128)
        ),
    )
}


def get_recipe(name: str) -> Recipe:
    """The recipe of this name.

    Raises:
        ConfigError: unknown; names the known ones.
    """
    if name not in RECIPES:
        raise ConfigError(f"unknown contestant {name!r}; known are {', '.join(RECIPES)}")
    return RECIPES[name]


def train(recipe: Recipe, pictures: Pictures, folder: Path, *, seconds: float) -> Path:
    """Train one contestant for its share of so many processor seconds, or go on with it; returns its folder."""
    torch.manual_seed(0)
    own, shelf = folder / recipe.name, Shelf(pictures)
    module: Any = recipe.make()
    budget = seconds * recipe.share
    loss: Callable[..., Any] = module.loss
    steps = train_for(
        budget,
        recipe.name,
        module,
        lambda rng: loss(shelf, rng),
        own,
        muon_rate=recipe.muon_rate,
        adam_rate=recipe.adam_rate,
        adam_only=recipe.adam_only,
        origin=_origin(recipe, pictures, budget),
    )
    if hasattr(module, "save_adapter"):
        module.save_adapter(own / "adapter")
    else:
        weights = {name: one.bfloat16().contiguous() for name, one in trained_tensors(module).items()}
        save_file(weights, own / "weights.safetensors")
    trained = sum(p.numel() for p in module.parameters() if p.requires_grad)
    written = asdict(recipe) | {
        "steps": steps, "processor_seconds": budget, "pictures": len(pictures.garments), "trained_parameters": trained,
        "shared_processor_seconds": pictures.seconds, "mini": mini_weights(),
    }  # fmt: skip
    (own / "recipe.json").write_text(json.dumps(written, indent=1) + "\n")
    logger.info("%s: %d steps", recipe.name, steps)
    return own


def _origin(recipe: Recipe, pictures: Pictures, budget: float) -> str:
    """What decides the weights, as a digest."""
    said = asdict(recipe) | {"pictures": len(pictures.garments), "seconds": budget, "mini": mini_weights()}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def load_trained(name: str, folder: Path = RUNS) -> Any:
    """A trained contestant in evaluation mode.

    Raises:
        ConfigError: as `trained_as`, and of a name that has no recipe.
    """
    recipe, own = get_recipe(name), folder / name
    path = own / "weights.safetensors"
    if not path.exists():
        raise ConfigError(f"{own} holds no trained contestant; make it by `python -m evals.contestants --train {name}`")
    trained_as(name, folder)
    module = recipe.make()
    module.load_state_dict({key: tensor.float() for key, tensor in load_file(path).items()}, strict=False)
    return module.eval()


def trained_as(name: str, folder: Path = RUNS) -> dict[str, Any] | None:
    """What a trained contestant's folder says of its training; None for what has no recipe here.

    Raises:
        ConfigError: it has one, but was not trained yet, or from other embedded weights; says the command that trains.
    """
    if name not in RECIPES:
        return None
    path = folder / name / "recipe.json"
    if not path.exists():
        raise ConfigError(f"{path} is missing; make it by `python -m evals.contestants --train {name}`")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if found.get("mini") != mini_weights():
        again = f"train it again by `python -m evals.contestants --train {name}`"
        raise ConfigError(f"{path.parent} was trained from other embedded weights than there are now; {again}")
    return found
