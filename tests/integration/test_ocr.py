import io
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pypdf
import pytest
from PIL import Image, ImageDraw, ImageFont

from domain.errors import RunCancelled
from domain.extracted_page import ExtractedPage, UnreadablePage
from domain.failure import DocumentUnreadable
from infrastructure.extraction.limits import ExtractionLimits, Recognition
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from infrastructure.extraction.sandbox.stream import SandboxedStream
from tests.support.odd_files import scanned_pdf, small_pdf
from tests.support.processes import until
from tests.support.tesseract import TESSERACT, needs_tesseract
from tests.support.unhurried import unhurried

SENTENCE = "The stream rises after rain."


def limits(program: str | None = TESSERACT, *, page_seconds: float = 120) -> ExtractionLimits:
    recognition = Recognition(program=program, languages=("eng",)) if program else None
    return ExtractionLimits(recognition=recognition, page_seconds=page_seconds)


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    with SandboxedExtractor(limits()) as extractor:
        yield extractor


@contextmanager
def opened(
    extractor: SandboxedExtractor, folder: Path, data: bytes, *, check: Callable[[], None] = unhurried
) -> Iterator[SandboxedStream]:
    path = folder / "file"
    path.write_bytes(data)
    with extractor.open(path, filename="upload.bin", check=check) as stream:
        yield stream


def code(extractor: SandboxedExtractor, folder: Path, data: bytes) -> str:
    with pytest.raises(DocumentUnreadable) as caught, opened(extractor, folder, data) as stream:
        list(stream)
    return caught.value.failure_code.value


def frame(text: str, mode: str = "L") -> Image.Image:
    image = Image.new("L", (900, 200), 255)
    ImageDraw.Draw(image).text((40, 60), text, font=ImageFont.load_default(size=48), fill=0)
    return image.convert(mode)


def deep(image: Image.Image) -> Image.Image:
    """The same with sixteen bits a pixel."""
    return Image.frombytes("I;16", image.size, bytes(byte for byte in image.tobytes() for _ in range(2)))


def saved(kind: str, *frames: Image.Image) -> bytes:
    buffer = io.BytesIO()
    more = {"save_all": True, "append_images": frames[1:]} if len(frames) > 1 else {}
    frames[0].save(buffer, kind, **more)
    return buffer.getvalue()


def program(folder: Path, script: str) -> str:
    """A program that takes Tesseract's place: it knows one language and does what the script says."""
    path = folder / "tesseract"
    path.write_text(f'#!/bin/sh\nif [ "$1" = --list-langs ]; then echo list; echo eng; exit; fi\n{script}\n')
    path.chmod(0o755)
    return str(path)


