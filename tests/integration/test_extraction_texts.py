import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from tests.support.documents import archive
from tests.support.extraction import SMALL, DocumentReading
from tests.support.open_documents import open_document

Bad = Callable[[], bytes]
LOCKED = "<m:manifest xmlns:m='m'><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>"
FONTS = r"{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial;}{\f2\fcharset128 MS Mincho;}}"


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    with SandboxedExtractor(SMALL) as extractor:
        yield extractor


@pytest.fixture
def reading(extractor: SandboxedExtractor, tmp_path: Path) -> DocumentReading:
    return DocumentReading(extractor, tmp_path)


def rtf(body: str) -> bytes:
    return (r"{\rtf1\ansi\ansicpg1252\deff0" + FONTS + body + "}").encode("cp1252")


# --- ODT


def test_an_odt_with_headings_lists_tables_and_notes(reading: DocumentReading) -> None:
    body = (
        "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
        '<text:p text:style-name="P1">Report</text:p>'
        '<text:h text:outline-level="2">Mill <text:span>race</text:span></text:h>'
        "<text:p>One<text:s text:c='2'/>two<text:line-break/>three<text:note><text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>A note.</text:p></text:note-body></text:note>.</text:p>"
        "<text:list><text:list-item><text:p>a</text:p><text:list><text:list-item><text:p>b</text:p></text:list-item>"
        "</text:list></text:list-item></text:list>"
        "<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>x</text:p></table:table-cell>"
        "<table:table-cell><text:p>y</text:p><text:p>z</text:p></table:table-cell></table:table-row>"
        "</table:table-header-rows><table:table-row><table:covered-table-cell/><table:table-cell><text:p>1</text:p>"
        "</table:table-cell></table:table-row></table:table>"
        "<text:section><text:p>日本語 وثيقة"
        "<draw:frame><draw:text-box><text:p>boxed</text:p></draw:text-box></draw:frame></text:p></text:section>"
    )
    styles = (
        "<s:s xmlns:s='s'><s:header><s:p>Mill</s:p></s:header><s:footer><s:p>Mill</s:p><s:p>7</s:p></s:footer></s:s>"
    )
    data = open_document("text", body, {"styles.xml": styles})
    assert reading.text(data, "a.odt") == (
        "Report\n\nMill race\n\nOne  two\nthree.\n\nA note.\n\n- a\n- b\nx | y z\n | 1\n\n日本語 وثيقة\n\nboxed\n\nMill"
    )
    assert reading.titles(data) == [(1, "Report"), (2, "Mill race")]


def test_fields_within_a_sentence_of_an_odt_are_read(reading: DocumentReading) -> None:
    sentence = (
        "<text:p>Lisbon, <text:date>1 March 2024</text:date>, <text:creator>Ana Silva</text:creator>:"
        " <text:title>Contract 77</text:title>, "
        "see <text:bibliography-mark>[Knuth84]</text:bibliography-mark>.</text:p>"
    )
    assert (
        reading.text(open_document("text", sentence)) == "Lisbon, 1 March 2024, Ana Silva: Contract 77, see [Knuth84]."
    )


def test_comments_and_descriptions_within_an_odt_are_left_out(reading: DocumentReading) -> None:
    comment = "<dc:creator>Ana</dc:creator><dc:date>2024-03-01</dc:date><text:p>no</text:p>"
    body = (
        f"<text:p>one<office:annotation>{comment}</office:annotation>"
        "<text:ruby><text:ruby-base>two</text:ruby-base><text:ruby-text>no</text:ruby-text></text:ruby></text:p>"
        "<text:p><draw:a><svg:title>no</svg:title><svg:desc>no</svg:desc>three</draw:a><dc:date>no</dc:date></text:p>"
    )
    assert reading.text(open_document("text", body)) == "onetwo\n\nthree"


def test_a_long_odt_comes_in_pieces(reading: DocumentReading) -> None:
    pages = reading.pages(open_document("text", "<text:p>Some words to read.</text:p>" * 20_000))
    assert len(pages) > 20
    assert sum(page.text.count("read.") for page in pages) == 20_000


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: open_document("text", "<text:p>  </text:p>"), "no_text"),
        (lambda: open_document("text", "<text:p>"), "corrupt"),
        (lambda: open_document("text", "<text:section>" * 100_000), "corrupt"),
        (lambda: open_document("text", "<text:p>x</text:p>", {"META-INF/manifest.xml": LOCKED}), "encrypted"),
        (lambda: open_document("text", "<text:p>&a;</text:p>", prolog="<!DOCTYPE x [<!ENTITY a 'b'>]>"), "corrupt"),
        (lambda: open_document("text", "<text:p>x</text:p>" * 5000)[:300], "corrupt"),
        (lambda: open_document("text", "<text:p/>", {"Pictures/bomb.png": bytes(100 * 2**20)}), "too_large_unpacked"),
        (lambda: archive({"mimetype": "application/vnd.oasis.opendocument.text", "../content.xml": "<a/>"}), "corrupt"),
    ],
    ids=["blank", "broken", "deep", "locked", "entity", "cut off", "bomb", "without content"],
)
def test_an_odt_that_cannot_be_read_says_why(reading: DocumentReading, make: Bad, code: str) -> None:
    assert reading.code(make(), "a.odt") == code


# --- RTF


