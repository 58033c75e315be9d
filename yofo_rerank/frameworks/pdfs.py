"""PDFs that a framework's document names, as images: one page where its number is known, else all of them."""

from __future__ import annotations

import re
from pathlib import Path

from yofo_rerank.errors import ImageError
from yofo_rerank.images import is_data_uri
from yofo_rerank.pdf import PdfPage, is_pdf, pdf_pages

PDF = "application/pdf"
_NAMED = re.compile(r"(\.pdf)(?:#page=(\d{1,9}))?\Z", re.IGNORECASE)
PAGE_FIELDS = ("page_number", "page_label")  # of metadata: Haystack's name, and that of LlamaIndex's PDF reader


def names_pdf(file: object) -> bool:
    """Whether a file is a PDF by its name, or by its first bytes where it is in memory.

    >>> names_pdf("Shop.PDF"), names_pdf("data:;base64,JVBERi0xLjc="), names_pdf("page.png")
    (True, True, False)
    """
    if isinstance(file, bytes):
        return is_pdf(file)
    if not isinstance(file, str | Path):
        return False
    if is_data_uri(file):
        kind, _, content = str(file).partition(",")
        return PDF in kind.lower() or content.startswith("JVBERi0")  # %PDF- in base64
    return _NAMED.search(str(file)) is not None


def pages_of(file: str | Path | bytes, number: object, root: str | None = None) -> list[PdfPage]:
    """The page of that number, from 1; None = the one that its name ends with, or all, for which the file is opened.

    >>> pages_of("shop.pdf", "3"), pages_of("shop.pdf#page=2", None)
    ([<shop.pdf#page=3>], [<shop.pdf#page=2>])

    Raises:
        ImageError: a number that is none (`no_such_page`), or a file that cannot be opened.
    """
    named = None if isinstance(file, bytes) or is_data_uri(file) else _NAMED.search(str(file))
    if named and named[2]:
        file, number = Path(str(file)[: named.end(1)]), named[2]
    if number is None:
        return pdf_pages(file, root=root)
    if isinstance(number, str) and number.isascii() and number.isdigit() and len(number) < 10:
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int):
        raise ImageError(f"wanted a page number from 1, but got {number!r:.40}", code="no_such_page")
    return [PdfPage(file, number)]


def page_number(metadata: dict[str, object]) -> object:
    """The first field of metadata that numbers a page; None without one."""
    return next((metadata[field] for field in PAGE_FIELDS if metadata.get(field) is not None), None)
