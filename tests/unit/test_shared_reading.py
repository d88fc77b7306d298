import asyncio
import threading
from collections.abc import Mapping, Sequence

import pytest

from domain.errors import DatabaseUnavailable
from interface.api.shared_reading import SharedReading


class Shelf:
    """Has versions, and keeps who reads waiting until it is told otherwise."""

    def __init__(self) -> None:
        self.versions = {"a": 1, "b": 7}
        self.readings: list[list[str]] = []
        self.error: Exception | None = None
        self.is_read = threading.Event()
        self.is_open = threading.Event()
        self.is_open.set()

    def read(self, keys: Sequence[str]) -> Mapping[str, int]:
        self.readings.append([*keys])
        found = {key: self.versions[key] for key in keys if key in self.versions}
        self.is_read.set()
        self.is_open.wait()
        if self.error:
            raise self.error
        return found


async def until_reading(shelf: Shelf) -> None:
    assert await asyncio.to_thread(shelf.is_read.wait, 10)


def test_all_who_come_while_one_reading_is_on_its_way_share_the_next() -> None:
    shelf = Shelf()

    async def ask() -> list[int | None]:
        shared = SharedReading(shelf.read)
        shelf.is_open.clear()
        first = asyncio.create_task(shared.get("a"))
        await until_reading(shelf)
        others = [asyncio.create_task(shared.get(key)) for key in "abc" * 100]
        await asyncio.sleep(0)
        shelf.is_open.set()
        return [await first, *await asyncio.gather(*others)]

    assert asyncio.run(ask()) == [1, *[1, 7, None] * 100]
    assert shelf.readings == [["a"], ["a", "b", "c"]]


def test_nobody_is_told_what_was_read_before_it_asked() -> None:
    shelf = Shelf()

    async def ask() -> tuple[int | None, int | None]:
        shared = SharedReading(shelf.read)
        shelf.is_open.clear()
        first = asyncio.create_task(shared.get("a"))
        await until_reading(shelf)
        shelf.versions["a"] = 2
        second = asyncio.create_task(shared.get("a"))
        await asyncio.sleep(0)
        shelf.is_open.set()
        return await first, await second

    assert asyncio.run(ask()) == (1, 2)


@pytest.mark.parametrize("error", [DatabaseUnavailable(), ZeroDivisionError()])
def test_an_error_is_told_to_each_who_asked_and_the_next_reading_is_a_new_one(error: Exception) -> None:
    shelf = Shelf()
    shelf.error = error

    async def ask() -> tuple[list[int | BaseException | None], int | None]:
        shared = SharedReading(shelf.read)
        refused = await asyncio.gather(*(shared.get("a") for _ in range(3)), return_exceptions=True)
        shelf.error = None
        return refused, await shared.get("a")

    refused, then = asyncio.run(ask())
    assert [type(each) for each in refused] == [type(error)] * 3
    assert then == 1


def test_who_goes_away_leaves_the_answer_to_the_others() -> None:
    shelf = Shelf()

    async def ask() -> int | None:
        shared = SharedReading(shelf.read)
        shelf.is_open.clear()
        leaving, staying = asyncio.create_task(shared.get("a")), asyncio.create_task(shared.get("a"))
        await until_reading(shelf)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        shelf.is_open.set()
        return await staying

    assert asyncio.run(ask()) == 1
