"""`simulate` takes the time that was asked for, tells how far it is, and stops when it is told to."""

from datetime import UTC, datetime

import pytest

from application.use_cases.simulate_work import SimulateWork, read_simulation
from domain.action import Action
from domain.errors import InvalidRequest, RunCancelled
from domain.job import OPERATIONS_QUEUE, new_task_job
from domain.report import Report
from tests.support.unhurried import Unhurried

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class CountedTime(Unhurried):
    """Time passes only while the work pauses."""

    def __init__(self, *, cancelled_after: float = 1000) -> None:
        super().__init__()
        self.cancelled_after = cancelled_after
        self.pauses: list[float] = []
        self.reports: list[Report] = []

    def check(self) -> None:
        if sum(self.pauses) >= self.cancelled_after:
            raise RunCancelled

    def pause(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        return True

    def report(self, report: Report) -> None:
        self.reports.append(report)


def simulation(seconds: int) -> Action:
    params = {"duration_seconds": seconds}
    job = new_task_job(action_type="simulate", queue=OPERATIONS_QUEUE, params=params, max_attempts=4, now=NOON)
    return job.actions[0]


def test_it_takes_just_the_time_asked_for_in_steps_of_less_than_a_second() -> None:
    time = CountedTime()
    outcome = SimulateWork()(simulation(7), time)
    assert sum(time.pauses) == 7
    assert max(time.pauses) < 1
    assert outcome.result == {"duration_seconds": 7}


def test_its_progress_rises_while_it_runs() -> None:
    time = CountedTime()
    SimulateWork()(simulation(10), time)
    shown = [report.progress for report in time.reports]
    assert shown == sorted(shown)
    assert (shown[0], time.reports[-1].message) == (0, "9 of 10 seconds")
    assert 40 < shown[len(shown) // 2] < 60


def test_a_cancel_ends_it_at_the_next_step() -> None:
    time = CountedTime(cancelled_after=3)
    with pytest.raises(RunCancelled):
        SimulateWork()(simulation(300), time)
    assert sum(time.pauses) == 3


def test_the_duration_may_be_left_out() -> None:
    assert read_simulation({}) == {"duration_seconds": 35}


@pytest.mark.parametrize("value", [0, 301, -1, 1.5, "5", True, None, [], 10**400])
def test_a_duration_that_cannot_be_is_refused(value: object) -> None:
    assert refused({"duration_seconds": value}) == "/duration_seconds"


def test_an_unknown_param_is_refused_by_its_name() -> None:
    assert refused({"duration": 5}) == "/duration"
    assert refused({"a/b~c": 5}) == "/a~1b~0c"


def refused(params: dict[str, object]) -> str | None:
    with pytest.raises(InvalidRequest) as caught:
        read_simulation(params)
    return caught.value.pointer
