"""Pages are drawn by a child process: one that dies of a page loses that page alone, and is not believed."""

import base64
import json
import signal
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from application.ports.page_painter import DrawnPage
from domain.errors import RunCancelled
from domain.extracted_page import UnreadablePage
from domain.failure import DocumentUnreadable
from domain.page_picture import PictureSize
from infrastructure.extraction.limits import MIB, ExtractionLimits
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from infrastructure.extraction.sandbox.painter import SandboxedPainter
from infrastructure.extraction.sandbox.pictures import drawn_page_of
from infrastructure.extraction.sandbox.protocol import Message, ProtocolError
from tests.support.documents import pdf
from tests.support.misbehaving_child import COMMAND
from tests.support.odd_files import garbage_pdf, pdf_with_pages, truncated_pdf
from tests.support.unhurried import unhurried

QUICK = ExtractionLimits(page_seconds=3, open_seconds=3, memory_bytes=256 * MIB)
WEBP = base64.b64encode(b"RIFF\x00\x00\x00\x00WEBPVP8 ").decode()


@pytest.fixture
def painter() -> Iterator[SandboxedPainter]:
    with SandboxedExtractor(QUICK, child_command=COMMAND) as readers:
        yield SandboxedPainter(readers)


@pytest.fixture
def real() -> Iterator[SandboxedPainter]:
    with SandboxedExtractor() as readers:
        yield SandboxedPainter(readers)


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., Path]:
    def write(*lines: str, kind: str = "pages") -> Path:
        path = tmp_path / "script"
        path.write_text("\n".join([kind, *lines]))
        return path

    return write


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    folder.mkdir()
    return folder


def drawn(painter: SandboxedPainter, path: Path, into: Path, pages: range = range(1, 51)) -> list[object]:
    with painter.open(path, filename="a", pages=pages, into=into, check=unhurried) as drawing:
        return [(page.number, page.code) if isinstance(page, UnreadablePage) else page.number for page in drawing]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("crash", "parser_crashed"),
        (f"die-of {int(signal.SIGKILL)}", "parser_crashed"),
        ("raise an error of ours", "parser_crashed"),
        ("hang", "parser_timeout"),
        ("spin", "parser_timeout"),
        ("bloat", "out_of_memory"),
        ("frame ffffffff", "parser_crashed"),
    ],
)
def test_a_page_that_ends_the_child_is_left_out_and_the_others_are_drawn(
    painter: SandboxedPainter, script: Callable[..., Path], into: Path, line: str, code: str
) -> None:
    assert drawn(painter, script("one", line, "three"), into) == [1, (2, code), 3]
    assert sorted(path.name for path in into.iterdir()) == ["1-list", "1-reading", "3-list", "3-reading"]


def test_a_page_that_crashes_once_is_drawn_the_second_time(
    painter: SandboxedPainter, script: Callable[..., Path], into: Path, tmp_path: Path
) -> None:
    assert drawn(painter, script("one", f"crash-once {tmp_path / 'marker'}", "three"), into) == [1, 2, 3]


def test_bad_pages_in_a_row_and_pages_that_nobody_asked_for(
    painter: SandboxedPainter, script: Callable[..., Path], into: Path
) -> None:
    path = script("hang", "crash", "crash", "four", "crash", "hang")
    crashed = "parser_crashed"
    assert drawn(painter, path, into, range(2, 6)) == [(2, crashed), (3, crashed), 4, (5, crashed)]


def test_a_document_that_crashes_the_child_when_it_is_opened_is_not_drawn(
    painter: SandboxedPainter, script: Callable[..., Path], into: Path
) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        drawn(painter, script("one", kind="opening crash"), into)
    assert caught.value.failure_code == "parser_crashed"


def test_a_cancel_ends_a_child_that_hangs(painter: SandboxedPainter, script: Callable[..., Path], into: Path) -> None:
    looks = iter(range(3))

    def check() -> None:
        if next(looks, None) is None:
            raise RunCancelled

    with (
        pytest.raises(RunCancelled),
        painter.open(script("one", "hang"), filename="a", pages=[1, 2], into=into, check=check) as drawing,
    ):
        list(drawing)


@pytest.mark.parametrize("data", [garbage_pdf(), truncated_pdf()[:200], pdf([])])
def test_what_pdfium_cannot_open_or_finds_empty_is_corrupt(
    real: SandboxedPainter, into: Path, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    with pytest.raises(DocumentUnreadable) as caught:
        drawn(real, path, into)
    assert caught.value.failure_code == "corrupt"


def test_two_hundred_pages_come_each_once(real: SandboxedPainter, into: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf_with_pages(210))
    assert drawn(real, path, into, range(11, 211)) == list(range(11, 211))
    assert len(list(into.iterdir())) == 400


def said(**changes: object) -> Message:
    pictures = [
        {"size": "list", "width": 170, "height": 240, "data": WEBP},
        {"size": "reading", "width": 990, "height": 1400, "data": WEBP} | changes,
    ]
    return {"type": "drawn", "number": 4, "pictures": pictures}


def test_what_a_child_says_of_a_page_is_taken_as_it_is_due(into: Path) -> None:
    page = drawn_page_of(said(), 4, into)
    assert isinstance(page, DrawnPage)
    assert [picture.size for picture in page.pictures] == [PictureSize.LIST, PictureSize.READING]
    assert [picture.path.read_bytes() for picture in page.pictures] == [base64.b64decode(WEBP)] * 2


@pytest.mark.parametrize(
    "message",
    [
        said() | {"number": 5},
        said() | {"pictures": said()["pictures"][:1]},
        said() | {"pictures": list(reversed(said()["pictures"]))},
        said() | {"pictures": [7]},
        said() | {"type": "end"},
        said(width=1401),
        said(height=0),
        said(width="990"),
        said(data=base64.b64encode(b"<html><script>").decode()),
        said(data="RIFF"),
        said(data="é"),
        said(data=base64.b64encode(b"RIFF\x00\x00\x00\x00WEBP" + bytes(9 * MIB)).decode()),
        {"type": "unreadable", "number": 4, "code": "worker_lost"},
        {"type": "unreadable", "number": 4, "code": ["corrupt"]},
    ],
    ids=range(14),
)
def test_nothing_that_a_child_says_is_believed_unseen(into: Path, message: Message) -> None:
    with pytest.raises(ProtocolError):
        drawn_page_of(message, 4, into)


def test_a_child_in_strange_hands_leaves_the_page_out(
    painter: SandboxedPainter, script: Callable[..., Path], into: Path
) -> None:
    body = json.dumps(said(data="nonsense") | {"number": 1}).encode()
    frame = (struct.pack(">I", len(body)) + body).hex()
    assert drawn(painter, script(f"frame {frame}", "two"), into) == [(1, "parser_crashed"), 2]
