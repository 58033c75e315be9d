"""Speed and memory: `python -m evals.bench.import_time`, `.mini`, `.full_size`."""
