"""What use cases may rely on of a transaction, in memory and on PostgreSQL alike."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from application.ports.unit_of_work import Transactions
from application.use_cases.replay_dead_letters import ReplayDeadLetters
from application.use_cases.retry_job import RetryJob
from domain.action import Action, ActionStatus
from domain.callback import CALLBACK, CALLBACK_QUEUE, MAX_CALLBACK_ATTEMPTS, end_of
from domain.document import Document
from domain.errors import AlreadyFinal, DocumentNotFound, JobNotFound, NotFailed, QueueNotFound
from domain.failure import Failure
from domain.ids import ActionId, DocumentId, JobId, new_uuid7
from domain.job import DOCUMENT_QUEUE, INDEX, Job, new_task_job
from domain.retry_policy import RetryPolicy
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import migrate
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.document_factory import a_document, a_job
from tests.support.in_memory_transactions import InMemoryDatabase

LEASE = timedelta(seconds=30)
TIMEOUT = timedelta(minutes=5)
NO_TIME = timedelta()
TYPES = (INDEX,)
A_WHILE_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["in memory", "PostgreSQL"])
def transactions(request: pytest.FixtureRequest) -> Iterator[Transactions]:
    if request.param == "in memory":
        yield InMemoryDatabase()
        return
    engine = make_engine(request.getfixturevalue("database_url"), application_name="contract suite")
    migrate(engine)
    yield lambda: PostgresUnitOfWork(engine)
    engine.dispose()


def kept_document(transactions: Transactions, **changes: object) -> Document:
    document = a_document(**changes)
    with transactions() as transaction:
        transaction.documents.add(document)
        transaction.commit()
    return document


def kept_job(transactions: Transactions, *, due_at: datetime = A_WHILE_AGO) -> Job:
    document = kept_document(transactions)
    job = a_job(document, due_at=due_at)
    with transactions() as transaction:
        transaction.jobs.add(job)
        transaction.documents.assign_job(document.id, job.id)
        transaction.commit()
    return job


def changed(transactions: Transactions, job: Job, change: Callable[[Action], Action]) -> Job:
    with transactions() as transaction:
        after = transaction.jobs.lock(job.id).change(job.actions[0].id, change)
        transaction.jobs.save(after)
        transaction.commit()
    return after


def claimed(transactions: Transactions, job: Job, *, lease: timedelta = LEASE, timeout: timedelta = TIMEOUT) -> Job:
    now = datetime.now(UTC)
    return changed(transactions, job, lambda a: a.claim(worker="w", now=now, lease=lease, timeout=timeout))


def stored_document(transactions: Transactions, document_id: DocumentId) -> Document:
    with transactions() as transaction:
        return transaction.documents.lock(document_id)


def stored_job(transactions: Transactions, job_id: JobId) -> Job:
    with transactions() as transaction:
        return transaction.jobs.lock(job_id)


def taken(transactions: Transactions, limit: int = 10) -> Sequence[ActionId]:
    with transactions() as transaction:
        return [dispatch.action.id for dispatch in transaction.jobs.take_unsent(limit, types=TYPES)]


def send_all(transactions: Transactions) -> None:
    with transactions() as transaction:
        transaction.jobs.mark_sent([dispatch.action.id for dispatch in transaction.jobs.take_unsent(10, types=TYPES)])
        transaction.commit()


def test_a_document_comes_back_as_it_was_added(transactions: Transactions) -> None:
    metadata = {"a": "\u00e7 \U0001f600", "b": 2**62, "c": 1.5, "d": True, "e": None}
    added = kept_document(transactions, metadata=metadata, external_id="x-1", checksum_sha256="ab" * 32)

    found = stored_document(transactions, added.id)

    assert found == added
    assert {name: type(value) for name, value in found.metadata.items()} == {
        name: type(value) for name, value in metadata.items()
    }


def test_what_is_not_committed_is_rolled_back(transactions: Transactions) -> None:
    document = a_document()
    job = a_job(document)
    with transactions() as transaction:
        transaction.documents.add(document)
        transaction.jobs.add(job)
        assert transaction.documents.lock(document.id) == document

    with pytest.raises(DocumentNotFound):
        stored_document(transactions, document.id)
    with pytest.raises(JobNotFound):
        stored_job(transactions, job.id)


def test_an_error_rolls_back(transactions: Transactions) -> None:
    job = kept_job(transactions)

    def fail_halfway() -> None:
        with transactions() as transaction:
            transaction.jobs.save(transaction.jobs.lock(job.id).request_cancel(now=transaction.now()))
            raise AlreadyFinal

    with pytest.raises(AlreadyFinal):
        fail_halfway()
    assert stored_job(transactions, job.id) == job


def test_unknown_ids_are_not_found(transactions: Transactions) -> None:
    with transactions() as transaction:
        with pytest.raises(DocumentNotFound):
            transaction.documents.lock(DocumentId(new_uuid7()))
        with pytest.raises(JobNotFound):
            transaction.jobs.lock(JobId(new_uuid7()))
        with pytest.raises(JobNotFound):
            transaction.jobs.lock_of(ActionId(new_uuid7()))


def test_the_time_is_aware_and_goes_on_within_a_transaction(transactions: Transactions) -> None:
    with transactions() as transaction:
        first, second = transaction.now(), transaction.now()
    assert first.tzinfo is not None
    assert first < second


def test_a_job_comes_back_by_its_id_and_by_its_action(transactions: Transactions) -> None:
    job = kept_job(transactions)

    assert stored_job(transactions, job.id) == job
    with transactions() as transaction:
        assert transaction.jobs.lock_of(job.actions[0].id) == job


def test_the_latest_job_is_noted_on_the_document(transactions: Transactions) -> None:
    job = kept_job(transactions)
    assert job.document_id is not None
    assert stored_document(transactions, job.document_id).job_id == job.id


def test_a_saved_change_comes_back_whole(transactions: Transactions) -> None:
    running = claimed(transactions, kept_job(transactions))

    found = stored_job(transactions, running.id)

    assert found == running
    assert (found.version, found.status, found.actions[0].run_lease) == (2, ActionStatus.PROCESSING, 1)


def test_due_actions_are_taken_oldest_first_up_to_the_limit(transactions: Transactions) -> None:
    jobs = [kept_job(transactions, due_at=A_WHILE_AGO + timedelta(seconds=after)) for after in (2, 0, 1)]
    kept_job(transactions, due_at=datetime.now(UTC) + timedelta(hours=1))

    by_age = [jobs[1].actions[0].id, jobs[2].actions[0].id, jobs[0].actions[0].id]
    assert taken(transactions) == by_age
    assert taken(transactions, limit=2) == by_age[:2]


def test_a_dispatch_says_which_document_it_is_about(transactions: Transactions) -> None:
    job = kept_job(transactions)
    with transactions() as transaction:
        [dispatch] = transaction.jobs.take_unsent(10, types=TYPES)
    assert (dispatch.action, dispatch.document_id, dispatch.filename) == (
        job.actions[0],
        str(job.document_id),
        "report.pdf",
    )


def test_what_is_sent_is_not_taken_again_until_it_is_resent(transactions: Transactions) -> None:
    job = kept_job(transactions)
    send_all(transactions)
    assert taken(transactions) == []

    changed(transactions, job, lambda action: action.resend(now=datetime.now(UTC)))

    assert taken(transactions) == [job.actions[0].id]


def test_what_was_taken_but_not_committed_as_sent_is_taken_again(transactions: Transactions) -> None:
    job = kept_job(transactions)
    with transactions() as transaction:
        transaction.jobs.mark_sent([dispatch.action.id for dispatch in transaction.jobs.take_unsent(10, types=TYPES)])
    assert taken(transactions) == [job.actions[0].id]


def test_what_somebody_else_has_taken_is_skipped(transactions: Transactions) -> None:
    first, second = (kept_job(transactions, due_at=A_WHILE_AGO + timedelta(seconds=after)) for after in (0, 1))
    with transactions() as one, transactions() as other:
        assert [d.action.id for d in one.jobs.take_unsent(1, types=TYPES)] == [first.actions[0].id]
        assert [d.action.id for d in other.jobs.take_unsent(10, types=TYPES)] == [second.actions[0].id]


def test_what_somebody_else_has_locked_is_skipped(transactions: Transactions) -> None:
    job = kept_job(transactions)
    with transactions() as transaction:
        transaction.jobs.lock(job.id)
        assert taken(transactions) == []


def test_actions_of_a_type_that_is_not_known_here_are_left_to_others(transactions: Transactions) -> None:
    ended = claimed(transactions, kept_job(transactions))
    changed(transactions, ended, lambda action: action.cancel(now=datetime.now(UTC)))
    kept_job(transactions)
    with transactions() as transaction:
        for types, found in ((("another",), 0), (TYPES, 1)):
            assert len(transaction.jobs.take_unsent(10, types=types)) == found
            assert len(transaction.jobs.unclean(10, types=types)) == found


def test_a_sweep_gets_a_job_that_is_free_and_none_that_is_held_or_gone(transactions: Transactions) -> None:
    free, held, taken_by_the_relay = (kept_job(transactions) for _ in range(3))
    with transactions() as owner, transactions() as sweep:
        owner.jobs.lock(held.id)
        assert sweep.jobs.try_lock_of(held.actions[0].id) is None
        assert sweep.jobs.try_lock_of(ActionId(new_uuid7())) is None
        assert sweep.jobs.try_lock_of(free.actions[0].id) == free
    with transactions() as relay, transactions() as sweep:
        assert len(relay.jobs.take_unsent(10, types=TYPES)) == 3
        assert sweep.jobs.try_lock_of(taken_by_the_relay.actions[0].id) is None
        assert sweep.jobs.try_lock_of(held.actions[0].id) is None


def test_claimed_actions_are_not_taken(transactions: Transactions) -> None:
    claimed(transactions, kept_job(transactions))
    assert taken(transactions) == []


def test_runs_whose_lease_or_deadline_has_passed_are_expired(transactions: Transactions) -> None:
    ago = timedelta(seconds=-10)
    claimed(transactions, kept_job(transactions))
    overdue = claimed(transactions, kept_job(transactions), timeout=ago)
    silent = claimed(transactions, kept_job(transactions), lease=ago)
    longer_silent = claimed(transactions, kept_job(transactions), lease=ago * 2)

    with transactions() as transaction:
        expired = transaction.jobs.expired(10, after_start=NO_TIME)
        oldest = transaction.jobs.expired(1, after_start=NO_TIME)

    assert list(expired) == [job.actions[0].id for job in (longer_silent, silent, overdue)]
    assert list(oldest) == [longer_silent.actions[0].id]


def test_an_ended_run_is_not_expired(transactions: Transactions) -> None:
    job = claimed(transactions, kept_job(transactions), lease=timedelta(seconds=-10))
    changed(transactions, job, lambda action: action.cancel(now=datetime.now(UTC)))
    with transactions() as transaction:
        assert list(transaction.jobs.expired(10, after_start=NO_TIME)) == []


def test_messages_that_were_sent_that_long_ago_are_found(transactions: Transactions) -> None:
    job = kept_job(transactions)
    kept_job(transactions, due_at=datetime.now(UTC) + timedelta(hours=1))
    send_all(transactions)

    with transactions() as transaction:
        assert [action.id for action in transaction.jobs.sent_before(0, 10)] == [job.actions[0].id]
        assert list(transaction.jobs.sent_before(0, 0)) == []
        assert list(transaction.jobs.sent_before(60, 10)) == []


def test_old_messages_of_one_queue_hide_none_of_another(transactions: Transactions) -> None:
    """As those of a queue that is paused, or that nobody serves, would."""
    waiting = [kept_job(transactions) for _ in range(2)]
    lost = new_task_job(
        action_type=INDEX, queue="artifacts", params={}, max_attempts=4, now=A_WHILE_AGO + timedelta(hours=1)
    )
    with transactions() as transaction:
        transaction.jobs.add(lost)
        transaction.commit()
    send_all(transactions)

    with transactions() as transaction:
        found = {action.id for action in transaction.jobs.sent_before(0, 2)}

    assert found == {job.actions[0].id for job in (*waiting, lost)}


def test_a_claimed_action_is_no_old_message(transactions: Transactions) -> None:
    job = kept_job(transactions)
    send_all(transactions)
    claimed(transactions, job)
    with transactions() as transaction:
        assert list(transaction.jobs.sent_before(0, 10)) == []


def test_a_deleted_document_is_gone_and_its_job_is_not(transactions: Transactions) -> None:
    job = kept_job(transactions)
    assert job.document_id is not None
    with transactions() as transaction:
        transaction.documents.lock(job.document_id)
        receipt = transaction.documents.delete(job.document_id)
        transaction.commit()

    assert (receipt.chunks, receipt.embeddings) == (0, 0)
    with pytest.raises(DocumentNotFound):
        stored_document(transactions, job.document_id)
    assert stored_job(transactions, job.id) == job


def test_a_document_is_inserted_once(transactions: Transactions) -> None:
    document, other = a_document(), a_document()
    with transactions() as transaction:
        assert list(transaction.documents.add_new([document])) == [document.id]
        transaction.commit()
    with transactions() as transaction:
        assert list(transaction.documents.add_new([replace(document, filename="another.pdf"), other])) == [other.id]
        assert list(transaction.documents.add_new([])) == []
        transaction.commit()
    assert stored_document(transactions, document.id) == document
    assert stored_document(transactions, other.id) == other


def test_many_jobs_are_added_at_once(transactions: Transactions) -> None:
    jobs = [a_job(a_document()) for _ in range(3)]
    with transactions() as transaction:
        transaction.jobs.add(*jobs)
        transaction.jobs.add()
        transaction.commit()
    assert [stored_job(transactions, job.id) for job in jobs] == jobs


def test_attachments_are_found_by_their_parent(transactions: Transactions) -> None:
    parent = kept_document(transactions)
    first = kept_document(transactions, parent_id=parent.id, attachment_depth=1, object_name="x")
    second = kept_document(transactions, parent_id=parent.id, attachment_depth=1)
    kept_document(transactions, parent_id=first.id, attachment_depth=2)
    assert stored_document(transactions, first.id) == first
    with transactions() as transaction:
        assert list(transaction.documents.attachments(parent.id)) == sorted([first.id, second.id])
        assert set(transaction.documents.existing([first.id, DocumentId(new_uuid7())])) == {first.id}


def test_a_dropped_attachment_is_there_and_exists_no_more_until_it_is_made_anew(transactions: Transactions) -> None:
    parent = kept_document(transactions)
    kept, gone = (kept_document(transactions, parent_id=parent.id, attachment_depth=1) for _ in range(2))
    with transactions() as transaction:
        transaction.documents.lock(parent.id)
        transaction.documents.drop([])
        transaction.documents.drop([gone.id])
    with transactions() as transaction:
        assert list(transaction.documents.dropped(parent.id)) == [], "it was not committed"
        transaction.documents.lock(parent.id)
        transaction.documents.drop([gone.id])
        assert list(transaction.documents.existing([kept.id, gone.id])) == [kept.id]
        transaction.commit()
    with transactions() as transaction:
        assert list(transaction.documents.existing([kept.id, gone.id])) == [kept.id]
        assert list(transaction.documents.dropped(parent.id)) == [gone.id]
        assert set(transaction.documents.attachments(parent.id)) == {kept.id, gone.id}
        assert list(transaction.documents.add_new([gone])) == []
        transaction.documents.delete(gone.id)
        transaction.commit()
    with transactions() as transaction:
        assert list(transaction.documents.add_new([gone])) == [gone.id]
        assert list(transaction.documents.existing([gone.id])) == [gone.id]
        assert list(transaction.documents.dropped(parent.id)) == []


def test_objects_without_a_document_are_left_behind_once_their_run_is_over(transactions: Transactions) -> None:
    job = claimed(transactions, kept_job(transactions))
    run, document_id = job.actions[0].run, job.document_id
    assert document_id
    with transactions() as transaction:
        transaction.documents.lock(document_id)
        transaction.staged_objects.add(document_id, run, ["a", "b", "c"])
        transaction.staged_objects.remove(["c"])
        transaction.commit()
    with transactions() as transaction:
        assert list(transaction.staged_objects.left_behind(document_id)) == []
    changed(transactions, job, lambda a: a.cancel(now=datetime.now(UTC)))
    with transactions() as transaction:
        assert list(transaction.staged_objects.left_behind(document_id)) == ["a", "b"]
        transaction.staged_objects.remove(["a", "b"])
        transaction.commit()
    with transactions() as transaction:
        assert list(transaction.staged_objects.left_behind(document_id)) == []


def test_publishing_does_not_change_the_document(transactions: Transactions) -> None:
    job = claimed(transactions, kept_job(transactions))
    assert job.document_id is not None
    before = stored_document(transactions, job.document_id)
    with transactions() as transaction:
        transaction.documents.publish(before, job.actions[0].run)
        transaction.commit()
    assert stored_document(transactions, job.document_id) == before


def test_of_two_workers_that_claim_at_once_one_gets_the_action(transactions: Transactions) -> None:
    for _ in range(5):
        job = kept_job(transactions)
        together = threading.Barrier(2)

        def claim(worker: str, job: Job = job, together: threading.Barrier = together) -> bool:
            together.wait(timeout=5)
            with transactions() as transaction:
                locked = transaction.jobs.lock_of(job.actions[0].id)
                now = transaction.now()
                if not locked.actions[0].may_be_claimed(dispatch_no=1, now=now):
                    return False
                transaction.jobs.save(
                    locked.change(
                        job.actions[0].id,
                        lambda a: a.claim(worker=worker, now=now, lease=LEASE, timeout=TIMEOUT),
                    )
                )
                transaction.commit()
                return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(claim, ["one", "other"])) == [False, True]
        assert stored_job(transactions, job.id).actions[0].run_lease == 1


def test_no_change_is_lost_when_many_change_a_job_at_once(transactions: Transactions) -> None:
    job = claimed(transactions, kept_job(transactions))

    def crash_once(_: int) -> None:
        changed(transactions, job, lambda action: replace(action, crashes=action.crashes + 1))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(crash_once, range(12)))

    after = stored_job(transactions, job.id)
    assert (after.actions[0].crashes, after.version) == (12, job.version + 12)


def test_a_locked_document_makes_others_wait(transactions: Transactions) -> None:
    document = kept_document(transactions)
    job_id = JobId(new_uuid7())
    started = threading.Event()

    def read() -> Document:
        with transactions() as transaction:
            started.set()
            return transaction.documents.lock(document.id)

    with ThreadPoolExecutor(1) as pool:
        with transactions() as transaction:
            transaction.documents.lock(document.id)
            reader = pool.submit(read)
            assert started.wait(timeout=5)
            transaction.documents.assign_job(document.id, job_id)
            assert not reader.done()
            transaction.commit()
        assert reader.result(timeout=5).job_id == job_id


def failed_job(transactions: Transactions, code: str, *, at: datetime = A_WHILE_AGO) -> Job:
    return failed(transactions, kept_job(transactions), code, at=at)


def failed(transactions: Transactions, job: Job, code: str, *, at: datetime) -> Job:
    job = claimed(transactions, job)
    failure = Failure(code=code, message="It is damaged.", retryable=False)
    return changed(transactions, job, lambda action: action.fail(failure, now=at, policy=RetryPolicy()))


def dead(transactions: Transactions, code: str | None = None, *, limit: int = 10) -> Sequence[JobId]:
    with transactions() as transaction:
        return transaction.jobs.failed(code=code, before=transaction.now(), limit=limit)


def test_what_failed_is_found_by_its_code_oldest_first(transactions: Transactions) -> None:
    later = failed_job(transactions, "corrupt", at=A_WHILE_AGO + timedelta(seconds=1))
    older, other = failed_job(transactions, "corrupt"), failed_job(transactions, "empty")
    failed_job(transactions, "corrupt", at=datetime.now(UTC) + timedelta(hours=1))
    claimed(transactions, kept_job(transactions))

    assert list(dead(transactions, "corrupt")) == [older.id, later.id]
    assert set(dead(transactions)) == {older.id, later.id, other.id}
    assert list(dead(transactions, "corrupt", limit=1)) == [older.id]


def test_what_was_processed_anew_or_deleted_since_is_no_dead_letter(transactions: Transactions) -> None:
    renewed, deleted = failed_job(transactions, "corrupt"), failed_job(transactions, "corrupt")
    assert renewed.document_id
    assert deleted.document_id
    with transactions() as transaction:
        transaction.documents.assign_job(renewed.document_id, JobId(new_uuid7()))
        transaction.documents.delete(deleted.document_id)
        transaction.commit()
    assert list(dead(transactions)) == []


def test_a_job_tells_its_document_without_a_lock(transactions: Transactions) -> None:
    job = kept_job(transactions)
    with transactions() as other, transactions() as transaction:
        other.jobs.lock(job.id)
        assert transaction.jobs.document_of(job.id) == job.document_id
        with pytest.raises(JobNotFound):
            transaction.jobs.document_of(JobId(new_uuid7()))


def test_what_failed_is_retried_once_by_its_cause(transactions: Transactions) -> None:
    corrupt, empty = failed_job(transactions, "corrupt"), failed_job(transactions, "empty")
    wakes: list[int] = []
    retry = RetryJob(transactions=transactions, wake_relay=lambda: wakes.append(1))
    replay = ReplayDeadLetters(transactions=transactions, retry_job=retry)

    assert (replay(code="corrupt").retried, replay(code="corrupt").retried, len(wakes)) == (1, 0, 1)

    assert stored_job(transactions, corrupt.id).status is ActionStatus.PENDING
    assert stored_job(transactions, empty.id).status is ActionStatus.FAILED
    assert taken(transactions) == [corrupt.actions[0].id]
    with pytest.raises(NotFailed):
        retry(corrupt.id)


def test_what_fails_again_during_a_replay_in_several_calls_is_left(transactions: Transactions) -> None:
    for _ in range(2):
        failed_job(transactions, "corrupt")
    retry = RetryJob(transactions=transactions, wake_relay=lambda: None)
    replay = ReplayDeadLetters(transactions=transactions, retry_job=retry)
    first = replay(failed_before=A_WHILE_AGO)
    assert (first.retried, first.remaining, first.failed_before) == (0, 0, A_WHILE_AGO)
    second = replay()
    assert (second.retried, second.remaining) == (2, 0)
    failed_again = failed_job(transactions, "corrupt", at=second.failed_before + NO_TIME)
    assert replay(failed_before=second.failed_before).retried == 0
    assert replay(failed_before=datetime(2999, 1, 1, tzinfo=UTC)).retried == 1
    assert stored_job(transactions, failed_again.id).status is ActionStatus.PENDING


def test_what_another_replay_retried_and_failed_again_meanwhile_is_left(transactions: Transactions) -> None:
    jobs = [failed_job(transactions, "corrupt", at=A_WHILE_AGO + timedelta(seconds=n)) for n in range(2)]
    retry = RetryJob(transactions=transactions, wake_relay=lambda: None)

    def fail_again() -> None:
        failed(transactions, retry(jobs[1].id), "corrupt", at=datetime.now(UTC) + timedelta(hours=1))

    replay = ReplayDeadLetters(
        transactions=transactions, retry_job=RetryJob(transactions=transactions, wake_relay=fail_again)
    )
    assert replay().retried == 1
    assert stored_job(transactions, jobs[1].id).status is ActionStatus.FAILED


def test_a_replay_takes_so_many_and_tells_how_many_are_left(transactions: Transactions) -> None:
    jobs = [failed_job(transactions, "corrupt", at=A_WHILE_AGO + timedelta(seconds=n)) for n in range(3)]
    failed_job(transactions, "empty")
    retry = RetryJob(transactions=transactions, wake_relay=lambda: None)
    replay = ReplayDeadLetters(transactions=transactions, retry_job=retry, limit=2)
    first = replay(code="corrupt")
    assert (first.retried, first.remaining) == (2, 1)
    assert stored_job(transactions, jobs[2].id).status is ActionStatus.FAILED
    second = replay(code="corrupt", failed_before=first.failed_before)
    assert (second.retried, second.remaining) == (1, 0)


def test_a_paused_queues_work_is_not_taken_until_it_is_resumed(transactions: Transactions) -> None:
    job = kept_job(transactions)
    with transactions() as transaction:
        since = transaction.queues.pause(DOCUMENT_QUEUE)
        transaction.commit()
    with transactions() as transaction:
        assert transaction.queues.is_paused(DOCUMENT_QUEUE)
        assert transaction.queues.pause(DOCUMENT_QUEUE) == since
    assert taken(transactions) == []
    for _ in range(2):
        with transactions() as transaction:
            transaction.queues.resume(DOCUMENT_QUEUE)
            transaction.commit()
    assert taken(transactions) == [job.actions[0].id]


def test_a_pause_that_is_not_committed_is_none(transactions: Transactions) -> None:
    with transactions() as transaction:
        transaction.queues.pause(DOCUMENT_QUEUE)
    with transactions() as transaction:
        assert not transaction.queues.is_paused(DOCUMENT_QUEUE)


def test_an_unknown_queue_is_not_switched(transactions: Transactions) -> None:
    with transactions() as transaction:
        for switch in (transaction.queues.pause, transaction.queues.resume):
            with pytest.raises(QueueNotFound):
                switch("nonsense")
        assert not transaction.queues.is_paused("nonsense")


def test_a_job_whose_document_was_processed_anew_is_not_retried(transactions: Transactions) -> None:
    job = failed_job(transactions, "corrupt")
    assert job.document_id
    with transactions() as transaction:
        transaction.documents.assign_job(job.document_id, JobId(new_uuid7()))
        transaction.commit()
    with pytest.raises(NotFailed, match="anew"):
        RetryJob(transactions=transactions, wake_relay=lambda: None)(job.id)


def test_a_task_that_runs_is_found_by_who_asks_the_same(transactions: Transactions) -> None:
    job = new_task_job(action_type="t", queue="q", params={"a": 1}, max_attempts=4, now=A_WHILE_AGO)
    with transactions() as transaction:
        assert transaction.tasks.running("t", {"a": 1}) is None
        transaction.jobs.add(job)
        transaction.commit()
    with transactions() as transaction:
        assert transaction.tasks.running("t", {"a": 1}) == job.id
        assert transaction.tasks.running("t", {"a": 2}) is None
        assert transaction.tasks.running("other", {"a": 1}) is None
    changed(transactions, job, lambda a: a.cancel(now=A_WHILE_AGO))
    with transactions() as transaction:
        assert transaction.tasks.running("t", {"a": 1}) is None


def test_a_schedule_is_due_once_after_its_time_and_not_when_it_is_new(transactions: Transactions) -> None:
    def turn(every: timedelta, *, commit: bool = True) -> bool:
        with transactions() as transaction:
            is_due = transaction.tasks.take_turn("s", every=every)
            if commit:
                transaction.commit()
        return is_due

    day = timedelta(days=1)
    assert turn(day) is False
    assert turn(NO_TIME, commit=False) is True
    assert turn(NO_TIME) is True
    assert turn(day) is False


def test_versions_are_told_by_when_they_were_announced(transactions: Transactions) -> None:
    document = kept_document(transactions)
    with transactions() as transaction:
        later, before = datetime.now(UTC) + timedelta(minutes=1), datetime.now(UTC) - timedelta(minutes=1)
        assert transaction.versions.announced_before(document.id, later) == [1]
        assert transaction.versions.announced_before(document.id, before) == []


@pytest.mark.parametrize("published", [True, False])
def test_the_number_of_a_version_that_was_withdrawn_is_never_used_again(
    transactions: Transactions, published: bool
) -> None:
    def announced() -> Document:
        with transactions() as transaction:
            added = transaction.documents.add(a_document(external_id="x-1"))
            transaction.commit()
        return added

    first = announced()
    if published:
        with transactions() as transaction:
            assert transaction.documents.publish(first, claimed(transactions, kept_job(transactions)).actions[0].run)
            transaction.commit()
    second, third = announced(), announced()
    for withdrawn in (third, second):
        with transactions() as transaction:
            transaction.documents.lock(first.id)
            transaction.versions.withdraw(withdrawn)
            transaction.commit()
    fourth = announced()
    assert [each.version for each in (first, second, third, fourth)] == [1, 2, 3, 4]
    with transactions() as transaction:
        assert [each.version for each in transaction.versions.after(first.id, 0)] == [4, 1]


def test_the_save_that_ends_a_job_with_a_callback_adds_the_one_that_tells_of_it(transactions: Transactions) -> None:
    with transactions() as transaction:
        job = replace(a_job(a_document()), callback_url="https://example.org/done")
        transaction.jobs.add(job)
        transaction.commit()
    for cancels in (True, False):
        with transactions() as transaction:
            locked = transaction.jobs.lock(job.id)
            transaction.jobs.save(locked.cancel(now=transaction.now()) if cancels else locked)
            transaction.commit()
    with transactions() as transaction:
        [dispatch] = transaction.jobs.take_unsent(10, types=[CALLBACK])
    assert dispatch.action.params == {"job_id": str(job.id), "ended_at": end_of(locked)}
    assert (dispatch.action.queue, dispatch.action.max_attempts) == (CALLBACK_QUEUE, MAX_CALLBACK_ATTEMPTS)


def test_a_document_is_found_by_its_external_id(transactions: Transactions) -> None:
    added = kept_document(transactions, external_id="x-1")
    with transactions() as transaction:
        assert transaction.documents.find(added.tenant_id, "x-1") == added
        assert transaction.documents.find(added.tenant_id, "x-2") is None
