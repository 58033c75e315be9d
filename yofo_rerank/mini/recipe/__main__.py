"""`python -m yofo_rerank.mini.recipe`: make the embedded models from nothing; stop and resume at any point."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.recipe.pack import pack

logger = logging.getLogger("yofo_rerank.mini.recipe")


@dataclass(frozen=True)
class Plan:
    """How much of each lesson; the defaults are what the shipped weights were made with (see their README)."""

    pictures: int = 36000
    seed: int = 1
    vision_steps: int = 1400
    vision_batch: int = 48
    language_steps: int = 800
    language_batch: int = 48
    together_steps: int = 2600
    together_batch: int = 48
    adapter_examples: int = 4096
    validation_examples: int = 200
    clip_steps: int = 3000
    clip_batch: int = 48


def main(
    folder: Annotated[Path, typer.Option(help="Where pictures, checkpoints, logs and weights go.")] = Path("runs/mini"),
    scale: Annotated[float, typer.Option(help="Scale every count; 0.01 is a rehearsal of a few minutes.")] = 1.0,
    workers: Annotated[int, typer.Option(help="Processes that render.")] = 2,
) -> None:
    """Train the embedded judge (base and adapter) and the embedded first stage."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    plan = scaled(Plan(), scale)
    garments, pictures = draw(plan, folder, workers)
    train_base(plan, garments, pictures, folder)
    train_adapter(plan, garments, pictures, folder)
    from yofo_rerank.mini.recipe.clip import train_clip

    train_clip(garments, pictures, folder / "clip", steps=plan.clip_steps, batch=plan.clip_batch, seed=plan.seed)
    logger.info("copy %s over yofo_rerank/mini/weights", pack(folder, folder / "weights"))


def scaled(plan: Plan, scale: float) -> Plan:
    """The plan with every count multiplied, at least one full batch each."""
    counts = {name: value for name, value in vars(plan).items() if name != "seed" and not name.endswith("_batch")}
    return Plan(**{**vars(plan), **{name: max(150, int(value * scale)) for name, value in counts.items()}})


def draw(plan: Plan, folder: Path, workers: int) -> tuple[list[Garment], np.ndarray]:
    """The training pictures."""
    from yofo_rerank.mini.recipe.pictures import render_pictures

    return render_pictures(folder / "pictures", plan.pictures, plan.seed, workers=workers)


def train_base(plan: Plan, garments: list[Garment], pictures: np.ndarray, folder: Path) -> None:
    """Eyes, then words, then both: writes `base`."""
    from yofo_rerank.mini.architecture import build_model, build_tokenizer
    from yofo_rerank.mini.recipe.base import save_base
    from yofo_rerank.mini.recipe.language import cache_features, train_language
    from yofo_rerank.mini.recipe.together import train_together
    from yofo_rerank.mini.recipe.vision import train_vision
    from yofo_rerank.prompts import SPECIAL_TOKENS

    if (folder / "base" / "model.safetensors").exists():
        return
    tokenizer = build_tokenizer()
    tokenizer.add_tokens(list(SPECIAL_TOKENS), special_tokens=True)  # in unused rows, as the adapter will have them
    model = build_model(tokenizer)
    visual = model.model.visual
    probe = train_vision(visual, garments, pictures, folder, steps=plan.vision_steps, batch=plan.vision_batch)
    features = cache_features(visual, pictures, folder / "features.npy")
    train_language(model, tokenizer, garments, features, folder, steps=plan.language_steps, batch=plan.language_batch)
    together = {"steps": plan.together_steps, "batch": plan.together_batch}
    train_together(model, probe, tokenizer, garments, pictures, folder, **together)
    save_base(model, folder / "base")


def train_adapter(plan: Plan, garments: list[Garment], pictures: np.ndarray, folder: Path) -> None:
    """The paper's own training (`yofo train`) on top of the base: writes `adapter/final`."""
    import yaml

    from yofo_rerank.mini.catalog import sample_garments
    from yofo_rerank.mini.recipe.examples import write_examples
    from yofo_rerank.mini.recipe.pictures import render_pictures
    from yofo_rerank.training import TrainConfig, train

    data = folder / "examples"
    if not (data / "validation.jsonl").exists():
        n = min(plan.adapter_examples, len(garments))
        write_examples(data / "train.jsonl", garments[:n], pictures[:n], seed=plan.seed, statements=12)
        unseen = sample_garments(plan.validation_examples, plan.seed + 1, held_out=False)
        _, shown = render_pictures(folder / "unseen", len(unseen), plan.seed + 1)
        write_examples(data / "validation.jsonl", unseen, shown, seed=plan.seed)
    settings = yaml.safe_load((Path(__file__).parent / "adapter.yaml").read_text())
    settings |= {
        "model": str(folder / "base"),
        "train_file": str(data / "train.jsonl"),
        "validation_file": str(data / "validation.jsonl"),
        "output_dir": str(folder / "adapter"),
    }
    train(TrainConfig(**settings))


if __name__ == "__main__":
    typer.run(main)
