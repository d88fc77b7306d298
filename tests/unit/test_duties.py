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


def test_a_duty_survives_what_its_turns_raise() -> None:
    turns = Turns(DatabaseUnavailable(), ValueError("a defect"))
    with Duties([Duty(name="relay", every_seconds=0.001, call=turns)]):
        assert turns.went_well.wait(PATIENCE_SECONDS)


def test_a_woken_duty_does_not_wait_for_its_turn() -> None:
    turns = Turns()
    duty = Duty(name="relay", every_seconds=3600, call=turns)
    with Duties([duty]):
        assert turns.went_well.wait(PATIENCE_SECONDS)
        turns.went_well.clear()
        duty.wake()
        assert turns.went_well.wait(PATIENCE_SECONDS)
