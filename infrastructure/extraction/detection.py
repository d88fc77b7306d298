"""Which type a file is, from its bytes. The name only helps to tell text formats apart."""

import re
import struct
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.archive import Archive
from infrastructure.extraction.encoding import SAMPLE_BYTES, decode, encoding_of
from infrastructure.extraction.json_flattening import looks_like_json
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.mail_head import is_mail

SUPPORTED = "Supported are PDF, DOCX, HTML, Markdown, EML, MSG, EPUB, XML, JSON and plain text."
PDF_HEADER_WITHIN = 1024
OLE_SCAN_BYTES = 8 * 1024 * 1024
CONTENT_TYPES = "[Content_Types].xml"
MESSAGE_PROPERTIES = "__properties_version1.0"
MAX_CONTENT_TYPES_BYTES = 4 * 1024 * 1024
XML_NAMES = {".xml", ".rss", ".atom", ".xsd", ".xsl", ".opml", ".dita", ".dbk", ".tei"}
MARKDOWN_NAMES = {".md", ".markdown", ".mdown", ".mkd", ".mdwn", ".mkdn"}


class Format(StrEnum):
    """The formats that can be read."""

    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    HTML = "text/html"
    MARKDOWN = "text/markdown"
    PLAIN_TEXT = "text/plain"
    EML = "message/rfc822"
    MSG = "application/vnd.ms-outlook"
    EPUB = "application/epub+zip"
    XML = "application/xml"
    JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """A format and, where it is text, its encoding."""

    format: Format
    encoding: str = "utf-8"


_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"BM", "a BMP picture"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\x1f\x8b", "a GZIP archive"),
    (b"BZh", "a BZIP2 archive"),
    (b"\xfd7zXZ\x00", "an XZ archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"AT&TFORM", "a DjVu document"),
    (b"OggS", "a sound or video file"),
    (b"ID3", "an MP3 sound file"),
    (b"fLaC", "a FLAC sound file"),
    (b"\x1aE\xdf\xa3", "a Matroska video"),
    (b"{\\rtf", "a rich text document (RTF)"),
    (b"%!PS", "a PostScript document"),
)
_MAGIC_NEEDS_BINARY = {b"BM", b"MZ", b"BZh", b"ID3", b"OggS"}  # ordinary letters: only with bytes that are no text
_WORD_MAIN_PART = re.compile(r"(?:wordprocessingml|ms-word)\.(?:document|template)[a-zA-Z.]*\.main\+xml")
_OTHER_OFFICE = (
    ("presentationml.", "a PowerPoint presentation"),
    ("ms-powerpoint.", "a PowerPoint presentation"),
    ("spreadsheetml.", "an Excel workbook"),
    ("ms-excel.", "an Excel workbook"),
)
_ZIP_MIMETYPES = {
    "application/vnd.oasis.opendocument.text": "an OpenDocument text (ODT)",
    "application/vnd.oasis.opendocument.spreadsheet": "an OpenDocument spreadsheet (ODS)",
    "application/vnd.oasis.opendocument.presentation": "an OpenDocument presentation (ODP)",
}
_OLE_STREAMS = (
    ("WordDocument", "an old Word document (DOC)"),
    ("Workbook", "an old Excel workbook (XLS)"),
    ("PowerPoint Document", "an old PowerPoint presentation (PPT)"),
    ("Book", "an old Excel workbook (XLS)"),
)
_CONVERTIBLE = ("(DOC)", "(ODT)", "(RTF)", "presentation", "(PPT)")
_PDF_HEADER = re.compile(rb"%PDF-\d")
_HTML_START = re.compile(r"<(?:!doctype\s+html|html|head|body|frameset)\b", re.IGNORECASE)
_LEADING = re.compile(r"(?:\s+|<!--.*?-->|<\?xml\b[^>]*\?>)+", re.DOTALL | re.IGNORECASE)
_FRAGMENT_START = re.compile(
    r"<(?:title|meta|link|style|script|div|p|h[1-6]|table|ul|ol|dl|section|article|main|nav|header|footer|span|a|b|i|em"
    r"|strong|font|center|br|hr|img|pre|blockquote|form|figure|iframe)\b[^<>]*>",
    re.IGNORECASE,
)
_MARKDOWN_SIGN = re.compile(
    r"^(?:#{1,6}\s+\S|```|~~~|[-*+]\s+\S|\d+\.\s+\S|>\s|\|?[ :]*-{3,}[ :|-]*$|={3,}\s*$)|\]\([^)\s]+\)", re.MULTILINE
)


