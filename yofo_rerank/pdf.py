"""Pages of PDF files as images, rendered by PDFium (extra `pdf`): each when it is looked at, and never without bounds.

An error carries a code: `not_a_pdf`, `encrypted`, `too_many_pages`, `no_such_page`, `too_slow`, `missing_extra`.
"""

from __future__ import annotations

import ctypes
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from yofo_rerank.errors import ImageError

if TYPE_CHECKING:
    import pypdfium2

MAX_PDF_PAGES = 5_000  # of a file; a longer one is not opened
MAX_PDF_BYTES = 100 * 1024 * 1024
MOST_PIXELS = 4_000_000  # of a rendered page
_LEAST_PIXELS = 65_536  # below that nothing can be read, whatever is asked for
_DOTS = 200  # per inch; a small page is not blown up beyond that
_lock = threading.Lock()  # PDFium is not thread-safe


@dataclass(frozen=True)
class PdfPage:
    """One page of a PDF file, as an image of a document; the file is opened when the page is looked at.

    >>> str(PdfPage("catalogue.pdf", 3))
    'catalogue.pdf#page=3'

    Args:
        file: a path, or the file's bytes.
        number: from 1, as it is counted in the file.

    Raises:
        ImageError: no such number (`no_such_page`).
    """

    file: str | Path | bytes
    number: int

    def __post_init__(self) -> None:
        if not isinstance(self.file, str | Path | bytes) or not self.file:
            raise ImageError(f"a PDF file must be a path or bytes, but got {type(self.file).__name__}", code="bad_path")
        if isinstance(self.number, bool) or not isinstance(self.number, int) or self.number < 1:
            got = f"{self.number!r:.40}"
            raise ImageError(f"a page number must be a whole number from 1, but got {got}", code="no_such_page")

    def __str__(self) -> str:
        file = f"<{len(self.file):,} bytes>" if isinstance(self.file, bytes) else str(self.file)
        return f"{file}#page={self.number}"

    def __repr__(self) -> str:
        return f"<{self}>"


def pdf_pages(file: str | Path | bytes, *, root: str | Path | None = None) -> list[PdfPage]:
    """All pages of a PDF file, to be the images of one document or of one each; the file is opened to count them.

    >>> pdf_pages("catalogue.pdf")  # doctest: +SKIP
    [<catalogue.pdf#page=1>, <catalogue.pdf#page=2>]

    Args:
        file: a path, or the file's bytes.
        root: a folder that the path may not leave; a relative one starts there.

    Raises:
        ImageError: it cannot be read; see the codes above, and those of `yofo_rerank.images`.
    """
    from yofo_rerank.images import ImageLimits, read_source

    data = read_source(PdfPage(file, 1), ImageLimits(root=None if root is None else Path(root)), "PDF")
    with _opened(data, "PDF") as document:
        return [PdfPage(file, number) for number in range(1, len(document) + 1)]


def labelled_page(file: str | Path | bytes, label: str, *, root: str | Path | None = None) -> PdfPage:
    """The page that a PDF itself calls so ("iv", "12"), which need not be its number; the file is opened.

    Raises:
        ImageError: none is called so, or several (`no_such_page`); the rest as `pdf_pages`.
    """
    from yofo_rerank.images import ImageLimits, read_source

    data = read_source(PdfPage(file, 1), ImageLimits(root=None if root is None else Path(root)), "PDF")
    with _opened(data, "PDF") as document:
        labels = [document.get_page_label(at) or str(at + 1) for at in range(len(document))]
    if labels.count(label) != 1:
        got = f"{labels.count(label)} pages called {label!r:.40}"
        raise ImageError(f"PDF: got {got}, wanted one", code="no_such_page")
    return PdfPage(file, labels.index(label) + 1)


def is_pdf(data: bytes) -> bool:
    """Whether a file begins as a PDF does.

    >>> is_pdf(b"%PDF-1.7 ...")
    True
    """
    return b"%PDF-" in data[:1024]


def render_page(data: bytes, number: int, *, max_pixels: int, seconds: float, name: str) -> Image.Image:
    """One page on white, with at most so many pixels, upright as a reader shows it.

    Args:
        data: of the file.
        number: from 1.
        max_pixels: of the picture; more than 4 million are never made, and a small page is not blown up.
        seconds: after which drawing stops; it is looked at between two objects of the page.
        name: what error messages call it.

    Raises:
        ImageError: with a code of the table above.
    """
    with _opened(data, name) as document:
        if number > len(document):
            raise ImageError(f"{name}: got page {number} of a PDF with {len(document)} pages", code="no_such_page")
        page = document[number - 1]
        width, height = page.get_size()  # in points, turned as the page is
        if not (width > 0 and height > 0 and math.isfinite(width * height)):
            raise ImageError(f"{name}: page {number} has no size", code="not_a_pdf")
        most = min(max(max_pixels, _LEAST_PIXELS), MOST_PIXELS)
        scale = min(_DOTS / 72, math.sqrt(most / (width * height)))
        return _drawn(page, max(1, int(width * scale)), max(1, int(height * scale)), seconds, name)


def _drawn(page: Any, width: int, height: int, seconds: float, name: str) -> Image.Image:
    import pypdfium2
    from pypdfium2 import raw

    bitmap = pypdfium2.PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGR)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    end = time.monotonic() + seconds
    pause = raw.IFSDK_PAUSE(version=1)
    pause.NeedToPauseNow = type(pause.NeedToPauseNow)(lambda _: int(time.monotonic() > end))
    try:
        said = raw.FPDF_RenderPageBitmap_Start(
            bitmap, page, 0, 0, width, height, 0, raw.FPDF_ANNOT, ctypes.byref(pause)
        )
        raw.FPDF_RenderPage_Close(page)
        if said == raw.FPDF_RENDER_TOBECONTINUED:
            raise ImageError(f"{name}: drawing the page takes longer than the limits allow", code="too_slow")
        if said != raw.FPDF_RENDER_DONE:
            raise ImageError(f"{name}: the page cannot be drawn", code="not_a_pdf")
        return bitmap.to_pil().convert("RGB").copy()  # no view of memory that PDFium frees
    finally:
        bitmap.close()


@contextmanager
def _opened(data: bytes, name: str) -> Iterator[pypdfium2.PdfDocument]:
    """The document, under the lock: everything of it is closed with the block."""
    try:
        import pypdfium2
    except ImportError as error:
        raise ImageError(
            f'{name}: PDF pages are not read here: pip install "yofo-rerank[pdf]"', code="missing_extra"
        ) from error
    if not is_pdf(data):
        raise ImageError(f"{name}: got {len(data)} bytes that are no PDF", code="not_a_pdf")
    with _lock:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            raise _unopened(error, name) from error
        try:
            if len(document) > MAX_PDF_PAGES:
                got = f"got a PDF of {len(document):,} pages"
                raise ImageError(f"{name}: {got}, wanted at most {MAX_PDF_PAGES:,}", code="too_many_pages")
            yield document
        except pypdfium2.PdfiumError as error:
            raise ImageError(f"{name}: the PDF is damaged: {error}", code="not_a_pdf") from error
        finally:
            document.close()


def _unopened(error: Any, name: str) -> ImageError:
    from pypdfium2 import raw

    if getattr(error, "err_code", None) in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
        return ImageError(f"{name}: the PDF is encrypted; wanted one that opens without a password", code="encrypted")
    return ImageError(f"{name}: the PDF cannot be opened: {error}", code="not_a_pdf")
