from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from domain.extracted_page import ExtractedPage
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from tests.support.documents import assemble
from tests.support.unhurried import unhurried

Read = Callable[[bytes], list[str]]

LEFT = [
    "The river rises in the hills to the north",
    "and runs through three counties before it",
    "reaches the sea. In spring its waters are",
    "high, and the meadows along its banks lie",
    "under water for weeks. Farmers know this,",
    "and build their barns upon higher ground.",
    "In summer it is a brook that children can",
    "cross without wetting more than the knee.",
]
RIGHT = [
    "Bridges were built late: the first is not",
    "older than the railway, and the second is",
    "of concrete. Before that people went over",
    "by ferry, which cost a penny for a person",
    "and two for a horse. The ferryman's house",
    "still stands, and is shown to visitors on",
    "Sundays. Its garden, they say, has roses,",
    "and nothing else, as far as one can look.",
]


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    with SandboxedExtractor() as extractor:
        yield extractor


@pytest.fixture
def read(extractor: SandboxedExtractor, tmp_path: Path) -> Read:
    def read(data: bytes) -> list[str]:
        path = tmp_path / "file.pdf"
        path.write_bytes(data)
        with extractor.open(path, filename="file.pdf", check=unhurried) as stream:
            return [page.text for page in stream if isinstance(page, ExtractedPage)]

    return read


def drawn(pages: Sequence[str], *, page_entries: str = "") -> bytes:
    """A PDF of pages of 595 by 842 points, drawn by these operators; the font /F1 is Helvetica."""
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    for index, drawing in enumerate(pages):
        content = drawing.encode("cp1252")
        objects += [
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {5 + 2 * index} 0 R{page_entries}"
            "/Resources<</Font<</F1 3 0 R>>>>>>".encode(),
            b"<</Length %d>>stream\n%b\nendstream" % (len(content), content),
        ]
    return assemble(objects)


def at(x: float, y: float, text: str, *, size: float = 10) -> str:
    return f"BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET "


def body(first_word: str) -> str:
    lines = [f"{first_word} line {number} of what this page has to say." for number in ["one", "two", "three", "four"]]
    return "".join(at(60, 600 - 14 * place, line) for place, line in enumerate(lines))


def test_words_in_tightly_set_text_stand_apart(read: Read) -> None:
    (text,) = read(drawn(["BT /F1 10 Tf 60 700 Td [(We will) -200 (lead the archival professions, and) ] TJ ET"]))
    assert text == "We will lead the archival professions, and"


def test_letter_spaced_words_hold_together(read: Read) -> None:
    (text,) = read(drawn(["BT /F1 12 Tf 2.2 Tc 60 700 Td (The Metropolis Tower of Singapore) Tj ET"]))
    assert text == "The Metropolis Tower of Singapore"


def test_columns_drawn_row_by_row_are_read_column_by_column(read: Read) -> None:
    rows = zip(LEFT, RIGHT, strict=True)
    drawing = "".join(
        at(60, 700 - 13 * place, left) + at(320, 700 - 13 * place, right) for place, (left, right) in enumerate(rows)
    )
    (text,) = read(drawn([at(60, 760, "A title over both columns of this page, from edge to edge") + drawing]))
    assert text.split("\n\n") == [
        "A title over both columns of this page, from edge to edge",
        "\n".join(LEFT),
        "\n".join(RIGHT),
    ]


def test_columns_whose_rows_are_not_level_are_read_column_by_column(read: Read) -> None:
    rows = zip(LEFT, RIGHT, strict=True)
    drawing = "".join(
        at(60, 700 - 13 * place, left) + at(320, 697 - 13 * place, right) for place, (left, right) in enumerate(rows)
    )
    (text,) = read(drawn([drawing]))
    assert text.split() == " ".join([*LEFT, *RIGHT]).split()


def test_rows_of_a_table_are_read_across(read: Read) -> None:
    cells = [("Aircraft make", "Piper"), ("Engine", "Lycoming O-320"), ("Seats", "4")] * 4
    drawing = "".join(
        at(60, 700 - 13 * place, left) + at(320, 700 - 13 * place, right) for place, (left, right) in enumerate(cells)
    )
    (text,) = read(drawn([drawing]))
    assert text.split() == " ".join(f"{left} {right}" for left, right in cells).split()


def test_headers_and_footers_are_not_repeated_after_the_first_pages(read: Read) -> None:
    words = ["First", "Second", "Third", "Fourth", "Fifth"]
    pages = [
        at(60, 800, "Annual report of the harbour master") + body(word) + at(280, 40, f"Page {number} of 5")
        for number, word in enumerate(words, 1)
    ]
    texts = read(drawn(pages))
    assert [("harbour" in text, "Page" in text) for text in texts] == [(True, True)] * 2 + [(False, False)] * 3
    assert [text.count("line") for text in texts] == [4] * 5


def test_left_and_right_pages_may_have_headers_of_their_own(read: Read) -> None:
    headers = ["The harbour", "Of ships and pilots"] * 4
    pages = [at(60, 800, header) + body(f"Page{number}") for number, header in enumerate(headers)]
    texts = read(drawn(pages))
    assert [text.startswith("Page") for text in texts] == [False] * 4 + [True] * 4


def test_numbers_in_the_margins_that_do_not_count_pages_are_kept(read: Read) -> None:
    totals = ["1,204 13 22", "2,204 71 23", "3,114 19 29", "4,204 17 24", "5,204 88 26"]
    texts = read(drawn([body(f"Page{number}") + at(60, 60, total) for number, total in enumerate(totals)]))
    assert [text.split("\n")[-1] for text in texts] == totals


def test_a_form_printed_again_and_again_is_kept_whole(read: Read) -> None:
    page = at(60, 800, "Application for a berth") + at(60, 780, "Name of the vessel:") + at(60, 600, "Length:")
    texts = read(drawn([page] * 5))
    assert len(set(texts)) == 1


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_page_that_is_turned_reads_like_any_other(read: Read, degrees: int) -> None:
    across = "".join(at(60, 700 - 13 * place, line) for place, line in enumerate(LEFT))
    upright = "".join(
        f"BT /F1 10 Tf 0 1 -1 0 {100 + 13 * place} 60 Tm ({line}) Tj ET " for place, line in enumerate(LEFT)
    )
    texts = read(drawn([across, upright], page_entries=f"/Rotate {degrees}"))
    assert [text.split() for text in texts] == [" ".join(LEFT).split()] * 2
