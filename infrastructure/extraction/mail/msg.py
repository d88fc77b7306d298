"""Outlook messages (MSG). Messages that are forwarded within are read in their place."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import chain, islice
from pathlib import Path

from oxmsg.domain import constants

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.detection import Format
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.mail.message import (
    MailReading,
    head_blocks,
    html_body,
    is_decoration,
    plain_blocks,
    richer,
)
from infrastructure.extraction.mail.msg_storage import EMBEDDED_HEADER_BYTES, CompoundFile, Storage
from infrastructure.extraction.pieces import Block
from infrastructure.extraction.reading import ReadAttachment

RECIPIENT, ATTACHMENT, EMBEDDED = "__recip_version1.0_#", "__attach_version1.0_#", "__substg1.0_3701000D"
PID_SMTP_ADDRESS, PID_SENDER_SMTP_ADDRESS, PID_RECIPIENT_TYPE = 0x39FE, 0x5D01, 0x0C15
PID_MESSAGE_DELIVERY_TIME, PID_HTML, PID_INTERNET_CODEPAGE = 0x0E06, 0x1013, 0x3FDE
ATTACHED_INLINE = 4  # the flag of an attachment that the HTML body shows
TO, CC = 1, 2
MAX_RECIPIENTS = 200
MAX_DEPTH = 50


def open_msg(path: Path, limits: ExtractionLimits) -> MailReading:
    """Open a message. Raises DocumentUnreadable: corrupt, too_large_unpacked."""
    message = _Message(CompoundFile(path, limits).root, depth=1)
    return MailReading(media_type=Format.MSG, blocks=message.blocks(), attachments=tuple(message.attachments()))


class _Message:
    def __init__(self, storage: Storage, *, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise DocumentUnreadable(FailureCode.CORRUPT)
        self._storage = storage
        self._depth = depth
        self._attached = storage.inner(ATTACHMENT)
        self._forwarded = [
            _Message(inner, depth=depth + 1)
            for attached in self._attached
            for inner in attached.inner(EMBEDDED, EMBEDDED_HEADER_BYTES)
        ]

    def blocks(self) -> Iterator[Block]:
        """Yield the text, and then that of the messages within."""
        yield from head_blocks(self._storage.text(constants.PID_SUBJECT), self._head(), level=self._depth)
        yield from richer(plain_blocks(self._storage.text(constants.PID_BODY)), html_body(self._html()))
        for message in self._forwarded:
            yield from message.blocks()

    def attachments(self) -> Iterator[ReadAttachment]:
        """Yield the attached files, those of the messages within at the end."""
        for number, attached in enumerate(self._attached, 1):
            if attached.has(constants.PID_ATTACH_DATA_BINARY) and (found := _attachment(attached, number)):
                yield found
        yield from chain.from_iterable(message.attachments() for message in self._forwarded)

    def _head(self) -> Iterator[tuple[str, str]]:
        storage = self._storage
        yield "From", sender_of(storage)
        recipients = storage.inner(RECIPIENT)
        for name, kind, shown in (("To", TO, constants.PID_DISPLAY_TO), ("Cc", CC, constants.PID_DISPLAY_CC)):
            found = (r for r in recipients if r.number(PID_RECIPIENT_TYPE) == kind)
            yield name, ", ".join(_mailboxes(islice(found, MAX_RECIPIENTS))) or storage.text(shown)
        sent = sent_at_of(storage)
        yield "Date", sent.strftime("%a, %d %b %Y %H:%M:%S +0000") if sent else ""

    def _html(self) -> str:
        if data := self._storage.binary(PID_HTML):
            return self._storage.decoded(data, PID_INTERNET_CODEPAGE)
        return self._storage.text(PID_HTML)


def sender_of(storage: Storage) -> str:
    """Return who wrote a message, the empty string where it does not say."""
    address = storage.text(PID_SENDER_SMTP_ADDRESS) or storage.text(constants.PID_SENDER_EMAIL_ADDRESS)
    return _mailbox(storage.text(constants.PID_SENDER_NAME), address)


def sent_at_of(storage: Storage) -> datetime | None:
    """Return when a message was sent, or came."""
    return storage.time(constants.PID_CLIENT_SUBMIT_TIME) or storage.time(PID_MESSAGE_DELIVERY_TIME)


def _mailboxes(recipients: Iterable[Storage]) -> Iterator[str]:
    for recipient in recipients:
        address = recipient.text(PID_SMTP_ADDRESS) or recipient.text(constants.PID_EMAIL_ADDRESS)
        if shown := _mailbox(recipient.text(constants.PID_DISPLAY_NAME), address):
            yield shown


def _mailbox(name: str, address: str) -> str:
    if "@" not in address:  # an Exchange server's own form says nothing to people
        return name or address
    return f"{name} <{address}>" if name and name.strip("'\"") != address else address


def _attachment(attached: Storage, number: int) -> ReadAttachment | None:
    """Return the file, None where it is a picture that the body shows."""
    media_type = attached.text(constants.PID_ATTACH_MIME_TAG) or "application/octet-stream"
    name = attached.text(constants.PID_ATTACH_LONG_FILENAME) or attached.text(constants.PID_ATTACH_FILENAME)
    inline = bool(attached.number(constants.PID_ATTACH_FLAGS) & ATTACHED_INLINE)
    hidden = bool(attached.number(constants.PID_ATTACHMENT_HIDDEN) & 1)
    size_bytes = attached.size(constants.PID_ATTACH_DATA_BINARY)
    if is_decoration(_kind(media_type, name), size_bytes, shown_inline=inline or hidden):
        return None
    load = partial(attached.binary, constants.PID_ATTACH_DATA_BINARY)
    return ReadAttachment(filename=name or f"attachment-{number}.bin", media_type=media_type, load=load)


def _kind(media_type: str, name: str) -> str:
    picture = name.lower().endswith((".png", ".jpg", ".jpeg", ".gif", ".bmp"))
    return "image/" if picture and not media_type.startswith("image/") else media_type
