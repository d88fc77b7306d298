"""EPUB: the chapters in the order of the book's spine, each read as XHTML. Nothing is unpacked to disk.

A chapter that the archive does not have, or that lies outside of it, is left out; a book of which no chapter is there
is corrupt. Fonts may be scrambled, as publishers do; chapters that are encrypted make the book `encrypted`.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.archive import Archive
from infrastructure.extraction.detection import Format
from infrastructure.extraction.limits import MIB, ExtractionLimits
from infrastructure.extraction.pieces import Block, PieceReading
from infrastructure.extraction.text.encoding import SAMPLE_BYTES, decode, encoding_of
from infrastructure.extraction.text.html import html_blocks
from infrastructure.extraction.text.text_cleaning import one_line
from infrastructure.extraction.text.xhtml import as_html
from infrastructure.extraction.xml_source import child, events, local, value

CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"
PACKAGE_TYPE = "application/oebps-package+xml"
CHAPTER_TYPES = {"application/xhtml+xml", "text/html", "text/x-oeb1-document"}
CONTENTS = "nav"  # the table of contents, which only repeats the chapters' titles
MAX_CHAPTER_BYTES = 32 * MIB
SCRAMBLED_FONT = {"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Package:
    title: str
    creators: tuple[str, ...]
    chapters: tuple[str, ...]


def open_epub(path: Path, limits: ExtractionLimits) -> PieceReading:
    """Open an EPUB. Raises DocumentUnreadable: encrypted, corrupt, too_large_unpacked."""
    archive = Archive(path, limits)
    archive.check_directory()
    _refuse_encrypted(archive)
    package = _read_package(archive, package_path(archive))
    if not package.chapters:
        raise DocumentUnreadable(FailureCode.CORRUPT)
    return PieceReading(media_type=Format.EPUB, blocks=_blocks(archive, package))


def _blocks(archive: Archive, package: _Package) -> Iterator[Block]:
    if package.title:
        yield Block(text=package.title, level=1)
    if package.creators:
        yield Block(text=", ".join(package.creators))
    for chapter in package.chapters:
        data = archive.open(chapter).read(MAX_CHAPTER_BYTES + 1)
        if len(data) > MAX_CHAPTER_BYTES:
            raise DocumentUnreadable(FailureCode.TOO_LARGE_UNPACKED)
        markup = decode(data, encoding_of(data[:SAMPLE_BYTES]) or "utf-8")
        yield from html_blocks(as_html(markup))


def _refuse_encrypted(archive: Archive) -> None:
    if ENCRYPTION not in archive.names:
        return
    for event, element in events(archive.open(ENCRYPTION)):
        if event == "end" and local(element) == "EncryptedData":
            method = child(element, "EncryptionMethod")
            if method is None or value(method, "Algorithm") not in SCRAMBLED_FONT:
                raise DocumentUnreadable(
                    FailureCode.ENCRYPTED,
                    "The book is protected by digital rights management (DRM) and cannot be read.",
                )


def package_path(archive: Archive) -> str:
    """Return the name of the package document. Raises DocumentUnreadable: corrupt."""
    if CONTAINER in archive.names:
        for event, element in events(archive.open(CONTAINER), allow_doctype=True):
            if event == "end" and local(element) == "rootfile" and value(element, "media-type") == PACKAGE_TYPE:
                found = _resolved("", value(element, "full-path") or "")
                if found in archive.names:
                    return found
    try:
        return min(name for name in archive.names if name.lower().endswith(".opf"))
    except ValueError:
        raise DocumentUnreadable(FailureCode.CORRUPT) from None


def _read_package(archive: Archive, path: str) -> _Package:
    """Read the package document: what it has, in which order it is read, and what the book is called."""
    folder = posixpath.dirname(path)
    chapters: dict[str, str] = {}
    spine: list[str] = []
    titles: list[str] = []
    creators: list[str] = []
    for event, element in events(archive.open(path), allow_doctype=True):
        if event == "start":
            continue
        match local(element):
            case "item":
                if value(element, "media-type") in CHAPTER_TYPES and value(element, "properties") != CONTENTS:
                    chapters[value(element, "id") or ""] = _resolved(folder, value(element, "href") or "")
            case "itemref":
                spine.append(value(element, "idref") or "")
            case "title":
                titles.append(one_line(element.text or ""))
            case "creator":
                creators.append(one_line(element.text or ""))
    wanted = dict.fromkeys(chapters[idref] for idref in spine if idref in chapters)
    return _Package(
        title=next(filter(None, titles), ""),
        creators=tuple(filter(None, creators)),
        chapters=tuple(name for name in wanted if name in archive.names),
    )


def _resolved(folder: str, href: str) -> str:
    """Return the name of an entry that a reference points to; one that points outside is the name of no entry."""
    name = posixpath.normpath(posixpath.join(folder, unquote(urlsplit(href).path)))
    return "" if name.startswith(("/", "..")) else name