def huge_png(side: int) -> bytes:
    """A picture of side by side pixels in a few bytes: only its header says so."""
    header = struct.pack(">LLBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    packed = [struct.pack(">L", len(d)) + kind + d + struct.pack(">L", zlib.crc32(kind + d)) for kind, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@needs_tesseract
def test_a_scan_is_read_and_its_pages_say_so(extractor: SandboxedExtractor, tmp_path: Path) -> None:
    with opened(extractor, tmp_path, scanned_pdf(2)) as stream:
        pages = list(stream)
    assert [page.number for page in pages] == [1, 2]
    for page in pages:
        assert isinstance(page, ExtractedPage)
        assert page.recognized
        assert page.text == f"Scanned page {page.number}\n\n{SENTENCE}"


@needs_tesseract
def test_only_pages_without_text_are_recognized(extractor: SandboxedExtractor, tmp_path: Path) -> None:
    writer = pypdf.PdfWriter()
    for part in (small_pdf(["A page of letters, as a program wrote them."]), scanned_pdf(1), small_pdf([""])):
        writer.append(io.BytesIO(part))
    buffer = io.BytesIO()
    writer.write(buffer)
    with opened(extractor, tmp_path, buffer.getvalue()) as stream:
        pages = [page for page in stream if isinstance(page, ExtractedPage)]
    assert [page.recognized for page in pages] == [False, True, False]
    assert [SENTENCE in page.text for page in pages] == [False, True, False]


def under_a_layer(text: str) -> bytes:
    """A scan with a text layer of its own."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(scanned_pdf(1)))
    writer.pages[0].merge_page(pypdf.PdfReader(io.BytesIO(small_pdf([text]))).pages[0])
    writer.add_outline_item(title=text, page_number=0)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


@needs_tesseract
def test_a_stamp_on_a_scan_is_no_text_layer(extractor: SandboxedExtractor, tmp_path: Path) -> None:
    with opened(extractor, tmp_path, under_a_layer("Exhibit 7")) as stream:
        (page,) = stream
    assert isinstance(page, ExtractedPage)
    assert "Exhibit 7" in page.text
    assert SENTENCE in page.text


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        ("a~ ,;_ |oO", "Annual Report 2023\n\na~ ,;_ |oO"),
        ("ANNUAL\nREPORT 2023, by Ana", "ANNUAL\nREPORT 2023, by Ana"),
        ("", "Annual Report 2023"),
        (" ~ ", "Annual Report 2023"),
    ],
)
def test_a_title_over_a_photo_is_kept_whatever_is_seen_in_the_photo(tmp_path: Path, seen: str, text: str) -> None:
    (tmp_path / "seen").write_text(seen)
    recognition = limits(program(tmp_path, f"cat '{tmp_path}/seen'"))
    with (
        SandboxedExtractor(recognition) as extractor,
        opened(extractor, tmp_path, under_a_layer("Annual Report 2023")) as stream,
    ):
        (page,) = stream
    assert isinstance(page, ExtractedPage)
    assert page.text == text
    assert page.recognized == (text != "Annual Report 2023")
    assert [heading.title for heading in page.headings] == ["Annual Report 2023"]


def test_a_title_over_a_photo_is_kept_if_tesseract_fails(tmp_path: Path) -> None:
    with (
        SandboxedExtractor(limits(program(tmp_path, "exit 3"))) as extractor,
        opened(extractor, tmp_path, under_a_layer("Annual Report 2023")) as stream,
    ):
        (page,) = stream
    assert isinstance(page, ExtractedPage)
    assert (page.text, page.recognized) == ("Annual Report 2023", False)


@needs_tesseract
@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGBA"), ("PNG", "I;16"), ("JPEG", "CMYK"), ("TIFF", "1"), ("WEBP", "RGB"), ("BMP", "RGB"), ("GIF", "P")],
)
def test_a_picture_is_a_document(extractor: SandboxedExtractor, tmp_path: Path, kind: str, mode: str) -> None:
    image = deep(frame(SENTENCE)) if mode == "I;16" else frame(SENTENCE, mode)
    with opened(extractor, tmp_path, saved(kind, image)) as stream:
        assert stream.opened.media_type == f"image/{kind.lower()}"
        assert stream.opened.page_count == 1
        (page,) = stream
    assert isinstance(page, ExtractedPage)
    assert (page.number, page.text, page.recognized) == (1, SENTENCE, True)


@needs_tesseract
def test_each_frame_of_a_picture_is_a_page(extractor: SandboxedExtractor, tmp_path: Path) -> None:
    frames = [frame("The first sheet"), Image.new("L", (900, 200), 255), frame("The third sheet")]
    with opened(extractor, tmp_path, saved("TIFF", *frames)) as stream:
        pages = [(page.number, page.text) for page in stream if isinstance(page, ExtractedPage)]
    assert pages == [(1, "The first sheet"), (2, ""), (3, "The third sheet")]


@needs_tesseract
def test_words_broken_at_line_ends_are_joined(extractor: SandboxedExtractor, tmp_path: Path) -> None:
    image = Image.new("L", (900, 400), 255)
    lines = "Much infor-\nmation, and this\ninformation again"
    ImageDraw.Draw(image).text((40, 60), lines, font=ImageFont.load_default(size=48), fill=0, spacing=20)
    with opened(extractor, tmp_path, saved("PNG", image)) as stream:
        (page,) = stream
    assert isinstance(page, ExtractedPage)
    assert page.text.split("\n")[0] == "Much information, and this"


@needs_tesseract
def test_a_picture_of_nothing_has_no_text(extractor: SandboxedExtractor, tmp_path: Path) -> None:
    assert code(extractor, tmp_path, saved("PNG", Image.new("L", (400, 400), 255))) == "no_text"
    assert code(extractor, tmp_path, saved("PNG", Image.new("L", (1, 1), 0))) == "no_text"


def test_a_picture_of_two_gigapixels_is_not_decoded(extractor: SandboxedExtractor, tmp_path: Path) -> None:
    began = time.monotonic()
    assert code(extractor, tmp_path, huge_png(45_000)) == "too_large_unpacked"
    assert code(extractor, tmp_path, huge_png(11_000)) == "too_large_unpacked"
    assert time.monotonic() - began < 30


@needs_tesseract
def test_a_later_frame_that_is_too_large_is_not_decoded(tmp_path: Path) -> None:
    small = ExtractionLimits(recognition=limits().recognition, max_pixels=200_000)
    frames = [frame("Small enough"), Image.new("1", (2000, 2000), 1)]
    with SandboxedExtractor(small) as extractor:
        assert code(extractor, tmp_path, saved("TIFF", *frames)) == "too_large_unpacked"


def test_a_damaged_picture_is_corrupt(extractor: SandboxedExtractor, tmp_path: Path) -> None:
    assert code(extractor, tmp_path, b"\x89PNG\r\n\x1a\n" + b"\x00" * 40) == "corrupt"


@pytest.mark.parametrize("data", [scanned_pdf(1), saved("PNG", frame(SENTENCE))], ids=["pdf", "png"])
def test_without_tesseract_a_picture_needs_it(tmp_path: Path, data: bytes) -> None:
    with SandboxedExtractor(limits(None)) as extractor:
        assert code(extractor, tmp_path, data) == "needs_ocr"


def test_a_program_without_a_language_is_no_tesseract(tmp_path: Path) -> None:
    (tmp_path / "none").write_text("#!/bin/sh\necho list\necho osd\n")
    (tmp_path / "none").chmod(0o755)
    with SandboxedExtractor(limits(str(tmp_path / "none"))) as extractor:
        assert code(extractor, tmp_path, scanned_pdf(1)) == "needs_ocr"


@pytest.mark.parametrize(("script", "expected"), [("sleep 600", "parser_timeout"), ("exit 3", "parser_crashed")])
def test_a_page_that_tesseract_does_not_read_is_left_out(tmp_path: Path, script: str, expected: str) -> None:
    writer = pypdf.PdfWriter()
    for part in (scanned_pdf(1), small_pdf(["A page of letters."])):
        writer.append(io.BytesIO(part))
    buffer = io.BytesIO()
    writer.write(buffer)
    with (
        SandboxedExtractor(limits(program(tmp_path, script), page_seconds=5)) as extractor,
        opened(extractor, tmp_path, buffer.getvalue()) as stream,
    ):
        first, second = stream
    assert first == UnreadablePage(number=1, code=expected)
    assert isinstance(second, ExtractedPage)


def test_a_cancel_ends_tesseract_too(tmp_path: Path) -> None:
    sleeping: list[psutil.Process] = []

    def check() -> None:
        for each in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it ended since it was listed
                sleeping.extend([each] if "604800" in each.cmdline() else [])
        if sleeping:
            raise RunCancelled

    with (
        SandboxedExtractor(limits(program(tmp_path, "exec sleep 604800"))) as extractor,
        pytest.raises(RunCancelled),
        opened(extractor, tmp_path, scanned_pdf(1), check=check) as stream,
    ):
        list(stream)
    until(lambda: not sleeping[0].is_running() or sleeping[0].status() == psutil.STATUS_ZOMBIE, seconds=10)


def test_the_first_wanted_language_is_one_that_is_installed(tmp_path: Path) -> None:
    script = tmp_path / "tesseract"
    script.write_text('#!/bin/sh\nif [ "$1" = --list-langs ]; then printf "list\\nosd\\npor\\n"; exit; fi\necho "$@"\n')
    script.chmod(0o755)
    wanted = Recognition(program=str(script), languages=("deu", "por"))
    with (
        SandboxedExtractor(ExtractionLimits(recognition=wanted)) as extractor,
        opened(extractor, tmp_path, scanned_pdf(1)) as stream,
    ):
        (page,) = stream
    assert isinstance(page, ExtractedPage)
    assert page.text == "stdin stdout -l por --psm 1"
