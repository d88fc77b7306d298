"""Mails (EML, MHTML) by the standard library, whose parser notes damage instead of refusing it.

Its policy `compat32` is used, not `default`: the newer one reads headers by a grammar that raises on damaged ones and
takes quadratic time over long ones. Forwarded messages are read in their place, unless they are attached as files.
"""

import mimetypes
from collections.abc import Iterator, Sequence
from email import message_from_binary_file, message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import collapse_rfc2231_value
from functools import partial
from itertools import chain
from pathlib import Path

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.detection import Format
from infrastructure.extraction.mail.head import is_mailbox
from infrastructure.extraction.mail.message import (
    MAX_LINE_CHARACTERS,
    MailReading,
    head_blocks,
    html_body,
    is_decoration,
    plain_blocks,
    richer,
)
from infrastructure.extraction.pieces import Block
from infrastructure.extraction.reading import ReadAttachment
from infrastructure.extraction.text.encoding import SAMPLE_BYTES, decode, encoding_of
from infrastructure.extraction.text.encoding_labels import known_encoding
from infrastructure.extraction.text.text_cleaning import one_line

MAX_DEPTH = 50
MAX_PARTS = 10_000
MAILBOX = "This is a mailbox of several mails (mbox). Save each of them as a file of its own (EML) and upload those."
SHOWN = ("From", "To", "Cc", "Date")
SIGNATURES = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
CALENDARS = {"text/calendar", "application/ics"}
ENVELOPES = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
NO_CLAIM = {"us-ascii", "ascii", "unknown-8bit", "x-unknown", "unknown", "default", "utf-8", "utf8"}


def open_eml(path: Path, encoding: str) -> MailReading:
    """Open a mail. Raises DocumentUnreadable: encrypted, corrupt, unsupported_type."""
    if is_mailbox(path):
        raise DocumentUnreadable(FailureCode.UNSUPPORTED_TYPE, MAILBOX)
    try:
        parts = _Parts()
        parts.message(_parsed(path, encoding), depth=1, level=1)
    except RecursionError as exc:
        raise DocumentUnreadable(FailureCode.CORRUPT) from exc
    return MailReading(media_type=Format.EML, blocks=chain.from_iterable(parts.text), attachments=parts.attachments)


def _parsed(path: Path, encoding: str) -> Message:
    if encoding.startswith(("utf-16", "utf-32")):  # a mail saved as text by some editor
        return message_from_bytes(decode(path.read_bytes(), encoding).lstrip("\ufeff").encode(errors="replace"))
    with path.open("rb") as file:
        return message_from_binary_file(file)


class _Parts:
    """Collects the text and the attachments of a message."""

    def __init__(self) -> None:
        self.text: list[Sequence[Block]] = []
        self.attachments: list[ReadAttachment] = []
        self.count = 0

    def message(self, message: Message, *, depth: int, level: int) -> None:
        """Read a message, which may stand within another one."""
        lines = ((name, header(message, name)) for name in SHOWN)
        self.text.append(list(head_blocks(header(message, "Subject"), lines, level=level)))
        self.part(message, depth=depth, level=level, is_body=True)

    def part(self, part: Message, *, depth: int, level: int, is_body: bool) -> None:
        """Read a part; `is_body` if it may be the first text of its message."""
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_PARTS:
            raise DocumentUnreadable(FailureCode.CORRUPT, "The mail is nested deeper, or has more parts, than is read.")
        kind = part.get_content_type()
        _refuse_encrypted(part, kind)
        inner = [_plain_message(part)] if _is_encoded_message(part) else _inner(part)
        if kind == "message/rfc822" and part.get_content_disposition() == "attachment":
            self._attach_message(part, inner)
        elif not inner:
            self._leaf(part, kind, is_body=is_body)
        elif kind == "multipart/alternative":
            self._alternative(inner, depth + 1, level)
        elif kind == "message/delivery-status":
            self.text.append([block for message in inner for block in _fields(message)])
        elif kind.startswith("message/"):
            for message in inner:
                self.message(message, depth=depth + 1, level=level + 1)
        else:
            for child in inner:
                self.part(child, depth=depth + 1, level=level, is_body=is_body and child is inner[0])

    def _alternative(self, inner: Sequence[Message], depth: int, level: int) -> None:
        """Keep one form of the body, and the attachments of all."""
        plain: Sequence[Block] = ()
        other: Sequence[Block] = ()
        for child in inner:
            form = _Parts()
            form.count = self.count
            form.part(child, depth=depth, level=level, is_body=True)
            self.count = form.count
            self.attachments += form.attachments
            blocks = [block for blocks in form.text for block in blocks]
            if child.get_content_type() == "text/plain":
                plain = plain or blocks
            elif child.get_content_type() not in CALENDARS:
                other = richer(other, blocks)
        self.text.append(richer(plain, other))

    def _leaf(self, part: Message, kind: str, *, is_body: bool) -> None:
        name = filename(part)
        disposition = part.get_content_disposition()
        is_text = part.get_content_maintype() in {"text", "multipart", "message"}
        if kind in SIGNATURES:
            return
        if is_text and ((is_body and disposition is None) or not (name or disposition == "attachment")):
            text = body_text(part)
            self.text.append(html_body(text) if kind == "text/html" else plain_blocks(text))
            return
        by_hand = disposition == "attachment" and part["Content-ID"] is None
        shown_inline = disposition == "inline" or (part["Content-ID"] is not None and disposition is None)
        if by_hand or not is_decoration(kind, len(payload(part)), shown_inline=shown_inline):
            name = name or f"attachment-{len(self.attachments) + 1}{mimetypes.guess_extension(kind) or '.bin'}"
            self.attachments.append(ReadAttachment(filename=name, media_type=kind, load=partial(payload, part)))

    def _attach_message(self, part: Message, inner: Sequence[Message]) -> None:
        message = inner[0] if inner else part
        name = filename(part) or f"{header(message, 'Subject') or 'message'}.eml"
        load = partial(message.as_bytes, unixfrom=False)
        self.attachments.append(ReadAttachment(filename=name, media_type="message/rfc822", load=load))


