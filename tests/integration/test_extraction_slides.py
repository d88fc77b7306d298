import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pptx
import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.presentation import Presentation
from pptx.shapes.autoshape import Shape
from pptx.shapes.group import GroupShape
from pptx.slide import Slide
from pptx.util import Inches

from domain.extracted_page import UnreadablePage
from infrastructure.extraction.limits import MIB, ExtractionLimits
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from tests.support.documents import archive
from tests.support.extraction import SMALL, DocumentReading
from tests.support.open_documents import open_document
from tests.support.repacking import repacked

TITLE, TITLE_AND_CONTENT, TWO_CONTENT, BLANK = 0, 1, 3, 6


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    with SandboxedExtractor(SMALL) as extractor:
        yield extractor


@pytest.fixture
def reading(extractor: SandboxedExtractor, tmp_path: Path) -> DocumentReading:
    return DocumentReading(extractor, tmp_path)


def saved(presentation: Presentation) -> bytes:
    out = BytesIO()
    presentation.save(out)
    return out.getvalue()


def text_box(
    slide: Slide | GroupShape, text: str, *, left: float, top: float, width: float = 2, height: float = 1
) -> Shape:
    box = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(width), Inches(height))
    box.text_frame.text = text
    return box


def slides(count: int) -> bytes:
    presentation = pptx.Presentation()
    for number in range(1, count + 1):
        presentation.slides.add_slide(presentation.slide_layouts[TITLE]).shapes.title.text = f"Slide {number}"
    return saved(presentation)


# --- PPTX


def test_slides_are_pages_with_title_text_table_and_notes(reading: DocumentReading) -> None:
    presentation = pptx.Presentation()
    first = presentation.slides.add_slide(presentation.slide_layouts[TITLE_AND_CONTENT])
    first.shapes.title.text = "Mill\vrace"
    first.placeholders[1].text = "One\nTwo"
    table = first.shapes.add_table(2, 2, Inches(1), Inches(5), Inches(4), Inches(1)).table
    for (row, column), words in {(0, 0): "a", (0, 1): "b", (1, 0): "c\nd", (1, 1): ""}.items():
        table.cell(row, column).text = words
    first.notes_slide.notes_text_frame.text = "Said aloud."
    second = presentation.slides.add_slide(presentation.slide_layouts[BLANK])
    text_box(second, "日本語 وثيقة", left=1, top=1)
    data = saved(presentation)
    pages = reading.pages(data, "deck.pptx")
    assert [page.text for page in pages] == [
        "Mill race\n\nOne\nTwo\n\na | b\nc d |\n\nSaid aloud.",
        "日本語 وثيقة",
    ]
    assert [page.number for page in pages] == [1, 2]
    assert reading.titles(data) == [(1, "Mill race")]


def test_a_hidden_slide_is_read_and_an_empty_one_keeps_its_number(reading: DocumentReading) -> None:
    presentation = pptx.Presentation()
    presentation.slides.add_slide(presentation.slide_layouts[BLANK])
    hidden = presentation.slides.add_slide(presentation.slide_layouts[TITLE])
    hidden.shapes.title.text = "Hidden"
    hidden.element.set("show", "0")
    assert [(page.number, page.text) for page in reading.pages(saved(presentation))] == [(1, ""), (2, "Hidden")]


def test_groups_and_charts_are_read(reading: DocumentReading) -> None:
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[BLANK])
    group = slide.shapes.add_group_shape()
    text_box(group, "in a group", left=1, top=1)
    text_box(group.shapes.add_group_shape(), "deeper", left=1, top=2)
    data = CategoryChartData()
    data.categories = ["Spring", "Autumn"]
    data.add_series("Rain", (3.5, 7))
    data.add_series("Snow", (0, 1))
    slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, Inches(1), Inches(4), Inches(4), Inches(2), data)
    assert reading.text(saved(presentation)) == (
        "in a group\n\ndeeper\n\nRain | Snow\nSpring | 3.5 | 0\nAutumn | 7 | 1"
    )


