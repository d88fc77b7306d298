"""The figures for Prometheus: right, kept whatever happens to Redis and processes, and there while a part is away."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from sqlalchemy import Engine, text

from application.ports.worker_registry import WorkerProcess
from application.run_action import ActionType, Outcome, RunAction
from application.use_cases.pause_queue import PauseQueue
from application.use_cases.reap_expired_runs import ReapExpiredRuns
from domain.action import Action
from domain.errors import EsteiraError, QueueUnavailable, StorageUnavailable
from domain.extracted_page import UnreadablePage
from domain.failure import DocumentUnreadable, FailureCode
from domain.job import DOCUMENT_QUEUE, INDEX
from domain.report import Report
from domain.retry_policy import RetryPolicy
from infrastructure.postgres.counters import PostgresCounterFold
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.figures_reader import PostgresFiguresReader
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.postgres.worker_registry import PostgresWorkerRegistry
from infrastructure.queue.heartbeat import Shutdown, ThreadHeartbeat
from infrastructure.telemetry.api_telemetry import PrometheusApiTelemetry
from infrastructure.telemetry.metrics import StoredFigures
from tests.stored_documents import add_document
from tests.support.api import Api
from tests.support.jobs import add_job, read_action
from tests.support.processes import until

LEASE = timedelta(seconds=30)
Series = dict[str, float]


class Work:
    """Ends as the action's `etag` says: a code of a failure, `store-away`, or well."""

    def __call__(self, action: Action, _context: object) -> Outcome:
        word = str(action.params["etag"])
        if word == "store-away":
            raise StorageUnavailable
        if word in set(FailureCode):
            raise DocumentUnreadable(FailureCode(word))
        crashed = (UnreadablePage(number=2, code=FailureCode.PARSER_CRASHED),)
        report = Report(pages_done=4, chunks_done=10, chunks_reused=3, unreadable=crashed)
        return Outcome(result={"tokens": 250}, report=report)

    def clean_up(self, action: Action) -> None:
        """Leave nothing."""


def runner(engine: Engine, *, lease: timedelta = LEASE) -> RunAction:
    heartbeat = ThreadHeartbeat(
        ledger=PostgresRunLedger(engine), shutdown=Shutdown(0), beat_seconds=5, lease=lease, hang_seconds=60
    )
    return RunAction(
        transactions=partial(PostgresUnitOfWork, engine),
        heartbeat=heartbeat,
        action_types=types(),
        worker_name="w",
        lease=lease,
    )


def types() -> dict[str, ActionType]:
    retry = RetryPolicy(first_delay_seconds=3600)
    return {
        INDEX: ActionType(name=INDEX, queue=DOCUMENT_QUEUE, timeout=timedelta(minutes=1), retry=retry, handler=Work())
    }


def run(engine: Engine, etag: str = "fine") -> Action:
    action = add_job(engine, etag=etag).actions[0]
    runner(engine)(action.id, 1)
    return read_action(engine, action.job_id)


def telemetry(engine: Engine, **parts: Callable[[], None]) -> PrometheusApiTelemetry:
    reader = PostgresFiguresReader(engine)
    return PrometheusApiTelemetry(StoredFigures(reader, parts={"database": lambda: None, **parts}, types=[INDEX]))


