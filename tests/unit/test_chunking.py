"""What chunks promise, for any text."""

import re
import time
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.chunk import Chunk
from domain.chunking import Chunker
from domain.extracted_page import ExtractedPage, Heading
from domain.word_breaks import IDEOGRAPHS, MARKS_AFTER, MARKS_BEFORE, ends_sentence

ALONE = IDEOGRAPHS + MARKS_BEFORE + MARKS_AFTER
NOT_A_BORDER = re.compile(f"[^\\s{ALONE}]")
TOKEN = re.compile(f"[{ALONE}]|[^\\s{ALONE}]{{1,4}}")


def token_spans(text: str) -> list[tuple[int, int]]:
    """Tokenize like a model does: words in pieces of four characters, ideographs one by one."""
    return [match.span() for match in TOKEN.finditer(text)]


def chunk(pages: Sequence[ExtractedPage], *, tokens: int = 20, overlap: int = 0) -> list[Chunk]:
    chunker = Chunker(chunk_tokens=tokens, overlap_tokens=overlap, token_spans=token_spans)
    return [chunk for page in pages for chunk in chunker.feed(page)] + chunker.finish()


def chunk_text(text: str, *, tokens: int = 20, overlap: int = 0) -> list[str]:
    return [chunk.text for chunk in chunk([ExtractedPage(number=None, text=text)], tokens=tokens, overlap=overlap)]


PROSE = st.lists(
    st.one_of(
        st.sampled_from(
            ["Sentence one.", "É 3.14!", "\n", "\n\n", " ", "  ", "漢字。", "「引用」", "Dr. No", "x" * 90]
        ),
        st.sampled_from(["👩‍👩‍👧", "é", "नमस्ते", "ไทย", "\u3000", "\u200b", "\u00a0", "\x1c", "INV-001"]),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=12),
    ),
    max_size=60,
).map("".join)


@st.composite
def documents(draw: st.DrawFn) -> list[ExtractedPage]:
    paged = draw(st.booleans())
    pages = []
    for index, text in enumerate(draw(st.lists(PROSE, max_size=5))):
        offsets = draw(st.lists(st.integers(0, len(text)), max_size=3))
        headings = tuple(
            Heading(offset=o, level=draw(st.integers(1, 6)), title=f"heading {n}") for n, o in enumerate(offsets)
        )
        pages.append(ExtractedPage(number=index + 1 if paged else None, text=text, headings=headings))
    return pages


@given(documents(), st.integers(1, 40), st.data())
def test_chunks_are_exact_spans_which_cover_every_word_in_order(
    pages: list[ExtractedPage], tokens: int, data: st.DataObject
) -> None:
    overlap = data.draw(st.integers(0, tokens - 1))
    chunks = chunk(pages, tokens=tokens, overlap=overlap)
    full_text = "\n".join(page.text for page in pages)
    page_of = [page.number for page in pages for _ in page.text + "\n"]
    covered_to = 0
    for position, one in enumerate(chunks):
        assert one.position == position
        assert one.text == full_text[one.char_start : one.char_end]
        assert one.text == one.text.strip() != ""
        assert one.char_end > covered_to
        assert not full_text[covered_to : one.char_start].strip()
        assert one.token_count <= tokens
        assert len(token_spans(one.text)) <= one.token_count
        assert (one.page_start, one.page_end) == (page_of[one.char_start], page_of[one.char_end - 1])
        repeated = full_text[one.char_start : covered_to]
        assert len(token_spans(repeated)) <= overlap
        covered_to = one.char_end
    assert not full_text[covered_to:].strip()


