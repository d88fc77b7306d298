"""PDFs of the shared corpus, chosen for columns, headings and scripts, held against what a person reads in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.extracted_page import ExtractedPage
from infrastructure.extraction.limits import ExtractionLimits, Recognition
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from tests.support.real_documents import corpus_folder
from tests.support.tesseract import TESSERACT, needs_tesseract
from tests.support.unhurried import unhurried

CORPUS = corpus_folder()

pytestmark = pytest.mark.skipif(CORPUS is None, reason="THE SHARED CORPUS IS NOT HERE: real PDFs are not read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Fragments in order, blanks and line ends being alike, the headings of the first pages, and what must not be."""

    path: str
    fragments: tuple[str, ...]
    headings: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


TWO_COLUMNS = Expected(
    path="documents/pdfminer/naacl06-shinyama.pdf",
    fragments=(
        "Preemptive Information Extraction using Unrestricted Relation Discovery",
        "We are trying to extend the boundary of Information Extraction (IE) systems.",
        "1 Background Every day, a large number of news articles are created and reported",
        "filled with a name of a person or company, according to its role in the event.",
        "either manually or semiautomatically. There is a bit of a dangerous pitfall here.",
        "A user only needs to search for a relevant table.",
        "2 Basic Idea In Unrestricted Relation Discovery",
    ),
)
TIGHT_TEXT = Expected(
    path="bench/35_NARA2022.pdf",
    fragments=(
        "We will lead the archival and information professions to ensure archives thrive in a digital world.",
        "3.1. Policy & Oversight",
        "T5. Customer Focus",
        "commitment to public service",
        "invest in the technical solution behind the Catalog",
    ),
    headings=("Vision", "Mission", "Values"),
    absent=("willlead", "investin", "ByFY"),
)
HEADINGS = Expected(
    path="documents/pypdf-resources/pdflatex-outline.pdf",
    fragments=("1 Foo Hello, here is some text without a meaning.", "2 Bar Hello,", "3 Baz Hello,", "9 Baz Hello,"),
    headings=("Foo", "Bar", "Baz", "Foo", "Bar", "Baz", "Foo", "Bar", "Baz"),
)
RUNNING_HEADERS = Expected(
    path="bench/32_2022 Q3 MSFT.pdf",
    fragments=(
        "QUARTERLY REPORT PURSUANT TO SECTION 13 OR 15(d)",
        "In millions, except per share amounts) (Unaudited)",
        "NOTE 2 — EARNINGS PER SHARE Basic earnings per share (“EPS”) is computed",
        "The components of basic and diluted EPS were as follows:",
    ),
    absent=("options and stock awards. 10 PART I",),
)
BROKEN_WORDS = Expected(
    path="documents/pypdf-sample-files/GeoTopo-komprimiert.pdf",
    fragments=("Einführung in die Geometrie und Topologie", "Vorwort Dieses Skript wurde im Wintersemester 2013/2014"),
    absent=("Zusammenhangs-komponente", "Gruppenhomomor-phismus", "Mittelsenkrech-te"),
)
PERSIAN = Expected(
    path="documents/docling/right_to_left_03.pdf",
    fragments=(
        "شرکت بورس کالای ايران",
        "اميدنامه پذيرش در بازار اصلی - کالای داخلی",
        "مصرف در فولادهای سازه ای",
        "1403/09/19",
    ),
    absent=("کاالی",),
)
VERTICAL_JAPANESE = Expected(
    path="documents/pdfminer/jo.pdf",
    fragments=(
        "あらゆる透明な幽霊の複合体",
        "風景やみんなといっしょに",
        "ひかりはたもち、その電燈は失はれ",
        "そのとほりの心象スケッチです",
        "すべてがわたくしの中のみんなであるやうに",
        "みんなのおのおののなかのすべてですから",
        "おそらくこれから二千年もたったころは",
    ),
)
KOREAN = Expected(
    path="documents/docling/normal_4pages.pdf",
    fragments=(
        "1 들어가며",
        "“코로나바이러스감염 증-19(COVID-19, 이하 “코로나-19”)”의 국내 확 진자는 9,661명",
        "보험실무상 어떤 보험사는 코로나-19를 재해로 인정하여 재해보험금을 지급하고",
    ),
)
LETTER_SPACED = Expected(
    path="documents/pypdf-resources/indirect-rotation.pdf",
    fragments=(
        "International Council of Containership Operators",
        "9 North Buona Vista Drive",
        "The Metropolis Tower 1 Singapore 138588",
        "China Ocean Shipping (Group) Company",
    ),
)
DOCUMENTS = (
    TWO_COLUMNS,
    TIGHT_TEXT,
    HEADINGS,
    RUNNING_HEADERS,
    BROKEN_WORDS,
    PERSIAN,
    VERTICAL_JAPANESE,
    KOREAN,
    LETTER_SPACED,
)


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    recognition = Recognition(program=TESSERACT, languages=("eng",)) if TESSERACT else None
    with SandboxedExtractor(ExtractionLimits(recognition=recognition, page_seconds=120)) as extractor:
        yield extractor


def pages_of(extractor: SandboxedExtractor, path: str) -> list[ExtractedPage]:
    assert CORPUS
    with extractor.open(CORPUS / path, filename=Path(path).name, check=unhurried) as stream:
        return [page for page in stream if isinstance(page, ExtractedPage)]


def in_one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("expected", DOCUMENTS, ids=lambda expected: Path(expected.path).name)
def test_a_real_document_reads_as_a_person_reads_it(extractor: SandboxedExtractor, expected: Expected) -> None:
    pages = pages_of(extractor, expected.path)
    text, at = in_one_line("\n".join(page.text for page in pages)), 0
    for fragment in expected.fragments:
        found = text.find(fragment, at)
        assert found >= 0, fragment
        at = found + len(fragment)
    titles = [heading.title for page in pages for heading in page.headings]
    assert tuple(titles[: len(expected.headings)]) == expected.headings
    assert not [absent for absent in expected.absent if absent in text]


def test_a_header_of_eighty_pages_floods_nothing(extractor: SandboxedExtractor) -> None:
    pages = pages_of(extractor, RUNNING_HEADERS.path)
    assert len(pages) == 80
    headers = [page.number for page in pages if page.text.split("\n")[0] in {"PART I", "PART II"}]
    assert len(headers) <= 4


@needs_tesseract
def test_a_real_scan_is_read(extractor: SandboxedExtractor) -> None:
    (page,) = pages_of(extractor, "documents/unstructured/loremipsum-flat.pdf")
    assert page.recognized
    assert in_one_line(page.text).startswith("Lorem ipsum dolor sit amet, consectetur adipiscing elit.")
