"""From a file to the drawing of its pages: a format's library is loaded when its first document comes."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.detection import Format, detect
from infrastructure.extraction.limits import ExtractionLimits

if TYPE_CHECKING:
    from PIL import Image

# ruff: noqa: PLC0415 - a child that draws nothing should not load what draws


class Drawing(Protocol):
    """An opened document whose pages can be drawn."""

    @property
    def media_type(self) -> str:
        """Type as the bytes say."""
        ...

    @property
    def page_count(self) -> int:
        """Number of pages."""
        ...

    def draw(self, number: int, *, longer_side: int) -> "Image.Image":
        """Draw a page, from 1, in RGB: its longer side has so many pixels, or fewer where there are no more.

        Raises DocumentUnreadable.
        """
        ...


def open_drawing(path: Path, filename: str, limits: ExtractionLimits) -> Drawing:
    """Open a document whose pages can be drawn. Raises DocumentUnreadable: no_page_pictures where they cannot."""
    detected = detect(path, filename, limits)
    match detected.format:
        case Format.PDF:
            from infrastructure.extraction.pdf.drawing import open_pdf_drawing

            return open_pdf_drawing(path, limits)
        case Format.PNG | Format.JPEG | Format.GIF | Format.TIFF | Format.BMP | Format.WEBP:
            from infrastructure.extraction.pictures.drawing import open_picture_drawing

            return open_picture_drawing(path, detected.format.value, limits)
        case _:
            raise DocumentUnreadable(FailureCode.NO_PAGE_PICTURES)