def _inner(part: Message) -> list[Message]:
    inner = part.get_payload() if part.is_multipart() else ()
    return [child for child in inner if isinstance(child, Message)]


def _is_encoded_message(part: Message) -> bool:
    """Tell a message in Base64 or the like, which no mailer should write, and the library does not undo."""
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    return part.get_content_type() == "message/rfc822" and encoding in {"base64", "quoted-printable"}


def _plain_message(part: Message) -> Message:
    encoded = b"".join(child.as_bytes() for child in _inner(part))
    return message_from_bytes(payload(message_from_bytes(_encoding_line(part) + encoded.lstrip())))


def _encoding_line(part: Message) -> bytes:
    return f"Content-Transfer-Encoding: {part['Content-Transfer-Encoding']}\n\n".encode(errors="replace")


def _fields(message: Message) -> Iterator[Block]:
    for name, content in message.items():
        yield Block(text=f"{name}: {one_line(str(content))}", tight=True)


def header(message: Message, name: str) -> str:
    """Return a header as people read it, the empty string where there is none."""
    value = next((raw for key, raw in message.raw_items() if key.lower() == name.lower()), "")
    return decoded(str(value)[: 2 * MAX_LINE_CHARACTERS])


def decoded(value: str) -> str:
    """Return the words of a header value: encoded ones (RFC 2047), raw UTF-8, or what some mailer wrote instead."""
    if not value.isascii():
        value = _by_its_bytes(value.encode("utf-8", "surrogateescape"))
    try:
        found = decode_header(value)
    except (HeaderParseError, ValueError):
        return one_line(value)
    words = (word if isinstance(word, str) else _word(word, charset) for word, charset in found)
    return one_line("".join(words))


def _word(word: bytes, charset: str | None) -> str:
    if charset is None:
        return word.decode("raw-unicode-escape", "replace")
    return decode(word, known_encoding(charset) or "utf-8")


def filename(part: Message) -> str:
    """Return the name that a part bears, the empty string where it bears none."""
    for field, name in (("filename", "content-disposition"), ("name", "content-type")):
        try:
            found = collapse_rfc2231_value(part.get_param(field, "", name), errors="replace", fallback_charset="utf-8")
        except (TypeError, ValueError):  # a name in parts of which some are not numbered, or a charset with a NUL
            continue
        if found:
            return decoded(found)
    return ""


def payload(part: Message) -> bytes:
    """Return the bytes of a part, its transfer encoding undone as far as that goes."""
    try:
        found = part.get_payload(decode=True)
    except ValueError:  # a charset with a NUL, which is asked although bytes are wanted
        del part["Content-Type"]
        found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def body_text(part: Message) -> str:
    """Return the text of a part; where its charset is missing, unknown or the usual untrue one, by its bytes."""
    data = payload(part)
    try:
        claimed = str(part.get_content_charset("us-ascii"))
    except ValueError:
        claimed = "us-ascii"
    encoding = None if claimed in NO_CLAIM else known_encoding(claimed)
    return decode(data, encoding) if encoding else _by_its_bytes(data)


def _by_its_bytes(data: bytes) -> str:
    return decode(data, encoding_of(data[:SAMPLE_BYTES]) or "cp1252")


def _refuse_encrypted(part: Message, kind: str) -> None:
    enveloped = kind in ENVELOPES and str(part.get_param("smime-type", "enveloped-data")).lower() == "enveloped-data"
    if kind == "multipart/encrypted" or enveloped:
        raise DocumentUnreadable(FailureCode.ENCRYPTED, "The mail is encrypted. Save it decrypted and upload that.")
