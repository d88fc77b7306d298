"""Sheets of cells: the name as a heading, a line a row, cells ` | ` apart. Empty rows and columns leave no trace.

The row of column names, where there seems to be one, is a heading below the sheet's: so it stands in the heading path
of each passage, however long the sheet is.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from infrastructure.extraction.pieces import CELL_SEPARATOR, Block
from infrastructure.extraction.text.text_cleaning import one_line

Row = Sequence[tuple[int, str]]  # columns in ascending order, from 0, and their text

HEAD_ROWS = 1000
HEAD_CHARACTERS = 4 * 1024 * 1024
NAMES_WITHIN_ROWS = 10
MAX_NAME_CHARACTERS = 60
MAX_NAMES_CHARACTERS = 300
_VALUE = re.compile(r"[^\w]*\d[\d.,:/ %+-]*$")
_YEAR = re.compile(r"(?:19|20)\d\d$")


def sheet_blocks(name: str, rows: Iterable[Row]) -> Iterator[Block]:
    """Yield a sheet's blocks; nothing where all of it is empty."""
    blocks = table_blocks(rows, level=2)
    first = next(blocks, None)
    if first is not None:
        if name:
            yield Block(text=one_line(name), level=1)
        yield first
        yield from blocks


def table_blocks(rows: Iterable[Row], *, level: int) -> Iterator[Block]:
    """Yield a line a row; the column names are a heading of that level."""
    filled = (kept for row in rows if (kept := [(column, one_line(text)) for column, text in row if text.strip()]))
    head = list(_head(filled))
    columns = sorted({column for row in head for column, _ in row})
    names = _place_of_names(head)
    for number, row in enumerate(chain(head, filled)):
        yield Block(text=_line(row, columns), level=level if number == names else None, tight=True)


def _head(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the rows that are held to see which columns are in use."""
    size = 0
    for row in islice(rows, HEAD_ROWS):
        yield row
        size += sum(len(text) for _, text in row)
        if size > HEAD_CHARACTERS:
            return


def _line(row: Row, columns: Sequence[int]) -> str:
    """Return the row's cells in its table's columns, up to its last cell."""
    if len(row) == len(columns):
        return CELL_SEPARATOR.join(text for _, text in row)
    cells, last = dict(row), row[-1][0]
    used = sorted({column for column in columns if column <= last} | cells.keys())
    return CELL_SEPARATOR.join(cells.get(column, "") for column in used)


def _place_of_names(head: Sequence[Row]) -> int | None:
    """Return which row names the columns: the first with several cells, if they are short and no values."""
    for number, row in enumerate(head[:NAMES_WITHIN_ROWS]):
        if len(row) > 1:
            texts = [text for _, text in row]
            unbroken = row[-1][0] - row[0][0] == len(row) - 1
            named = all(len(text) <= MAX_NAME_CHARACTERS and not _is_value(text) for text in texts)
            short = sum(map(len, texts)) + len(CELL_SEPARATOR) * len(texts) <= MAX_NAMES_CHARACTERS
            first = not any(column < row[0][0] for other in head for column, _ in other)
            return number if unbroken and named and short and first and number + 1 < len(head) else None
    return None


def _is_value(text: str) -> bool:
    return bool(_VALUE.match(text)) and not _YEAR.match(text)
