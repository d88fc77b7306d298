"""Takes text apart into words, and tells how strong the break between two of them is."""

import re
from collections.abc import Iterator, Sequence

# How strong a break is. A heading's is HEADING and more, the more the higher it stands.
INSIDE_WORD, WORD, LINE, SENTENCE, PARAGRAPH, HEADING = range(6)

# Text is tokenized in blocks, so that memory and time do not depend on the length of a page.
BLOCK_CHARACTERS = 16_384
# Models give one "unknown" for a word that they cannot read, however long: such a word counts by its length.
CHARACTERS_PER_TOKEN = 48

# Chinese and Japanese have no spaces: each character counts as a word, with the brackets and marks that cling to it.
IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003347f"
MARKS_BEFORE = "「『（《〈【"  # noqa: RUF001
MARKS_AFTER = "、。，．！？：；）」』】》〉…”’\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef"  # noqa: RUF001
WORDS = re.compile(
    f"[{MARKS_BEFORE}]*[{IDEOGRAPHS}][{MARKS_AFTER}]*|[^\\s{IDEOGRAPHS}{MARKS_BEFORE}]+|[{MARKS_BEFORE}]+"
)
IDEOGRAPH = re.compile(f"[{IDEOGRAPHS}]")
IDEOGRAPH_BEGINS = re.compile(f"[{MARKS_BEFORE}{IDEOGRAPHS}]")
WHITESPACE = re.compile(r"\s")

CLOSERS = "\"'”’»)]}」』）*_"  # noqa: RUF001
WIDE_ENDS = tuple("。！？")  # noqa: RUF001
SENTENCE_ENDS = (*"!?…", *WIDE_ENDS)
MAY_END_SENTENCE = frozenset([".", *SENTENCE_ENDS, *CLOSERS])
ABBREVIATIONS = frozenset(
    """
    approx art arts av ca cf d.h dr dra e.g ed eds ex fig figs i.e inc jr mr mrs ms no nos núm num nº p.ex pág págs pp
    prof sr sra srs st u.a vol vs z.b
    """.split()  # noqa: SIM905
)


def blocks(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of consecutive blocks: parted at whitespace, or anywhere where there is none."""
    start = 0
    while len(text) - start > BLOCK_CHARACTERS:
        latest = start + BLOCK_CHARACTERS
        space = WHITESPACE.search(text, latest - BLOCK_CHARACTERS // 2, latest)
        end = space.end() if space else latest
        yield start, end
        start = end
    yield start, len(text)


def words(text: str, tokens: Sequence[tuple[int, int]], limit: int) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, number of tokens) of each word; one of more than `limit` tokens comes in pieces."""
    index = 0
    for match in WORDS.finditer(text):
        start, end = match.span()
        first = index
        while index < len(tokens) and tokens[index][1] <= end:
            index += 1
        count = max(index - first, 1 + (end - start) // CHARACTERS_PER_TOKEN)
        if count <= limit:
            yield start, end, count
            continue
        yield from _pieces(start, end, tokens[first:index])


def _pieces(start: int, end: int, tokens: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Cut a word after each token; a token that is itself too long, after so many characters."""
    step = CHARACTERS_PER_TOKEN
    count = 0
    for token_end in [token[1] for token in tokens[:-1]] + [end]:
        count += 1
        while token_end - start > step:
            yield start, start + step, 1
            start += step
        if token_end > start:  # several tokens may share one character
            yield start, token_end, count
            start, count = token_end, 0


def break_between(word: str, gap: str, next_character: str) -> int:
    """Return how strong the break between a word and the next is, `gap` being what stands between them."""
    lines = gap.count("\n")
    if lines > 1:
        return PARAGRAPH
    if word[-1:] in MAY_END_SENTENCE and ends_sentence(word):
        return SENTENCE if gap or word.rstrip(CLOSERS).endswith(WIDE_ENDS) else INSIDE_WORD
    if gap:
        return LINE if lines else WORD
    return WORD if IDEOGRAPH.search(word) or IDEOGRAPH_BEGINS.match(next_character) else INSIDE_WORD


def ends_sentence(word: str) -> bool:
    """Tell whether a sentence ends with this word, were it followed by a space: a stop, and no abbreviation."""
    bare = word.rstrip(CLOSERS)
    if not bare.endswith("."):
        return bare.endswith(SENTENCE_ENDS)
    stem = bare[:-1].lstrip("([\"'“‘«*_").lower()  # noqa: RUF001
    is_initial = len(stem) == 1 and stem.isalpha()
    return not is_initial and stem not in ABBREVIATIONS
