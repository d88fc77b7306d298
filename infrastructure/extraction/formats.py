"""From a file to its reader: each format's library is loaded when its first document comes."""

from pathlib import Path

from infrastructure.extraction.detection import Format, detect
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.reading import Reading

# ruff: noqa: PLC0415 - a child that reads nothing but PDFs should not load the world


def open_document(path: Path, filename: str, password: str | None, limits: ExtractionLimits) -> Reading:
    """Open a document of any supported format. Raises DocumentUnreadable."""
    detected = detect(path, filename, limits)
    match detected.format:
        case Format.PDF:
            from infrastructure.extraction.pdf import open_pdf

            return open_pdf(path, password, limits)
        case Format.DOCX:
            from infrastructure.extraction.docx import open_docx

            return open_docx(path, limits)
        case Format.HTML:
            from infrastructure.extraction.html import open_html

            return open_html(path, detected.encoding)
        case Format.MARKDOWN:
            from infrastructure.extraction.markdown import open_markdown

            return open_markdown(path, detected.encoding)
        case Format.PNG | Format.JPEG | Format.GIF | Format.TIFF | Format.BMP | Format.WEBP:
            from infrastructure.extraction.pictures import open_picture

            return open_picture(path, detected.format.value, limits)
        case Format.PLAIN_TEXT:
            from infrastructure.extraction.plain_text import open_plain_text

            return open_plain_text(path, detected.encoding)
