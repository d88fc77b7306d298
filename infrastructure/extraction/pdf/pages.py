"""The text of a document's pages, one by one: what the pages before have shown helps to read the next."""

import json
from collections.abc import Sequence
from typing import Any

from infrastructure.extraction.pdf.hyphens import KnownWords
from infrastructure.extraction.pdf.lines import read_lines
from infrastructure.extraction.pdf.order import in_reading_order
from infrastructure.extraction.pdf.running_lines import RunningLines
from infrastructure.extraction.pdf.text import text_of


class PageTexts:
    """Remembers the margins of the last pages and the words of all."""

    def __init__(self) -> None:
        self._running = RunningLines()
        self.known = KnownWords()

    def read(self, page: Any, number: int) -> str:  # noqa: ANN401 - pypdfium2 is untyped
        """Return the clean text of a page, without headers and footers seen before. Raises PdfiumError."""
        _, bottom, _, top = page.get_cropbox()
        lines = self._running.without(read_lines(page), number, bottom=bottom, top=top)
        text = text_of(in_reading_order(lines), self.known)
        self.known.learn(text)
        return text

    def memory(self) -> str:
        """Return what the last page has shown, for `recall`."""
        return json.dumps([self._running.news(), self.known.news()], separators=(",", ":"))

    def recall(self, memories: Sequence[str]) -> None:
        """Know what pages have shown that another process has read, in their order."""
        for margins, words in map(json.loads, memories):
            self._running.recall(margins)
            self.known.recall(words)
