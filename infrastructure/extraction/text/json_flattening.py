"""JSON flattened: a line `path: value` for each value, an object in a list or line as a paragraph.

The path is that of the keys, without the numbers of list items; values in a list stand in one line. Nothing is held
but the path, so that files of any size and depth can be read.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from infrastructure.extraction.pieces import Block
from infrastructure.extraction.text.json_tokens import JsonEnds, JsonError, Token, tokens

MAX_DEPTH = 1_000_000
KEYS_SHOWN = 8
LEVELS_LOOKED_AT = 64
LINE_CHARACTERS = 1_000
PARAGRAPH_CHARACTERS = 4_000
_OPENING = {"{": "}", "[": "]"}


def looks_like_json(sample: str, *, cut: bool) -> bool:
    """Tell by the beginning of a text: an object or array, and no error in it. One that is `cut` may end anywhere."""
    if not sample.lstrip("\ufeff \t\r\n\x1e").startswith(("{", "[")):
        return False
    try:
        for _ in flattened(tokens([sample])):
            pass
    except JsonEnds:
        return cut
    except JsonError:
        return False
    return True


def flattened(stream: Iterator[Token]) -> Iterator[Block]:
    """Yield the values as paragraphs of lines. Raises JsonError where the tokens are in no order."""
    return _Flattening().blocks(stream)


class _Flattening:
    """`_keys` has the key that is being read for each open object, None for each open list."""

    def __init__(self) -> None:
        self._keys: list[str | None] = []
        self._closing: list[str] = []
        self._lines: list[str] = []
        self._size = 0
        self._listed: list[str] = []
        self._listed_size = 0

    def blocks(self, stream: Iterator[Token]) -> Iterator[Block]:
        awaited = "value"
        for kind, text in stream:
            if kind in {"string", "literal"}:
                awaited = self._scalar(kind, text, awaited)
            elif kind in _OPENING:
                awaited = self._open(kind, awaited)
            elif kind in {"}", "]"}:
                awaited = self._close(kind, awaited)
            else:
                awaited = self._separate(kind, awaited)
            if self._at_paragraph_end(kind):
                yield from self._paragraph()
        if self._closing or awaited not in {"value", "next"}:
            raise JsonEnds
        yield from self._paragraph()

    def _scalar(self, kind: str, text: str, awaited: str) -> str:
        if awaited in {"key", "first key"} and kind == "string":
            self._keys[-1] = text
            return "colon"
        if awaited not in {"value", "first value"} and (self._closing or awaited != "next"):
            raise JsonError
        if text.strip() and text != "null":
            self._take(text)
        return "next"

    def _take(self, text: str) -> None:
        if self._keys and self._keys[-1] is None:
            self._listed.append(text)
            self._listed_size += len(text)
            if self._listed_size > LINE_CHARACTERS:
                self._end_list()
        else:
            self._line(text)

    def _open(self, kind: str, awaited: str) -> str:
        if awaited not in {"value", "first value"} and (self._closing or awaited != "next"):
            raise JsonError
        if len(self._keys) >= MAX_DEPTH:
            raise JsonError
        self._end_list()
        self._keys.append("" if kind == "{" else None)
        self._closing.append(_OPENING[kind])
        return "first key" if kind == "{" else "first value"

    def _close(self, kind: str, awaited: str) -> str:
        allowed = {"next", "first key" if kind == "}" else "first value"}
        if not self._closing or self._closing[-1] != kind or awaited not in allowed:
            raise JsonError
        self._end_list()
        self._closing.pop()
        self._keys.pop()
        return "next"

    def _separate(self, kind: str, awaited: str) -> str:
        if kind == ":" and awaited == "colon":
            return "value"
        if kind != "," or awaited != "next" or not self._closing:
            raise JsonError
        return "key" if self._closing[-1] == "}" else "value"

    def _at_paragraph_end(self, kind: str) -> bool:
        if self._size > PARAGRAPH_CHARACTERS:
            return True
        if kind == "{":
            return len(self._keys) < 2 or self._keys[-2] is None  # noqa: PLR2004 - an object of a list or a line begins
        return kind == "}" and (not self._keys or self._keys[-1] is None)

    def _end_list(self) -> None:
        if self._listed:
            separator = "" if self._listed[0].endswith("\n") else ", "  # lines of a text, as notebooks have them
            listed, self._listed, self._listed_size = separator.join(self._listed), [], 0
            self._line(listed)

    def _line(self, text: str) -> None:
        path = ".".join(self._path())
        self._lines.append(f"{path}: {text}" if path else text)
        self._size += len(self._lines[-1])

    def _path(self) -> Iterable[str]:
        keys = [key for key in islice(reversed(self._keys), LEVELS_LOOKED_AT) if key][:KEYS_SHOWN]
        return reversed(keys)

    def _paragraph(self) -> Iterator[Block]:
        if self._lines:
            yield Block(text="\n".join(self._lines))
            self._lines, self._size = [], 0
