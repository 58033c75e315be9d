"""The benchmarks that take minutes: imports, the embedded judge, the components; not `evals.bench.full_size`."""

from __future__ import annotations

import typer

from evals.bench import adapters, import_time, mini, scaling
from evals.record import RESULTS


def main() -> None:
    """Measure imports, the embedded judge and the components that wrap it."""
    import_time.main(repeats=5, output=RESULTS / "import_time.json")
    mini.main(model="mini", documents=100, repeats=3, threads=0, output=RESULTS / "bench_mini.json")
    scaling.main(model="mini", documents=100, repeats=3, output=RESULTS / "bench_scaling.json")
    adapters.main(model="mini", documents=100, repeats=9, output=RESULTS / "bench_adapters.json")
    typer.echo("full size (minutes, up to 12 GiB): python -m evals.bench.full_size")


if __name__ == "__main__":
    typer.run(main)
