"""What a report is made of. A writer makes a spreadsheet or a printed page of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from domain.spans import Span

Cell = str | int | float | bool | date | datetime | None


class Language(StrEnum):
    """In which a report is written; its numbers and dates follow."""

    ENGLISH = "en"
    PORTUGUESE = "pt"


class Kind(StrEnum):
    """What a column's values are, which decides how they are shown. None is shown as nothing."""

    TEXT = "text"
    COUNT = "count"
    DECIMAL = "decimal"
    SHARE = "share"
    BYTES = "bytes"
    FLAG = "flag"
    DAY = "day"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`width` is in characters; what is longer goes on in the next line. `in_print` False: for spreadsheets only."""

    heading: str
    kind: Kind = Kind.TEXT
    width: int = 12
    in_print: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of the kinds that the columns have. `rows` may be read once only; `if_empty` stands where there are none."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]
    if_empty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One figure with its name."""

    name: str
    value: Cell
    kind: Kind = Kind.COUNT


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Figures that stand for the whole."""

    title: str
    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars over a table of the same report, whose rows are a list: by its first column, each of `series` a column.

    Several series stand on each other. `is_sideways` has the bars lie, for categories that are words.
    """

    title: str
    table: Table
    series: Sequence[int]
    colours: Sequence[str]
    is_sideways: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedPassage:
    """A found passage: `head` says where it is from, `highlights` are the spans of `text` that were asked for."""

    head: str
    where: str
    text: str
    highlights: Sequence[Span]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passages:
    """Passages to read, in print; `table` has the same for a spreadsheet, where `text_column` has the texts."""

    passages: Sequence[PrintedPassage]
    table: Table
    text_column: int


Block = Facts | Table | Chart | Passages


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContents:
    """A report from top to bottom. `is_wide` asks for pages that lie."""

    title: str
    subtitle: Sequence[str]
    language: Language
    made_at: datetime
    blocks: Sequence[Block]
    is_wide: bool = False
