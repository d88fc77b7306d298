"""What parent and child say to each other: JSON behind a length of four bytes, big-endian. Never pickle.

Parent: `read {path, filename, password, limits, first, last, memories, attachments}`. Child: `ready {peak_bytes}`
once; then for each `read` either `failed {code, detail}`, or `convert {media_type, to, peak_bytes}` where LibreOffice
must make a readable file of it first, or `opened {media_type, page_count}`, then `page {number, text, headings, blank,
recognized, memory}` and `unreadable {number, code, memory}` in order, then `end {peak_bytes}` or `failed`. Pieces of a
format without pages are counted from 1 as pages are. `blank` is the failure code that an empty page speaks for, None
where there is text. A `memory` means nothing to the parent: it hands those of all pages before `first` to the child
that goes on where another one died.

Where the parent asks for attachments, those of a document without pages come before its `end`: for each one
`attachment {filename, media_type, size_bytes}` and its `bytes {data}` in Base64; then `attached {left_out}`.

Parent: `draw {path, filename, limits, pages}`. Child: `failed`, or `opened`, then for each of these pages that there is
`drawn {number, pictures: [{size, width, height, data}]}` or `unreadable {number, code}`, then `end`.

Parent: `describe {path, filename, limits}`. Child: `failed`, or `details {title, author, created_at, modified_at,
outline: [[title, level, page]]}` and `end`.
"""

import json
import struct
from typing import Any, BinaryIO

Message = dict[str, Any]

HEADER = struct.Struct(">I")
MAX_MESSAGE_BYTES = 64 * 1024 * 1024


class ProtocolError(Exception):
    """The other side says something that it must not say."""


def encode(message: Message) -> bytes:
    """Return the frame of a message. Raises ProtocolError where it is longer than a frame may be."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")
    if len(body) > MAX_MESSAGE_BYTES:
        raise ProtocolError("the message is too long")
    return HEADER.pack(len(body)) + body


def decode(body: bytes | bytearray) -> Message:
    """Return the message of a frame's body. Raises ProtocolError."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise ProtocolError("the message is not JSON") from exc
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ProtocolError("the message has no type")
    return message


class FrameBuffer:
    """Puts frames together again from the bytes as they come."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> None:
        """Take bytes."""
        self._bytes += data

    def next_message(self) -> Message | None:
        """Return the next whole message, None where there is none yet. Raises ProtocolError."""
        if len(self._bytes) < HEADER.size:
            return None
        (length,) = HEADER.unpack_from(self._bytes)
        if length > MAX_MESSAGE_BYTES:
            raise ProtocolError("the message is too long")
        if len(self._bytes) < HEADER.size + length:
            return None
        body = self._bytes[HEADER.size : HEADER.size + length]
        del self._bytes[: HEADER.size + length]
        return decode(body)


def read_message(stream: BinaryIO) -> Message | None:
    """Wait for a message; None when the other side has gone. Raises ProtocolError."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    (length,) = HEADER.unpack(header)
    if length > MAX_MESSAGE_BYTES:
        raise ProtocolError("the message is too long")
    body = stream.read(length)
    return decode(body) if len(body) == length else None
