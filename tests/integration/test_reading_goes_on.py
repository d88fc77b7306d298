"""A page is read by what the pages before have shown: also by the child that goes on where another one died."""

from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest
from fpdf import FPDF

from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.pdf.document import open_pdf
from infrastructure.extraction.reading import ReadPage, Remembers
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from tests.support.real_documents import corpus_folder
from tests.support.unhurried import unhurried

PAGES = 60
LIMITS = ExtractionLimits()


def with_headers(pages: int) -> bytes:
    """Make pages with a header that repeats, long enough that a child cannot be far ahead of who reads from it."""
    pdf = FPDF()
    pdf.core_fonts_encoding = "windows-1252"
    pdf.set_auto_page_break(auto=False)
    for number in range(1, pages + 1):
        pdf.add_page()
        pdf.set_font("Helvetica", size=9)
        pdf.text(20, 12, f"Handbook of harbours, page {number}")
        pdf.set_font("Helvetica", size=4)
        for line in range(100):
            pdf.text(20, 40 + 2 * line, f"Line {line} of page {number} tells of ropes, knots and winches. " * 2)
    return bytes(pdf.output())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "headers.pdf"
    path.write_bytes(with_headers(PAGES))
    return path


def shown(pages: Sequence[ReadPage]) -> list[tuple[int, str, object]]:
    return [(page.number, page.text, page.headings) for page in pages]


def goes_on_alike(path: Path, places: Sequence[int]) -> None:
    whole = list(open_pdf(path, None, LIMITS).read(first=1, last=None))
    for read in places:
        reading = open_pdf(path, None, LIMITS)
        assert isinstance(reading, Remembers)
        reading.recall([page.memory for page in whole[:read]])
        assert shown(list(reading.read(first=read + 1, last=None))) == shown(whole[read:]), read


def test_a_reader_with_the_memories_of_another_reads_as_it_would_have(path: Path) -> None:
    goes_on_alike(path, [1, 2, 5, 30])


def test_real_pages_are_read_alike_wherever_a_reader_goes_on() -> None:
    corpus = corpus_folder()
    if corpus is None:
        pytest.skip("THE SHARED CORPUS IS NOT HERE: real PDFs are not read")
    goes_on_alike(corpus / "documents" / "pypdf-sample-files" / "GeoTopo-komprimiert.pdf", [3, 20, 60, 110])


@pytest.mark.parametrize("read", [3, 20])
def test_a_child_that_dies_changes_no_page(path: Path, read: int) -> None:
    with SandboxedExtractor(LIMITS) as extractor:
        with extractor.open(path, filename="a.pdf", check=unhurried) as stream:
            undisturbed = list(stream)
        assert "Handbook" in undisturbed[0].text
        assert "Handbook" not in undisturbed[-1].text
        with extractor.open(path, filename="a.pdf", check=unhurried) as stream:
            pages = iter(stream)
            begun = [next(pages) for _ in range(read)]
            for child in psutil.Process().children():
                if "infrastructure.extraction.sandbox.child" in " ".join(child.cmdline()):
                    child.kill()
            assert begun + list(pages) == undisturbed
