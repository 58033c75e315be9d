"""Make the two pages of the comparison.

python -m evals.report
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.figures.records import Records
from evals.record import RESULTS
from evals.report.pages import HTML, MARKDOWN, render

DOCS = Path(__file__).parents[2] / "docs"


def main(
    results: Annotated[Path, typer.Option(help="folder of records")] = RESULTS,
    html: Annotated[Path, typer.Option(help="self-contained page with plots and pictures")] = RESULTS / "report.html",
    markdown: Annotated[Path, typer.Option(help="page of tables")] = DOCS / "comparison.md",
) -> None:
    """Render the records."""
    records = Records(results)
    for path, template in ((html, HTML), (markdown, MARKDOWN)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(records, template), encoding="utf-8")
        typer.echo(f"wrote {path}")


if __name__ == "__main__":
    typer.run(main)