def read(page: bytes) -> Series:
    return {
        sample.name + "".join(f" {name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def series(engine: Engine) -> Series:
    return read(telemetry(engine).page())


def test_an_installation_in_which_nothing_happened_shows_zeros(engine: Engine) -> None:
    shown = series(engine)
    assert shown["esteira_actions queue=document_processing state=pending"] == 0
    assert shown["esteira_workers queue=artifacts"] == 0
    assert shown["esteira_dead_letters_total code=worker_lost type=index"] == 0
    assert shown["esteira_lease_expiries_total type=index"] == 0
    assert shown["esteira_parser_crashes_total code=parser_crashed"] == 0
    assert shown["esteira_action_duration_seconds_bucket le=+Inf outcome=failed type=index"] == 0
    assert shown["esteira_pages_total"] == 0
    assert shown["esteira_part_up part=database"] == 1
    assert shown["esteira_database_size_bytes"] > 0


def test_runs_are_counted_by_what_became_of_them(engine: Engine) -> None:
    for etag in ("fine", "fine", "store-away", "encrypted", "parser_timeout"):
        run(engine, etag)
    shown = series(engine)
    duration = "esteira_action_duration_seconds_count"
    assert shown["esteira_actions_created_total queue=document_processing type=index"] == 5
    assert shown[f"{duration} outcome=completed type=index"] == 2
    assert shown[f"{duration} outcome=failed type=index"] == 2
    assert shown[f"{duration} outcome=retried type=index"] == 1
    assert shown["esteira_action_duration_seconds_bucket le=+Inf outcome=completed type=index"] == 2
    assert shown["esteira_queue_wait_seconds_count queue=document_processing"] == 5
    assert shown["esteira_action_retries_total code=storage_unavailable type=index"] == 1
    assert shown["esteira_dead_letters_total code=encrypted type=index"] == 1
    assert shown["esteira_pages_total"] == 8
    assert shown["esteira_chunks_total"] == 20
    assert shown["esteira_tokens_total"] == 500
    assert (shown["esteira_embedding_cache_hits_total"], shown["esteira_embedding_cache_misses_total"]) == (6, 14)
    assert shown["esteira_parser_crashes_total code=parser_crashed"] == 2
    assert shown["esteira_parser_crashes_total code=parser_timeout"] == 1
    assert shown["esteira_unreadable_pages_total code=parser_crashed"] == 2
    assert shown["esteira_actions queue=document_processing state=failed"] == 2
    assert shown["esteira_actions queue=document_processing state=scheduled"] == 1


def test_buckets_hold_all_that_was_quicker(engine: Engine) -> None:
    run(engine)
    with engine.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO counter_increments (name, labels, bound, count, amount)
                VALUES ('queue_wait_seconds', '{"queue": "document_processing"}', 60, 2, 80)
            """)
        )
    shown = series(engine)
    bucket = "esteira_queue_wait_seconds_bucket le={} queue=document_processing"
    assert [shown[bucket.format(le)] for le in ("30.0", "60.0", "1800.0", "+Inf")] == [1, 3, 3, 3]


def test_a_lease_that_ran_out_and_the_write_that_came_late_are_counted(engine: Engine) -> None:
    action = add_job(engine).actions[0]
    reap = ReapExpiredRuns(transactions=partial(PostgresUnitOfWork, engine), action_types=types(), lease=timedelta())

    class TakenMeanwhile(Work):
        def __call__(self, action: Action, context: object) -> Outcome:
            with engine.begin() as connection:
                connection.execute(text("UPDATE job_actions SET lease_until = now() - interval '1 hour'"))
            assert reap() == 1
            return super().__call__(action, context)

    run = runner(engine)
    kinds = {INDEX: ActionType(**{**_fields(types()[INDEX]), "handler": TakenMeanwhile()})}
    RunAction(**{**_fields(run), "action_types": kinds})(action.id, 1)
    shown = series(engine)
    assert shown["esteira_lease_expiries_total type=index"] == 1
    assert shown["esteira_stale_writes_refused_total type=index"] == 1
    assert shown["esteira_action_retries_total code=worker_lost type=index"] == 1
    assert shown["esteira_action_duration_seconds_count outcome=completed type=index"] == 0


def _fields(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in type(value).__dataclass_fields__}  # type: ignore[attr-defined]


def test_what_waits_what_works_and_who_lives(engine: Engine) -> None:
    add_job(engine)
    add_document(engine)  # with a run at work, in another queue
    old = add_job(engine).actions[0]
    registry = PostgresWorkerRegistry(engine)
    registry.seen(WorkerProcess(name="w", queue=DOCUMENT_QUEUE, host="h", pid=1))
    registry.seen(WorkerProcess(name="dead", queue=DOCUMENT_QUEUE, host="h", pid=2))
    with engine.begin() as connection:
        connection.execute(text("UPDATE workers SET seen_at = now() - interval '1 minute' WHERE name = 'dead'"))
        connection.execute(
            text("UPDATE job_actions SET due_at = now() - interval '90 s' WHERE id = :id"), {"id": old.id}
        )
    shown = series(engine)
    assert shown["esteira_actions queue=document_processing state=pending"] == 2
    assert shown["esteira_actions queue=artifacts state=processing"] == 1
    assert 90 <= shown["esteira_oldest_pending_age_seconds queue=document_processing"] < 150
    assert shown["esteira_workers queue=document_processing"] == 1
    assert shown["esteira_documents status=processing"] == 1


def test_a_paused_queue_shows_as_such(engine: Engine) -> None:
    PauseQueue(transactions=partial(PostgresUnitOfWork, engine))(DOCUMENT_QUEUE)
    shown = series(engine)
    assert shown["esteira_queue_paused queue=document_processing"] == 1
    assert shown["esteira_queue_paused queue=artifacts"] == 0


def test_what_is_added_up_is_neither_lost_nor_counted_twice(engine: Engine) -> None:
    fold = PostgresCounterFold(engine).fold
    run(engine)
    before = series(engine)
    assert fold() > 0
    assert fold() == 0
    after = series(engine)
    assert {name: value for name, value in after.items() if name.endswith("_total") and "process" not in name} == {
        name: value for name, value in before.items() if name.endswith("_total") and "process" not in name
    }
    run(engine)
    fold()
    assert series(engine)["esteira_pages_total"] == 8


def test_sums_never_fall_while_runs_end_and_others_add_up(engine: Engine) -> None:
    stop = threading.Event()
    seen: list[float] = []

    def fold_on() -> None:
        while not stop.is_set():
            PostgresCounterFold(engine).fold()

    def look_on() -> None:
        reader = PostgresFiguresReader(engine)
        while not stop.is_set():
            seen.append(sum(c.amount for c in reader.read().counted if c.figure == "pages"))

    with ThreadPoolExecutor(7) as pool:
        watching = [pool.submit(fold_on), pool.submit(fold_on), pool.submit(look_on)]
        for done in [pool.submit(run, engine) for _ in range(40)]:
            done.result()
        stop.set()
        for each in watching:
            each.result()
    assert seen == sorted(seen)
    assert series(engine)["esteira_pages_total"] == 160


def test_a_wiped_redis_and_another_process_change_nothing(engine: Engine, redis_url: str) -> None:
    run(engine)
    before = series(engine)["esteira_chunks_total"]
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
    assert series(engine)["esteira_chunks_total"] == before == 10


def away(error: type[EsteiraError]) -> None:
    raise error


def test_without_redis_everything_else_is_there(engine: Engine) -> None:
    shown = read(telemetry(engine, redis=partial(away, QueueUnavailable)).page())
    assert (shown["esteira_part_up part=redis"], shown["esteira_part_up part=database"]) == (0, 1)
    assert "esteira_pages_total" in shown


def test_a_part_that_fails_as_nobody_foresaw_is_no_reason_to_give_nothing(engine: Engine) -> None:
    def fail() -> None:
        raise ValueError

    assert read(telemetry(engine, storage=fail).page())["esteira_part_up part=storage"] == 0


def test_without_postgresql_the_page_says_so() -> None:
    nowhere = make_engine("postgresql://nobody@127.0.0.1:1/none", application_name="test", pool_size=0)
    shown = read(telemetry(nowhere, redis=lambda: None).page())
    assert (shown["esteira_part_up part=redis"], shown["esteira_part_up part=database"]) == (1, 0)
    assert "esteira_pages_total" not in shown


def test_documents_that_cannot_be_counted_in_time_cost_no_other_figure(engine: Engine) -> None:
    run(engine)
    reader = PostgresFiguresReader(engine, patience_seconds=0.2)
    with engine.begin() as other:
        other.execute(text("LOCK TABLE documents IN ACCESS EXCLUSIVE MODE"))
        figures = reader.read()
    assert figures.documents is None
    assert figures.counted
    assert reader.read().documents is None, "it tries again in a minute"


def test_a_database_that_goes_away_while_documents_are_counted_leaves_the_parts(engine: Engine) -> None:
    end_it = text("""
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND query LIKE '%FROM documents%'
    """)

    def ended() -> bool:
        with engine.begin() as connection:
            return bool(connection.execute(end_it).all())

    with engine.begin() as other, ThreadPoolExecutor(1) as pool:
        other.execute(text("LOCK TABLE documents IN ACCESS EXCLUSIVE MODE"))
        page = pool.submit(telemetry(engine).page)
        until(ended, seconds=4)
        shown = read(page.result())
    assert shown["esteira_part_up part=database"] == 0


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    with Api(telemetry=telemetry(engine)).serve() as client:
        yield client


def test_latencies_are_counted_by_route_and_not_by_address(client: httpx.Client) -> None:
    for number in range(3):
        client.get(f"/api/v1/documents/0192f000-0000-7000-8000-00000000000{number}/status")
    client.get("/nowhere/at-all")
    client.request("BREW", "/api/health")
    shown = read(client.get("/metrics").content)
    count = "esteira_http_request_duration_seconds_count"
    assert shown[f"{count} method=GET route=/api/v1/documents/{{document_id}}/status status=4xx"] == 3
    assert shown[f"{count} method=GET route=none status=4xx"] == 1
    assert shown[f"{count} method=OTHER route=/api/health status=4xx"] == 1
    assert "at-all" not in str(shown)


def test_polls_that_find_nothing_new_are_counted_with_their_route(engine: Engine) -> None:
    api = Api(telemetry=telemetry(engine))
    path = f"/api/v1/documents/{api.add_document().id}/status"
    with api.serve() as client:
        etag = client.get(path).headers["ETag"]
        for _ in range(3):
            assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
        shown = read(client.get("/metrics").content)
    count = "esteira_http_request_duration_seconds_count"
    assert shown[f"{count} method=GET route=/api/v1/documents/{{document_id}}/status status=3xx"] == 3


def test_promtool_finds_nothing_to_say_about_the_page(client: httpx.Client, engine: Engine) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    run(engine)
    answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=answer.content, capture_output=True, check=False, timeout=60
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")
