"""What the library reaches, measured: each program, `python -m evals.<name>`, writes JSON and prints a table."""
