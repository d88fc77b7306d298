"""What files say of themselves, read in the sandbox, kept with the document, and asked for by HTTP."""

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import docx as python_docx
import openpyxl
import pypdf
import pytest
from sqlalchemy import Engine

from domain.document_details import DocumentDetails
from domain.failure import DocumentUnreadable
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.sandbox.descriptions import details_message, details_of
from infrastructure.extraction.sandbox.details_reader import SandboxedDetailsReader
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from infrastructure.extraction.sandbox.protocol import Message, ProtocolError
from tests.support.blob_store_backends import local_backend
from tests.support.documents import archive, docx, paragraph, pdf
from tests.support.mails import mail, plain
from tests.support.odd_files import encrypted_pdf, garbage_pdf, owner_locked_pdf
from tests.support.open_documents import open_document
from tests.support.previews_world import PreviewsWorld, previews_world
from tests.support.unhurried import unhurried

Read = Callable[..., DocumentDetails]
MOMENT = "2024-02-29T10:30:00+00:00"


@pytest.fixture(scope="module")
def readers() -> Iterator[SandboxedExtractor]:
    with SandboxedExtractor(ExtractionLimits()) as readers:
        yield readers


@pytest.fixture
def read(readers: SandboxedExtractor, tmp_path: Path) -> Read:
    def details(data: bytes, filename: str = "file") -> DocumentDetails:
        path = tmp_path / "file"
        path.write_bytes(data)
        return SandboxedDetailsReader(readers).read(path, filename=filename, check=unhurried)

    return details


def said(details: DocumentDetails) -> tuple[str | None, str | None, str | None, str | None]:
    times = (moment.isoformat() if moment else None for moment in (details.created_at, details.modified_at))
    created, modified = times
    return details.title, details.author, created, modified


