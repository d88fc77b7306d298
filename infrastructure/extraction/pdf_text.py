"""The text of a PDF page: PDFium's lines, with a blank line where the gap between two is markedly larger than usual."""

import ctypes
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from infrastructure.extraction.text_cleaning import clean

PARAGRAPH_GAP = 1.35
MIN_LINES = 3
HYPHEN = "\ufffe"
BROKEN_LINES = 0.06
_BROKEN_WORD = re.compile(r"(\w+)[\ufffe\x02](?:\r?\n)?(\w+)")
_WORD = re.compile(r"\w+(?:-\w+)*")
LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_LIGATURE = re.compile("[" + "".join(LIGATURES) + "]")


def page_text(page: Any) -> str:  # noqa: ANN401 - pypdfium2 is untyped
    """Return the clean text of a page. Raises PdfiumError."""
    handle = pdfium.FPDFText_LoadPage(page.raw)
    if not handle:
        raise pypdfium2.PdfiumError("the page's text cannot be loaded")
    try:
        raw = _raw_text(handle)
        return tidy(_with_paragraphs(handle, raw))
    finally:
        pdfium.FPDFText_ClosePage(handle)


def tidy(text: str) -> str:
    """Join words broken at line ends, write ligatures as letters, and clean."""
    return clean(_LIGATURE.sub(lambda found: LIGATURES[found[0]], joined_words(text)))


def joined_words(text: str) -> str:
    """Join words at the hyphens that PDFium marks at line ends, where lines are joined already.

    It does not know if a hyphen belongs to the word (`touch-and-go`) or to the line (`infor-mation`). The rest of the
    page tells: a form that stands there whole wins. Where it tells nothing, the page's other broken words do, else
    how many there are: who breaks words breaks many.
    """
    if HYPHEN not in text and "\x02" not in text:
        return text
    broken = [(match[1], match[2]) for match in _BROKEN_WORD.finditer(text)]
    known = {word.lower() for word in _WORD.findall(_BROKEN_WORD.sub(" ", text))}
    told = [_belongs_to_word(left, right, known) for left, right in broken]
    balance = told.count(True) - told.count(False)
    many = len(broken) > BROKEN_LINES * (text.count("\n") + 1)
    otherwise = balance > 0 or (balance == 0 and not many)

    def join(match: re.Match[str]) -> str:
        kept = _belongs_to_word(match[1], match[2], known)
        return f"{match[1]}-{match[2]}" if (otherwise if kept is None else kept) else match[1] + match[2]

    return re.sub(f"[{HYPHEN}\x02]", "-", _BROKEN_WORD.sub(join, text))


def _belongs_to_word(left: str, right: str, known: set[str]) -> bool | None:
    """Tell whether the hyphen between two parts is the word's own, None where nothing tells."""
    if (left + right).lower() in known:
        return False
    if not right[0].islower() or not left[-1].isalpha() or f"{left}-{right}".lower() in known:
        return True
    return True if left.lower() in known and right.lower() in known else None


def _raw_text(handle: Any) -> str:  # noqa: ANN401 - pypdfium2 is untyped
    count = pdfium.FPDFText_CountChars(handle)
    if count <= 0:
        return ""
    buffer = ctypes.create_string_buffer((count + 1) * 4)
    got = pdfium.FPDFText_GetText(handle, 0, count, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)))
    return buffer.raw[: max(got - 1, 0) * 2].decode("utf-16-le", "replace")


def _with_paragraphs(handle: Any, text: str) -> str:  # noqa: ANN401 - pypdfium2 is untyped
    lines = text.split("\r\n")
    if len(lines) < MIN_LINES:
        return text
    gaps = _gaps(list(_baselines(handle, lines)))
    weights: Counter[float] = Counter()
    for line, gap in zip(lines[1:], gaps, strict=True):
        if gap is not None and gap > 1:
            weights[round(gap * 2) / 2] += len(line)
    if not weights:
        return text
    limit = PARAGRAPH_GAP * _usual_gap(weights)
    parts = [lines[0]]
    for line, gap in zip(lines[1:], gaps, strict=True):
        parts += ["\n\n" if gap is not None and gap > limit else "\n", line]
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


def _gaps(heights: list[tuple[float | None, float | None]]) -> list[float | None]:
    """Return how far each line's start is from the end of the one before, up or down; None where that is unknown."""
    pairs = itertools.pairwise(heights)
    return [None if end is None or start is None else abs(end - start) for (_, end), (start, _) in pairs]


def _baselines(handle: Any, lines: list[str]) -> Iterator[tuple[float | None, float | None]]:  # noqa: ANN401
    """Yield the heights of each line's first and last characters: PDFium sometimes makes one line of two."""
    x, y = ctypes.c_double(), ctypes.c_double()

    def height(at: int) -> float | None:
        index = pdfium.FPDFText_GetCharIndexFromTextIndex(handle, at)
        return y.value if index >= 0 and pdfium.FPDFText_GetCharOrigin(handle, index, x, y) else None

    position = 0
    for line in lines:
        length = _utf16_length(line)
        if line.isspace() or not line:
            yield None, None
        else:
            left, right = len(line) - len(line.lstrip()), len(line) - len(line.rstrip())
            yield height(position + left), height(position + length - right - 1)
        position += length + 2


def _utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
