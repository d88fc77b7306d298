"""Runs are kept alive, and told when it is over."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from application.ports.run_context import RunContext
from domain.action import Run
from domain.errors import (
    DatabaseUnavailable,
    DeadlineExceeded,
    EsteiraError,
    LeaseLost,
    RunCancelled,
    WorkerStopping,
)
from domain.ids import ActionId, new_uuid7
from domain.report import Report
from infrastructure.queue.heartbeat import Shutdown, ThreadHeartbeat

RUN = Run(action_id=ActionId(new_uuid7()), run_lease=1)
PATIENCE_SECONDS = 10
LEASE = timedelta(seconds=0.1)


class ScriptedLedger:
    """Answers beats as told, one after the other, the last one for ever; tells when it was asked."""

    def __init__(self, *answers: bool | EsteiraError) -> None:
        self._answers = list(answers)
        self.all_given = threading.Event()
        self.reports: list[Report] = []

    def beat(self, run: Run, *, lease: timedelta) -> bool:
        assert (run, lease) == (RUN, LEASE)
        answer = self._answers[0]
        if len(self._answers) > 1:
            self._answers.pop(0)
        else:
            self.all_given.set()
        if isinstance(answer, EsteiraError):
            raise answer
        return answer

    def report(self, run: Run, report: Report) -> None:
        assert run == RUN
        self.reports.append(report)


class FrozenLedger(ScriptedLedger):
    """Gives no answer at all until it is thawed."""

    def __init__(self) -> None:
        super().__init__(False)
        self.thawed = threading.Event()

    def beat(self, run: Run, *, lease: timedelta) -> bool:
        self.thawed.wait(PATIENCE_SECONDS)
        return super().beat(run, lease=lease)


def check_for_ever(context: RunContext) -> None:
    while True:
        context.check()


def heartbeat(
    ledger: ScriptedLedger, *, hung: threading.Event | None = None, shutdown: Shutdown | None = None
) -> ThreadHeartbeat:
    return ThreadHeartbeat(
        ledger=ledger,
        shutdown=shutdown or Shutdown(grace_seconds=0),
        beat_seconds=0.001,
        lease=LEASE,
        hang_seconds=0.05 if hung else 60,
        on_hang=lambda _: hung.set() if hung else None,
    )


@pytest.fixture
def hung() -> Iterator[threading.Event]:
    return threading.Event()


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [(True, RunCancelled), (LeaseLost(), LeaseLost), (DeadlineExceeded(), DeadlineExceeded)],
)
def test_the_work_is_told_at_its_next_check(answer: bool | EsteiraError, verdict: type[EsteiraError]) -> None:
    ledger = ScriptedLedger(False, answer)
    with heartbeat(ledger).keep(RUN) as context:
        assert ledger.all_given.wait(PATIENCE_SECONDS)
        with pytest.raises(verdict):
            check_for_ever(context)


def test_a_database_that_is_away_for_a_while_ends_nothing() -> None:
    ledger = ScriptedLedger(DatabaseUnavailable(), DatabaseUnavailable(), False)
    with heartbeat(ledger).keep(RUN) as context:
        assert ledger.all_given.wait(PATIENCE_SECONDS)
        context.check()


def test_work_that_does_not_come_back_ends_the_process(hung: threading.Event) -> None:
    with heartbeat(ScriptedLedger(LeaseLost()), hung=hung).keep(RUN):
        assert hung.wait(PATIENCE_SECONDS)


def test_work_that_comes_back_in_time_does_not(hung: threading.Event) -> None:
    ledger = ScriptedLedger(LeaseLost())
    with heartbeat(ledger, hung=hung).keep(RUN):
        assert ledger.all_given.wait(PATIENCE_SECONDS)
    assert not hung.is_set()


def test_a_beat_that_does_not_come_back_ends_the_process(hung: threading.Event) -> None:
    ledger = FrozenLedger()
    with heartbeat(ledger, hung=hung).keep(RUN):
        assert hung.wait(PATIENCE_SECONDS)
        ledger.thawed.set()


def test_a_stopping_worker_gives_back_once_its_grace_is_over() -> None:
    at_once, later = Shutdown(grace_seconds=0), Shutdown(grace_seconds=60)
    at_once.request()
    later.request()
    with heartbeat(ScriptedLedger(False), shutdown=later).keep(RUN) as context:
        context.check()
    with heartbeat(ScriptedLedger(False), shutdown=at_once).keep(RUN) as context, pytest.raises(WorkerStopping):
        context.check()


def test_reports_that_come_too_fast_are_left_out() -> None:
    ledger = ScriptedLedger(False)
    with heartbeat(ledger).keep(RUN) as context:
        for progress in range(100):
            context.report(Report(progress=progress))
    assert 1 <= len(ledger.reports) < 100
    assert ledger.reports[0].progress == 0
