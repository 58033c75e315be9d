"""`yofo info`: what is installed, what can be named, what a model says about itself."""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer

from yofo_rerank.cli import options

PACKAGES = ("torch", "torchvision", "transformers", "peft", "open-clip-torch", "faiss-cpu", "faiss-gpu-cuvs")
OPTIONAL_PACKAGES = ("llama-index-core", "haystack-ai", "deepspeed", "openai")


def info(
    model: Annotated[str | None, typer.Option(help="Also load this judge, and show what it is.")] = None,
    adapter: options.Adapter = None,
    device: options.Device = None,
    as_json: options.AsJson = False,
) -> None:
    """Show versions, the device, and the names that other commands take; with --model also what the model is and how
    well it did, as far as its card says.

    Example: yofo info --model mini
    """
    if adapter and not model:
        raise typer.BadParameter("--adapter needs --model: the base that it was trained on")
    facts = _facts()
    if model:
        with options.step("Loading"):
            facts["model"] = options.load_judge(model, adapter, device).info()
        facts["figures"] = _figures(model, adapter)
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        _print_facts(facts)


def _facts() -> dict[str, Any]:
    from yofo_rerank import __version__
    from yofo_rerank.decompose import DECOMPOSERS
    from yofo_rerank.models.families import FAMILIES
    from yofo_rerank.prompts import FORMATS
    from yofo_rerank.scoring import RULES

    found = {name: _version(name) for name in (*PACKAGES, *OPTIONAL_PACKAGES)}
    return {
        "versions": {"yofo-rerank": __version__, "python": platform.python_version()}
        | {name: number for name, number in found.items() if number},
        "devices": _devices(),
        "formats": sorted(FORMATS),
        "families": sorted(FAMILIES),
        "rules": sorted(RULES),
        "decomposers": sorted(DECOMPOSERS),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _devices() -> list[str]:
    """What --device takes here, the best first."""
    import torch

    gpus = [f"cuda:{number} ({torch.cuda.get_device_name(number)})" for number in range(torch.cuda.device_count())]
    return [*gpus, *(["mps"] if torch.backends.mps.is_available() else []), f"cpu ({torch.get_num_threads()} threads)"]


def _figures(model: str, adapter: str | None) -> dict[str, Any]:
    """What the card of these very weights reports: `figures` in the metadata of the adapter's README.md, else of the
    model's; nobody else's.
    """
    from huggingface_hub import ModelCard

    from yofo_rerank.models.sources import resolve

    base, own_adapter = resolve(model, adapter, None)
    card = (own_adapter or base) / "README.md"
    if not card.is_file():
        return {}
    return ModelCard.load(card, ignore_metadata_errors=True).data.to_dict().get("figures") or {}


def _print_facts(facts: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 2))
    for name, value in facts.items():
        if isinstance(value, dict):
            table.add_row(Text(name, style="bold"), "")
            for key, entry in value.items():
                table.add_row(Text(f"  {key}"), Text(entry if isinstance(entry, str) else json.dumps(entry)))
        else:
            table.add_row(Text(name, style="bold"), Text(", ".join(value)))
    Console().print(table)
