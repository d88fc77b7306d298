"""From a file to what it says of itself: a format's library is loaded when its first document comes."""

import re
from datetime import UTC, datetime
from pathlib import Path

from domain.document_details import DocumentDetails
from infrastructure.extraction.detection import Format, detect
from infrastructure.extraction.limits import ExtractionLimits

# ruff: noqa: PLC0415 - a child that reads nothing but PDFs should not load the world

MAX_CHARACTERS = 1_000
# Before and behind these, a clock was wrong.
FIRST_YEAR, LAST_YEAR = 1900, 2100
_ZONELESS = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?")
_SECONDS_PARTS = re.compile(r"(\.\d{6})\d+")


def read_details(path: Path, filename: str, limits: ExtractionLimits) -> DocumentDetails:
    """Read them; of formats that say nothing of themselves, nothing. Raises DocumentUnreadable."""
    detected = detect(path, filename, limits)
    match detected.format:
        case Format.PDF:
            from infrastructure.extraction.pdf.details import pdf_details

            return pdf_details(path)
        case Format.DOCX | Format.PPTX | Format.XLSX:
            from infrastructure.extraction.office.details import office_details

            return office_details(path, limits)
        case Format.ODT | Format.ODS | Format.ODP:
            from infrastructure.extraction.office.details import opendocument_details

            return opendocument_details(path, limits)
        case Format.HTML:
            from infrastructure.extraction.text.details import html_details

            return html_details(path, detected.encoding)
        case Format.EPUB:
            from infrastructure.extraction.text.details import epub_details

            return epub_details(path, limits)
        case Format.EML:
            from infrastructure.extraction.mail.details import eml_details

            return eml_details(path, detected.encoding)
        case Format.MSG:
            from infrastructure.extraction.mail.details import msg_details

            return msg_details(path, limits)
        case _:
            return DocumentDetails()


def said(text: str | None, *, most: int = MAX_CHARACTERS) -> str | None:
    """Return clean text in one line, None where nothing is said."""
    from infrastructure.extraction.text.text_cleaning import clean, one_line

    return one_line(clean((text or "")[: 2 * most]))[:most] or None


def instant_of(text: str | None) -> datetime | None:
    """Return a date or time of ISO 8601, which is in UTC unless it says otherwise; None where it is nonsense."""
    written = _SECONDS_PARTS.sub(r"\1", (text or "").strip())
    try:
        found = datetime.fromisoformat(written)
        return sensible(found.replace(tzinfo=UTC) if _ZONELESS.fullmatch(written) else found)
    except ValueError:
        return None


def sensible(moment: datetime | None) -> datetime | None:
    """Return a moment in UTC, None where it cannot be one of a document."""
    try:
        in_utc = moment.astimezone(UTC) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
    return in_utc if in_utc and FIRST_YEAR <= in_utc.year < LAST_YEAR else None
