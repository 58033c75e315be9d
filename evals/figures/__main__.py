"""Put the figures of the records into the documents, or say which documents differ.

python -m evals.figures            # exit code 1 where a document differs from a record
python -m evals.figures --write
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.figures.markers import filled
from evals.figures.records import Records

ROOT = Path(__file__).parents[2]
WHERE = ("*.md", "docs/**/*.md", "evals/*.md", "yofo_rerank/mini/weights/*/README.md")


def documents() -> list[Path]:
    """Every document that may have figures."""
    return sorted({path for pattern in WHERE for path in ROOT.glob(pattern)})


def differing(records: Records) -> dict[Path, str]:
    """Every document that differs from the records -> how it should read."""
    found = {}
    for path in documents():
        text = path.read_text(encoding="utf-8")
        new = filled(text, records)
        if new != text:
            found[path] = new
    return found


def main(write: Annotated[bool, typer.Option("--write", help="mend the documents")] = False) -> None:
    """Compare the documents with the records."""
    found = differing(Records())
    for path, text in found.items():
        if write:
            path.write_text(text, encoding="utf-8")
        typer.echo(f"{'wrote' if write else 'differs from its records:'} {path.relative_to(ROOT)}")
    raise typer.Exit(int(bool(found) and not write))


if __name__ == "__main__":
    typer.run(main)