def detect(path: Path, filename: str, limits: ExtractionLimits) -> Detected:
    """Return the format. Raises DocumentUnreadable: empty, unsupported_type, encrypted, corrupt, too_large_unpacked."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    if not sample:
        raise DocumentUnreadable(FailureCode.EMPTY)
    encoding = encoding_of(sample)
    if _is_pdf(sample, text=encoding is not None):
        return Detected(format=Format.PDF)
    if sample.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _detect_in_zip(path, sample, limits)
    if sample.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _detect_in_ole(path)
    for magic, name in _MAGIC:
        if sample.startswith(magic) and (encoding is None or magic not in _MAGIC_NEEDS_BINARY):
            raise unsupported(name)
    if is_mail(sample.decode("latin-1") if encoding is None else decode(sample, encoding), filename):
        return Detected(format=Format.EML, encoding=encoding or "latin-1")
    if encoding is None:
        raise unsupported(_binary_name(sample))
    return _detect_text(decode(sample, encoding), filename, encoding)


def unsupported(name: str | None) -> DocumentUnreadable:
    """Return the error for a file of a kind that cannot be read; `name` is what it is, if known."""
    sentence = f"This is {name}" if name else "This is a binary file of unknown type"
    advice = " Save it as DOCX or PDF and upload that." if name and name.endswith(_CONVERTIBLE) else ""
    return DocumentUnreadable(FailureCode.UNSUPPORTED_TYPE, f"{sentence}, which cannot be read.{advice} {SUPPORTED}")


def _is_pdf(sample: bytes, *, text: bool) -> bool:
    """Tell a PDF, whose header may stand somewhere in the first KiB, from a text that speaks of PDFs."""
    if _PDF_HEADER.match(sample.lstrip(b"\xef\xbb\xbf\x00\t\n\f\r ")):
        return True
    found = _PDF_HEADER.search(sample, 0, PDF_HEADER_WITHIN)
    return bool(found) and not (text and b" obj" not in sample)


def _detect_in_zip(path: Path, sample: bytes, limits: ExtractionLimits) -> Detected:
    office = any(name in sample for name in (CONTENT_TYPES.encode(), b"_rels/.rels", b"word/"))
    try:
        archive = Archive(path, limits)
    except DocumentUnreadable:
        if office:
            raise
        raise unsupported("a ZIP archive") from None
    if CONTENT_TYPES in archive.names:
        types = archive.open(CONTENT_TYPES).read(MAX_CONTENT_TYPES_BYTES).decode("utf-8", "replace")
        if _WORD_MAIN_PART.search(types):
            return Detected(format=Format.DOCX)
        raise unsupported(next((name for sign, name in _OTHER_OFFICE if sign in types), "a ZIP archive"))
    if "mimetype" in archive.names:
        mimetype = archive.open("mimetype").read(200).decode("ascii", "replace").strip()
        if mimetype == Format.EPUB:
            return Detected(format=Format.EPUB)
        raise unsupported(_ZIP_MIMETYPES.get(mimetype, "a ZIP archive"))
    if "META-INF/container.xml" in archive.names:
        return Detected(format=Format.EPUB)
    raise unsupported("a ZIP archive")


def _detect_in_ole(path: Path) -> Detected:
    with path.open("rb") as file:
        head = file.read(OLE_SCAN_BYTES)
        file.seek((int.from_bytes(head[48:52], "little") + 1) * (1 << min(int.from_bytes(head[30:32], "little"), 12)))
        names = head + file.read(1 << 16)
    if "EncryptedPackage".encode("utf-16-le") in names:
        raise DocumentUnreadable(FailureCode.ENCRYPTED)
    if MESSAGE_PROPERTIES.encode("utf-16-le") in names and _is_message(path):
        return Detected(format=Format.MSG)
    for stream, name in _OLE_STREAMS:
        if stream.encode("utf-16-le") in names:
            raise unsupported(name)
    raise unsupported("an old Office file")


def _is_message(path: Path) -> bool:
    """Tell a message from a document that it is attached to, or that is attached to it."""
    from olefile import OleFileIO  # noqa: PLC0415 - few files need it

    try:
        with OleFileIO(str(path)) as ole:
            return bool(ole.exists(MESSAGE_PROPERTIES))
    except (OSError, ValueError, LookupError, struct.error, RecursionError, AttributeError, TypeError):
        return True  # damaged, which its reader says better


def _binary_name(sample: bytes) -> str | None:
    if sample.startswith(b"RIFF"):
        return {b"WEBP": "a WebP picture", b"WAVE": "a WAVE sound file"}.get(sample[8:12], "a sound or video file")
    if sample[4:8] == b"ftyp":
        return "a HEIC picture" if sample[8:11] in (b"hei", b"mif") else "a video file"
    return "a TAR archive" if sample[257:262] == b"ustar" else None


def _detect_text(text: str, filename: str, encoding: str) -> Detected:
    body = text.lstrip("\ufeff")
    leading = _LEADING.match(body)
    start = body[leading.end() if leading else 0 :]
    declared = body.lstrip()[:5].lower() == "<?xml"
    fragment = not declared and _FRAGMENT_START.match(start) and not _MARKDOWN_SIGN.search(body)
    if _HTML_START.match(start) or fragment:
        return Detected(format=Format.HTML, encoding=encoding)
    suffix = PurePosixPath(filename.lower()).suffix
    if (
        body.lstrip()[:5].lower() == "<?xml"
        or start[:4].lower() == "<svg"
        or (start[:1] == "<" and suffix in XML_NAMES)
    ):
        if re.search(r"<svg\b", body[:4096], re.IGNORECASE):
            raise unsupported("an SVG picture")
        return Detected(format=Format.XML, encoding=encoding)
    if looks_like_json(body):
        return Detected(format=Format.JSON, encoding=encoding)
    markdown = suffix in MARKDOWN_NAMES
    return Detected(format=Format.MARKDOWN if markdown else Format.PLAIN_TEXT, encoding=encoding)
