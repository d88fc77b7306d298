"""Presentations: each slide is a page, its title a heading, its notes after its text."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.pieces import Block, whole_page
from infrastructure.extraction.reading import ReadPage

Slide = Callable[[], Iterable[Block]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlideReading:
    """A presentation, opened. `slides` yields a function a slide, so that one which is not asked for costs little."""

    media_type: str
    page_count: int
    slides: Callable[[], Iterable[Slide]]

    def read(self, *, first: int, last: int | None) -> Iterator[ReadPage]:
        """See Reading. A damaged slide leaves the others readable."""
        for number, slide in enumerate(self.slides(), 1):
            if last is not None and number > last:
                return
            if number >= first:
                yield _page(number, slide)


def check_count(slides: int, limits: ExtractionLimits) -> int:
    """Return the number of slides. Raises DocumentUnreadable: no_text, too_many_pages."""
    if not slides:
        raise DocumentUnreadable(FailureCode.NO_TEXT)
    if slides > limits.max_pages:
        raise DocumentUnreadable(FailureCode.TOO_MANY_PAGES)
    return slides


def _page(number: int, slide: Slide) -> ReadPage:
    try:
        return whole_page(number, slide())
    except DocumentUnreadable as exc:
        if exc.failure_code is not FailureCode.CORRUPT:
            raise
        return ReadPage(number=number, unreadable=FailureCode.CORRUPT)
