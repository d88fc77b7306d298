"""Which type a file is, from its bytes. The name only helps to tell text formats apart."""

import re
import struct
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.archive import Archive
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.mail.head import is_mail
from infrastructure.extraction.office.package import CONTENT_TYPES, SHEETS_MAIN, SLIDES_MAIN, WORD_MAIN
from infrastructure.extraction.text.encoding import SAMPLE_BYTES, decode, encoding_of
from infrastructure.extraction.text.json_flattening import looks_like_json

SUPPORTED = (
    "Supported are PDF, Office and OpenDocument files, RTF, mails, EPUB, HTML, Markdown, XML, JSON, CSV, plain text and"
    " pictures."
)
PDF_HEADER_WITHIN = 1024
OLE_SCAN_BYTES = 8 * 1024 * 1024
MESSAGE_PROPERTIES = "__properties_version1.0"
MAX_CONTENT_TYPES_BYTES = 4 * 1024 * 1024
XML_NAMES = {".xml", ".rss", ".atom", ".xsd", ".xsl", ".opml", ".dita", ".dbk", ".tei"}
MARKDOWN_NAMES = {".md", ".markdown", ".mdown", ".mkd", ".mdwn", ".mkdn"}
JSON_NAMES = {".json", ".jsonl", ".ndjson", ".jsonld", ".geojson", ".topojson", ".ipynb", ".har", ".webmanifest"}
TABLE_NAMES = {".csv", ".tsv", ".tab"}


class Format(StrEnum):
    """The formats that can be read."""

    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ODT = "application/vnd.oasis.opendocument.text"
    ODS = "application/vnd.oasis.opendocument.spreadsheet"
    ODP = "application/vnd.oasis.opendocument.presentation"
    DOC = "application/msword"
    XLS = "application/vnd.ms-excel"
    PPT = "application/vnd.ms-powerpoint"
    RTF = "application/rtf"
    HTML = "text/html"
    MARKDOWN = "text/markdown"
    CSV = "text/csv"
    PLAIN_TEXT = "text/plain"
    PNG = "image/png"
    JPEG = "image/jpeg"
    GIF = "image/gif"
    TIFF = "image/tiff"
    BMP = "image/bmp"
    WEBP = "image/webp"
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


_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PICTURE_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"\xff\xd8\xff", Format.JPEG),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"II*\x00", Format.TIFF),
    (b"MM\x00*", Format.TIFF),
    (b"BM", Format.BMP),
)
_MAGIC: tuple[tuple[bytes, str], ...] = (
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
    (b"%!PS", "a PostScript document"),
)
_MAGIC_NEEDS_BINARY = {b"MZ", b"BZh", b"ID3", b"OggS"}  # ordinary letters: only with bytes that are no text
_OFFICE_MAIN_PARTS = ((WORD_MAIN, Format.DOCX), (SLIDES_MAIN, Format.PPTX), (SHEETS_MAIN, Format.XLSX))
_OFFICE_SIGNS = (
    b"_rels/.rels",
    b"docProps/",
    b"word/",
    b"ppt/",
    b"xl/",
    b"content.xml",
    b"mimetypeapplication/vnd.oasis.",
)
_EPUB_SIGNS = (b"mimetypeapplication/epub+zip", b"META-INF/container.xml")
_OTHER_OFFICE = (("ms-excel.sheet.binary", "a binary Excel workbook (XLSB)"), ("ms-visio.", "a Visio drawing"))
_ZIP_MIMETYPES = {
    "application/vnd.oasis.opendocument.graphics": "an OpenDocument drawing",
}
_OPEN_DOCUMENT = (Format.ODT, Format.ODS, Format.ODP)
_OLE_STREAMS = (
    ("WordDocument", Format.DOC),
    ("Workbook", Format.XLS),
    ("PowerPoint Document", Format.PPT),
    ("Book", Format.XLS),
)
_OLE_ENCRYPTED = ("EncryptedPackage", "EncryptedSummary")
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
        cut = bool(file.read(1))
    if not sample:
        raise DocumentUnreadable(FailureCode.EMPTY)
    encoding = encoding_of(sample)
    if _is_pdf(sample, text=encoding is not None):
        return Detected(format=Format.PDF)
    if sample.startswith(_ZIP_MAGIC):
        return _detect_in_zip(path, sample, limits)
    if sample.startswith(_OLE_MAGIC):
        return _detect_in_ole(path)
    if plainly_told := _by_magic(sample, text=encoding is not None):
        return Detected(format=plainly_told)
    for magic, name in _MAGIC:
        if sample.startswith(magic) and (encoding is None or magic not in _MAGIC_NEEDS_BINARY):
            raise unsupported(name)
    if is_mail(sample.decode("latin-1") if encoding is None else decode(sample, encoding), filename):
        return Detected(format=Format.EML, encoding=encoding or "latin-1")
    if encoding is None:
        raise unsupported(_binary_name(sample))
    return _detect_text(decode(sample, encoding), filename, encoding, cut=cut)


