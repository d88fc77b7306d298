"""What a file says of itself, from the child's words to our types. Nothing that a child says is believed unseen."""

from datetime import datetime
from typing import Any

from domain.document_details import MOST_OUTLINE_ENTRIES, MOST_OUTLINE_LEVELS, DocumentDetails, OutlineEntry
from infrastructure.extraction.details import sensible
from infrastructure.extraction.sandbox.answers import text_of, within
from infrastructure.extraction.sandbox.protocol import Message, ProtocolError

MAX_CHARACTERS = 1_000
LARGEST_INTEGER = 2**31 - 1


def details_message(details: DocumentDetails) -> Message:
    """Return what the child says of a document."""
    created_at, modified_at = (
        moment.isoformat() if moment else None for moment in (details.created_at, details.modified_at)
    )
    return {
        "type": "details",
        "title": details.title,
        "author": details.author,
        "created_at": created_at,
        "modified_at": modified_at,
        "outline": [[entry.title, entry.level, entry.page] for entry in details.outline],
    }


def details_of(message: Message) -> DocumentDetails:
    """Return what a child said. Raises ProtocolError."""
    outline = message.get("outline")
    if message["type"] != "details" or not isinstance(outline, list) or len(outline) > MOST_OUTLINE_ENTRIES:
        raise ProtocolError("details were due")
    return DocumentDetails(
        title=_text(message.get("title")),
        author=_text(message.get("author")),
        created_at=_moment(message.get("created_at")),
        modified_at=_moment(message.get("modified_at")),
        outline=tuple(map(_entry, outline)),
    )


def _text(value: object) -> str | None:
    if value is None:
        return None
    text = text_of(value)
    if len(text) > MAX_CHARACTERS:
        raise ProtocolError("the text is too long")
    return text


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        moment = sensible(datetime.fromisoformat(text_of(value)))
    except ValueError as exc:
        raise ProtocolError("a time is ISO 8601") from exc
    if moment is None:
        raise ProtocolError("a time has its zone, and lies where a document's can")
    return moment


def _entry(entry: Any) -> OutlineEntry:  # noqa: ANN401 - it comes from outside
    if not isinstance(entry, list) or len(entry) != 3:  # noqa: PLR2004
        raise ProtocolError("an entry has three fields")
    title, level, page = entry
    return OutlineEntry(
        title=_text(title) or "",
        level=within(level, 1, MOST_OUTLINE_LEVELS),
        page=None if page is None else within(page, 1, LARGEST_INTEGER),
    )
