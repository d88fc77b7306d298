"""Values as printed pages show them, after the language."""

from datetime import date, datetime

from application.reports.contents import Cell, Kind, Language
from application.reports.words import told_day, told_instant, told_number
from infrastructure.artifacts.pdf_text import printable

UNITS = ("B", "KB", "MB", "GB", "TB", "PB")
STEP = 1000
_FLAGS = {Language.ENGLISH: ("no", "yes"), Language.PORTUGUESE: ("não", "sim")}
RIGHT = frozenset({Kind.COUNT, Kind.DECIMAL, Kind.SHARE, Kind.BYTES})


def shown(value: Cell, kind: Kind, language: Language) -> str:
    """Return the text; a dash stands for what is not known."""
    match value:
        case None:
            return "\N{EN DASH}"
        case bool():
            return _FLAGS[language][value]
        case int() | float():
            return _number(value, kind, language)
        case datetime():
            return told_instant(language, value)
        case date():
            return told_day(language, value)
        case str():
            return printable(value)


def _number(value: float, kind: Kind, language: Language) -> str:
    match kind:
        case Kind.BYTES:
            return _size(value, language)
        case Kind.SHARE:
            return told_number(language, value * 100, decimals=1) + " %"
        case Kind.DECIMAL:
            return told_number(language, value, decimals=2)
        case _:
            return told_number(language, value)


def _size(value: float, language: Language) -> str:
    unit = 0
    while value >= STEP and unit < len(UNITS) - 1:
        value, unit = value / STEP, unit + 1
    return f"{told_number(language, value, decimals=1 if unit else 0)} {UNITS[unit]}"
