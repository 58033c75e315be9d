"""Figures in documents come from records: `python -m evals.figures --write` puts them between markers."""
