"""Show a ranking to people: a table for the terminal, one self-contained HTML page for the browser."""

from yofo_rerank.report.page import render_page, write_page
from yofo_rerank.report.table import ranking_table

__all__ = ["ranking_table", "render_page", "write_page"]