@given(documents(), st.integers(12, 40))
def test_no_word_that_fits_is_cut(pages: list[ExtractedPage], tokens: int) -> None:
    full_text = "\n".join(page.text for page in pages)
    for one in chunk(pages, tokens=tokens, overlap=tokens // 3):
        for border in (one.char_start, one.char_end):
            around = full_text[max(0, border - 1) : border + 1]
            if NOT_A_BORDER.match(around[:1]) and NOT_A_BORDER.match(around[1:]):
                start, end = border, border
                while start and NOT_A_BORDER.match(full_text[start - 1]):
                    start -= 1
                while end < len(full_text) and NOT_A_BORDER.match(full_text[end]):
                    end += 1
                assert len(token_spans(full_text[start:end])) > tokens


@given(documents(), st.integers(4, 40))
@example([ExtractedPage(number=None, text="a b", headings=(Heading(offset=2, level=1, title="h"),))], 4)
def test_the_headings_are_those_above_the_start(pages: list[ExtractedPage], tokens: int) -> None:
    headings: list[tuple[int, Heading]] = []
    offset = 0
    for page in pages:
        headings += [(offset + h.offset, h) for h in sorted(page.headings, key=lambda h: h.offset)]
        offset += len(page.text) + 1
    for one in chunk(pages, tokens=tokens, overlap=tokens // 2):
        path: list[Heading] = []
        for at, heading in headings:
            if at <= one.char_start:
                path = [above for above in path if above.level < heading.level] + [heading]
        assert one.headings == tuple(heading.title for heading in path)


@given(PROSE, st.integers(4, 40))
def test_chunks_do_not_depend_on_how_much_is_read_at_once(text: str, tokens: int) -> None:
    pages = [ExtractedPage(number=n, text=part) for n, part in enumerate(text.split("\n"), 1)]
    chunker = Chunker(chunk_tokens=tokens, overlap_tokens=tokens // 4, token_spans=token_spans)
    early = [one for page in pages for one in chunker.feed(page)]
    assert early + chunker.finish() == chunk(pages, tokens=tokens, overlap=tokens // 4)


def test_a_chunk_ends_at_a_paragraph_before_a_sentence_and_at_a_sentence_before_a_line() -> None:
    assert chunk_text("aa bb. cc dd.\n\nee ff. gg hh", tokens=5) == ["aa bb. cc dd.", "ee ff. gg hh"]
    assert chunk_text("aa bb cc dd. ee\nff gg hh ii jj", tokens=6) == ["aa bb cc dd.", "ee\nff gg hh ii jj"]
    assert chunk_text("aa bb cc dd\nee ff gg hh ii", tokens=6) == ["aa bb cc dd", "ee ff gg hh ii"]


def test_a_heading_starts_a_chunk_and_stays_with_its_text() -> None:
    text = "aa bb cc\n\nTop\n\ndd ee ff gg hh"
    page = ExtractedPage(number=None, text=text, headings=(Heading(offset=10, level=1, title="Top"),))
    chunks = chunk([page], tokens=6, overlap=3)
    assert [one.text for one in chunks] == ["aa bb cc", "Top\n\ndd ee ff gg hh"]
    assert [one.headings for one in chunks] == [(), ("Top",)]


def test_the_overlap_starts_at_a_sentence_or_else_at_a_word() -> None:
    assert chunk_text("aa bb cc. dd ee. ff gg hh ii", tokens=6, overlap=4) == ["aa bb cc. dd ee.", "dd ee. ff gg hh ii"]
    assert chunk_text("aa bb cc dd ee ff gg hh", tokens=6, overlap=2) == ["aa bb cc dd ee ff", "ee ff gg hh"]


def test_the_last_chunk_is_no_crumb() -> None:
    last = chunk_text(" ".join(["word"] * 41), tokens=40)[-1]
    assert len(last.split()) == 10


def test_a_chunk_may_span_pages() -> None:
    chunks = chunk([ExtractedPage(number=n, text=f"page {n} goes on") for n in (4, 5, 6)], tokens=8)
    assert [(one.page_start, one.page_end) for one in chunks] == [(4, 5), (6, 6)]


def test_a_word_that_is_longer_than_a_chunk_is_cut_between_tokens() -> None:
    assert chunk_text("x" * 10 + "y" * 6, tokens=3) == ["x" * 10 + "yy", "yyyy"]


def test_chinese_needs_no_spaces_and_ends_at_a_full_stop() -> None:
    assert chunk_text("今天天气很好。我们去公园玩。", tokens=10) == ["今天天气很好。", "我们去公园玩。"]


@pytest.mark.parametrize(
    ("word", "ends"),
    [
        *[("end.", True), ('end."', True), ("2017.", True), ("wow!", True), ("…", True), ("第一。", True), (".", True)],
        *[("Dr.", False), ("J.", False), ("(Fig.", False), ("e.g.", False), ("3.14", False), ("é.", False)],
    ],
)
def test_abbreviations_end_no_sentence(word: str, ends: bool) -> None:
    assert ends_sentence(word) is ends


def test_nothing_gives_no_chunks() -> None:
    assert chunk([]) == chunk([ExtractedPage(number=1, text="")]) == chunk([ExtractedPage(number=1, text=" \n ")]) == []


def test_the_overlap_must_be_less_than_a_chunk() -> None:
    with pytest.raises(ValueError, match="overlap_tokens"):
        Chunker(chunk_tokens=10, overlap_tokens=10, token_spans=token_spans)


@pytest.mark.parametrize(
    "text",
    ["Some words of prose, then a stop. " * 30_000, "x" * 1_000_000, "漢字" * 150_000, "a " + " " * 1_000_000 + " b"],
    ids=["prose", "no whitespace", "ideographs", "spaces"],
)
def test_time_is_linear_in_the_text(text: str) -> None:
    started = time.process_time()
    chunk_text(text, tokens=256, overlap=32)
    assert time.process_time() - started < 20
