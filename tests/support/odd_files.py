"""Files that no one should have to keep in a repository: broken, locked, huge or hostile ones, made when a test asks.

Each function returns bytes. Those with `small_` in their name are ordinary files.
"""

import io
import itertools
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence

import docx
import pypdf
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

MEBIBYTE = 1024 * 1024
CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.{kind}.main+xml"/>'
    "</Types>"
)
RELATIONSHIPS = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="{part}" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>'
    "</Relationships>"
)
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
WORD_HEAD = f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{WORD}"><w:body><w:p><w:r><w:t>'.encode()
WORD_TAIL = b"</w:t></w:r></w:p></w:body></w:document>"


def small_pdf(pages: Sequence[str]) -> bytes:
    """Return a PDF with one text a page; characters outside Windows-1252 are not possible."""
    pdf = FPDF()
    pdf.core_fonts_encoding = "windows-1252"
    pdf.set_font("Helvetica", size=12)
    for text in pages:
        pdf.add_page()
        pdf.multi_cell(0, 7, text)
    return bytes(pdf.output())


def small_docx(paragraphs: Sequence[str]) -> bytes:
    """Return a Word file; a paragraph that starts with "# " becomes a heading."""
    document = docx.Document()
    for text in paragraphs:
        if text.startswith("# "):
            document.add_heading(text.removeprefix("# "), 1)
        else:
            document.add_paragraph(text)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def encrypted_pdf(user_password: str) -> bytes:
    """Return a PDF (AES-256) that only opens with the password."""
    return locked_pdf(user_password=user_password, text="This page is secret.")


def owner_locked_pdf() -> bytes:
    """Return a PDF that opens without a password, but forbids changes: it is to be read like any other."""
    return locked_pdf(user_password="", text="Anyone may read this page.")


