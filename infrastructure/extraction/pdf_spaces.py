"""Spaces within a line, from the gaps between its characters.

PDFium makes a space of a gap by rules of its own, and leaves out narrow ones: "willlead". In letter-spaced text it
makes too many: "Singapor e". Here a line is its own measure: its usual gap lies within words, as most gaps do.
"""

import unicodedata

import numpy as np
from numpy.typing import NDArray

from infrastructure.extraction.pdf_lines import BOTTOM, LEFT, RIGHT, TOP, Boxes, PageLine

MIN_PAIRS = 8
# In heights of the characters' boxes, which are a little more than the size of the font.
SPACE = 0.12
SPREAD = 0.04
LETTER_SPACED = 0.05
SAME = 0.03
LEVEL = 0.15
# Signs that are often set with some air, and are not words.
DASHES = "-/\u2010\u2011\u2012\u2013\u2014\u2212"
OPENING = frozenset("([{" + DASHES)
CLOSING = frozenset(".,;:!?%)]}" + DASHES)


def respaced(line: PageLine) -> str:
    """Return the line's characters with spaces where gaps are wide, and without those that stand for a usual gap."""
    places = np.flatnonzero(~np.isnan(line.boxes[:, LEFT]))
    if len(places) <= MIN_PAIRS:
        return line.characters
    apart, gaps = places[1:] - places[:-1], _gaps(line.boxes[places])
    inner = np.sort(gaps[(apart == 1) & ~np.isnan(gaps)])
    if len(inner) < MIN_PAIRS:
        return line.characters
    usual = float(inner[len(inner) // 2])
    if inner[len(inner) * 3 // 4] - usual > SPREAD or abs(usual) > 1:
        return line.characters
    wide = places[1:][(apart == 1) & (gaps > usual + SPACE)]
    needless = places[1:][(apart == 2) & (gaps < usual + SAME)] - 1  # noqa: PLR2004 - one character lies between
    return _changed(line, set(wide.tolist()), set(needless.tolist()) if usual > LETTER_SPACED else set())


def _changed(line: PageLine, insert_before: set[int], drop: set[int]) -> str:
    if not insert_before and not drop:
        return line.characters
    parts = []
    for place, character in enumerate(line.characters):
        if place in insert_before and _part_words(line.characters[place - 1], character):
            parts.append(" ")
        if place not in drop:
            parts.append(character)
    return "".join(parts)


def _gaps(boxes: Boxes) -> NDArray[np.float32]:
    """Return how far each character is from the one before, in heights; NaN where they are not of one row of text."""
    heights = boxes[:, TOP] - boxes[:, BOTTOM]
    with np.errstate(divide="ignore", invalid="ignore"):
        gaps = (boxes[1:, LEFT] - boxes[:-1, RIGHT]) / heights[1:]
        level = np.abs(boxes[1:, BOTTOM] - boxes[:-1, BOTTOM]) / heights[1:]
        alike = np.abs(heights[1:] - heights[:-1]) / heights[1:]
    gaps[~((level < LEVEL) & (alike < LEVEL))] = np.nan
    return gaps.astype(np.float32)


def _part_words(before: str, after: str) -> bool:
    return before not in OPENING and after not in CLOSING and _takes_spaces(before) and _takes_spaces(after)


def _takes_spaces(character: str) -> bool:
    """Tell whether words of its script stand apart, written from left to right; combining marks have no gap."""
    if character.isascii():
        return True
    return (
        unicodedata.east_asian_width(character) not in "WF"
        and unicodedata.bidirectional(character) not in ("R", "AL", "AN")
        and not unicodedata.combining(character)
    )
