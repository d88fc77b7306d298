"""Markdown by markdown-it-py (CommonMark and tables), rendered to text.

Front matter is dropped. Links keep their words, pictures their alternative text, code stays as it is. Long files are
parsed in sections, so that memory and time stay in proportion; a reference link across sections keeps its brackets.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from infrastructure.extraction.pieces import CELL_SEPARATOR, Block, PieceReading
from infrastructure.extraction.text.html import html_blocks
from infrastructure.extraction.text.plain_text import lines, portions

SECTION_CHARACTERS = 128 * 1024
MAX_SECTION_CHARACTERS = 1024 * 1024
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_HEADING = re.compile(r" {0,3}#{1,6}\s")
_FRONT_MATTER_END = {"---", "..."}
_KEY = re.compile(r"""(?:[\w.-]+|"[^"]*"|'[^']*')\s*:(?:\s|$)""")
_LIKE_YAML = re.compile(rf"{_KEY.pattern}|\s|#|-(?:\s|$)|(?:---|\.\.\.)\s*$|$")  # a key, an item, a comment, indented
MAX_FRONT_MATTER_LINES = 200
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


def open_markdown(path: Path, encoding: str) -> PieceReading:
    """Open Markdown of a known encoding."""
    return PieceReading(
        media_type="text/markdown", blocks=_blocks(lines(portions(path, encoding), most=MAX_SECTION_CHARACTERS))
    )


def _blocks(lines: Iterator[str]) -> Iterator[Block]:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for section in _sections(_without_front_matter(lines)):
        yield from _Renderer().blocks(parser.parse(section))


def _without_front_matter(lines: Iterator[str]) -> Iterator[str]:
    first = next(lines, "").removeprefix("\ufeff")
    if first.rstrip() != "---":
        yield first
    else:
        held: list[str] = []
        for line in lines:
            held.append(line)
            if not _LIKE_YAML.match(line) or line.rstrip() in _FRONT_MATTER_END or len(held) > MAX_FRONT_MATTER_LINES:
                break
        if not _is_front_matter(held):
            yield from (first, *held)
    yield from lines


def _is_front_matter(lines: list[str]) -> bool:
    """Tell data that are closed and name at least one key from words between two rules."""
    return bool(lines) and lines[-1].rstrip() in _FRONT_MATTER_END and any(map(_KEY.match, lines))


def _sections(lines: Iterator[str]) -> Iterator[str]:
    """Cut long texts before headings, else at blank lines, never within a fence unless it is huge."""
    held: list[str] = []
    size, fence = 0, ""
    for line in lines:
        huge = size > MAX_SECTION_CHARACTERS
        boundary = not fence and (_HEADING.match(line) or (size > 2 * SECTION_CHARACTERS and not line.strip()))
        if huge or (boundary and size > SECTION_CHARACTERS):
            yield "\n".join(held)
            held, size = [], 0
        if found := _FENCE.match(line):
            mark = found[1]
            fence = "" if fence and mark.startswith(fence) else fence or mark
        held.append(line)
        size += len(line) + 1
    yield "\n".join(held)


class _Renderer:
    """Turns a section's tokens into blocks."""

    def __init__(self) -> None:
        self._lists: list[int | None] = []
        self._marker = ""
        self._level: int | None = None
        self._row: list[str] | None = None

    def blocks(self, tokens: list[Token]) -> Iterator[Block]:
        """Yield the blocks of a section."""
        for token in tokens:
            if token.type in {"fence", "code_block"}:
                yield from self._block(token.content.rstrip("\n"))
            elif token.type == "html_block":
                yield from html_blocks(token.content)
            elif token.type == "inline":
                yield from self._inline(token)
            else:
                yield from self._structure(token)

    def _structure(self, token: Token) -> Iterator[Block]:
        match token.type:
            case "heading_open":
                self._level = int(token.tag[1:])
            case "heading_close":
                self._level = None
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._marker = self._next_marker()
            case "tr_open":
                self._row = []
            case "tr_close":
                if self._row and any(self._row):
                    yield Block(text=CELL_SEPARATOR.join(self._row), tight=True)
                self._row = None

    def _inline(self, token: Token) -> Iterator[Block]:
        text = inline_text(token.children or [])
        if self._row is not None:
            self._row.append(" ".join(text.split()))
        else:
            yield from self._block(text)

    def _block(self, text: str) -> Iterator[Block]:
        if text.strip():
            yield Block(text=self._marker + text, level=self._level, tight=bool(self._lists))
            self._marker = ""

    def _next_marker(self) -> str:
        indent = "  " * (len(self._lists) - 1)
        number = self._lists[-1]
        if number is None:
            return f"{indent}- "
        self._lists[-1] = number + 1
        return f"{indent}{number}. "


def inline_text(tokens: list[Token]) -> str:
    """Return the words of inline tokens."""
    parts = []
    for token in tokens:
        if token.type in {"softbreak", "hardbreak"} or (token.type == "html_inline" and _BREAK.match(token.content)):
            parts.append("\n")
        elif token.type == "image":
            parts.append(inline_text(token.children or []))
        elif token.type in {"text", "code_inline", "text_special"}:
            parts.append(token.content)
    return "".join(parts)
