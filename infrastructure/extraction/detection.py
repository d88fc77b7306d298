"""Which type a file is, from its bytes. The name only chooses between Markdown, tables (CSV, TSV) and plain text."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.archive import Archive
from infrastructure.extraction.encoding import SAMPLE_BYTES, decode, encoding_of
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.package import CONTENT_TYPES, SHEETS_MAIN, SLIDES_MAIN, WORD_MAIN

SUPPORTED = "Supported are PDF, Office and OpenDocument files, RTF, HTML, Markdown, CSV, plain text and pictures."
PDF_HEADER_WITHIN = 1024
OLE_SCAN_BYTES = 8 * 1024 * 1024
MAX_CONTENT_TYPES_BYTES = 4 * 1024 * 1024
MARKDOWN_NAMES = {".md", ".markdown", ".mdown", ".mkd", ".mdwn", ".mkdn"}
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """A format and, where it is text, its encoding."""

    format: Format
    encoding: str = "utf-8"


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
_OTHER_OFFICE = (("ms-excel.sheet.binary", "a binary Excel workbook (XLSB)"), ("ms-visio.", "a Visio drawing"))
_ZIP_MIMETYPES = {
    "application/epub+zip": "an EPUB book",
    "application/vnd.oasis.opendocument.graphics": "an OpenDocument drawing",
}
_OPEN_DOCUMENT = (Format.ODT, Format.ODS, Format.ODP)
_OLE_STREAMS: tuple[tuple[str, Format | str], ...] = (
    ("WordDocument", Format.DOC),
    ("Workbook", Format.XLS),
    ("PowerPoint Document", Format.PPT),
    ("__substg1.0_", "an Outlook message (MSG)"),
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
    if not sample:
        raise DocumentUnreadable(FailureCode.EMPTY)
    encoding = encoding_of(sample)
    if _is_pdf(sample, text=encoding is not None):
        return Detected(format=Format.PDF)
    if sample.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _detect_in_zip(path, sample, limits)
    if sample.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _detect_in_ole(path)
    if sample.startswith(b"{\\rtf"):
        return Detected(format=Format.RTF)
    if picture := _picture_format(sample, text=encoding is not None):
        return Detected(format=picture)
    for magic, name in _MAGIC:
        if sample.startswith(magic) and (encoding is None or magic not in _MAGIC_NEEDS_BINARY):
            raise unsupported(name)
    if encoding is None:
        raise unsupported(_binary_name(sample))
    return _detect_text(decode(sample, encoding), filename, encoding)


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


def _picture_format(sample: bytes, *, text: bool) -> Format | None:
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
        for opened in _OPEN_DOCUMENT:
            if mimetype.startswith(opened):  # also its templates
                return Detected(format=opened)
        raise unsupported(_ZIP_MIMETYPES.get(mimetype, "a ZIP archive"))
    raise unsupported("a ZIP archive")


def _detect_in_ole(path: Path) -> Detected:
    with path.open("rb") as file:
        head = file.read(OLE_SCAN_BYTES)
        file.seek((int.from_bytes(head[48:52], "little") + 1) * (1 << min(int.from_bytes(head[30:32], "little"), 12)))
        directory = file.read(1 << 16)
        names = head + directory
    if any(stream.encode("utf-16-le") in names for stream in _OLE_ENCRYPTED):
        raise DocumentUnreadable(FailureCode.ENCRYPTED)
    for stream, found in _OLE_STREAMS:
        if stream.encode("utf-16-le") in names:
            if isinstance(found, Format):
                return Detected(format=found)
            raise unsupported(found)
    if not directory:
        raise DocumentUnreadable(FailureCode.CORRUPT)
    raise unsupported("an old Office file")


def _binary_name(sample: bytes) -> str | None:
    if sample.startswith(b"RIFF"):
        return "a WAVE sound file" if sample[8:12] == b"WAVE" else "a sound or video file"
    if sample[4:8] == b"ftyp":
        return "a HEIC picture" if sample[8:11] in (b"hei", b"mif") else "a video file"
    return "a TAR archive" if sample[257:262] == b"ustar" else None


def _detect_text(text: str, filename: str, encoding: str) -> Detected:
    body = text.lstrip("\ufeff")
    leading = _LEADING.match(body)
    start = body[leading.end() if leading else 0 :]
    if _HTML_START.match(start) or (_FRAGMENT_START.match(start) and not _MARKDOWN_SIGN.search(body)):
        return Detected(format=Format.HTML, encoding=encoding)
    if body.lstrip()[:5].lower() == "<?xml" or start[:4].lower() == "<svg":
        name = "an SVG picture" if re.search(r"<svg\b", body[:4096], re.IGNORECASE) else "an XML file"
        raise unsupported(name)
    suffix = PurePosixPath(filename.lower()).suffix
    if suffix in TABLE_NAMES:
        return Detected(format=Format.CSV, encoding=encoding)
    return Detected(format=Format.MARKDOWN if suffix in MARKDOWN_NAMES else Format.PLAIN_TEXT, encoding=encoding)
