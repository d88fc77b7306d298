"""Whatever workers, reapers and people do to an action in whatever order, its rules hold on real PostgreSQL.

Two clients, each with connections of its own, take turns as Hypothesis says. A run is RunAction itself in a thread,
whose work takes a step when it is told to, so that one that lost its action goes on like a zombie.
"""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine, text

from application.ports.job_store import Dispatch
from application.ports.passage_store import IndexedChunk, StoredPage
from application.ports.run_context import RunContext
from application.run_action import ActionType, Outcome, RunAction
from application.use_cases.cancel_job import CancelJob
from application.use_cases.process_uploaded_document import ProcessUploadedDocument
from application.use_cases.reap_expired_runs import ReapExpiredRuns
from application.use_cases.resend_lost_messages import ResendLostMessages
from application.use_cases.retry_job import RetryJob
from application.use_cases.send_due_actions import SendDueActions
from domain.action import FINAL, Action, ActionStatus, Run
from domain.chunk import Chunk
from domain.document import Document
from domain.errors import (
    AlreadyFinal,
    EsteiraError,
    LeaseLost,
    NotFailed,
    RunCancelled,
    StorageUnavailable,
    WorkerStopping,
)
from domain.failure import DocumentUnreadable, FailureCode
from domain.job import DOCUMENT_QUEUE, INDEX, Job
from domain.report import Report
from domain.retry_policy import RetryPolicy
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.passage_store import PostgresPassageStore
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.queue.heartbeat import LiveRun, Shutdown
from tests.support.document_factory import a_document
from tests.support.in_memory_blob_store import InMemoryBlobStore
from tests.support.seals import a_seal

LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 3
MAX_CRASHES = 2
PATIENCE_SECONDS = 30
CLIENTS = st.sampled_from([0, 1])
Step = Callable[[Action, RunContext], Outcome | None]


class Unheard:
    """A queue that forgets every message."""

    def ring(self, dispatch: Dispatch, *, timeout_seconds: float) -> None:
        pass

    def waiting(self, _queue: str) -> frozenset[str]:
        return frozenset()


class NoBeats:
    """Keeps a run without a thread: time stands still unless the test moves it."""

    def __init__(self, ledger: PostgresRunLedger) -> None:
        self._ledger = ledger

    def keep(self, run: Run) -> "NoBeats.Kept":
        return NoBeats.Kept(LiveRun(run=run, ledger=self._ledger, shutdown=Shutdown(grace_seconds=0)))

    @dataclass
    class Kept:
        live: LiveRun

        def __enter__(self) -> LiveRun:
            return self.live

        def __exit__(self, *_: object) -> None:
            pass


@dataclass
class SteppedRun:
    """RunAction in a thread, whose work is told step by step. `action` is what it claimed, None if nothing."""

    runner: Callable[["SteppedRun"], RunAction]
    steps: "queue.Queue[Step]" = field(default_factory=queue.Queue)
    answers: "queue.Queue[object]" = field(default_factory=queue.Queue)
    action: Action | None = None
    chunks: int = 0
    is_over: bool = False

    def start(self, action: Action, dispatch_no: int) -> None:
        run = partial(self._run, self.runner(self), action, dispatch_no)
        threading.Thread(target=run, daemon=True).start()
        self._wait()

    def take(self, step: Step) -> object:
        self.steps.put(step)
        return self._wait()

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        self.action = action
        self.answers.put("claimed")
        while True:
            try:
                ended = self.steps.get(timeout=PATIENCE_SECONDS)(action, context)
            except LeaseLost as lost:
                self.answers.put(lost)
                continue
            if ended is not None:
                return ended
            self.answers.put(None)

    def _run(self, runner: RunAction, action: Action, dispatch_no: int) -> None:
        try:
            runner(action.id, dispatch_no)
            answer: object = "over"
        except Exception as error:  # noqa: BLE001 - the test's own thread asks for it
            answer = error
        self.is_over = True
        self.answers.put(answer)

    def _wait(self) -> object:
        answer = self.answers.get(timeout=PATIENCE_SECONDS)
        if isinstance(answer, Exception) and not isinstance(answer, EsteiraError):
            raise answer
        return answer


@dataclass
class Handler:
    run: SteppedRun | None
    passages: PostgresPassageStore
    document: Document

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        assert self.run
        return self.run(action, context)

    def clean_up(self, action: Action) -> None:
        self.passages.break_off(action.run)
        self.passages.discard_unpublished(self.document.id)


