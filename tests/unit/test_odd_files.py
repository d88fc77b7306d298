"""The odd files are as odd as they claim."""

import io
import time
import tracemalloc
import zipfile
import zlib

import docx
import pypdf
import pypdfium2
import pytest
from lxml import etree
from PIL import Image
from pypdf.errors import FileNotDecryptedError, PyPdfError

from tests.support import odd_files

MEBIBYTE = odd_files.MEBIBYTE


def read_pdf(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def pdf_texts(content: bytes) -> list[str]:
    return [page.extract_text().strip() for page in read_pdf(content).pages]


def opens_in_pdfium(content: bytes) -> bool:
    try:
        pypdfium2.PdfDocument(content).close()
    except pypdfium2.PdfiumError:
        return False
    return True


def test_small_files_are_ordinary() -> None:
    assert pdf_texts(odd_files.small_pdf(["Olá, ação.", "Second \N{EN DASH} page."])) == [
        "Olá, ação.",
        "Second \N{EN DASH} page.",
    ]
    document = docx.Document(io.BytesIO(odd_files.small_docx(["# Início", "Um parágrafo."])))
    assert [(p.style and p.style.name, p.text) for p in document.paragraphs] == [
        ("Heading 1", "Início"),
        ("Normal", "Um parágrafo."),
    ]


def test_an_encrypted_pdf_opens_only_with_its_password() -> None:
    content = odd_files.encrypted_pdf("senha")
    reader = read_pdf(content)
    assert reader.is_encrypted
    with pytest.raises(FileNotDecryptedError):
        len(reader.pages)
    assert reader.decrypt("wrong") == pypdf.PasswordType.NOT_DECRYPTED
    assert reader.decrypt("senha") == pypdf.PasswordType.USER_PASSWORD
    assert reader.pages[0].extract_text() == "This page is secret."
    assert not opens_in_pdfium(content)


def test_an_owner_locked_pdf_is_encrypted_but_readable() -> None:
    content = odd_files.owner_locked_pdf()
    assert read_pdf(content).is_encrypted
    assert pdf_texts(content) == ["Anyone may read this page."]
    assert opens_in_pdfium(content)


@pytest.mark.parametrize("make", [odd_files.truncated_pdf, odd_files.garbage_pdf])
def test_a_damaged_pdf_has_the_magic_and_no_pages(make: object) -> None:
    assert callable(make)
    content = make()
    assert content.startswith(b"%PDF-")
    assert not opens_in_pdfium(content)
    with pytest.raises(PyPdfError):
        len(read_pdf(content).pages)


def test_a_scan_has_pictures_and_no_text() -> None:
    content = odd_files.scanned_pdf(2)
    assert pdf_texts(content) == ["", ""]
    assert [len(page.images) for page in read_pdf(content).pages] == [1, 1]
    darkest, lightest = pypdfium2.PdfDocument(content)[0].render().to_pil().convert("L").getextrema()
    assert (darkest < 64, lightest) == (True, 255)


def test_a_blank_pdf_has_neither() -> None:
    reader = read_pdf(odd_files.blank_pdf())
    assert [(page.extract_text(), len(page.images)) for page in reader.pages] == [("", 0), ("", 0)]


def test_ten_thousand_pages_are_quick_and_each_has_its_number() -> None:
    started = time.process_time()
    content = odd_files.pdf_with_pages(10_000)
    assert time.process_time() - started < 2
    document = pypdfium2.PdfDocument(content)
    assert len(document) == 10_000
    assert document[9_999].get_textpage().get_text_range() == "Page 10000 of 10000"
    assert pdf_texts(odd_files.pdf_with_pages(3)) == ["Page 1 of 3", "Page 2 of 3", "Page 3 of 3"]


def test_a_zip_bomb_is_small_and_declares_what_it_unpacks_to() -> None:
    content = odd_files.docx_zip_bomb(64 * MEBIBYTE)
    assert len(content) < MEBIBYTE
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.getinfo("word/document.xml").file_size == 64 * MEBIBYTE
        assert archive.testzip() is None


def test_the_usual_zip_bomb_is_above_600_mebibytes_and_made_in_little_memory() -> None:
    tracemalloc.start()
    try:
        content = odd_files.docx_zip_bomb()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 * MEBIBYTE
    assert len(content) < 4 * MEBIBYTE
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.getinfo("word/document.xml").file_size > 600 * MEBIBYTE


def test_a_lying_zip_bomb_unpacks_to_more_than_it_declares() -> None:
    content = odd_files.docx_zip_bomb(32 * MEBIBYTE + 5, declared_bytes=1_000)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        member = archive.getinfo("word/document.xml")
        assert member.file_size == 1_000
    name_and_extra = sum(int.from_bytes(content[member.header_offset + at :][:2], "little") for at in (26, 28))
    start = member.header_offset + 30 + name_and_extra
    assert len(zlib.decompress(content[start : start + member.compress_size], wbits=-15)) == 32 * MEBIBYTE + 5


def test_many_entries() -> None:
    with zipfile.ZipFile(io.BytesIO(odd_files.docx_with_many_entries(5_000))) as archive:
        assert len(archive.namelist()) == 5_003


def test_an_entity_bomb_is_tiny_and_is_refused_by_libxml2() -> None:
    content = odd_files.docx_with_entity_bomb()
    assert len(content) < 2_000
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        document = archive.read("word/document.xml")
    assert document.count(b"<!ENTITY") == 11
    with pytest.raises(etree.XMLSyntaxError, match="amplification"):
        etree.fromstring(document, etree.XMLParser(resolve_entities=False))


def test_an_external_entity_points_at_a_file() -> None:
    with zipfile.ZipFile(io.BytesIO(odd_files.docx_with_external_entity())) as archive:
        document = archive.read("word/document.xml")
    assert b'SYSTEM "file:///etc/passwd"' in document
    etree.fromstring(document, etree.XMLParser(resolve_entities=False))


def test_a_spreadsheet_is_a_zip_without_a_word_document() -> None:
    with zipfile.ZipFile(io.BytesIO(odd_files.xlsx_like_zip())) as archive:
        assert "xl/workbook.xml" in archive.namelist()
        assert not any(name.startswith("word/") for name in archive.namelist())


def test_a_picture_is_a_picture() -> None:
    picture = Image.open(io.BytesIO(odd_files.png()))
    picture.load()
    assert (picture.format, picture.size) == ("PNG", (1, 1))


def test_an_encrypted_package_is_an_ole_file_with_both_streams() -> None:
    content = odd_files.ole_encrypted_package()
    assert content.startswith(bytes.fromhex("d0cf11e0a1b11ae1"))
    assert (len(content) - 512) % 512 == 0
    assert "EncryptedPackage".encode("utf-16-le") in content
    assert "EncryptionInfo".encode("utf-16-le") in content


def test_nested_html_is_as_deep_as_asked() -> None:
    content = odd_files.deeply_nested_html(1_000)
    assert (content.count(b"<div>"), content.count(b"</div>")) == (1_000, 1_000)


def test_texts_are_in_the_encodings_they_claim() -> None:
    odd = odd_files.text_with_nul_and_surrogates()
    with pytest.raises(UnicodeDecodeError):
        odd.decode()
    assert b"\0" in odd
    assert "\ud800" in odd.decode("utf-8", "surrogatepass")
    with pytest.raises(UnicodeDecodeError):
        odd_files.utf16_with_lone_surrogates().decode("utf-16")
    assert odd_files.utf16_text().decode("utf-16") == "Ações de conservação em UTF-16.\n"
    with pytest.raises(UnicodeDecodeError):
        odd_files.latin1_text().decode()
    assert "ações diárias" in odd_files.latin1_text().decode("latin-1")


def test_filenames_have_every_trick_once() -> None:
    names = odd_files.hostile_filenames()
    assert len(names) == len(set(names))
    assert max(map(len, names)) > 4_000
    for trick in ("..", "/", "\\", "\0", "\r\n", '"', "\u202e", "\ud800"):
        assert any(trick in name for name in names), repr(trick)
    assert "" in names
