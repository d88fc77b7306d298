"""How files within a document come from the child, which may write none, into a folder of the parent."""

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from application.ports.extractor import ExtractedAttachment
from domain.failure import DocumentUnreadable
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.reading import ReadAttachment
from infrastructure.extraction.sandbox.answers import text_of, within
from infrastructure.extraction.sandbox.protocol import Message, ProtocolError

PORTION_BYTES = 512 * 1024
MAX_NAME_CHARACTERS = 1_000
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,100}", re.ASCII)


def attachment_messages(found: Sequence[ReadAttachment], limits: ExtractionLimits) -> Iterator[Message]:
    """Yield what the child says of the attachments. Empty ones are nothing to anybody; the others are counted."""
    left_out, taken, total_bytes = 0, 0, 0
    for attachment in found:
        data = _loaded(attachment) if taken < limits.max_attachments else None
        if data is None or len(data) > min(limits.max_attachment_bytes, limits.max_unpacked_bytes - total_bytes):
            left_out += 1
            continue
        if not data:
            continue
        taken += 1
        total_bytes += len(data)
        names = {"filename": _sendable(attachment.filename), "media_type": _sendable(attachment.media_type)}
        yield {"type": "attachment", **names, "size_bytes": len(data)}
        for at in range(0, len(data), PORTION_BYTES):
            yield {"type": "bytes", "data": base64.b64encode(data[at : at + PORTION_BYTES]).decode()}
    yield {"type": "attached", "left_out": left_out}


def _loaded(attachment: ReadAttachment) -> bytes | None:
    """Return the bytes, None where they cannot be read."""
    try:
        return attachment.load()
    except DocumentUnreadable:
        return None


def _sendable(name: str) -> str:
    return name[:MAX_NAME_CHARACTERS].replace("\x00", "").encode(errors="replace").decode()


class AttachmentFolder:
    """The attachments of one document, as they come. What a child says of them is held against the limits again."""

    def __init__(self, folder: Path, limits: ExtractionLimits) -> None:
        self._folder = folder
        self._limits = limits
        self.clear()

    def clear(self) -> None:
        """Begin anew, with another child."""
        self.received: list[ExtractedAttachment] = []
        self.left_out = 0
        self._total_bytes = 0
        self._awaited_bytes = 0
        self._announced: Message = {}
        self._digest = hashlib.sha256()

    def take(self, message: Message) -> bool:
        """Take a message if it is about attachments. Raises ProtocolError."""
        match message["type"]:
            case "attachment":
                self._announce(message)
            case "bytes":
                self._append(message)
            case "attached":
                self.left_out = within(message.get("left_out"), 0, 1 << 31)
            case _:
                return False
        return True

    def _announce(self, message: Message) -> None:
        left = self._limits.max_unpacked_bytes - self._total_bytes
        if self._awaited_bytes or len(self.received) >= self._limits.max_attachments:
            raise ProtocolError("no attachment is due")
        self._awaited_bytes = within(message.get("size_bytes"), 1, min(self._limits.max_attachment_bytes, left))
        self._total_bytes += self._awaited_bytes
        self._announced = {"filename": text_of(message.get("filename")), "size_bytes": self._awaited_bytes}
        media_type = text_of(message.get("media_type")).lower()
        self._announced["content_type"] = (
            media_type if _MEDIA_TYPE.fullmatch(media_type) else "application/octet-stream"
        )
        self._digest = hashlib.sha256()
        self._path.write_bytes(b"")

    def _append(self, message: Message) -> None:
        try:
            data = base64.b64decode(text_of(message.get("data")), validate=True)
        except ValueError as exc:
            raise ProtocolError("bytes are Base64") from exc
        if not 0 < len(data) <= self._awaited_bytes:
            raise ProtocolError("these are not the bytes that were announced")
        self._awaited_bytes -= len(data)
        self._digest.update(data)
        with self._path.open("ab") as file:
            file.write(data)
        if not self._awaited_bytes:
            attachment = ExtractedAttachment(
                path=self._path, checksum_sha256=self._digest.hexdigest(), **self._announced
            )
            self.received.append(attachment)

    @property
    def _path(self) -> Path:
        return self._folder / str(len(self.received))