class Client:
    """A process: connections of its own, and every use case on them."""

    def __init__(self, engine: Engine, document: Document, blobs: InMemoryBlobStore) -> None:
        self.document = document
        self.transactions = partial(PostgresUnitOfWork, engine)
        self.ledger = PostgresRunLedger(engine)
        self.passages = PostgresPassageStore(engine)
        self.cancel = CancelJob(transactions=self.transactions)
        self.retry = RetryJob(transactions=self.transactions, wake_relay=lambda: None)
        self.reap = ReapExpiredRuns(transactions=self.transactions, action_types=self.types(None), lease=timedelta())
        self.send = SendDueActions(
            transactions=self.transactions, doorbell=Unheard(), action_timeouts={INDEX: LEASE.total_seconds()}
        )
        self.resend = ResendLostMessages(transactions=self.transactions, doorbell=Unheard(), patience_seconds=0)
        self.process = ProcessUploadedDocument(
            transactions=self.transactions,
            blobs=blobs,
            seal=a_seal(),
            wake_relay=lambda: None,
            max_attempts=MAX_ATTEMPTS,
        )

    def types(self, run: SteppedRun | None) -> dict[str, ActionType]:
        handler = Handler(run=run, passages=self.passages, document=self.document)
        retry = RetryPolicy(first_delay_seconds=0, max_crashes=MAX_CRASHES)
        return {INDEX: ActionType(name=INDEX, queue=DOCUMENT_QUEUE, timeout=LEASE, retry=retry, handler=handler)}

    def runner(self, run: SteppedRun) -> RunAction:
        return RunAction(
            transactions=self.transactions,
            heartbeat=NoBeats(self.ledger),
            action_types=self.types(run),
            worker_name="w",
            lease=LEASE,
        )

    def write(self, action: Action, count: int) -> None:
        run, document_id = action.run, self.document.id
        self.passages.write_pages(
            run, document_id, [StoredPage(position=count, number=count + 1, char_start=count * 5, text="page")]
        )
        chunk = Chunk(
            position=count,
            text=f"chunk of {run.run_lease}",
            char_start=count * 5,
            char_end=count * 5 + 4,
            page_start=count + 1,
            page_end=count + 1,
            token_count=1,
            headings=(),
        )
        vector = np.array([1, 0, 0], np.float32)
        self.passages.write_chunks(
            run, document_id, "m", [IndexedChunk(chunk=chunk, vector=vector, language="en", terms=["chunk"], length=1)]
        )