def test_shapes_are_read_as_written_unless_that_contradicts_their_places(reading: DocumentReading) -> None:
    presentation = pptx.Presentation()
    columns = presentation.slides.add_slide(presentation.slide_layouts[BLANK])
    for text, left, top in [("left 1", 1, 1), ("left 2", 1, 3), ("right 1", 5, 1), ("right 2", 5, 3)]:
        text_box(columns, text, left=left, top=top)
    upside_down = presentation.slides.add_slide(presentation.slide_layouts[BLANK])
    for text, left, top in [("bottom", 1, 5), ("right", 5, 3), ("left", 1, 3.1), ("top", 1, 1)]:
        text_box(upside_down, text, left=left, top=top)
    assert [page.text.split("\n\n") for page in reading.pages(saved(presentation))] == [
        ["left 1", "left 2", "right 1", "right 2"],
        ["top", "left", "right", "bottom"],
    ]


def test_placeholders_take_their_places_from_the_layout(reading: DocumentReading) -> None:
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[TWO_CONTENT])
    slide.placeholders[1].text, slide.placeholders[2].text = "left", "right"
    text_box(slide, "above both", left=1, top=0.1, width=8, height=0.2)
    slide.shapes.title.element.getparent().remove(slide.shapes.title.element)
    assert reading.text(saved(presentation)) == "above both\n\nleft\n\nright"


def test_footers_and_slide_numbers_are_left_out(reading: DocumentReading) -> None:
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[BLANK])
    box = text_box(slide, "7", left=1, top=1)
    text_box(slide, "words", left=1, top=3)
    place = box.element.nvSpPr.find("{*}nvPr")
    place.append(place.makeelement(place.tag.replace("nvPr", "ph"), {"type": "sldNum"}))
    assert reading.text(saved(presentation)) == "words"


@pytest.mark.parametrize("kind", ["presentation.macroEnabled", "slideshow", "template"])
def test_presentations_with_macros_shows_and_templates_are_read_like_others(
    reading: DocumentReading, kind: str
) -> None:
    data = repacked(
        slides(1), {"[Content_Types].xml": lambda xml: xml.replace(b"presentation.main+", kind.encode() + b".main+")}
    )
    assert reading.text(data) == "Slide 1"


def test_a_damaged_slide_leaves_the_others(reading: DocumentReading) -> None:
    data = repacked(slides(3), {"ppt/slides/slide2.xml": lambda xml: xml[:300]})
    pages = reading.all_pages(data)
    assert [getattr(page, "text", "") for page in pages] == ["Slide 1", "", "Slide 3"]
    assert pages[1] == UnreadablePage(number=2, code="corrupt")


def test_a_picture_of_two_gigapixels_is_never_decoded(reading: DocumentReading) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))

    header = struct.pack(">LLBBBBB", 50_000, 45_000, 8, 6, 0, 0, 0)
    picture = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(MIB))) + chunk(b"IEND", b"")
    )
    data = repacked(slides(1), {}, {"ppt/media/image1.png": picture})
    assert reading.text(data) == "Slide 1"


def test_slides_beyond_the_limit_are_too_many(tmp_path: Path) -> None:
    with SandboxedExtractor(ExtractionLimits(max_pages=3)) as strict:
        reading = DocumentReading(strict, tmp_path)
        assert reading.code(slides(4)) == "too_many_pages"
        assert len(reading.pages(slides(3))) == 3


def test_a_relationship_that_points_outside_is_not_followed(reading: DocumentReading) -> None:
    def outwards(xml: bytes) -> bytes:
        return xml.replace(b"slides/slide1.xml", b"../../../../etc/passwd")

    assert reading.code(repacked(slides(1), {"ppt/_rels/presentation.xml.rels": outwards})) == "no_text"