def pdf_that_says(stated: Mapping[str, str], outline: Callable[[pypdf.PdfWriter], object] = lambda _: None) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(["One.", "Two.", "Three."])))
    writer.add_metadata(dict(stated))
    outline(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_pdf_says_who_wrote_it_when_and_how_it_is_divided(read: Read) -> None:
    def outline(writer: pypdf.PdfWriter) -> None:
        chapter = writer.add_outline_item(title="Chapter\u00a0one\x00\x07", page_number=0)
        writer.add_outline_item(title="A part", page_number=1, parent=chapter)
        writer.add_outline_item(title="Chapter two", page_number=2)
        writer.add_outline_item(title=" \n ", page_number=2)

    stated = {
        "/Title": "  The bridge\nof Recife\x00 ",
        "/Author": "Ana é",
        "/CreationDate": "D:20240229073000-03'00'",
        "/ModDate": "D:20240229103000Z",
    }
    details = read(pdf_that_says(stated, outline))
    assert said(details) == ("The bridge of Recife", "Ana é", MOMENT, MOMENT)
    entries = [(entry.title, entry.level, entry.page) for entry in details.outline]
    assert entries == [("Chapter one", 1, 1), ("A part", 2, 2), ("Chapter two", 1, 3)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("D:20240229", "2024-02-29T00:00:00+00:00"),
        ("20240229103000", MOMENT),
        ("D:20240229103000+00'00'", MOMENT),
        ("D:20240229103000Z00'00'", MOMENT),
        ("D:20240229160000+0530", MOMENT),
        ("D:20230229103000Z", None),
        ("D:00010101000000Z", None),
        ("D:99991231235959-12'00'", None),
        ("D:2024", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_of_pdfs_are_in_utc_or_nonsense(read: Read, written: str, meant: str | None) -> None:
    assert said(read(pdf_that_says({"/CreationDate": written})))[2] == meant


def test_an_outline_without_end_is_cut(read: Read) -> None:
    def outline(writer: pypdf.PdfWriter) -> None:
        for number in range(2_100):
            writer.add_outline_item(title=f"Part {number} " + "x" * 400, page_number=0)

    details = read(pdf_that_says({"/Title": "t" * 5_000}, outline))
    assert len(details.outline) == 2_000
    assert {len(entry.title) for entry in details.outline} == {300}
    assert len(details.title or "") == 1_000


def test_word_and_excel_files_say_it_in_their_core_properties(read: Read) -> None:
    out = io.BytesIO()
    written = python_docx.Document()
    written.core_properties.title, written.core_properties.author = "The bridge", "Ana"
    written.save(out)
    title, author, created, modified = said(read(out.getvalue()))
    assert (title, author) == ("The bridge", "Ana")
    assert created == modified == "2013-12-23T23:15:00+00:00"
    book = openpyxl.Workbook()
    book.properties.title, book.properties.creator = "Figures", "Bob"
    out = io.BytesIO()
    book.save(out)
    assert said(read(out.getvalue()))[:2] == ("Figures", "Bob")
    assert read(docx(paragraph("nothing"))) == DocumentDetails()


def test_opendocument_files_say_it_in_meta_xml(read: Read) -> None:
    meta = (
        '<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0">'
        "<office:meta><dc:title>The bridge</dc:title><dc:creator>Bob</dc:creator>"
        "<meta:initial-creator>Ana</meta:initial-creator><dc:date>2024-02-29T10:30:00.123456789</dc:date>"
        "<meta:creation-date>2024-02-29T07:30:00-03:00</meta:creation-date></office:meta></office:document-meta>"
    )
    details = said(read(open_document("text", "<text:p>Words</text:p>", {"meta.xml": meta})))
    assert details == ("The bridge", "Ana", MOMENT, "2024-02-29T10:30:00.123456+00:00")


def test_html_says_it_in_its_head(read: Read) -> None:
    markup = (
        '<!doctype html><head><title> The\n bridge </title><meta name="Author" content="Ana">'
        '<meta property="article:published_time" content="2024-02-29T10:30:00Z"><meta name="date" content="soon">'
        '<meta property="article:modified_time" content="2024-13-01"></head>'
        "<body><svg><title>a drawing</title></svg><p>Words"
    )
    assert said(read(markup.encode(), "a.html")) == ("The bridge", "Ana", MOMENT, None)
    assert read(b"<html><body><p>Words</p></body></html>", "a.html") == DocumentDetails()


def test_xhtml_and_a_byte_order_mark_leave_the_head_as_it_is(read: Read) -> None:
    start = '\ufeff<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">'
    author = '<meta name="author" content="Ana"/>'
    bare = f"{start}<head><title/>{author}</head><body><p>Words</p></body></html>"
    assert said(read(bare.encode(), "a.xhtml")) == (None, "Ana", None, None)
    titled = f'{start}<head><script src="a.js"/><title>Deep</title>{author}</head><body><p>Words</p></body></html>'
    assert said(read(titled.encode(), "a.xhtml")) == ("Deep", "Ana", None, None)


def test_html_nested_deeper_than_anybody_writes_is_read_as_soon_as_other(read: Read) -> None:
    markup = b"<html><head><title>Deep</title></head><body>" + b"<div>" * 200_000
    assert said(read(markup, "a.html")) == ("Deep", None, None, None)


def test_books_say_it_in_their_package(read: Read) -> None:
    container = (
        '<container><rootfiles><rootfile full-path="b.opf" media-type="application/oebps-package+xml"/></rootfiles>'
        "</container>"
    )
    package = (
        '<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>The bridge</dc:title>'
        "<dc:creator>Ana</dc:creator><dc:creator>Bob</dc:creator><dc:date>1999</dc:date><dc:date>2024-02-29</dc:date>"
        '<meta property="dcterms:modified">2024-02-29T10:30:00Z</meta></metadata><manifest/><spine/></package>'
    )
    book = archive({"mimetype": "application/epub+zip", "META-INF/container.xml": container, "b.opf": package})
    assert said(read(book)) == ("The bridge", "Ana, Bob", "2024-02-29T00:00:00+00:00", MOMENT)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Thu, 29 Feb 2024 07:30:00 -0300", MOMENT), ("Thu, 29 Feb 2024 10:30:00 -0000", MOMENT), ("soon", None)],
)
def test_mails_say_it_in_their_head(read: Read, written: str, meant: str | None) -> None:
    data = mail(plain("Words"), subject="=?utf-8?q?Relat=C3=B3rio?=", headers=f"Date: {written}\n")
    assert said(read(data, "a.eml")) == ("Relatório", "Ana <ana@example.com>", meant, None)


def test_other_files_say_nothing(read: Read) -> None:
    assert read(b"just words", "a.txt") == DocumentDetails()
    assert said(read(owner_locked_pdf()))[:2] == (None, None)


@pytest.mark.parametrize(("data", "code"), [(encrypted_pdf("x"), "encrypted"), (garbage_pdf(), "corrupt")])
def test_what_cannot_be_opened_says_why(read: Read, data: bytes, code: str) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        read(data)
    assert caught.value.failure_code == code


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "a\x00b"},
        {"title": "x" * 1_001},
        {"author": 7},
        {"created_at": "2024-02-29T10:30:00"},
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"modified_at": "soon"},
        {"outline": None},
        {"outline": [["a", 1, 1]] * 2_001},
        {"outline": [["a", 0, 1]]},
        {"outline": [["a", 1, 0]]},
        {"outline": [["a", 1]]},
        {"type": "end"},
    ],
)
def test_nothing_that_a_child_says_is_believed_unseen(changes: Message) -> None:
    with pytest.raises(ProtocolError):
        details_of(details_message(DocumentDetails()) | changes)


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> Iterator[PreviewsWorld]:
    with local_backend(tmp_path / "store") as backend, previews_world(engine, backend, tmp_path) as world:
        yield world


