"""PDFs that a framework's document names, as images: one page where it is told which, else all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from yofo_rerank.images import is_data_uri
from yofo_rerank.pdf import PdfPage, is_pdf, labelled_page, pdf_pages

PDF = "application/pdf"
_NAMED = re.compile(r"(\.pdf)(?:#page=(\d{1,9}))?\Z", re.IGNORECASE)
NUMBER, LABEL = "page_number", "page_label"  # fields of metadata: a number from 1; what the PDF itself calls the page


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


def pages_of(file: str | Path | bytes, metadata: Mapping[str, object], root: str | None = None) -> list[PdfPage]:
    """The page that its name or the metadata tells, else all pages; without a number the file is opened.

    >>> pages_of("shop.pdf", {"page_number": 3}), pages_of("shop.pdf#page=2", {})
    ([<shop.pdf#page=3>], [<shop.pdf#page=2>])

    Raises:
        ImageError: no such page (`no_such_page`), or a file that cannot be opened.
    """
    named = None if isinstance(file, bytes) or is_data_uri(file) else _NAMED.search(str(file))
    if named and named[2]:
        return [PdfPage(Path(str(file)[: named.end(1)]), int(named[2]))]
    number, label = metadata.get(NUMBER), metadata.get(LABEL)
    if number is not None:
        is_written = isinstance(number, str) and number.isascii() and number.isdigit() and len(number) < 10
        return [PdfPage(file, int(number) if is_written else number)]  # type: ignore[call-overload,arg-type]
    return pdf_pages(file, root=root) if label is None else [labelled_page(file, str(label), root=root)]
