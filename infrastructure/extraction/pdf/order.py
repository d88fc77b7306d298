"""The reading order of a PDF page's lines, where PDFium's, which is the order of drawing, is not it.

Changed are only two things: columns of running text that were drawn row by row, and vertical lines, which run from
right to left.
"""

import itertools
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from infrastructure.extraction.pdf.lines import BOTTOM, LEFT, RIGHT, TOP, PageLine

MOST = 0.8
# Of a gap between columns, in heights of the line.
GUTTER = 1.0
# Fewer rows, shorter or ragged ones may be a table, whose rows are read across.
MIN_ROWS = 6
MIN_CHARACTERS = 18
MIN_LETTERS = 0.7
FULL = 0.8
FULL_ROWS = 0.6
VERTICAL = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One or two parts side by side, and the lines as they came that these are made of."""

    parts: Sequence[PageLine]
    lines: Sequence[PageLine]


def in_reading_order(lines: Sequence[PageLine]) -> Sequence[PageLine]:
    """Return the lines, or parts of them, in the order in which a person reads them."""
    if _are_vertical(lines):
        return list(_right_to_left(lines))
    rows = list(_rows(lines))
    if sum(len(row.parts) > 1 for row in rows) < MIN_ROWS:
        return lines
    return [line for group in _groups(rows) for line in group.in_order()]


@dataclass(slots=True)
class _Group:
    """Rows one after the other with a common gutter between `low` and `high`, once one of them has two parts."""

    rows: list[_Row] = field(default_factory=list)
    low: float = float("-inf")
    high: float = float("inf")

    def takes(self, row: _Row) -> bool:
        """Add the row if its parts lie left and right of the gutter."""
        boxes = [box for part in row.parts if (box := part.box)]
        if len(row.parts) == 1 and not self.rows:
            return False
        low, high = self.low, self.high
        for box in boxes:
            if box[RIGHT] <= high and box is boxes[0]:
                low = max(low, box[RIGHT])
            elif box[LEFT] >= low:
                high = min(high, box[LEFT])
            else:
                return False
        if high - low < GUTTER * max((box[TOP] - box[BOTTOM] for box in boxes), default=0):
            return False
        self.low, self.high = low, high
        self.rows.append(row)
        return True

    def in_order(self) -> Iterable[PageLine]:
        """Return the lines column by column if these are columns of running text, else as they came."""
        pairs = [row.parts for row in self.rows if len(row.parts) > 1]
        if len(pairs) < MIN_ROWS or not all(_runs(side) for side in zip(*pairs, strict=True)):
            return [line for row in self.rows for line in row.lines]
        parts = [part for row in self.rows for part in row.parts]
        return sorted(parts, key=lambda part: bool((box := part.box) and box[LEFT] >= self.high))


def _groups(rows: Iterable[_Row]) -> Iterator[_Group]:
    group = _Group()
    for row in rows:
        if not group.takes(row):
            yield group
            group = _Group()
            if not group.takes(row):
                yield _Group(rows=[row])
    yield group


def _rows(lines: Sequence[PageLine]) -> Iterator[_Row]:
    """Yield the lines in rows of one or two parts: a line with one wide gap in it, or two lines side by side."""
    waiting: PageLine | None = None
    for line in lines:
        parts = _parts(line)
        if waiting and len(parts) == 1 and _is_right_of(waiting, line):
            yield _Row(parts=(waiting, line), lines=(waiting, line))
            waiting = None
            continue
        if waiting:
            yield _Row(parts=(waiting,), lines=(waiting,))
        waiting = line if len(parts) == 1 else None
        if len(parts) > 1:
            yield _Row(parts=parts, lines=(line,))
    if waiting:
        yield _Row(parts=(waiting,), lines=(waiting,))


def _parts(line: PageLine) -> Sequence[PageLine]:
    """Cut a line at its one wide gap; lines with none or several stay whole."""
    placed = [(place, box) for place, box in enumerate(line.boxes) if box]
    if len(placed) < MIN_CHARACTERS:
        return (line,)
    wide = GUTTER * (placed[0][1][TOP] - placed[0][1][BOTTOM])
    cuts = [place for (_, before), (place, box) in itertools.pairwise(placed) if box[LEFT] - before[RIGHT] > wide]
    if len(cuts) != 1:
        return (line,)
    cut = cuts[0]
    left, right = line.characters[:cut].rstrip(), line.characters[cut:]
    return (
        replace(line, characters=left, boxes=line.boxes[: len(left)], end=line.start),
        replace(line, characters=right, boxes=line.boxes[cut:], start=line.end),
    )


def _is_right_of(line: PageLine, other: PageLine) -> bool:
    """Tell whether the other line stands beside the first, to its right."""
    first, second = line.box, other.box
    if not first or not second or second[LEFT] <= first[RIGHT]:
        return False
    shared = min(first[TOP], second[TOP]) - max(first[BOTTOM], second[BOTTOM])
    return shared > (second[TOP] - second[BOTTOM]) / 2


def _runs(column: Sequence[PageLine]) -> bool:
    """Tell whether these lines are running text: long, of letters, most of them as long as the column is wide."""
    boxes = [box for line in column if (box := line.box)]
    text = "".join(line.characters for line in column)
    written = text.replace(" ", "")
    left, right = min(box[LEFT] for box in boxes), max(box[RIGHT] for box in boxes)
    full = sum(box[RIGHT] - left >= FULL * (right - left) for box in boxes)
    return (
        median(len(line.characters) for line in column) >= MIN_CHARACTERS
        and sum(map(str.isalpha, written)) >= MIN_LETTERS * len(written)
        and full >= FULL_ROWS * len(column)
    )


def _are_vertical(lines: Sequence[PageLine]) -> bool:
    """Tell whether nearly all that is written stands in vertical lines of East Asian signs."""
    upright = written = 0
    for line in lines:
        box = line.box
        if box and len(line.characters) > 1:
            written += len(line.characters)
            if box[TOP] - box[BOTTOM] > VERTICAL * (box[RIGHT] - box[LEFT]):
                wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in line.characters)
                upright += len(line.characters) if wide > MOST * len(line.characters) else 0
    return bool(written) and upright > MOST * written


def _right_to_left(lines: Iterable[PageLine]) -> Iterator[PageLine]:
    """Yield vertical lines tier by tier from the top, in each from the right."""
    tiers: list[list[tuple[float, float, PageLine]]] = []
    placed = [(box[LEFT], box[TOP], line) for line in lines if (box := line.box)]
    for left, top, line in sorted(placed, key=lambda each: -each[1]):
        bottom = line.box[BOTTOM] if line.box else top
        if not tiers or top < min(each[1] for each in tiers[-1]):
            tiers.append([])
        tiers[-1].append((left, bottom, line))
    for tier in tiers:
        for _, _, line in sorted(tier, key=lambda each: -each[0]):
            yield replace(line, start=None, end=None)
