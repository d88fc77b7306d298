"""Real documents, chosen for their tables, slides and sheets, held against what a person reads in them, in order."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.extracted_page import ExtractedPage
from infrastructure.extraction.sandbox.conversion import libreoffice
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from tests.support.real_documents import corpus_folder
from tests.support.unhurried import unhurried

CORPUS = corpus_folder()
# Path, then fragments in order; a tuple opens a page with its heading.
FRAGMENTS: dict[str, list[str | tuple[int, str]]] = {
    "docling/word_tables.docx": [
        "A uniform table",
        "Header 0.0 | Header 0.1 | Header 0.2\nCell 1.0 | Cell 1.1 | Cell 1.2\nCell 2.0 | Cell 2.1 | Cell 2.2",
        "A non-uniform table with vertical spans",
        "Cell 3.0 | Merged Cell 3.1 4.1 | Cell 3.2\nCell 4.0 |  | Cell 4.2",
    ],
    "docling/legacy_sample.xls": ["Duck Observations", "Year | Freshwater Ducks\n2019 | 120\n2020 | 135"],
    "docling/pptx_chart.pptx": [
        (1, "Quarterly Duck Survey"),
        "Wild Duck Observations by Year",
        "Freshwater Ducks | Saltwater Ducks\n2019 | 120 | 80",
        (2, "Quarterly revenue"),
        "2026\nQ1 | 10\nQ2 | 20\nQ3 | 30",
    ],
    "docling/text_document_02.odt": [
        "heading level 1.0",
        "Heading level 2: A",
        "Merged row |  | Cell 1.3 | Cell 1.4 | Cell 1.5 | Cell 1.6 | Cell 1.7",
    ],
    "markitdown/test.pptx": [
        (1, "AutoGen: Enabling Next-Gen LLM Applications via Multi-Agent Conversation"),
        "Qingyun Wu",
        (2, "2cdda5c8-e50e-4db4-b5f0-9722a649f455"),
        "AutoGen is an open-source framework",
        (3, "A table to test parsing:"),
        "ColA | ColB | ColC | ColD | ColE | ColF\n1 | 2 | 3 | 4 | 5 | 6",
        "1b92870d-e3b5-4e65-8153-919f4ff45592",
        (4, "A chart to test parsing:"),
        "a3f6004b-6f4f-4ea8-bee3-3741f4dc385f",
        "2000 | 2000\n2001 | 2001",
        (5, "A Nested Shape parsing"),
        "This is a nested shape with content in 2 shapes",
    ],
    "markitdown/test_mskanji.csv": ["名前 | 年齢 | 住所\n佐藤太郎 | 30 | 東京", "髙橋淳 | 35 | 名古屋"],
    "unstructured/2023-half-year-analyses-by-segment.xlsx": [
        "3. Analyses by segment",
        "Revenue and results",
        "January–June 2023",  # noqa: RUF001
        " | Sales (a) | Underlying Trading operating profit (b) | Trading operating profit",
        "Zone NA | 12553 | 2713 | 2632 | -81 | -29 | -44 | -337",
        "Total | 46293 | 7904 | 7351 | -553 | -110 | -262 | -1722",
        "January–June 2022",  # noqa: RUF001
        "Total | 45580 | 7683 | 6684 | -999 | -142 | -87 | -1756",
        "(e) Mainly corporate expenses as well as research and development costs.",
        "OS-Other information 30 06 2023",
    ],
    "unstructured/fake-doc.rtf": ["My First Heading", "Column 1 | Column 2\nRow 1, Cell 1 | Row 1, Cell 2"],
    "docling/legacy_sample.ppt": [(1, "Test Table Slide"), (2, "Second slide title"), "introduce a list"],
    "docling/greek_heading_styles.doc": ["Problem mit lokalisierten Dokumenten", "Lokaler Lauf gegen den"],
}


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    with SandboxedExtractor() as extractor:
        yield extractor


@pytest.mark.parametrize("name", FRAGMENTS)
def test_a_real_document_is_read_in_order(extractor: SandboxedExtractor, name: str) -> None:
    if CORPUS is None:
        pytest.skip("THE SHARED CORPUS IS NOT HERE: real documents are not tested")
    if name.endswith((".doc", ".ppt")) and not libreoffice():
        pytest.skip("LIBREOFFICE IS NOT INSTALLED: no old files to read")
    pages = read(extractor, CORPUS / "documents" / name)
    text = "\n".join(page.text for page in pages)
    at = 0
    for fragment in FRAGMENTS[name]:
        words = fragment
        if isinstance(fragment, tuple):
            number, words = fragment
            assert words in {heading.title for heading in pages[number - 1].headings}
            at = max(at, sum(len(page.text) + 1 for page in pages[: number - 1]))
        assert words in text[at:]
        at = text.index(words, at) + len(words)


def read(extractor: SandboxedExtractor, path: Path) -> list[ExtractedPage]:
    with extractor.open(path, filename=path.name, check=unhurried) as stream:
        return [page for page in stream if isinstance(page, ExtractedPage)]
