"""The lines of a PDF page as PDFium finds them, with the box of each character."""

import ctypes
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

LEFT, RIGHT, BOTTOM, TOP = range(4)
LINE_BREAK = "\r\n"
_ARABIC = re.compile("[\u0621-\u064a\u066e-\u06d3]")

Box = tuple[float, float, float, float]
Boxes = Sequence[Box | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLine:
    """Characters in reading order and their boxes, in points from the page's lower left corner.

    A box is as wide as the font says that the character is, not as its ink. White space has none.
    `start` and `end` are the heights of the baseline at the line's first and last character, None where unknown.
    """

    characters: str
    boxes: Boxes
    start: float | None = None
    end: float | None = None
    box: Box | None = field(init=False)

    def __post_init__(self) -> None:
        """Find left, right, bottom and top of the line, None where nothing is known: it is asked for often."""
        known = [box for box in self.boxes if box]
        lefts, rights, bottoms, tops = zip(*known, strict=True) if known else ((), (), (), ())
        box = (min(lefts), max(rights), min(bottoms), max(tops)) if known else None
        object.__setattr__(self, "box", box)


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
    for place, (box, following) in enumerate(itertools.pairwise(boxes)):
        if box == following and _ARABIC.match(found[place]) and _ARABIC.match(found[place + 1]):
            found[place], found[place + 1] = found[place + 1], found[place]
    return "".join(found)


def _raw_text(handle: Any) -> str:  # noqa: ANN401
    count = pdfium.FPDFText_CountChars(handle)
    if count <= 0:
        return ""
    buffer = ctypes.create_string_buffer((count + 1) * 4)
    got = pdfium.FPDFText_GetText(handle, 0, count, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)))
    return buffer.raw[: max(got - 1, 0) * 2].decode("utf-16-le", "replace")


def _boxes(handle: Any, text: str) -> tuple[Sequence[int], Boxes]:  # noqa: ANN401
    """Return PDFium's index of each character and its box."""
    indices = _indices(handle, text)
    boxes: list[Box | None] = []
    rectangle, get_box = pdfium.FS_RECTF(), pdfium.FPDFText_GetLooseCharBox
    pointer = ctypes.byref(rectangle)
    for index, character in zip(indices, text, strict=True):
        known = not character.isspace() and get_box(handle, index, pointer)
        boxes.append((rectangle.left, rectangle.right, rectangle.bottom, rectangle.top) if known else None)
    return indices, boxes


def _indices(handle: Any, text: str) -> Sequence[int]:  # noqa: ANN401
    """Return where each character stands in PDFium's list, which also has characters that make no text."""
    last = len(text) - 1
    if not text or (max(text) <= "\uffff" and pdfium.FPDFText_GetCharIndexFromTextIndex(handle, last) == last):
        return range(len(text))
    indices, unit = [], 0
    for character in text:
        indices.append(pdfium.FPDFText_GetCharIndexFromTextIndex(handle, unit))
        unit += 2 if character > "\uffff" else 1
    return indices


def _baseline(handle: Any, indices: Sequence[int], place: int) -> float | None:  # noqa: ANN401
    x, y = ctypes.c_double(), ctypes.c_double()
    index = indices[place]
    return y.value if index >= 0 and pdfium.FPDFText_GetCharOrigin(handle, index, x, y) else None
