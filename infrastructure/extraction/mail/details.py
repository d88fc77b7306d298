"""What mails say of themselves: subject, who wrote, when it was sent."""

from datetime import UTC
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from pathlib import Path

from oxmsg.domain import constants

from domain.document_details import DocumentDetails
from infrastructure.extraction.details import said, sensible
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.mail.eml import header
from infrastructure.extraction.mail.msg import sender_of, sent_at_of
from infrastructure.extraction.mail.msg_storage import CompoundFile
from infrastructure.extraction.text.encoding import decode

# Nobody's head is longer.
HEAD_BYTES = 1024 * 1024


def eml_details(path: Path, encoding: str) -> DocumentDetails:
    """Read the head of a mail."""
    with path.open("rb") as file:
        data = file.read(HEAD_BYTES)
    if encoding.startswith(("utf-16", "utf-32")):  # a mail saved as text by some editor
        data = decode(data, encoding).lstrip("\ufeff").encode(errors="replace")
    message = message_from_bytes(data)
    try:
        sent = parsedate_to_datetime(header(message, "Date"))
    except (ValueError, TypeError, OverflowError):
        sent = None
    if sent and sent.tzinfo is None:  # -0000 says: in UTC, wherever that was
        sent = sent.replace(tzinfo=UTC)
    return DocumentDetails(
        title=said(header(message, "Subject")), author=said(header(message, "From")), created_at=sensible(sent)
    )


def msg_details(path: Path, limits: ExtractionLimits) -> DocumentDetails:
    """Read the head of a message of Outlook. Raises DocumentUnreadable: corrupt, too_large_unpacked."""
    storage = CompoundFile(path, limits).root
    sent = sent_at_of(storage)
    return DocumentDetails(
        title=said(storage.text(constants.PID_SUBJECT)),
        author=said(sender_of(storage)),
        created_at=sensible(sent.replace(tzinfo=sent.tzinfo or UTC) if sent else None),
    )
