"""Text for printed pages: the fonts, what they can show, and lines that fit a width."""

import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR, BOLD = "DejaVuSansCondensed", "DejaVuSansCondensed-Bold"
# Stands for what the fonts do not have: other scripts, emoji.
MISSING = "\ufffd"
_FOLDER = Path(__file__).with_name("fonts")
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)


@cache
def load_fonts() -> frozenset[int]:
    """Make the fonts known to reportlab; return the characters that they have."""
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(_FOLDER / f"{name}.ttf")))
    return frozenset(pdfmetrics.getFont(REGULAR).face.charToGlyph)


def printable(text: str) -> str:
    """Return the text in one line: without controls, and with a sign for each character that cannot be shown."""
    return "".join(map(_printable, unicodedata.normalize("NFC", text)))


@lru_cache(maxsize=4096)
def _printable(character: str) -> str:
    if character.isspace():
        return " "
    if ord(character) in _VARIATION_SELECTORS or unicodedata.category(character) in _UNSEEN:
        return ""
    return character if ord(character) in load_fonts() else MISSING


def width_of(text: str, font: str, size: float) -> float:
    """Return the width in points."""
    return float(pdfmetrics.stringWidth(text, font, size))


def lines_of(text: str, font: str, size: float, room: float, *, most: int = 1000) -> Sequence[str]:
    """Break into lines of up to `room` points: at blanks, else wherever it has to be. The last of `most` ends in …."""
    if width_of(text, font, size) <= room:
        return [text]
    lines: list[str] = []
    rest = text
    while rest:
        cut = _cut(rest, font, size, room)
        if len(lines) == most - 1 and cut < len(rest):
            kept = rest[: _cut(rest, font, size, room - width_of("…", font, size))]
            return [*lines, kept.rstrip() + "…"]
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return lines


def _cut(text: str, font: str, size: float, room: float) -> int:
    """Return how many characters fit, at least one."""
    low, high = 1, min(len(text), 1 + int(room / size * 6))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width_of(text[:middle], font, size) <= room else (low, middle - 1)
    if low == len(text):
        return low
    if text[low] == " ":
        return low
    at_blank = text.rfind(" ", 0, low)
    if at_blank > 0:
        return at_blank + 1
    at_sign = max(text.rfind(sign, 0, low) + 1 for sign in "_-/.")
    return at_sign if at_sign > low / 2 else low
