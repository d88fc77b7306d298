"""Spaces within a line, from the gaps between its characters.

PDFium makes a space of a gap by rules of its own, and leaves out narrow ones: "willlead". In letter-spaced text it
makes too many: "Singapor e". Here a line is its own measure: its usual gap lies within words, as most gaps do.
"""

import unicodedata
from collections.abc import Iterator

from infrastructure.extraction.pdf.lines import Boxes, PageLine

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
    gaps = list(_gaps(line.boxes))
    inner = sorted(gap for _, apart, gap in gaps if apart == 1)
    if len(inner) < MIN_PAIRS:
        return line.characters
    usual = inner[len(inner) // 2]
    if inner[len(inner) * 3 // 4] - usual > SPREAD or abs(usual) > 1:
        return line.characters
    wide = {place for place, apart, gap in gaps if apart == 1 and gap > usual + SPACE}
    if usual <= LETTER_SPACED:
        return _changed(line, wide, set())
    return _changed(line, wide, {place - 1 for place, apart, gap in gaps if apart == 2 and gap < usual + SAME})  # noqa: PLR2004 - one character lies between


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


def _gaps(boxes: Boxes) -> Iterator[tuple[int, int, float]]:
    """Yield each character's place, how many places it is after the one before, and how far apart they are, in heights.

    Only characters of one row of text: as high as the one before, and on its level.
    """
    before, earlier = 0, None
    for place, box in enumerate(boxes):
        if box is None:
            continue
        if earlier:
            left, _, bottom, top = box
            _, right, earlier_bottom, earlier_top = earlier
            slack = LEVEL * (top - bottom)
            if slack > 0 and abs(bottom - earlier_bottom) <= slack and abs(top - earlier_top) <= slack:
                yield place, place - before, (left - right) / (top - bottom)
        before, earlier = place, box


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
