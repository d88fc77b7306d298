"""JSON as a stream of tokens (RFC 8259): read in portions, without recursion, so that depth and size do no harm.

Several values after each other, as in JSON Lines, are one stream. `NaN` and `Infinity` are taken, as Python writes
them. Numbers stay as they are written.
"""

import json
import re
from collections.abc import Iterable, Iterator

from domain.failure import DocumentUnreadable, FailureCode

MAX_STRING_CHARACTERS = 4 * 1024 * 1024  # what is beyond, in pictures written as Base64, is left out
MAX_LITERAL_CHARACTERS = 4_000
Token = tuple[str, str]
"""(`{`, ``) and the like for `{}[],:`, else (`string` or `literal`, its value)."""

_INSIDE = r'[^"\\]*+(?:\\.[^"\\]*+)*+'
_TOKEN = re.compile(
    rf'[ \t\r\n\ufeff\x1e]*(?:([{{}}\[\],:])|"({_INSIDE})"'
    r"|(-?(?:[0-9][0-9.eE+-]*+|Infinity)|true|false|null|NaN)(?=[ \t\r\n,\]}\x1e]))",
    re.DOTALL,
)
_STRING_PART = re.compile(_INSIDE, re.DOTALL)
_LITERAL_PART = re.compile(r"[-+.0-9A-Za-z]*$")
_BLANK = " \t\r\n\ufeff\x1e"


class JsonError(DocumentUnreadable):
    """The text is no JSON."""

    def __init__(self) -> None:
        super().__init__(FailureCode.CORRUPT)


class JsonEnds(JsonError):
    """The text ends within a value."""


def tokens(portions: Iterable[str]) -> Iterator[Token]:
    """Yield the tokens of a text that comes in portions. Raises JsonError."""
    source = iter(portions)
    text = ""
    for portion in source:
        text += portion
        at = 0
        while found := _TOKEN.match(text, at):
            at = found.end()
            yield _token(found)
        text = text[at:].lstrip(_BLANK)
        if text.startswith('"'):
            string, text = _across_portions(text, source)
            yield "string", _unescaped(string)
        elif len(text) > MAX_LITERAL_CHARACTERS or not _LITERAL_PART.match(text):
            raise JsonError
    # The end is as good as white space after a literal; after a string that crossed portions, more tokens may follow.
    text += "\n"
    at = 0
    while found := _TOKEN.match(text, at):
        at = found.end()
        yield _token(found)
    if left := text[at:].strip(_BLANK):
        raise JsonEnds if left.startswith('"') or _LITERAL_PART.match(left) else JsonError


def _across_portions(text: str, source: Iterator[str]) -> tuple[str, str]:
    """Read a string to its end in a later portion; return what is in it, and the text after it."""
    kept: list[str] = []
    size = 0
    text = text[1:]
    while True:
        part = _STRING_PART.match(text)
        end = part.end() if part else 0
        if size < MAX_STRING_CHARACTERS:
            kept.append(text[:end])
        size += end
        if text[end : end + 1] == '"':
            return "".join(kept), text[end + 1 :]
        portion = next(source, None)
        if portion is None:
            raise JsonEnds
        text = text[end:] + portion


def _token(found: re.Match[str]) -> Token:
    sign, string, literal = found.groups()
    if sign:
        return sign, ""
    return ("literal", literal) if string is None else ("string", _unescaped(string))


def _unescaped(string: str) -> str:
    if "\\" not in string:
        return string
    try:
        return str(json.loads(f'"{string}"', strict=False))
    except ValueError as exc:
        raise JsonError from exc
