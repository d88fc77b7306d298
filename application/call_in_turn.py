"""Calls one after the other, where one that fails leaves the others alone."""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from application.call_each import all_answers
from domain.errors import DeadlineExceeded, EsteiraError, LeaseLost, RunCancelled, WorkerStopping

log = logging.getLogger(__name__)

# What RunContext.check raises: the run has to end, so nothing more is called.
ENDS_OF_RUN = (LeaseLost, RunCancelled, DeadlineExceeded, WorkerStopping)

_Answer = TypeVar("_Answer")


def answer_of(call: Callable[[], _Answer]) -> _Answer | EsteiraError:
    """Return the answer, or the error that came instead. What ends the run is raised, and so is what is not ours."""
    try:
        return call()
    except ENDS_OF_RUN:
        raise
    except EsteiraError as error:
        log.warning("a part failed, the others go on: %s", error.detail, exc_info=error.__cause__)
        return error


def call_in_turn(calls: Iterable[Callable[[], _Answer]]) -> Sequence[_Answer]:
    """Make every call, then return the answers. Raises the first error that came instead of one."""
    return all_answers([answer_of(call) for call in calls])
