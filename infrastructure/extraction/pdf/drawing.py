"""Draws the pages of a PDF by PDFium, which is the only one here that can: what it cannot open is not drawn."""

from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.limits import ExtractionLimits

LOCKED = (
    "The file is protected by a password, which is forgotten once the file was processed: upload a copy without one to"
    " see this."
)


def open_pdf_drawing(path: Path, limits: ExtractionLimits) -> "PdfDrawing":
    """Open a PDF. Raises DocumentUnreadable: encrypted, corrupt, too_many_pages."""
    document = opened_pdf(path)
    if not len(document):
        raise DocumentUnreadable(FailureCode.CORRUPT)
    if len(document) > limits.max_pages:
        raise DocumentUnreadable(FailureCode.TOO_MANY_PAGES)
    document.init_forms()  # what people filled in is drawn by it
    return PdfDrawing(document)


def opened_pdf(path: Path) -> Any:  # noqa: ANN401 - pypdfium2 is untyped
    """Open a PDF that needs no password. Raises DocumentUnreadable: encrypted, corrupt."""
    try:
        document = pypdfium2.PdfDocument(path)
        len(document)
    except pypdfium2.PdfiumError as exc:
        if exc.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise DocumentUnreadable(FailureCode.ENCRYPTED, LOCKED) from exc
        raise DocumentUnreadable(FailureCode.CORRUPT) from exc
    return document


class PdfDrawing:
    """A PDF that PDFium has opened."""

    media_type = "application/pdf"

    def __init__(self, document: Any) -> None:  # noqa: ANN401
        self.page_count = len(document)
        self._document = document

    def draw(self, number: int, *, longer_side: int) -> Image.Image:
        """See Drawing. The page is never drawn larger than that, whatever size it claims."""
        try:
            page = self._document[number - 1]
        except pypdfium2.PdfiumError as exc:
            raise DocumentUnreadable(FailureCode.CORRUPT) from exc
        try:
            longest = max(page.get_size())
            if not 0 < longest < float("inf"):
                raise DocumentUnreadable(FailureCode.CORRUPT)
            bitmap = page.render(scale=(longer_side - 0.5) / longest)  # pixels are counted upwards
            image: Image.Image = bitmap.to_pil().convert("RGB").copy()
            bitmap.close()
        except (pypdfium2.PdfiumError, ValueError) as exc:
            raise DocumentUnreadable(FailureCode.CORRUPT) from exc
        finally:
            page.close()
        return image
