"""Mails, compound files and books, built by hand: exactly the bytes that a test is about."""

import base64
import itertools
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.support.documents import archive

BOUNDARY = "=_b"
SECTOR, SMALL = 512, 4096
END, FREE = 0xFFFFFFFE, 0xFFFFFFFF


def mail(
    *parts: str, subject: str = "Quarterly figures", headers: str = "", kind: str = "mixed", boundary: str = BOUNDARY
) -> bytes:
    """Return a mail of these parts, each with its own header lines."""
    head = f"From: Ana <ana@example.com>\nTo: Bob <bob@example.com>\nSubject: {subject}\nMIME-Version: 1.0\n{headers}"
    return f"{head}{multipart(*parts, kind=kind, boundary=boundary)}".replace("\n", "\r\n").encode()


def multipart(*parts: str, kind: str = "mixed", boundary: str = BOUNDARY) -> str:
    """Return a part of parts."""
    inner = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n{inner}--{boundary}--\n'


def plain(text: str) -> str:
    """Return a body."""
    return f"Content-Type: text/plain; charset=utf-8\n\n{text}"


def html(markup: str) -> str:
    """Return an HTML body."""
    return f"Content-Type: text/html; charset=utf-8\n\n{markup}"


def attached(name: str, data: bytes, kind: str = "application/octet-stream", *, more: str = "") -> str:
    """Return an attached file."""
    encoded = base64.encodebytes(data).decode()
    disposition = f'Content-Disposition: attachment; filename="{name}"'
    return f"Content-Type: {kind}\n{disposition}\nContent-Transfer-Encoding: base64\n{more}\n{encoded}"


@dataclass
class Entry:
    """A stream (bytes) or storage (entries) of a compound file."""

    name: str
    content: "bytes | list[Entry]"
    sid: int = 0
    right: int = FREE


@dataclass
class Disk:
    """The sectors of a compound file, and which one follows which."""

    sectors: list[bytes] = field(default_factory=list)
    fat: list[int] = field(default_factory=list)
    placed: dict[bytes, int] = field(default_factory=dict)

    def place(self, data: bytes) -> int:
        """Return the first sector of these bytes."""
        if data not in self.placed:
            start, count = len(self.sectors), -(-len(data) // SECTOR)
            padded = data.ljust(count * SECTOR, b"\0")
            self.sectors += [padded[n * SECTOR : n * SECTOR + SECTOR] for n in range(count)]
            self.fat += [*range(start + 1, start + count), END]
            self.placed[data] = start
        return self.placed[data]


def compound(entries: Sequence[Entry], *, size_claimed: int | None = None) -> bytes:
    """Return a compound file (MS-CFB, version 3) without a stream for small streams: those are filled up with NULs.

    Equal streams share their sectors, as hostile files have it. `size_claimed` is what every stream says that it has.
    """
    flat = _numbered(Entry("Root Entry", list(entries)), [])
    disk = Disk()
    first = disk.place(b"".join(_directory_entry(entry, disk, size_claimed) for entry in flat))
    tables = -(-(len(disk.fat) + 1 + len(disk.fat) // 127) // 128)
    places = list(range(len(disk.sectors), len(disk.sectors) + tables))
    table = struct.pack(f"<{len(disk.fat) + tables}I", *disk.fat, *[0xFFFFFFFD] * tables).ljust(
        tables * SECTOR, b"\xff"
    )
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIIII",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6),
        *(0, tables, first, 0, SMALL, END, 0, END, 0),
        *places[:1],
    )
    return header + struct.pack("<108I", *places[1:], *[FREE] * (109 - len(places))) + b"".join(disk.sectors) + table


def _numbered(entry: Entry, flat: list[Entry]) -> list[Entry]:
    entry.sid = len(flat)
    flat.append(entry)
    if isinstance(entry.content, list):
        for inner in entry.content:
            _numbered(inner, flat)
        for inner, following in itertools.pairwise(entry.content):
            inner.right = following.sid
    return flat


def _directory_entry(entry: Entry, disk: Disk, size_claimed: int | None) -> bytes:
    name = entry.name.encode("utf-16-le") + b"\0\0"
    kind, child, start, size = 2, FREE, END, 0
    if isinstance(entry.content, list):
        kind = 1 if entry.sid else 5
        child = entry.content[0].sid if entry.content else FREE
    else:
        data = entry.content.ljust(SMALL, b"\0")
        size = len(data) if size_claimed is None else size_claimed
        start = disk.place(data)
    return struct.pack("<64sHBBIII16xI16xIQ", name, len(name), kind, 1, FREE, entry.right, child, 0, start, size)


def properties(numbers: Mapping[int, int], *, header_bytes: int = 8) -> Entry:
    """Return the stream of the numbers of an object in a message."""
    entries = b"".join(struct.pack("<HHIQ", 3, pid, 6, number) for pid, number in numbers.items())
    return Entry("__properties_version1.0", bytes(header_bytes) + entries)


def wide(pid: int, text: str) -> Entry:
    """Return a text of an object in a message."""
    return Entry(f"__substg1.0_{pid:04X}001F", text.encode("utf-16-le"))


def binary(pid: int, data: bytes) -> Entry:
    """Return bytes of an object in a message."""
    return Entry(f"__substg1.0_{pid:04X}0102", data)


def message(*entries: Entry, codepage: int = 65001, header_bytes: int = 32) -> list[Entry]:
    """Return what an Outlook message consists of: its own properties, and these."""
    return [properties({0x3FFD: codepage, 0x3FDE: codepage}, header_bytes=header_bytes), *entries]


def attachment(name: str, data: bytes, *, number: int = 0, flags: int = 0) -> Entry:
    """Return an attached file of a message."""
    inner = [properties({0x3705: 1, 0x3714: flags}), wide(0x3707, name), binary(0x3701, data)]
    return Entry(f"__attach_version1.0_#{number:08X}", inner)


def epub(
    chapters: Mapping[str, str], *, spine: Sequence[str] | None = None, parts: Mapping[str, str | bytes] | None = None
) -> bytes:
    """Return a book of these chapters by name; `spine` has the names in reading order, those that are not there too."""
    names = list(spine if spine is not None else chapters)
    items = "".join(
        f'<item id="i{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(names)
    )
    refs = "".join(f'<itemref idref="i{n}"/>' for n in range(len(names)))
    package = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<metadata><dc:title>A Book</dc:title><dc:creator>An Author</dc:creator></metadata>"
        f"<manifest>{items}</manifest><spine>{refs}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile '
        'full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "OEBPS/book.opf": package,
            **{f"OEBPS/{name}": f"<html><body>{body}</body></html>" for name, body in chapters.items()},
            **(parts or {}),
        }
    )
