"""One question to the database for all who ask at the same time, however many they are."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from anyio import to_thread

Id = TypeVar("Id")
Found = TypeVar("Found")

_MOST_AT_ONCE = 1000


class SharedReading(Generic[Id, Found]):
    """Used from one event loop. While one reading is on its way, those who come wait for the next, all together.

    So nobody is told what was read before it asked. `read` gives what exists of the keys; it runs in a thread.
    """

    def __init__(self, read: Callable[[Sequence[Id]], Mapping[Id, Found]]) -> None:
        self._read = read
        self._waiting: dict[Id, asyncio.Future[Found | None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def get(self, key: Id) -> Found | None:
        """Return what is there now, None for what does not exist. Raises what `read` does."""
        answer = self._waiting.get(key)
        if answer is None:
            answer = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._reading is None:
            # In a context of its own: what it logs is of no request.
            self._reading = asyncio.create_task(self._read_all(), name="shared-reading", context=Context())
        # Others wait for the same: who goes away must not take it with it.
        return await asyncio.shield(answer)

    async def _read_all(self) -> None:
        """Read until nobody waits."""
        while self._waiting:
            keys = [*self._waiting][:_MOST_AT_ONCE]
            answers = {key: self._waiting.pop(key) for key in keys}
            try:
                found = await to_thread.run_sync(self._read, keys)
            except Exception as error:  # noqa: BLE001 - whatever it is, each who asked gets it
                for answer in answers.values():
                    answer.set_exception(error)
                    answer.exception()  # taken note of, also where all have gone away
            else:
                for key, answer in answers.items():
                    answer.set_result(found.get(key))
        self._reading = None
