import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from application.ports.extractor import Extractor
from domain.errors import RunCancelled
from domain.extracted_page import ExtractedPage
from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from tests.support.documents import pdf
from tests.support.in_memory_extractor import InMemoryExtractor
from tests.support.odd_files import encrypted_pdf
from tests.support.unhurried import unhurried

Write = Callable[[Sequence[str]], Path]
Subject = tuple[Extractor, Write]
PASSWORD = "geheim é 漢"
LOCKED = encrypted_pdf(PASSWORD)
UNKNOWN = b"\x00\xff\x80\x01" + secrets.token_bytes(2000)


@pytest.fixture(params=["fake", "real"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    documents = {}

    def write(pages: Sequence[str]) -> Path:
        data = pdf(pages)
        documents[data] = [ExtractedPage(number=number, text=text) for number, text in enumerate(pages, 1)]
        path = tmp_path / secrets.token_hex(4)
        path.write_bytes(data)
        return path

    if request.param == "fake":
        yield InMemoryExtractor(documents=documents), write
    else:
        with SandboxedExtractor() as extractor:
            yield extractor, write


@pytest.fixture(params=["fake", "real"])
def locked(request: pytest.FixtureRequest) -> Iterator[Extractor]:
    if request.param == "fake":
        pages = [ExtractedPage(number=1, text="This page is secret.")]
        yield InMemoryExtractor(documents={LOCKED: pages}, passwords={LOCKED: PASSWORD})
    else:
        with SandboxedExtractor() as extractor:
            yield extractor


def test_pages_come_in_order_each_once(subject: Subject) -> None:
    extractor, write = subject
    texts = [f"This is page {number}" for number in range(1, 31)]
    with extractor.open(write(texts), filename="a.pdf", check=unhurried) as stream:
        assert stream.opened.media_type == "application/pdf"
        assert stream.opened.page_count == 30
        assert list(stream) == [ExtractedPage(number=number, text=text) for number, text in enumerate(texts, 1)]


def test_an_empty_page_is_yielded_with_its_number(subject: Subject) -> None:
    extractor, write = subject
    with extractor.open(write(["one", "", "three"]), filename="a.pdf", check=unhurried) as stream:
        assert [(page.number, page.text) for page in stream] == [(1, "one"), (2, ""), (3, "three")]


def test_a_document_without_any_text_is_not_completed(subject: Subject) -> None:
    extractor, write = subject
    with (
        extractor.open(write(["", ""]), filename="a.pdf", check=unhurried) as stream,
        pytest.raises(DocumentUnreadable) as caught,
    ):
        list(stream)
    assert caught.value.failure_code is FailureCode.NO_TEXT


@pytest.mark.parametrize(
    ("data", "code"), [(b"", FailureCode.EMPTY), (UNKNOWN, FailureCode.UNSUPPORTED_TYPE)], ids=["empty", "unknown"]
)
def test_what_cannot_be_opened_says_so_on_entering(
    subject: Subject, tmp_path: Path, data: bytes, code: FailureCode
) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(DocumentUnreadable) as caught, subject[0].open(path, filename="report.pdf", check=unhurried):
        pytest.fail("it was opened")
    assert caught.value.failure_code is code
    assert len(caught.value.detail) > 20


def test_a_document_left_in_the_middle_is_no_harm_to_the_next(subject: Subject) -> None:
    extractor, write = subject
    with extractor.open(write(["one", "two", "three"]), filename="a.pdf", check=unhurried) as stream:
        assert next(iter(stream)).text == "one"
    with extractor.open(write(["four"]), filename="b.pdf", check=unhurried) as stream:
        assert [page.text for page in stream] == ["four"]


def test_a_failed_document_is_no_harm_to_the_next(subject: Subject, tmp_path: Path) -> None:
    extractor, write = subject
    bad = tmp_path / "bad"
    bad.write_bytes(UNKNOWN)
    with pytest.raises(DocumentUnreadable), extractor.open(bad, filename="bad.pdf", check=unhurried):
        pass
    with extractor.open(write(["fine"]), filename="a.pdf", check=unhurried) as stream:
        assert [page.text for page in stream] == ["fine"]


@pytest.mark.parametrize(("password", "told"), [(None, "protected"), ("", "protected"), ("wrong", "wrong")])
def test_a_locked_document_says_what_it_wants(tmp_path: Path, locked: Extractor, password: str, told: str) -> None:
    path = tmp_path / "locked"
    path.write_bytes(LOCKED)
    with (
        pytest.raises(DocumentUnreadable) as caught,
        locked.open(path, filename="locked.pdf", password=password, check=unhurried),
    ):
        pytest.fail("it was opened")
    assert caught.value.failure_code is FailureCode.ENCRYPTED
    assert told in caught.value.detail


def test_a_locked_document_opens_with_its_password(tmp_path: Path, locked: Extractor) -> None:
    path = tmp_path / "locked"
    path.write_bytes(LOCKED)
    with locked.open(path, filename="locked.pdf", password=PASSWORD, check=unhurried) as stream:
        assert [page.text for page in stream if isinstance(page, ExtractedPage)] == ["This page is secret."]


def test_a_password_does_an_open_document_no_harm(subject: Subject) -> None:
    extractor, write = subject
    with extractor.open(write(["open"]), filename="a.pdf", password=PASSWORD, check=unhurried) as stream:
        assert [page.text for page in stream if isinstance(page, ExtractedPage)] == ["open"]


def test_a_missing_file_is_no_fault_of_the_document(subject: Subject, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), subject[0].open(tmp_path / "nothing", filename="a.pdf", check=unhurried):
        pass


def test_an_error_of_the_caller_passes_through(subject: Subject) -> None:
    extractor, write = subject
    with pytest.raises(ZeroDivisionError), extractor.open(write(["one"]), filename="a.pdf", check=unhurried) as stream:  # noqa: PT012
        next(iter(stream))
        raise ZeroDivisionError


def test_what_the_check_raises_passes_through(subject: Subject) -> None:
    extractor, write = subject
    path, asked = write(["one", "two"]), []

    def cancelled() -> None:
        raise RunCancelled

    with pytest.raises(RunCancelled), extractor.open(path, filename="a.pdf", check=cancelled):
        pass
    with extractor.open(path, filename="a.pdf", check=lambda: asked.append(1)) as stream:
        assert [page.number for page in stream] == [1, 2]
    assert asked
