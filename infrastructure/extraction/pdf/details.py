"""What a PDF says of itself: its information dictionary, and its outline (bookmarks)."""

import itertools
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pypdfium2

from domain.document_details import MOST_OUTLINE_ENTRIES, MOST_OUTLINE_LEVELS, DocumentDetails, OutlineEntry
from infrastructure.extraction.details import said, sensible
from infrastructure.extraction.pdf.drawing import opened_pdf
from infrastructure.extraction.pdf.outline import MAX_TITLE_CHARACTERS

# ISO 32000-1, 7.9.4: D:YYYYMMDDHHmmSSOHH'mm'. Most of it may be left out; a day is the least that is believed.
_DATE = re.compile(
    r"(?:D:)?(\d{4})(\d{2})(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2}))?)?)?\s*(?:(Z)|([+-])(\d{2})'?(?:(\d{2})'?)?)?.*"
)


def pdf_details(path: Path) -> DocumentDetails:
    """Read them. Raises DocumentUnreadable: encrypted, corrupt."""
    document = opened_pdf(path)
    try:
        stated = document.get_metadata_dict()
        return DocumentDetails(
            title=said(stated.get("Title")),
            author=said(stated.get("Author")),
            created_at=_instant(stated.get("CreationDate")),
            modified_at=_instant(stated.get("ModDate")),
            outline=tuple(_outline(document)),
        )
    finally:
        document.close()


def _outline(document: Any) -> Iterator[OutlineEntry]:  # noqa: ANN401 - pypdfium2 is untyped
    """Yield the entries as far as they can be read."""
    with suppress(pypdfium2.PdfiumError, ValueError):
        for bookmark in itertools.islice(document.get_toc(max_depth=MOST_OUTLINE_LEVELS), MOST_OUTLINE_ENTRIES):
            target = bookmark.get_dest()
            index = target.get_index() if target else None
            title = said(bookmark.get_title(), most=MAX_TITLE_CHARACTERS)
            if title:
                page = index + 1 if index is not None and index >= 0 else None
                yield OutlineEntry(title=title, level=min(bookmark.level + 1, MOST_OUTLINE_LEVELS), page=page)


def _instant(text: str | None) -> datetime | None:
    found = _DATE.fullmatch((text or "").strip())
    if not found:
        return None
    parts = [int(part or 0) for part in found.groups()[:6]]
    ahead = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0))
    try:
        zone = timezone(-ahead if found[8] == "-" else ahead) if ahead else UTC
        return sensible(datetime(*parts, tzinfo=zone))  # type: ignore[arg-type,misc]
    except ValueError:
        return None
