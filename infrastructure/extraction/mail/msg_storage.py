"""The properties of an Outlook message, its recipients and attachments: streams of a compound file, read as asked for.

The reader of python-oxmsg loads every stream at once and gives a message up for one unknown code page, so only its
names and its table of code pages are used here.
"""

import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from olefile import OleFileIO
from olefile.olefile import STGTY_STORAGE, STGTY_STREAM, OleDirectoryEntry
from oxmsg.domain import constants
from oxmsg.domain.encodings import encoding_from_codepage
from oxmsg.domain.model import UnrecognizedCodePageError, UnsupportedEncodingError

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.text.encoding import SAMPLE_BYTES, decode, encoding_of
from infrastructure.extraction.text.encoding_labels import known_encoding

TOP_HEADER_BYTES, EMBEDDED_HEADER_BYTES, INNER_HEADER_BYTES = 32, 24, 8
_ENTRY = struct.Struct("<HHI8s")
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
DAMAGE = (OSError, ValueError, LookupError, struct.error, RecursionError, AttributeError, TypeError)


class CompoundFile:
    """An open compound file. All that is read from it counts against one limit."""

    def __init__(self, path: Path, limits: ExtractionLimits) -> None:
        self._left = limits.max_unpacked_bytes
        self._size = path.stat().st_size
        try:
            self._ole = OleFileIO(str(path))
        except DAMAGE as exc:
            raise DocumentUnreadable(FailureCode.CORRUPT) from exc

    @property
    def root(self) -> "Storage":
        """The message itself."""
        return Storage(self, (), self._ole.root, TOP_HEADER_BYTES)

    def read(self, path: tuple[str, ...], node: OleDirectoryEntry) -> bytes:
        """Return a stream. Raises DocumentUnreadable."""
        if node.size > self._size:
            raise DocumentUnreadable(FailureCode.CORRUPT)
        self._left -= node.size
        if self._left < 0:
            raise DocumentUnreadable(FailureCode.TOO_LARGE_UNPACKED)
        try:
            data = self._ole.openstream(list(path)).read()
        except DAMAGE as exc:
            raise DocumentUnreadable(FailureCode.CORRUPT) from exc
        return bytes(data)


class Storage:
    """One object of the message with its properties by their number. Properties of unknown or damaged form are none."""

    def __init__(self, file: CompoundFile, path: tuple[str, ...], node: OleDirectoryEntry, header_bytes: int) -> None:
        self._file = file
        self._path = path
        self._streams = {kid.name: kid for kid in node.kids if kid.entry_type == STGTY_STREAM}
        self._storages = [kid for kid in node.kids if kid.entry_type == STGTY_STORAGE]
        self._fixed = self._read_fixed(header_bytes)

    def inner(self, prefix: str, header_bytes: int = INNER_HEADER_BYTES) -> list["Storage"]:
        """Return the objects within this one whose name begins so."""
        found = [kid for kid in self._storages if kid.name.startswith(prefix)]
        return [Storage(self._file, (*self._path, kid.name), kid, header_bytes) for kid in found]

    def number(self, pid: int) -> int:
        """Return a number or a truth value, 0 where there is none."""
        return int.from_bytes(self._fixed.get(pid, b"")[:4], "little")

    def time(self, pid: int) -> datetime | None:
        """Return a time."""
        with suppress(OverflowError):
            if ticks := int.from_bytes(self._fixed.get(pid, b""), "little"):
                return _EPOCH + timedelta(microseconds=ticks // 10)
        return None

    def binary(self, pid: int) -> bytes:
        """Return bytes, none where there are none."""
        return self._stream(pid, constants.PTYP_BINARY)

    def text(self, pid: int) -> str:
        """Return text, whichever way it is stored; empty where there is none."""
        if wide := self._stream(pid, constants.PTYP_STRING):
            return wide.decode("utf-16-le", "replace").rstrip("\x00")
        return self.decoded(self._stream(pid, constants.PTYP_STRING8), constants.PID_MESSAGE_CODEPAGE).rstrip("\x00")

    def decoded(self, data: bytes, codepage_pid: int) -> str:
        """Decode by the code page that a property names, else by the bytes."""
        codepage = self.number(codepage_pid)
        encoding = None
        if codepage:
            with suppress(UnrecognizedCodePageError, UnsupportedEncodingError):
                encoding = known_encoding(encoding_from_codepage(codepage))
        return decode(data, encoding or encoding_of(data[:SAMPLE_BYTES]) or "cp1252")

    def has(self, pid: int) -> bool:
        """Tell whether there are bytes, without reading them."""
        return _stream_name(pid, constants.PTYP_BINARY) in self._streams

    def size(self, pid: int) -> int:
        """Return how many bytes there are, without reading them."""
        node = self._streams.get(_stream_name(pid, constants.PTYP_BINARY))
        return node.size if node else 0

    def _stream(self, pid: int, kind: int) -> bytes:
        return self._read(_stream_name(pid, kind))

    def _read(self, name: str) -> bytes:
        node = self._streams.get(name)
        return self._file.read((*self._path, name), node) if node else b""

    def _read_fixed(self, header_bytes: int) -> dict[int, bytes]:
        entries = self._read("__properties_version1.0")[header_bytes:]
        whole = entries[: len(entries) // _ENTRY.size * _ENTRY.size]
        return {pid: value for _, pid, _, value in _ENTRY.iter_unpack(whole)}


def _stream_name(pid: int, kind: int) -> str:
    return f"__substg1.0_{pid:04X}{kind:04X}"
