"""`yofo rules`: what --rule takes."""

from __future__ import annotations

import json

import typer

from yofo_rerank.cli import options


def rules(as_json: options.AsJson = False) -> None:
    """List the scoring rules, each with its meaning and an example for --rule.

    Example: yofo rules
    """
    from yofo_rerank.scoring import EXAMPLES, RULES

    if as_json:
        typer.echo(json.dumps(EXAMPLES))
        return
    for kind, rule in RULES.items():
        meaning = (rule.__doc__ or "").strip().splitlines()[0]
        typer.echo(f"{kind}: {meaning}\n    --rule '{json.dumps(EXAMPLES[kind])}'")
