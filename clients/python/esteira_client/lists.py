"""Lists that the server gives page by page, told as a whole."""

from collections.abc import Callable
from typing import TypeVar

from esteira_client.answers import Page
from esteira_client.steps import Feed, Flow, Tell

T = TypeVar("T")
MOST_OF_A_PAGE = 1000


def every(read: Callable[[str | None], Flow[Page[T]]]) -> Feed[T]:
    """Tell the items of each page, from the first to the last."""
    cursor: str | None = None
    while True:
        page = yield from read(cursor)
        for item in page.items:
            yield Tell(item)
        cursor = page.next_cursor
        if cursor is None:
            return
