"""The comparison as one HTML page and one Markdown page, made of the records alone: `python -m evals.report`."""
