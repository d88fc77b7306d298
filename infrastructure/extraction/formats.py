"""From a file to its reader: each format's library is loaded when its first document comes."""

from pathlib import Path

from infrastructure.extraction.detection import Format, detect
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.reading import Reading

# ruff: noqa: PLC0415 - a child that reads nothing but PDFs should not load the world


def open_document(path: Path, filename: str, limits: ExtractionLimits) -> Reading:  # noqa: C901 - a case a format
    """Open a document of any supported format. Raises DocumentUnreadable."""
    detected = detect(path, filename, limits)
    match detected.format:
        case Format.PDF:
            from infrastructure.extraction.pdf import open_pdf

            return open_pdf(path, limits)
        case Format.DOCX:
            from infrastructure.extraction.docx import open_docx

            return open_docx(path, limits)
        case Format.HTML:
            from infrastructure.extraction.html import open_html

            return open_html(path, detected.encoding)
        case Format.MARKDOWN:
            from infrastructure.extraction.markdown import open_markdown

            return open_markdown(path, detected.encoding)
        case Format.PLAIN_TEXT:
            from infrastructure.extraction.plain_text import open_plain_text

            return open_plain_text(path, detected.encoding)
        case Format.EML:
            from infrastructure.extraction.eml import open_eml

            return open_eml(path, detected.encoding)
        case Format.MSG:
            from infrastructure.extraction.msg import open_msg

            return open_msg(path, limits)
        case Format.EPUB:
            from infrastructure.extraction.epub import open_epub

            return open_epub(path, limits)
        case Format.XML:
            from infrastructure.extraction.xml_document import open_xml

            return open_xml(path)
        case Format.JSON:
            from infrastructure.extraction.json_document import open_json

            return open_json(path, detected.encoding)
