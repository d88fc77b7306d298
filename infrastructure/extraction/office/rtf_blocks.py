"""Paragraphs, list items and table rows of an RTF, made of its words and paragraph properties as they come."""

from collections.abc import Iterator

from infrastructure.extraction.pieces import CELL_SEPARATOR, Block
from infrastructure.extraction.text.text_cleaning import one_line

HEADING_LEVELS = 9


class Blocks:
    """Collects one paragraph after the other. `levels` are those of the styles that are headings, by number."""

    def __init__(self) -> None:
        self.levels: dict[int, int] = {}
        self.listed = False
        self._parts: list[str] = []
        self._apart: list[str] = []
        self._cells: list[str] = []
        self._in_table = False
        self._level: int | None = None

    def add(self, text: str) -> None:
        """Add words to the paragraph."""
        self._parts.append(text)

    def add_apart(self, text: str) -> None:
        """Add a footnote or text box, which follows the paragraph."""
        self._apart.append(one_line(text))

    def property(self, name: str, value: int | None) -> None:
        """Take a paragraph's property."""
        match name:
            case "pard":
                self._in_table, self._level = False, None
            case "intbl":
                self._in_table = True
            case "s":
                self._level = self.levels.get(value or 0)
            case "outlinelevel":
                self._level = level_of(value)

    def end_cell(self) -> None:
        """End a table's cell."""
        self._cells.append(one_line(self._take()))

    def end_row(self) -> Iterator[Block]:
        """End a table's row."""
        cells, self._cells = self._cells, []
        if any(cells):
            yield Block(text=CELL_SEPARATOR.join(cells), tight=True)

    def end_paragraph(self) -> Iterator[Block]:
        """End a paragraph; within a cell that is a space."""
        if self._in_table:
            self.add(" ")
        else:
            yield from self.rest()

    def end(self) -> Iterator[Block]:
        """End the text, wherever it ends: a table's last row may be cut off."""
        if self._in_table and self._cells:
            self.end_cell()
        yield from self.rest()

    def rest(self) -> Iterator[Block]:
        """Yield what is there, first of all a row that nothing has ended."""
        yield from self.end_row()
        text = self._take()
        if text.strip():
            listed = self.listed and not self._level
            yield Block(text=f"- {text}" if listed else text, level=self._level, tight=listed)
        self.listed = False
        yield from (Block(text=apart) for apart in self._apart)
        self._apart.clear()

    def _take(self) -> str:
        text = "".join(self._parts)
        self._parts.clear()
        return text


def level_of(outline_level: int | None) -> int | None:
    """Return the level of a heading, from 1, None for body text."""
    return outline_level + 1 if outline_level is not None and 0 <= outline_level < HEADING_LEVELS else None