def test_entities_in_a_slide_are_refused(reading: DocumentReading) -> None:
    def with_entity(xml: bytes) -> bytes:
        return xml.replace(b"<p:sld ", b'<!DOCTYPE d [<!ENTITY j SYSTEM "file:///etc/passwd">]><p:sld ', 1).replace(
            b"Slide 1", b"&j;"
        )

    assert reading.code(repacked(slides(1), {"ppt/slides/slide1.xml": with_entity})) == "corrupt"


def test_a_presentation_that_is_a_bomb_or_cut_off_or_empty(reading: DocumentReading) -> None:
    bomb = repacked(slides(1), {}, {"ppt/media/bomb.bin": bytes(100 * MIB)})
    assert reading.code(bomb) == "too_large_unpacked"
    assert reading.code(slides(3)[:9000]) == "corrupt"
    assert reading.code(saved(pptx.Presentation())) == "no_text"


# --- ODP


def frame(text: str, *, kind: str = "", place: tuple[float, float, float, float] | None = None) -> str:
    names = ("x", "y", "width", "height")
    where = " ".join(f'svg:{name}="{value}cm"' for name, value in zip(names, place, strict=True)) if place else ""
    css = f'presentation:class="{kind}"' if kind else ""
    return f"<draw:frame {css} {where}><draw:text-box>{text}</draw:text-box></draw:frame>"


def test_an_odp_is_read_like_a_pptx(reading: DocumentReading) -> None:
    table = (
        "<draw:frame><table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>"
        "<table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table></draw:frame>"
    )
    body = (
        "<draw:page>"
        + frame("<text:list><text:list-item><text:p>One</text:p></text:list-item></text:list>", kind="outline")
        + frame("<text:p>The <text:span>title</text:span></text:p>", kind="title")
        + frame("<text:p>7</text:p>", kind="page-number")
        + f"<draw:g><draw:custom-shape><text:p>grouped</text:p></draw:custom-shape></draw:g>{table}"
        + "<presentation:notes>"
        + frame("<text:p>Said aloud.</text:p>", kind="notes")
        + "</presentation:notes></draw:page><draw:page/>"
    )
    data = open_document("presentation", body)
    pages = reading.pages(data, "deck.odp")
    assert [page.text for page in pages] == ["The title\n\nOne\n\ngrouped\n\na | b\n\nSaid aloud.", ""]
    assert reading.titles(data) == [(1, "The title")]


def test_fields_within_a_sentence_of_an_odp_are_read(reading: DocumentReading) -> None:
    body = frame("<text:p>On <text:date>3 May</text:date>, <text:title>Deck</text:title></text:p>")
    assert reading.text(open_document("presentation", f"<draw:page>{body}</draw:page>")) == "On 3 May, Deck"


def test_shapes_of_an_odp_that_stand_upside_down_are_turned(reading: DocumentReading) -> None:
    body = frame("<text:p>below</text:p>", place=(1, 9, 5, 2)) + frame("<text:p>above</text:p>", place=(1, 1, 5, 2))
    assert reading.text(open_document("presentation", f"<draw:page>{body}</draw:page>")) == "above\n\nbelow"


Bad = Callable[[], bytes]
LOCKED = {
    "META-INF/manifest.xml": "<m:manifest xmlns:m='m'><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>"
}


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: open_document("presentation", ""), "no_text"),
        (lambda: open_document("presentation", "<draw:page>", LOCKED), "encrypted"),
        (lambda: open_document("presentation", "<draw:page>"), "corrupt"),
        (lambda: open_document("presentation", "<draw:page/>" * 5001), "too_many_pages"),
        (lambda: open_document("presentation", "<draw:page/>", prolog="<!DOCTYPE x [<!ENTITY a 'b'>]>"), "corrupt"),
        (lambda: archive({"mimetype": "application/vnd.oasis.opendocument.presentation"}), "corrupt"),
    ],
)
def test_an_odp_that_cannot_be_read_says_why(reading: DocumentReading, make: Bad, code: str) -> None:
    assert reading.code(make()) == code