def look_at_file(path: Path, filename: str) -> None:
    """Refuse what the first bytes tell, and open no container: that is for the sandbox. Raises DocumentUnreadable."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    if sample.startswith(_OLE_MAGIC):
        return
    if not sample.startswith(_ZIP_MAGIC):
        detect(path, filename, ExtractionLimits())
    elif not any(sign in sample for sign in (CONTENT_TYPES.encode(), *_OFFICE_SIGNS, *_EPUB_SIGNS)):
        raise unsupported("a ZIP archive")


def unsupported(name: str | None) -> DocumentUnreadable:
    """Return the error for a file of a kind that cannot be read; `name` is what it is, if known."""
    sentence = f"This is {name}" if name else "This is a binary file of unknown type"
    return DocumentUnreadable(FailureCode.UNSUPPORTED_TYPE, f"{sentence}, which cannot be read. {SUPPORTED}")


def _is_pdf(sample: bytes, *, text: bool) -> bool:
    """Tell a PDF, whose header may stand somewhere in the first KiB, from a text that speaks of PDFs."""
    if _PDF_HEADER.match(sample.lstrip(b"\xef\xbb\xbf\x00\t\n\f\r ")):
        return True
    found = _PDF_HEADER.search(sample, 0, PDF_HEADER_WITHIN)
    return bool(found) and not (text and b" obj" not in sample)


def _by_magic(sample: bytes, *, text: bool) -> Format | None:
    if sample.startswith(b"{\\rtf"):
        return Format.RTF
    if sample.startswith(b"RIFF") and sample[8:12] == b"WEBP":
        return Format.WEBP
    found = next((kind for magic, kind in _PICTURE_MAGIC if sample.startswith(magic)), None)
    return None if text and found is Format.BMP else found  # ordinary letters


def _detect_in_zip(path: Path, sample: bytes, limits: ExtractionLimits) -> Detected:
    office = any(name in sample for name in (CONTENT_TYPES.encode(), *_OFFICE_SIGNS))
    try:
        archive = Archive(path, limits)
    except DocumentUnreadable:
        if office:
            raise
        raise unsupported("a ZIP archive") from None
    if CONTENT_TYPES in archive.names:
        types = archive.open(CONTENT_TYPES).read(MAX_CONTENT_TYPES_BYTES).decode("utf-8", "replace")
        for sign, found in _OFFICE_MAIN_PARTS:
            if sign.search(types):
                return Detected(format=found)
        raise unsupported(next((name for sign, name in _OTHER_OFFICE if sign in types), "a ZIP archive"))
    if "mimetype" in archive.names:
        mimetype = archive.open("mimetype").read(200).decode("ascii", "replace").strip()
        for opened in (*_OPEN_DOCUMENT, Format.EPUB):
            if mimetype.startswith(opened):  # also its templates
                return Detected(format=opened)
        raise unsupported(_ZIP_MIMETYPES.get(mimetype, "a ZIP archive"))
    if "META-INF/container.xml" in archive.names:
        return Detected(format=Format.EPUB)
    raise unsupported("a ZIP archive")


def _detect_in_ole(path: Path) -> Detected:
    with path.open("rb") as file:
        head = file.read(OLE_SCAN_BYTES)
        file.seek((int.from_bytes(head[48:52], "little") + 1) * (1 << min(int.from_bytes(head[30:32], "little"), 12)))
        directory = file.read(1 << 16)
        names = head + directory
    if any(stream.encode("utf-16-le") in names for stream in _OLE_ENCRYPTED):
        raise DocumentUnreadable(FailureCode.ENCRYPTED)
    if MESSAGE_PROPERTIES.encode("utf-16-le") in names and _is_message(path):
        return Detected(format=Format.MSG)
    for stream, found in _OLE_STREAMS:
        if stream.encode("utf-16-le") in names:
            return Detected(format=found)
    if not directory:
        raise DocumentUnreadable(FailureCode.CORRUPT)
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
        return "a WAVE sound file" if sample[8:12] == b"WAVE" else "a sound or video file"
    if sample[4:8] == b"ftyp":
        return "a HEIC picture" if sample[8:11] in (b"hei", b"mif") else "a video file"
    return "a TAR archive" if sample[257:262] == b"ustar" else None


def _detect_text(text: str, filename: str, encoding: str, *, cut: bool) -> Detected:
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
    if looks_like_json(body, cut=cut or suffix in JSON_NAMES):
        return Detected(format=Format.JSON, encoding=encoding)
    if suffix in TABLE_NAMES:
        return Detected(format=Format.CSV, encoding=encoding)
    return Detected(format=Format.MARKDOWN if suffix in MARKDOWN_NAMES else Format.PLAIN_TEXT, encoding=encoding)
