"""Headings of a PDF from its outline (bookmarks): a title counts where it stands on the page that it points to."""

import itertools
import re
from collections import defaultdict
from typing import Any

import pypdfium2

from domain.extracted_page import Heading
from infrastructure.extraction.text.text_cleaning import clean, one_line

MAX_ENTRIES = 5_000
MAX_LEVEL = 6
MAX_TITLE_CHARACTERS = 300


class Outline:
    """Titles with their levels by page number."""

    def __init__(self) -> None:
        self._titles: dict[int, list[tuple[int, str]]] = defaultdict(list)

    def add(self, number: int, level: int, title: str) -> None:
        """Take an entry."""
        self._titles[number].append((level, title))

    def headings_of(self, number: int, text: str) -> tuple[Heading, ...]:
        """Return the headings of a page, in order of their offsets; a title that is not in its text is left out."""
        found, start = [], 0
        for level, title in self._titles.get(number, ()):
            words = r"\s+".join(re.escape(word) for word in title.split())
            match = re.compile(words, re.IGNORECASE).search(text, start) if words else None
            if match:
                found.append(Heading(offset=match.start(), level=level, title=title))
                start = match.end()
        return tuple(found)


def read_outline(document: Any) -> Outline:  # noqa: ANN401 - pypdfium2 is untyped
    """Read the outline as far as it can be read."""
    outline = Outline()
    try:
        for bookmark in itertools.islice(document.get_toc(max_depth=MAX_LEVEL), MAX_ENTRIES):
            target = bookmark.get_dest()
            index = target.get_index() if target else None
            title = one_line(clean(bookmark.get_title()))[:MAX_TITLE_CHARACTERS]
            if index is not None and index >= 0 and title:
                outline.add(index + 1, min(bookmark.level + 1, MAX_LEVEL), title)
    except (pypdfium2.PdfiumError, ValueError):
        pass
    return outline
