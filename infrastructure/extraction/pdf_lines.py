"""The lines of a PDF page as PDFium finds them, with the box of each character."""

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

LEFT, RIGHT, BOTTOM, TOP = range(4)
LINE_BREAK = "\r\n"
_ARABIC = re.compile("[\u0621-\u064a\u066e-\u06d3]")

Box = tuple[float, float, float, float]
Boxes = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLine:
    """Characters in reading order and their boxes: (len(characters), 4) in points from the page's lower left corner.

    A box is as wide as the font says that the character is, not as its ink. White space has none: NaN.
    `start` and `end` are the heights of the baseline at the line's first and last character, None where unknown.
    """

    characters: str
    boxes: Boxes
    start: float | None = None
    end: float | None = None

    @property
    def box(self) -> Box | None:
        """Left, right, bottom and top of the line, None where nothing is known."""
        known = self.boxes[~np.isnan(self.boxes[:, LEFT])]
        if not len(known):
            return None
        low, high = known.min(axis=0), known.max(axis=0)
        return float(low[LEFT]), float(high[RIGHT]), float(low[BOTTOM]), float(high[TOP])


def read_lines(page: Any) -> list[PageLine]:  # noqa: ANN401 - pypdfium2 is untyped
    """Return the lines of a page in PDFium's order. Raises PdfiumError."""
    turned = page.get_rotation()
    if turned:  # PDFium takes lines that run across a turned page for one, and reads them backwards
        page.set_rotation(0)
    handle = pdfium.FPDFText_LoadPage(page.raw)
    if not handle:
        raise pypdfium2.PdfiumError("the page's text cannot be loaded")
    try:
        return list(_lines(handle))
    finally:
        pdfium.FPDFText_ClosePage(handle)
        if turned:
            page.set_rotation(turned)


def _lines(handle: Any) -> Iterator[PageLine]:  # noqa: ANN401
    text = _raw_text(handle)
    indices, boxes = _boxes(handle, text)
    start = 0
    for characters in text.split(LINE_BREAK):
        end = start + len(characters)
        left = start + len(characters) - len(characters.lstrip())
        right = start + len(characters.rstrip()) - 1
        yield PageLine(
            characters=_logical(characters, boxes[start:end]),
            boxes=boxes[start:end],
            start=_baseline(handle, indices, left) if right >= left else None,
            end=_baseline(handle, indices, right) if right >= left else None,
        )
        start = end + len(LINE_BREAK)


def _logical(characters: str, boxes: Boxes) -> str:
    """Turn the letters of Arabic ligatures round: one glyph, of which PDFium gives the last letter first."""
    if not _ARABIC.search(characters):
        return characters
    found = list(characters)
    same = np.flatnonzero((boxes[1:] == boxes[:-1]).all(axis=1)).tolist()
    for place in same:
        if _ARABIC.match(found[place]) and _ARABIC.match(found[place + 1]):
            found[place], found[place + 1] = found[place + 1], found[place]
    return "".join(found)


def _raw_text(handle: Any) -> str:  # noqa: ANN401
    count = pdfium.FPDFText_CountChars(handle)
    if count <= 0:
        return ""
    buffer = ctypes.create_string_buffer((count + 1) * 4)
    got = pdfium.FPDFText_GetText(handle, 0, count, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)))
    return buffer.raw[: max(got - 1, 0) * 2].decode("utf-16-le", "replace")


def _boxes(handle: Any, text: str) -> tuple[list[int], Boxes]:  # noqa: ANN401
    """Return PDFium's index of each character and its box."""
    indices = _indices(handle, text)
    boxes = np.full((len(text), 4), np.nan, np.float32)
    rectangle, get_box = pdfium.FS_RECTF(), pdfium.FPDFText_GetLooseCharBox
    pointer = ctypes.byref(rectangle)
    for place, (index, character) in enumerate(zip(indices, text, strict=True)):
        if not character.isspace() and get_box(handle, index, pointer):
            boxes[place] = (rectangle.left, rectangle.right, rectangle.bottom, rectangle.top)
    return indices, boxes


def _indices(handle: Any, text: str) -> list[int]:  # noqa: ANN401
    """Return where each character stands in PDFium's list, which also has characters that make no text."""
    last = len(text) - 1
    if not text or (max(text) <= "\uffff" and pdfium.FPDFText_GetCharIndexFromTextIndex(handle, last) == last):
        return list(range(len(text)))
    indices, unit = [], 0
    for character in text:
        indices.append(pdfium.FPDFText_GetCharIndexFromTextIndex(handle, unit))
        unit += 2 if character > "\uffff" else 1
    return indices


def _baseline(handle: Any, indices: list[int], place: int) -> float | None:  # noqa: ANN401
    x, y = ctypes.c_double(), ctypes.c_double()
    index = indices[place]
    return y.value if index >= 0 and pdfium.FPDFText_GetCharOrigin(handle, index, x, y) else None