class ActionMachine(RuleBasedStateMachine):
    """What is done, and what the action should be after it, by the domain's words alone."""

    engines: ClassVar[tuple[Engine, Engine]]

    def __init__(self) -> None:
        super().__init__()
        blobs = InMemoryBlobStore()
        document = a_document()
        blobs.put(document.object_key, b"%PDF", document.content_type)
        self.document = document
        self.clients = [Client(engine, document, blobs) for engine in self.engines]
        with self.clients[0].transactions() as transaction:
            transaction.documents.add(document)
            transaction.commit()
        self.job_id = self.clients[0].process(document.id).job.id
        self.runs: list[SteppedRun] = []
        self.published: SteppedRun | None = None
        self.seen = self.job()
        self.by_person = False

    # What is there

    def job(self) -> Job:
        with self.clients[0].transactions() as transaction:
            return transaction.jobs.lock(self.job_id)

    def action(self) -> Action:
        return self.job().actions[0]

    def holds(self, run: SteppedRun) -> bool:
        assert run.action
        return self.action().holds(run.action.run)

    def execute(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        with self.engines[0].begin() as connection:
            result = connection.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    def alive(self, index: int) -> SteppedRun:
        return self.runs[index % len(self.runs)]

    # What is done

    @rule(client=CLIENTS, stale=st.booleans())
    def claim(self, client: int, stale: bool) -> None:
        action = self.action()
        run = SteppedRun(self.clients[client].runner)
        run.start(action, action.dispatch_no - stale)
        claimable = action.status is ActionStatus.PENDING and not stale
        assert (run.action is not None) == claimable
        if run.action:
            assert run.action.run_lease == action.run_lease + 1
            self.runs.append(run)

    @precondition(lambda self: self.runs)
    @rule(index=st.integers(0, 9), client=CLIENTS)
    def beat(self, index: int, client: int) -> None:
        run = self.alive(index)
        assert run.action
        if self.holds(run):
            asked = self.clients[client].ledger.beat(run.action.run, lease=LEASE)
            assert asked == self.action().cancel_requested
        else:
            with pytest.raises(LeaseLost):
                self.clients[client].ledger.beat(run.action.run, lease=LEASE)

    @precondition(lambda self: self.runs)
    @rule(index=st.integers(0, 9), client=CLIENTS, progress=st.integers(0, 95))
    def report(self, index: int, client: int, progress: int) -> None:
        run = self.alive(index)
        assert run.action
        before = self.job()
        shown = Report(progress=max(progress, before.actions[0].report.progress))
        if self.holds(run):
            self.clients[client].ledger.report(run.action.run, shown)
            assert (self.action().report, self.job().version) == (shown, before.version + 1)
        else:
            with pytest.raises(LeaseLost):
                self.clients[client].ledger.report(run.action.run, shown)
            assert self.job() == before

    @precondition(lambda self: self.runs)
    @rule(index=st.integers(0, 9), client=CLIENTS)
    def write(self, index: int, client: int) -> None:
        run = self.alive(index)
        held = self.holds(run)
        before = self.rows()
        if run.is_over:
            return

        def step(action: Action, _context: RunContext) -> None:
            self.clients[client].write(action, run.chunks)

        answer = run.take(step)
        assert (answer is None) == held
        run.chunks += held
        if not held:
            assert self.rows() == before

    @precondition(lambda self: self.runs)
    @rule(index=st.integers(0, 9))
    def finish(self, index: int) -> None:
        run = self.alive(index)
        held, before = self.holds(run), self.job()

        def step(_action: Action, _context: RunContext) -> Outcome:
            return Outcome(
                result={},
                report=Report(),
                publish=lambda transaction, claimed: transaction.documents.publish(self.document, claimed),
            )

        self.end(run, step)
        if held and before.actions[0].cancel_requested:
            assert self.action().status is ActionStatus.CANCELLED
        elif held:
            assert self.action().status is ActionStatus.COMPLETED
            self.published = run
        else:
            assert self.job() == before

    @precondition(lambda self: self.runs)
    @rule(index=st.integers(0, 9), retryable=st.booleans())
    def fail(self, index: int, retryable: bool) -> None:
        run = self.alive(index)
        held, before = self.holds(run), self.job()

        def step(_action: Action, _context: RunContext) -> None:
            raise StorageUnavailable if retryable else DocumentUnreadable(FailureCode.CORRUPT)

        self.end(run, step)
        if not held:
            assert self.job() == before
            return
        action = before.actions[0]
        again = retryable and action.attempt < MAX_ATTEMPTS
        expected = ActionStatus.PENDING if again else ActionStatus.FAILED
        assert self.action().status is (ActionStatus.CANCELLED if action.cancel_requested else expected)

    @precondition(lambda self: self.runs)
    @rule(index=st.integers(0, 9))
    def release(self, index: int) -> None:
        run = self.alive(index)
        held, before = self.holds(run), self.job()

        def step(_action: Action, _context: RunContext) -> None:
            raise WorkerStopping

        self.end(run, step)
        if held and before.actions[0].cancel_requested:
            assert self.action().status is ActionStatus.CANCELLED
        elif held:
            assert self.action().attempt == before.actions[0].attempt - 1
        else:
            assert self.job() == before

    @precondition(lambda self: self.runs)
    @rule(index=st.integers(0, 9))
    def obey_cancel(self, index: int) -> None:
        run = self.alive(index)
        if not self.holds(run) or not self.action().cancel_requested:
            return

        def step(_action: Action, _context: RunContext) -> None:
            raise RunCancelled

        self.end(run, step)
        assert self.action().status is ActionStatus.CANCELLED

    @rule(client=CLIENTS)
    def cancel(self, client: int) -> None:
        action = self.action()
        if action.status in FINAL:
            with pytest.raises(AlreadyFinal):
                self.clients[client].cancel(self.job_id)
        else:
            self.clients[client].cancel(self.job_id)
            after = self.action()
            assert after.cancel_requested or after.status is ActionStatus.CANCELLED

    @rule(client=CLIENTS)
    def retry(self, client: int) -> None:
        before = self.action()
        if before.status is not ActionStatus.FAILED:
            with pytest.raises(NotFailed):
                self.clients[client].retry(self.job_id)
            return
        self.clients[client].retry(self.job_id)
        self.by_person = True
        after = self.action()
        assert (after.status, after.attempt, after.crashes, after.error) == (ActionStatus.PENDING, 0, 0, None)
        assert (after.run_lease, after.dispatch_no) == (before.run_lease, before.dispatch_no + 1)

    @precondition(lambda self: self.seen.is_final)
    @rule(client=CLIENTS)
    def process_anew(self, client: int) -> None:
        before = self.job()
        job = self.clients[client].process(self.document.id).job
        assert (job.id != before.id, job.version) == (True, before.version + 1)
        if before.status is ActionStatus.FAILED:
            with pytest.raises(NotFailed):
                self.clients[client].retry(before.id)
        self.job_id, self.seen, self.by_person = job.id, job, True

    @rule(client=CLIENTS)
    def send(self, client: int) -> None:
        self.clients[client].send()

    @rule(client=CLIENTS)
    def resend(self, client: int) -> None:
        before = self.action()
        waits_sent = before.status is ActionStatus.PENDING and before.sent_at is not None
        self.clients[client].resend()
        assert self.action().dispatch_no == before.dispatch_no + waits_sent

    @rule(client=CLIENTS, how=st.sampled_from(["lease_until", "deadline", "nothing"]))
    def reap(self, client: int, how: str) -> None:
        """Time passes by the lease, or by the deadline too, or not; then the reaper comes."""
        before = self.action()
        expires = before.status is ActionStatus.PROCESSING and how != "nothing"
        if expires:
            self.execute(f"UPDATE job_actions SET {how} = now() - interval '1 s' WHERE id = :id", id=before.id)  # noqa: S608
        self.clients[client].reap()
        after = self.action()
        if not expires:
            assert after == before
        elif before.cancel_requested:
            assert after.status is ActionStatus.CANCELLED
        elif how == "deadline":
            assert after.error
            assert (after.status, after.error.code) == (ActionStatus.FAILED, "timeout")
        else:
            buried = before.crashes + 1 == MAX_CRASHES or before.attempt == MAX_ATTEMPTS
            assert after.status is (ActionStatus.FAILED if buried else ActionStatus.PENDING)
            assert after.crashes == before.crashes + 1

    # What always holds

    @invariant()
    def versions_rise_leases_never_fall_and_attempts_are_bounded(self) -> None:
        before, job = self.seen, self.job()
        old, new = before.actions[0], job.actions[0]
        assert job.version >= before.version
        assert (job == before) == (job.version == before.version) or _but_sent(job) == _but_sent(before)
        assert new.run_lease >= old.run_lease
        assert 0 <= new.attempt <= MAX_ATTEMPTS
        assert new.crashes <= MAX_CRASHES
        if new.attempt == old.attempt and new.run_lease == old.run_lease and new.status == old.status:
            assert new.report.progress >= old.report.progress
        self.seen = job

    @invariant()
    def final_is_final_until_a_person_acts(self) -> None:
        action = self.action()
        if getattr(self, "final", None) and not self.by_person:
            assert action == self.final
        self.final = action if action.status in FINAL else None
        self.by_person = False

    @invariant()
    def one_lease_lives_at_most(self) -> None:
        working = self.execute(
            "SELECT a.id FROM job_actions a JOIN jobs j ON j.id = a.job_id"
            " WHERE j.document_id = :id AND a.status = 'processing'",
            id=self.document.id,
        )
        assert len(working) <= 1
        assert sum(self.holds(run) for run in self.runs) == len(working)

    @invariant()
    def readers_see_the_rows_of_one_run(self) -> None:
        at_work = {run.action.run.id for run in self.runs if run.action and self.holds(run)}
        if self.published is None:
            assert self.rows().keys() <= at_work
            return
        assert self.published.action
        run_id = self.published.action.run.id
        assert self.execute("SELECT published_run FROM documents WHERE id = :id", id=self.document.id) == [(run_id,)]
        assert self.rows().get(run_id, 0) == 2 * self.published.chunks
        assert self.rows().keys() <= {run_id} | at_work

    def rows(self) -> dict[object, int]:
        found = self.execute(
            "SELECT run_id, count(*) FROM (SELECT run_id FROM chunks WHERE document_id = :id"
            " UNION ALL SELECT run_id FROM pages WHERE document_id = :id) AS written GROUP BY run_id",
            id=self.document.id,
        )
        return {run_id: int(str(count)) for run_id, count in found}

    def end(self, run: SteppedRun, step: Step) -> None:
        if not run.is_over:
            assert run.take(step) == "over"

    def teardown(self) -> None:
        def give_up(_action: Action, _context: RunContext) -> None:
            raise WorkerStopping

        for run in self.runs:
            self.end(run, give_up)


def _but_sent(job: Job) -> tuple[object, ...]:
    """Return what readers see of a job: that its message was sent, or a beat came, is no news."""
    action = job.actions[0]
    return (job.version, action.status, action.attempt, action.dispatch_no, action.report, action.cancel_requested)


def test_the_rules_of_an_action_hold_in_every_order(engine: Engine) -> None:
    other = make_engine(engine.url.render_as_string(hide_password=False), application_name="other")
    ActionMachine.engines = (engine, other)
    try:
        run_state_machine_as_test(
            ActionMachine,
            settings=settings(
                max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
    finally:
        other.dispose()
