"""Duties are kept up, whatever one turn brings."""

import threading

from domain.errors import DatabaseUnavailable
from infrastructure.queue.duties import Duties, Duty

PATIENCE_SECONDS = 10


class Turns:
    """Counts calls; raises in the first ones."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.went_well = threading.Event()

    def __call__(self) -> int:
        if self._errors:
            raise self._errors.pop()
        self.went_well.set()
        return 0


class Backlog:
    """Has more to do for some turns."""

    def __init__(self, turns: int) -> None:
        self._turns = turns
        self.is_done = threading.Event()

    def __call__(self) -> bool:
        self._turns -= 1
        if self._turns == 0:
            self.is_done.set()
        return self._turns > 0


def test_a_duty_survives_what_its_turns_raise() -> None:
    turns = Turns(DatabaseUnavailable(), ValueError("a defect"))
    with Duties([Duty(name="relay", every_seconds=0.001, call=turns)]):
        assert turns.went_well.wait(PATIENCE_SECONDS)


def test_a_duty_that_has_more_to_do_goes_on_at_once() -> None:
    backlog = Backlog(3)
    with Duties([Duty(name="relay", every_seconds=3600, call=backlog)]):
        assert backlog.is_done.wait(PATIENCE_SECONDS)


def test_a_duty_that_never_comes_to_an_end_is_left_behind_its_turn() -> None:
    begun = threading.Event()

    def endless() -> bool:
        begun.set()
        return True

    with Duties([Duty(name="relay", every_seconds=3600, call=endless)]):
        assert begun.wait(PATIENCE_SECONDS)


def test_a_woken_duty_does_not_wait_for_its_turn() -> None:
    turns = Turns()
    duty = Duty(name="relay", every_seconds=3600, call=turns)
    with Duties([duty]):
        assert turns.went_well.wait(PATIENCE_SECONDS)
        turns.went_well.clear()
        duty.wake()
        assert turns.went_well.wait(PATIENCE_SECONDS)