def test_details_are_there_once_the_action_has_ended(world: PreviewsWorld) -> None:
    text = "The bridge over the river was inspected in the month of May by the engineers of the city."
    data = pdf_that_says(
        {"/Title": "The bridge", "/CreationDate": "D:20240229103000Z"},
        lambda writer: writer.add_outline_item(title="One", page_number=0),
    )
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    writer.insert_page(pypdf.PdfReader(io.BytesIO(pdf([text]))).pages[0])
    out = io.BytesIO()
    writer.write(out)
    document_id = world.upload(out.getvalue())
    answer = world.get(document_id, "details")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_details")

    action = world.ended(world.ask(document_id, "metadata"))
    assert action["result"] == {"title": "The bridge", "author": None, "outline_entries": 1}
    assert world.get(document_id, "details").json() == {
        "document_id": str(document_id),
        "version": 1,
        "title": "The bridge",
        "author": None,
        "language": "en",
        "created_at": "2024-02-29T10:30:00.000Z",
        "modified_at": None,
        "outline": [{"title": "One", "level": 1, "page": 2}],
    }
    world.ended(world.ask(document_id, "metadata"))
    assert world.sql("SELECT count(*) FROM document_details") == [(1,)]


def test_a_document_deleted_while_it_is_described_leaves_nothing(world: PreviewsWorld) -> None:
    document_id = world.upload(pdf(["One."]))
    job_id = world.ask(document_id, "metadata")
    assert world.http.delete(f"/api/v1/documents/{document_id}").status_code == 200
    assert world.ended(job_id)["error"]["code"] == "document_not_found"
    assert world.sql("SELECT count(*) FROM document_details") == [(0,)]


def test_a_preview_and_the_details_are_asked_for_in_one_job(world: PreviewsWorld) -> None:
    document_id = world.upload(pdf(["One."]))
    job_id = world.start("preview", "metadata", document_id=str(document_id))
    world.work()
    assert world.status(job_id)["status"] == "completed"
    assert world.get(document_id, "status").json()["status"] == "completed"
    assert world.drawn(document_id) == [1]
    assert world.get(document_id, "details").status_code == 200
