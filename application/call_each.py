"""Calls for many items at once, a few at a time, where one that fails leaves the others alone."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from domain.errors import EsteiraError, StorageUnavailable

CALLS_AT_ONCE = 8

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


def call_each(call: Callable[[_Item], _Answer], items: Iterable[_Item]) -> Sequence[_Answer | EsteiraError]:
    """Return each answer, or the error that came instead, in order; any that is not ours is raised.

    Once the object store is away it is asked no more: each question would wait for its silence.
    """
    away: list[StorageUnavailable] = []

    def caught(item: _Item) -> _Answer | EsteiraError:
        if away:
            return away[0]
        try:
            return call(item)
        except EsteiraError as error:
            if isinstance(error, StorageUnavailable):
                away.append(error)
            return error

    with ThreadPoolExecutor(CALLS_AT_ONCE) as threads:
        # Each in a copy of this context, so that log lines name what this thread works for.
        calls = [threads.submit(copy_context().run, caught, item) for item in items]
        return [call.result() for call in calls]


def all_answers(answers: Iterable[_Answer | EsteiraError]) -> Sequence[_Answer]:
    """Return the answers. Raises the first error that came instead of one."""
    found: list[_Answer] = []
    for answer in answers:
        if isinstance(answer, EsteiraError):
            raise answer
        found.append(answer)
    return found
