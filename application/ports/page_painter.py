"""Port: draws the pages of a file of unknown content."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from domain.extracted_page import UnreadablePage
from domain.page_picture import PictureSize


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPicture:
    """A picture (WebP) of a page, at `path`; width and height in pixels."""

    path: Path
    size: PictureSize
    width: int
    height: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPage:
    """A page, drawn in each size."""

    number: int
    pictures: Sequence[DrawnPicture]


class PageDrawing(Protocol):
    """An opened document. Iterating draws on; pages come in order, each once, drawn or not."""

    @property
    def page_count(self) -> int:
        """Number of pages that the document has."""
        ...

    @property
    def numbers(self) -> Sequence[int]:
        """Those pages that were asked for and that the document has."""
        ...

    def __iter__(self) -> Iterator[DrawnPage | UnreadablePage]:
        """Yield pages as they are drawn. Raises DocumentUnreadable where nothing more can be drawn at all."""
        ...


class PagePainter(Protocol):
    """Draws pages. Hostile bytes can crash, hang or bloat the one who draws, never the caller."""

    def open(
        self, path: Path, *, filename: str, pages: Collection[int], into: Path, check: Callable[[], None]
    ) -> AbstractContextManager[PageDrawing]:
        """Open a local file; pictures are written into the folder `into`. `check` as in the port Extractor.

        Raises DocumentUnreadable on entering: `no_page_pictures` where the format has none, `encrypted` also where a
        password would help.
        """
        ...
