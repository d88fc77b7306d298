"""CSV and TSV by the standard library's reader, its delimiter found by what makes most rows the same width."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

from infrastructure.extraction.detection import Format
from infrastructure.extraction.office.sheets import Row, table_blocks
from infrastructure.extraction.pieces import Block, PieceReading
from infrastructure.extraction.text.plain_text import lines, portions

DELIMITERS = "\t;|,"  # in the order in which they are believed: a comma is often part of a number or of a sentence
SURE, LIKELY = 0.9, 0.6
SAMPLE_LINES = 500
MAX_LINE_CHARACTERS = 1024 * 1024
MAX_FIELD_CHARACTERS = 128 * 1024
_DECLARED = re.compile(r"sep=(.)$", re.IGNORECASE)


def open_csv(path: Path, encoding: str) -> PieceReading:
    """Open a table in text of a known encoding; where nothing divides its lines, each is a row of one cell."""
    source = lines(portions(path, encoding), most=MAX_LINE_CHARACTERS)
    sample = list(islice(source, SAMPLE_LINES))
    sample[0] = sample[0].removeprefix("\ufeff")  # before a quote it would make that a part of the cell
    declared = _DECLARED.match(sample[0])
    delimiter = declared[1] if declared else _delimiter(sample)
    rows = _rows(chain(sample[1 if declared else 0 :], source), delimiter)
    return PieceReading(media_type=Format.CSV, blocks=_blocks(rows))


def _blocks(rows: Iterator[list[str]]) -> Iterator[Block]:
    return table_blocks((_cells(row) for row in rows), level=1)


def _cells(row: list[str]) -> Row:
    return list(enumerate(row))


def _delimiter(sample: list[str]) -> str | None:
    """Return what divides the lines, None where nothing does."""
    shares = {delimiter: _share(sample, delimiter) for delimiter in DELIMITERS}
    sure = next((delimiter for delimiter, share in shares.items() if share >= SURE), None)
    likely = max(DELIMITERS, key=lambda delimiter: shares[delimiter])
    return sure or (likely if shares[likely] >= LIKELY else None)


def _share(sample: list[str], delimiter: str) -> float:
    """Return how many of the rows have the most frequent width, as a share; 0 where that is one cell."""
    if not any(delimiter in line for line in sample):
        return 0.0
    widths = Counter(len(row) for row in _rows(sample, delimiter) if any(row))
    divided = Counter({width: count for width, count in widths.items() if width > 1})
    return divided.most_common(1)[0][1] / widths.total() if divided else 0.0


def _rows(source: Iterable[str], delimiter: str | None) -> Iterator[list[str]]:
    """Yield rows. A quote that is never closed costs the division of some lines, not their words."""
    if delimiter is None:
        yield from ([line] for line in source)
        return
    held: list[str] = []

    def remembered() -> Iterator[str]:
        for line in source:
            held.append(line)
            yield line + "\n"

    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    reader = csv.reader(remembered(), delimiter=delimiter)
    while True:
        try:
            row = next(reader, None)
        except csv.Error:
            yield from ([line] for line in held)
            row = []
        held.clear()
        if row is None:
            return
        yield row
