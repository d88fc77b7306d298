"""Headers and footers that repeat from page to page: lines in the margins that earlier pages had in the same place.

Only pages that were read already are looked at, so pages stay streamed, and a page that crashes the parser takes no
other along. The first pages of a document keep their headers: what they say is found once, and floods nothing.
"""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from infrastructure.extraction.pdf.lines import BOTTOM, TOP, Box, PageLine

# Share of the page's height at its top and bottom in which headers and footers stand.
MARGIN = 0.12
# In points: how far a repeated line may be from where it was.
SHIFT = 2.0
# Left and right pages may differ, so a line is looked for on the pages before the last one too.
PAGES_REMEMBERED = 6
TIMES_SEEN = 2
# A page that is like another one is a form or a copy, not text under a header.
MOST_OF_PAGE = 0.5
_NUMBER = re.compile(r"\d{1,9}|(?<![^\W_])[ivxl]+(?![^\W_])")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50}


@dataclass(frozen=True, slots=True, kw_only=True)
class _MarginLine:
    """A line that may be a header or footer: its text with the numbers taken out, these, and where it stands."""

    number: int
    words: tuple[str, ...]
    numbers: tuple[int, ...]
    bottom: float

    def repeats(self, earlier: "_MarginLine") -> bool:
        """Tell whether it is the earlier line again, its numbers the same or as much larger as the page's number is."""
        return (
            self.words == earlier.words
            and abs(self.bottom - earlier.bottom) < SHIFT
            and all(
                mine in (theirs, theirs + self.number - earlier.number)
                for mine, theirs in zip(self.numbers, earlier.numbers, strict=True)
            )
        )


class RunningLines:
    """Remembers the margins of the last pages."""

    def __init__(self) -> None:
        self._pages: deque[list[_MarginLine]] = deque(maxlen=PAGES_REMEMBERED)
        self._untold: list[list[Any]] | None = None

    def without(self, lines: Sequence[PageLine], number: int, *, bottom: float, top: float) -> Sequence[PageLine]:
        """Return the lines of a page without those that repeat what earlier pages had, and remember the page.

        `bottom` and `top` are the edges of the page in the lines' coordinates.
        """
        margin = MARGIN * (top - bottom)
        margins = {
            place: _margin_line(line, box, number)
            for place, line in enumerate(lines)
            if (box := line.box) and (box[BOTTOM] < bottom + margin or box[TOP] > top - margin)
        }
        repeated = {place for place, line in margins.items() if self._times_seen(line) >= TIMES_SEEN}
        self._pages.append(list(margins.values()))
        self._untold = [[line.number, line.words, line.numbers, line.bottom] for line in margins.values()]
        written = sum(bool(line.characters.strip()) for line in lines)
        if len(repeated) > MOST_OF_PAGE * written:
            return lines
        return [line for place, line in enumerate(lines) if place not in repeated]

    def news(self) -> list[list[Any]] | None:
        """Return the margins of a page that was read since this was last asked, as JSON has them, for `recall`."""
        told, self._untold = self._untold, None
        return told

    def recall(self, news: Sequence[Sequence[Any]] | None) -> None:
        """Remember a page that another one has read."""
        if news is not None:
            self._pages.append(
                [
                    _MarginLine(number=number, words=tuple(words), numbers=tuple(numbers), bottom=bottom)
                    for number, words, numbers, bottom in news
                ]
            )

    def _times_seen(self, line: _MarginLine) -> int:
        return sum(any(line.repeats(earlier) for earlier in page) for page in self._pages)


def _margin_line(line: PageLine, box: Box, number: int) -> _MarginLine:
    text = " ".join(line.characters.split())
    return _MarginLine(
        number=number,
        words=tuple(_NUMBER.split(text)),
        numbers=tuple(_value(found) for found in _NUMBER.findall(text)),
        bottom=box[BOTTOM],
    )


def _value(number: str) -> int:
    if number.isdigit():
        return int(number)
    values = [_ROMAN[letter] for letter in number]
    return sum(-one if one < following else one for one, following in zip(values, [*values[1:], 0], strict=True))