def locked_pdf(*, user_password: str, text: str) -> bytes:
    """Encrypt a one-page PDF."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(small_pdf([text])))
    writer.encrypt(user_password, owner_password="the owner's", algorithm="AES-256")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def truncated_pdf() -> bytes:
    """Return the first quarter of a PDF: no cross-reference table, no trailer, no page tree."""
    whole = pdf_with_pages(50)
    return whole[: len(whole) // 4]


def garbage_pdf() -> bytes:
    """Return a PDF header and then noise, the same each time."""
    noise = bytes(value * value * 31 % 251 for value in range(20_000))
    return b"%PDF-1.7\n" + noise + b"\n%%EOF\n"


def blank_pdf() -> bytes:
    """Return a PDF with two pages and nothing on them."""
    return minimal_pdf([b"", b""])


def pdf_with_pages(count: int) -> bytes:
    """Return a PDF of `count` pages, each with its number on it; ten thousand take well under a second."""
    return minimal_pdf(b"BT /F 12 Tf 72 720 Td (Page %d of %d) Tj ET" % (n, count) for n in range(1, count + 1))


def scanned_pdf(pages: int) -> bytes:
    """Return pictures of large, clean letters ("Scanned page 1") without a text layer."""
    pdf = FPDF(unit="pt", format=(595, 842))
    for number in range(1, pages + 1):
        picture = Image.new("1", (1240, 1754), color=1)
        ink = ImageDraw.Draw(picture)
        ink.text((120, 160), f"Scanned page {number}", font=ImageFont.load_default(size=72), fill=0)
        ink.text((120, 320), "The stream rises after rain.", font=ImageFont.load_default(size=48), fill=0)
        pdf.add_page()
        pdf.image(picture, x=0, y=0, w=595, h=842)
    return bytes(pdf.output())


def minimal_pdf(contents: Iterable[bytes]) -> bytes:
    """Write a PDF by hand: one page for each content stream, font `/F` is Helvetica."""
    streams = list(contents)
    kids = b" ".join(b"%d 0 R" % (4 + 2 * index) for index in range(len(streams)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/MediaBox[0 0 612 792]/Resources<</Font<</F 3 0 R>>>>/Kids[%b]>>"
        % (len(streams), kids),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for index, stream in enumerate(streams):
        objects.append(b"<</Type/Page/Parent 2 0 R/Contents %d 0 R>>" % (5 + 2 * index))
        objects.append(b"<</Length %d>>stream\n%b\nendstream" % (len(stream), stream))
    bodies = [b"%d 0 obj\n%b\nendobj\n" % (number, body) for number, body in enumerate(objects, start=1)]
    header = b"%PDF-1.4\n"
    offsets = list(itertools.accumulate(map(len, bodies), initial=len(header)))
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets[:-1])
    size = len(objects) + 1
    trailer = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, offsets[-1])
    return header + b"".join(bodies) + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + trailer


def docx_zip_bomb(unpacked_bytes: int = 640 * MEBIBYTE, *, declared_bytes: int | None = None) -> bytes:
    """Return a small Word file whose word/document.xml unpacks to `unpacked_bytes`, nearly all of it spaces.

    Made in a few MiB of memory, two seconds a GiB, any size. With `declared_bytes` (below 2 GiB) the ZIP lies about it.
    """
    filler = unpacked_bytes - len(WORD_HEAD) - len(WORD_TAIL)
    chunks = itertools.chain([WORD_HEAD], spaces(filler), [WORD_TAIL])
    archive = word_archive(chunks, zip64=unpacked_bytes > zipfile.ZIP64_LIMIT)
    if declared_bytes is None:
        return archive
    true_size, false_size = struct.pack("<L", unpacked_bytes), struct.pack("<L", declared_bytes)
    return archive.replace(true_size, false_size)


def spaces(count: int) -> Iterator[bytes]:
    """Yield `count` spaces, a MiB at a time."""
    block = b" " * MEBIBYTE
    for _ in range(count // MEBIBYTE):
        yield block
    yield block[: count % MEBIBYTE]


def word_archive(document_xml: Iterable[bytes], *, zip64: bool = False) -> bytes:
    """Pack the least that is a Word file round the given word/document.xml; above 2 GiB that takes `zip64`."""
    part = "word/document.xml"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES.format(part=part, kind="wordprocessingml.document"))
        archive.writestr("_rels/.rels", RELATIONSHIPS.format(part=part))
        with archive.open(part, "w", force_zip64=zip64) as member:
            for chunk in document_xml:
                member.write(chunk)
    return buffer.getvalue()


def docx_with_many_entries(count: int) -> bytes:
    """Return a Word file with `count` further, empty members."""
    buffer = io.BytesIO(word_archive([WORD_HEAD, b"Many members.", WORD_TAIL]))
    with zipfile.ZipFile(buffer, "a") as archive:
        for number in range(count):
            archive.writestr(f"word/media/{number}.bin", b"")
    return buffer.getvalue()


def docx_with_entity_bomb() -> bytes:
    """Return a Word file whose few lines of XML entities expand to ten billion words (a "billion laughs")."""
    entities = ['<!ENTITY e0 "lol">']
    entities += [f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 11)]
    head = f'<?xml version="1.0"?><!DOCTYPE bomb [{"".join(entities)}]>'.encode()
    body = WORD_HEAD[WORD_HEAD.index(b"<w:document") :]
    return word_archive([head, body, b"&e10;", WORD_TAIL])


def docx_with_external_entity(target: str = "file:///etc/passwd") -> bytes:
    """Return a Word file whose text is an entity that points at a file: nothing of it may be read."""
    head = f'<?xml version="1.0"?><!DOCTYPE leak [<!ENTITY leak SYSTEM "{target}">]>'.encode()
    body = WORD_HEAD[WORD_HEAD.index(b"<w:document") :]
    return word_archive([head, body, b"before &leak; after", WORD_TAIL])


def xlsx_like_zip() -> bytes:
    """Return the least that is a spreadsheet: a ZIP as a Word file is, but not one."""
    part = "xl/workbook.xml"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES.format(part=part, kind="spreadsheetml.sheet"))
        archive.writestr("_rels/.rels", RELATIONSHIPS.format(part=part))
        archive.writestr(part, "<workbook/>")
    return buffer.getvalue()


def png() -> bytes:
    """Return a picture of one black dot."""
    header = struct.pack(">LLBBBBB", 1, 1, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b"")]
    packed = [
        struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def ole_encrypted_package() -> bytes:
    """Return what Word saves under a password: an OLE file with the streams EncryptionInfo and EncryptedPackage.

    [MS-CFB] version 3, sectors of 512 bytes: header, then sector 0 is the FAT, 1 the directory, 2 to 9 and 10 to 17 the
    streams (4,096 bytes each, the least that needs no mini-stream).
    """
    end, fat_mark, free, nothing = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF, 0xFFFFFFFF
    header = struct.pack("<8s16xHHHHH6xLLLLLLLLLL", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6,
                         0, 1, 1, 0, 4096, end, 0, end, 0, 0)  # fmt: skip
    header += struct.pack("<L", free) * 108
    chains = [*range(3, 10), end, *range(11, 18), end]
    fat = struct.pack("<128L", fat_mark, end, *chains, *[free] * 110)
    directory = (
        directory_entry("Root Entry", kind=5, child=1, start=end, size_bytes=0)
        + directory_entry("EncryptionInfo", kind=2, right=2, start=2, size_bytes=4096)
        + directory_entry("EncryptedPackage", kind=2, start=10, size_bytes=4096)
        + struct.pack("<68xLLL48x", nothing, nothing, nothing)
    )
    return header + fat + directory + b"\x5a" * 8192


def directory_entry(
    name: str, *, kind: int, start: int, size_bytes: int, child: int = 0xFFFFFFFF, right: int = 0xFFFFFFFF
) -> bytes:
    """Pack one 128-byte entry of an OLE directory."""
    encoded = name.encode("utf-16-le")
    links = struct.pack("<LLL", 0xFFFFFFFF, right, child)
    return struct.pack("<64sHBB", encoded, len(encoded) + 2, kind, 1) + links + struct.pack("<36xLQ", start, size_bytes)


def deeply_nested_html(depth: int) -> bytes:
    """Return `depth` elements one inside the other, with a sentence in the innermost."""
    return b"<!DOCTYPE html><title>Deep</title>" + b"<div>" * depth + b"The bottom." + b"</div>" * depth


def text_with_nul_and_surrogates() -> bytes:
    """Return UTF-8 text with a NUL and with lone surrogates encoded as WTF-8 does, which is not valid UTF-8."""
    lone = b"A lone \xed\xa0\x80 high and a lone \xed\xb0\x80 low surrogate.\n"
    return b"Before the NUL\0after it.\n" + lone + "Plain end: ação.\n".encode()


def utf16_with_lone_surrogates() -> bytes:
    """Return UTF-16 text with a byte order mark, a NUL and surrogates without their partners."""
    return "\ufeffLone \ud800 high, \udc00 low, a NUL \0 and ação.\n".encode("utf-16-le", "surrogatepass")


def utf16_text() -> bytes:
    """Return ordinary UTF-16 text, little-endian, with a byte order mark."""
    return "\ufeffAções de conservação em UTF-16.\n".encode("utf-16-le")


def latin1_text() -> bytes:
    """Return Portuguese text in ISO 8859-1, long enough for its encoding to be guessed."""
    sentence = "A conservação do acervo não é só restauração: são ações diárias, à mão, até o pôr do sol.\n"
    return (sentence * 8).encode("latin-1")


def hostile_filenames() -> list[str]:
    """Return names that a client may send and that must never reach a path, a header or a log as they are."""
    return [
        "../../etc/passwd",
        "..\\..\\windows\\system32\\config.txt",
        "/absolute/path.pdf",
        "C:\\Users\\someone\\file.docx",
        "file:///etc/passwd",
        "nul\0inside.txt",
        "control\x01\x07\x1b[31mred.txt",
        "c1\x85control.txt",
        "line\r\nSet-Cookie: session=stolen\r\n.txt",
        'quote".txt; filename="other.exe',
        "a" * 4_000 + ".pdf",
        "ação" * 1_000 + ".pdf",
        "invoice\u202efdp.exe",
        "zero\u200bwidth\u2066isolate.txt",
        "line\u2028separator.txt",
        "lone\ud800surrogate.txt",
        "%2e%2e%2fencoded.txt",
        "<script>alert(1)</script>.html",
        "'; DROP TABLE documents; --.txt",
        "=cmd|' /C calc'!A0.csv",
        "-rf.txt",
        "CON.txt",
        ".",
        "..",
        "",
        "   ",
        "...",
        "\r\n\t",
        "\u202e\u200b",
        "/",
    ]