def test_an_rtf_with_headings_lists_tables_and_notes(reading: DocumentReading) -> None:
    data = rtf(
        r"{\stylesheet{\s0 Normal;}{\s15\outlinelevel1 Mine;}{\*\cs10 Other;}{\s1 heading 1;}}{\info{\title no}}"
        r"{\header no\par}\pard\s1 Mill {\b race}\par\pard\s15 Wheels\par\pard One{\footnote\pard a note\par} two.\par"
        r"\pard{\listtext\'b7\tab}item\par{\pntext 1.\tab}other\par"
        r"\trowd\pard\intbl a\cell b\par c\cell\row\trowd\pard\intbl \cell d\cell\row"
        r"\pard{\v hidden}{\deleted gone}{\*\unknown no}{\pict 00ff\par}"
        r"{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}"
        r"{\shp{\*\shpinst{\sp{\sn n}{\sv v}}{\shptxt\pard boxed\par}}}\par"
    )
    assert reading.text(data, "a.rtf") == (
        "Mill race\n\nWheels\n\nOne two.\n\na note\n\n- item\n- other\na | b c\n | d\n\nlink\n\nboxed"
    )
    assert reading.titles(data) == [(1, "Mill race"), (2, "Wheels")]


def test_rows_of_an_rtf_as_word_writes_them(reading: DocumentReading) -> None:
    row = r"\trowd\irow{}\trgaph108\cellx4000\cellx8000"
    body = "".join(
        row.format(number) + rf"\pard\plain\ql\intbl {{{cells}}}\pard\plain\ql\intbl {{{row.format(number)}\row}}"
        for number, cells in enumerate([r"Alpha one\cell Beta\par two\cell ", r"\cell Delta\cell "])
    )
    assert reading.text(rtf(r"Before\par" + body + r"\pard After\par")) == (
        "Before\n\nAlpha one | Beta two\n | Delta\n\nAfter"
    )


def test_a_table_within_a_cell_of_an_rtf_is_read(reading: DocumentReading) -> None:
    properties = r"{\*\nesttableprops\trowd\cellx100\nestrow}{\nonesttables\par}"
    body = (
        r"\trowd\cellx4000\cellx8000\pard\intbl\itap1 outer\par\pard\intbl\itap2 x\nestcell y\nestcell"
        + properties
        + r"\pard\intbl\itap1 below\cell last\cell{\trowd\cellx4000\cellx8000\row}\pard After\par"
    )
    assert reading.text(rtf(body)) == "outer x y below | last\n\nAfter"


def test_a_row_of_an_rtf_that_never_ends_stands_in_its_place(reading: DocumentReading) -> None:
    row = r"\trowd\cellx100\pard\intbl a\cell b\cell"
    assert reading.text(rtf(row + r"\pard After\par")) == "a | b\n\nAfter"
    assert reading.text(rtf(row + r" c")) == "a | b | c"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (r"na\'efve caf\'e9 \u8364?5 \endash  \ldblquote x\rdblquote", "naïve café €5 – “x”"),  # noqa: RUF001
        (r"\f1 \'cf\'f0\'e8\'e2\'e5\'f2", "Привет"),
        (r"\f2 \'93\'fa\'96\'7b\'8c\'ea", "日本語"),
        (r"\uc2\u26085 ab\u26412\'61\'62{\uc0\u35486}", "日本語"),
        (r"\u-10179?\u-8704?", "\U0001f600"),
        (r"\u55357?alone", "\ufffdalone"),
        (r"a\~b\_c\-d \{\\\}", "a b-cd {\\}"),
        ("\\mac \\'8e", "é"),
    ],
)
def test_characters_of_an_rtf(reading: DocumentReading, body: str, words: str) -> None:
    assert reading.text(rtf(body)) == words


def test_an_rtf_with_raw_bytes_of_its_code_page(reading: DocumentReading) -> None:
    assert reading.text(rb"{\rtf1\ansi\ansicpg1251 " + "Привет".encode("cp1251") + b"}") == "Привет"


def test_binary_data_and_what_follows_the_end_are_left_out(reading: DocumentReading) -> None:
    assert reading.text(rtf(r"a{\pict\bin7 }}}\par}b\par") + b"rest") == "ab"


def test_a_cut_off_rtf_gives_what_is_there(reading: DocumentReading) -> None:
    assert reading.text(rtf(r"first\par second\par third")[:-8]) == "first\n\nsecond"


@pytest.mark.parametrize(
    "body",
    [
        r"{\field{\*\fldinst{HYPERLINK " * 2500,
        r"{\fonttbl" + r"\f1 " * 300_000,
        r"{\pict " + "ab" * 4_000_000,
        r"\u-1234?" * 200_000,
        r"{\*" * 9000,
        r"\bin99999999999" + r"\'zz" * 100_000,
    ],
    ids=["fields", "fonts", "picture", "unicode", "stars", "nonsense"],
)
def test_a_hostile_rtf_costs_no_more_than_its_size(reading: DocumentReading, body: str) -> None:
    began_at = time.monotonic()
    reading.text(rtf(r"words\par" + body))
    assert time.monotonic() - began_at < 10


def test_groups_without_end_are_corrupt(reading: DocumentReading) -> None:
    assert reading.code(rtf("{" * 1_000_000)) == "corrupt"


def test_an_rtf_without_words(reading: DocumentReading) -> None:
    assert reading.code(rtf(r"\par\pard")) == "no_text"
    assert reading.code(rb"{\rtf") == "no_text"
