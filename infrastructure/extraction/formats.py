"""From a file to its reader: each format's library is loaded when its first document comes."""

from pathlib import Path

from infrastructure.extraction.detection import Format, detect
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.reading import Reading

# ruff: noqa: PLC0415 - a child that reads nothing but PDFs should not load the world


def open_document(  # noqa: C901, PLR0912 - a case a format
    path: Path, filename: str, password: str | None, limits: ExtractionLimits
) -> Reading:
    """Open a document of any supported format. Raises DocumentUnreadable, ConversionNeeded."""
    detected = detect(path, filename, limits)
    match detected.format:
        case Format.PDF:
            from infrastructure.extraction.pdf.document import open_pdf

            return open_pdf(path, password, limits)
        case Format.DOCX:
            from infrastructure.extraction.office.docx import open_docx

            return open_docx(path, limits)
        case Format.PPTX:
            from infrastructure.extraction.office.pptx import open_pptx

            return open_pptx(path, limits)
        case Format.XLSX:
            from infrastructure.extraction.office.xlsx import open_xlsx

            return open_xlsx(path, limits)
        case Format.XLS:
            from infrastructure.extraction.office.xls import open_xls

            return open_xls(path)
        case Format.ODT:
            from infrastructure.extraction.office.odt import open_odt

            return open_odt(path, limits)
        case Format.ODS:
            from infrastructure.extraction.office.ods import open_ods

            return open_ods(path, limits)
        case Format.ODP:
            from infrastructure.extraction.office.odp import open_odp

            return open_odp(path, limits)
        case Format.DOC | Format.PPT:
            from infrastructure.extraction.office.old_office import open_old_office

            return open_old_office(path, detected.format)
        case Format.RTF:
            from infrastructure.extraction.office.rtf import open_rtf

            return open_rtf(path)
        case Format.CSV:
            from infrastructure.extraction.text.csv_table import open_csv

            return open_csv(path, detected.encoding)
        case Format.HTML:
            from infrastructure.extraction.text.html import open_html

            return open_html(path, detected.encoding)
        case Format.MARKDOWN:
            from infrastructure.extraction.text.markdown import open_markdown

            return open_markdown(path, detected.encoding)
        case Format.PNG | Format.JPEG | Format.GIF | Format.TIFF | Format.BMP | Format.WEBP:
            from infrastructure.extraction.pictures.document import open_picture

            return open_picture(path, detected.format.value, limits)
        case Format.PLAIN_TEXT:
            from infrastructure.extraction.text.plain_text import open_plain_text

            return open_plain_text(path, detected.encoding)
        case Format.EML:
            from infrastructure.extraction.mail.eml import open_eml

            return open_eml(path, detected.encoding)
        case Format.MSG:
            from infrastructure.extraction.mail.msg import open_msg

            return open_msg(path, limits)
        case Format.EPUB:
            from infrastructure.extraction.text.epub import open_epub

            return open_epub(path, limits)
        case Format.XML:
            from infrastructure.extraction.text.xml_document import open_xml

            return open_xml(path)
        case Format.JSON:
            from infrastructure.extraction.text.json_document import open_json

            return open_json(path, detected.encoding)
