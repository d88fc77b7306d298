"""The text of a PDF page: its lines, with a blank line where the gap between two is markedly larger than usual."""

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

from infrastructure.extraction.pdf.hyphens import KnownWords, joined_words
from infrastructure.extraction.pdf.lines import PageLine
from infrastructure.extraction.pdf.spaces import respaced
from infrastructure.extraction.text.text_cleaning import clean

PARAGRAPH_GAP = 1.35
MIN_LINES = 3
LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_ARABIC_FORMS = re.compile("[\ufb50-\ufdff\ufe70-\ufefe]+")
_LIGATURE = re.compile("[" + "".join(LIGATURES) + "]")


def text_of(lines: Sequence[PageLine], known: KnownWords | None = None) -> str:
    """Return the clean text of lines in reading order; `known` is what the pages before have shown."""
    return tidy(_with_paragraphs(lines), known)


def tidy(text: str, known: KnownWords | None = None) -> str:
    """Join words broken at line ends, write ligatures as letters, and clean."""
    text = _LIGATURE.sub(lambda found: LIGATURES[found[0]], joined_words(text, known))
    return clean(_ARABIC_FORMS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text))


def _with_paragraphs(lines: Sequence[PageLine]) -> str:
    texts = [respaced(line) for line in lines]
    gaps = _gaps(lines)
    weights: Counter[float] = Counter()
    for text, gap in zip(texts[1:], gaps, strict=True):
        if gap is not None and gap > 1:
            weights[round(gap * 2) / 2] += len(text)
    if len(lines) < MIN_LINES or not weights:
        return "\n".join(texts)
    limit = PARAGRAPH_GAP * _usual_gap(weights)
    parts = [texts[0]]
    for text, gap in zip(texts[1:], gaps, strict=True):
        parts += ["\n\n" if gap is not None and gap > limit else "\n", text]
    return "".join(parts)


def _usual_gap(weights: Mapping[float, int]) -> float:
    """Return the gap between lines of one paragraph: the most frequent, which is seldom above the median.

    Each gap counts by the characters of its line, so that the many short lines of a table's cells do not outvote text.
    """
    heaviest = max(weights.values())
    below, half = 0, sum(weights.values()) / 2
    for median in sorted(weights):
        below += weights[median]
        if below >= half:
            break
    return min(median, *(gap for gap, weight in weights.items() if weight == heaviest))


def _gaps(lines: Sequence[PageLine]) -> list[float | None]:
    """Return how far each line's start is from the end of the one before, up or down; None where that is unknown.

    PDFium sometimes makes one line of two, so a line may end lower than it starts.
    """
    pairs = [(before.end, line.start) for before, line in itertools.pairwise(lines)]
    return [None if end is None or start is None else abs(end - start) for end, start in pairs]
