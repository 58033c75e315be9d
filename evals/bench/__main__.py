"""The benchmarks that take a minute: imports, and the embedded judge. `evals.bench.full_size` takes many more."""

from __future__ import annotations

import typer

from evals.bench import import_time, mini
from evals.record import RESULTS


def main() -> None:
    """Measure imports and the embedded judge."""
    import_time.main(repeats=5, output=RESULTS / "import_time.json")
    mini.main(model="mini", documents=100, repeats=3, threads=0, output=RESULTS / "bench_mini.json")
    typer.echo("full size (minutes, up to 12 GiB): python -m evals.bench.full_size")


if __name__ == "__main__":
    typer.run(main)
