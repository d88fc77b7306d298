"""PDF by PDFium, page by page; by pypdf where PDFium cannot open the file or a page.

PDFium is not thread-safe and holds one document at a time here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.pdf.outline import Outline, read_outline
from infrastructure.extraction.pdf.pages import PageTexts
from infrastructure.extraction.pdf.scans import is_drawn_on, is_stamped_scan, picture_of, shows_a_picture, with_layer
from infrastructure.extraction.pdf.second_try import SecondReader, locked
from infrastructure.extraction.pictures.recognized_text import recognize_page
from infrastructure.extraction.pictures.tesseract import can_recognize
from infrastructure.extraction.reading import Reading, ReadPage

MEDIA_TYPE = "application/pdf"
TAIL_BYTES = 4096


def open_pdf(path: Path, password: str | None, limits: ExtractionLimits) -> Reading:
    """Open a PDF. Raises DocumentUnreadable: encrypted, corrupt, too_many_pages."""
    try:
        document = pypdfium2.PdfDocument(path, password=password)
        page_count = len(document)
    except pypdfium2.PdfiumError as exc:
        if exc.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise locked(password) from exc
        page_count = 0
    if page_count > limits.max_pages:
        raise DocumentUnreadable(FailureCode.TOO_MANY_PAGES)
    second = SecondReader(path, password, limits)
    if not page_count:
        second.open()
        return second
    return PdfReading(document, page_count, second, limits, blank_is_damage=not _ends_properly(path))


class PdfReading:
    """A PDF that PDFium has opened."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        document: Any,  # noqa: ANN401
        page_count: int,
        second: SecondReader,
        limits: ExtractionLimits,
        *,
        blank_is_damage: bool,
    ) -> None:
        self.page_count = page_count
        self._document = document
        self._second = second
        self._limits = limits
        self._blank_is_damage = blank_is_damage
        self._texts = PageTexts()

    def recall(self, memories: Sequence[str]) -> None:
        """See Remembers."""
        self._texts.recall(memories)

    def read(self, *, first: int, last: int | None) -> Iterator[ReadPage]:
        """See Reading."""
        outline = read_outline(self._document)
        try:
            for number in range(first, (last or self.page_count) + 1):
                yield replace(self._page(number, outline, self._texts), memory=self._texts.memory())
        finally:
            self._document.close()

    def _page(self, number: int, outline: Outline, texts: PageTexts) -> ReadPage:
        try:
            page = self._document[number - 1]
        except pypdfium2.PdfiumError:
            return self._second.page_or_unreadable(number)
        try:
            text = texts.read(page, number)
            blank = None if text.strip() else self._why_blank(page)
            recognized = self._recognized(page, number, text)
        except pypdfium2.PdfiumError:
            return self._second.page_or_unreadable(number)
        finally:
            page.close()
        if recognized and not (text.strip() and (recognized.unreadable or recognized.blank)):
            text = with_layer(text, recognized.text)
            return replace(recognized, text=text, headings=outline.headings_of(number, text))
        return ReadPage(number=number, text=text, headings=outline.headings_of(number, text), blank=blank)

    def _why_blank(self, page: Any) -> FailureCode:  # noqa: ANN401 - pypdfium2 is untyped
        if shows_a_picture(page):
            return FailureCode.NEEDS_OCR
        return FailureCode.CORRUPT if self._blank_is_damage else FailureCode.NO_TEXT

    def _recognized(self, page: Any, number: int, text: str) -> ReadPage | None:  # noqa: ANN401 - pypdfium2 is untyped
        """Read what the page shows, where that may be more than its text says."""
        if not can_recognize(self._limits):
            return None
        if not (is_stamped_scan(page, text) if text.strip() else is_drawn_on(page)):
            return None
        return recognize_page(picture_of(page), number, self._texts.known, self._limits)


def _ends_properly(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(file.seek(0, 2) - TAIL_BYTES, 0))
        return b"%%EOF" in file.read()
