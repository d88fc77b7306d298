"""Documents and jobs are followed by events: on a real server and the real database."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import psutil
import pytest
import uvicorn
from sqlalchemy import Engine, event
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from bootstrap.serving import ApiServer
from domain.report import Report
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.job_changes import PostgresJobChanges
from infrastructure.postgres.job_reader import PostgresJobReader
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from interface.api.app import create_app
from tests.support.action_types import known_types
from tests.support.actions_world import BROKEN, Actions
from tests.support.api import Api
from tests.support.document_factory import a_document
from tests.support.event_streams import Event, opened
from tests.support.http_server import listening_socket, url_of
from tests.support.processes import until

PATIENCE_SECONDS = 60.0
UNKNOWN = "0190a3b4-0000-7000-8000-000000000000"


@pytest.fixture
def world(engine: Engine) -> Iterator[Actions]:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    api = Api(
        transactions=lambda: PostgresUnitOfWork(engine),
        documents=PostgresDocumentReader(engine),
        jobs=PostgresJobReader(engine),
        job_changes=PostgresJobChanges(url),
        action_types=known_types(),
    )
    with api.serve() as client:
        yield Actions(engine=engine, api=api, client=client)


def events_of(job: Any) -> str:  # noqa: ANN401
    return f"/api/v1/jobs/{job['job_id']}/events"


def report(world: Actions, job: Any, progress: int) -> None:  # noqa: ANN401
    action = world.change(job, 0, lambda a: a)
    PostgresRunLedger(world.engine).report(action.run, Report(progress=progress))


def socket(world: Actions, job_id: str, **options: Any) -> ClientConnection:  # noqa: ANN401
    address = str(world.client.base_url).replace("http", "ws").rstrip("/")
    return connect(f"{address}/api/v1/jobs/{job_id}/ws", **options)


# What a stream says


def test_a_job_is_followed_to_its_end(world: Actions) -> None:
    job = world.start("simulate", "draw")
    with opened(world.client, events_of(job)) as stream:
        assert stream.answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert (stream.answer.headers["Cache-Control"], stream.answer.headers["X-Accel-Buffering"]) == (
            *("no-cache", "no"),
        )
        events = stream.events()
        first = next(events)
        assert (first.name, first.id, first.data) == ("status", "1", world.status(job))
        world.claim(job, 0)
        assert next(events).data["status"] == "processing"
        world.complete(job, 0, rows=3)
        assert next(events).data["message"] == "1 of 2"
        world.claim(job, 1)
        next(events)
        world.fail(job, 1, BROKEN)
        rest = list(events)
    assert [(e.name, e.data["status"]) for e in rest] == [("status", "failed"), ("end", "failed")]
    assert rest[0].data == rest[1].data == world.status(job)
    assert rest[0].id == rest[1].id == "5"


def test_a_document_is_followed_from_before_its_processing_to_its_end(world: Actions) -> None:
    document = a_document()
    with PostgresUnitOfWork(world.engine) as transaction:
        transaction.documents.add(document)
        transaction.commit()
    world.api.blobs.put(document.object_key, b"x" * document.size_bytes, document.content_type)
    url = f"/api/v1/documents/{document.id}"
    with opened(world.client, f"{url}/events") as stream:
        events = stream.events()
        assert next(events).data["status"] == "awaiting_upload"
        world.client.post(f"{url}/process")
        waiting = next(events)
        assert waiting.data == world.client.get(f"{url}/status").json()
        world.client.post(f"{url}/cancel")
        rest = list(events)
    assert [(e.name, e.data["status"]) for e in rest] == [("status", "cancelled"), ("end", "cancelled")]


def test_what_is_final_is_said_at_once_and_the_stream_ends(world: Actions) -> None:
    job = world.start("simulate")
    world.client.post(f"/api/v1/jobs/{job['job_id']}/cancel")
    with opened(world.client, events_of(job)) as stream:
        assert [e.name for e in stream.events()] == ["status", "end"]
    with opened(world.client, events_of(job), last_event_id="2") as stream:
        assert [(e.name, e.data["status"]) for e in stream.events()] == [("end", "cancelled")]


@pytest.mark.parametrize("path", [f"jobs/{UNKNOWN}", f"documents/{UNKNOWN}", "jobs/x", "documents/x%00"])
def test_what_is_not_there_is_a_problem_and_no_stream(world: Actions, path: str) -> None:
    answer = world.client.get(f"/api/v1/{path}/events")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == f"{path.partition('s/')[0]}_not_found"


def test_a_task_of_those_who_run_esteira_is_followed_by_nobody(world: Actions) -> None:
    job = world.start("simulate")
    world.sql("UPDATE job_actions SET queue = 'cleanup_tasks'")
    assert world.client.get(events_of(job)).status_code == 404


def test_a_document_that_is_deleted_meanwhile_ends_its_stream_with_a_problem(world: Actions) -> None:
    document = a_document()
    with PostgresUnitOfWork(world.engine) as transaction:
        transaction.documents.add(document)
        transaction.commit()
    with opened(world.client, f"/api/v1/documents/{document.id}/events") as stream:
        events = stream.events()
        next(events)
        world.client.delete(f"/api/v1/documents/{document.id}")
        (last,) = events
    assert (last.name, last.id, last.data["code"]) == ("error", None, "document_not_found")


# Resuming


def test_who_comes_again_gets_what_is_newer_than_they_have(world: Actions) -> None:
    job = world.start("simulate")
    with opened(world.client, events_of(job)) as stream:
        seen = stream.next()
    world.claim(job, 0)
    report(world, job, 10)
    with opened(world.client, events_of(job), last_event_id=seen.id) as stream:
        again = stream.next()
    assert (again.data["progress"], int(again.id or 0) > int(seen.id or 0)) == (10, True)
    with opened(world.client, events_of(job), last_event_id=again.id) as stream:
        report(world, job, 20)
        assert stream.next().data["progress"] == 20


@pytest.mark.parametrize("hostile", ["", "x", "-1", "1e9", "999999999999999999", "9" * 5000, "\u0661", "0x1", "null"])
def test_an_id_that_was_never_sent_is_none(world: Actions, hostile: str) -> None:
    job = world.start("simulate")
    with world.client.stream("GET", events_of(job), headers=[(b"Last-Event-ID", hostile.encode())]) as answer:
        assert answer.status_code == 200
        assert next(line for line in answer.iter_lines() if line.startswith("event")) == "event: status"


# What goes wrong on the way


def test_versions_never_fall_while_many_write_and_many_follow(world: Actions) -> None:
    job = world.start("simulate", "draw")
    for number in (0, 1):
        world.claim(job, number)

    def follow(_number: int) -> list[Event]:
        with opened(world.client, events_of(job)) as stream:
            return list(stream.events())

    with ThreadPoolExecutor(20) as pool:
        followed = [pool.submit(follow, number) for number in range(20)]
        until(lambda: world.api.followers == 20, seconds=PATIENCE_SECONDS)
        for progress in range(1, 40):
            report(world, job, progress)
        for number in (0, 1):
            world.complete(job, number)
        seen = [each.result(PATIENCE_SECONDS) for each in followed]
    for events in seen:
        versions = [int(e.id or 0) for e in events]
        assert versions == sorted(versions)
        assert len(set(versions)) == len(versions) - 1  # the end has that of the final status
        assert events[-1].data == world.status(job)


def test_a_lost_hint_costs_no_more_than_a_moment(world: Actions) -> None:
    job = world.start("simulate")
    with opened(world.client, events_of(job)) as stream:
        events = stream.events()
        next(events)
        world.sql("UPDATE jobs SET version = version + 1")  # tells nobody
        assert next(events).id == "2"


def test_a_stream_goes_on_when_all_its_connections_to_the_database_were_cut(world: Actions) -> None:
    job = world.start("simulate")
    with opened(world.client, events_of(job)) as stream:
        events = stream.events()
        next(events)
        world.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        world.claim(job, 0)
        assert next(events).data["status"] == "processing"
        report(world, job, 30)
        assert next(events).data["progress"] == 30


def test_clients_that_go_away_leave_nothing_behind(world: Actions) -> None:
    job = world.start("simulate")
    warm(world, job)
    process = psutil.Process()

    def costs() -> tuple[int, int, int]:
        return world.api.followers, process.num_threads(), process.num_fds()

    before = costs()
    with ExitStack() as stack:
        streams = []
        for _ in range(30):
            client = stack.enter_context(httpx.Client(base_url=world.client.base_url))
            streams.append(stack.enter_context(opened(client, events_of(job))))
            streams[-1].next()
            stack.enter_context(socket(world, job["job_id"])).recv()
        assert world.api.followers == before[0] + 60
    until(lambda: costs()[0] == 0 and costs()[2] <= before[2], seconds=PATIENCE_SECONDS)
    assert costs()[1] <= before[1]


def warm(world: Actions, job: Any) -> None:  # noqa: ANN401
    """Let threads and connections that stay for the process begin."""
    with opened(world.client, events_of(job)) as stream, socket(world, job["job_id"]) as connection:
        stream.next()
        connection.recv()
    until(lambda: world.api.followers == 0, seconds=PATIENCE_SECONDS)


def test_a_slow_client_gets_the_newest_state_and_not_all_that_it_missed(world: Actions) -> None:
    job = world.start("simulate", "draw")
    world.claim(job, 1)
    world.complete(job, 1, large="x" * 1_000_000)
    world.claim(job, 0)
    with opened(world.client, events_of(job)) as stream:
        events = stream.events()
        next(events)
        with opened(world.client, events_of(job)) as other:  # one that keeps up
            seen = other.events()
            for progress in range(1, 31):
                report(world, job, progress)
                while next(seen).data["actions"][0]["progress"] < progress:
                    pass
        report(world, job, 31)
        got = []
        while not got or got[-1] < 31:
            got.append(next(events).data["actions"][0]["progress"])
    assert len(got) < 31, "a megabyte each had to be kept somewhere"


def test_many_who_follow_one_job_cost_one_reading(world: Actions) -> None:
    job = world.start("simulate")
    with ExitStack() as stack:
        streams = []
        for _ in range(50):
            client = stack.enter_context(httpx.Client(base_url=world.client.base_url))
            streams.append(stack.enter_context(opened(client, events_of(job))).events())
        for stream in streams:
            next(stream)
        statements: list[str] = []
        event.listen(world.engine, "before_cursor_execute", lambda *called: statements.append(called[2]))
        world.claim(job, 0)
        for stream in streams:
            assert next(stream).data["status"] == "processing"
        readings = [statement for statement in statements if "LEFT OUTER JOIN documents" in statement]
    assert 1 <= len(readings) <= 3


def test_streams_and_sockets_that_are_open_do_not_keep_the_server_from_ending(world: Actions) -> None:
    job = world.start("simulate")
    app = create_app(world.api.services())
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=int(2 * PATIENCE_SECONDS))
    server = ApiServer(config, app.state.feeds)
    with listening_socket() as listener, httpx.Client(base_url=url_of(listener)) as client:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        until(lambda: server.started, seconds=PATIENCE_SECONDS)
        address = f"{url_of(listener)}/api/v1/jobs/{job['job_id']}/ws".replace("http", "ws")
        with opened(client, events_of(job)) as stream, connect(address) as connection:
            events = stream.events()
            next(events)
            connection.recv()
            server.should_exit = True
            assert list(events) == []
            with pytest.raises(ConnectionClosed) as closed:
                connection.recv()
            thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012


# Sockets


def test_a_socket_sends_the_same_objects_and_closes_after_the_final_one(world: Actions) -> None:
    job = world.start("simulate")
    with socket(world, job["job_id"]) as connection:
        assert json.loads(connection.recv()) == world.status(job)
        connection.send("hello?")
        world.claim(job, 0)
        assert json.loads(connection.recv())["status"] == "processing"
        world.complete(job, 0)
        assert json.loads(connection.recv()) == world.status(job)
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000


@pytest.mark.parametrize("job_id", [UNKNOWN, "x"])
def test_a_socket_to_an_unknown_job_is_refused_with_a_problem(world: Actions, job_id: str) -> None:
    with pytest.raises(InvalidStatus) as refused, socket(world, job_id):
        pass
    assert refused.value.response.status_code == 404
    assert json.loads(refused.value.response.body or b"")["code"] == "job_not_found"


@pytest.mark.parametrize(
    ("origin", "is_let_in"),
    [(None, True), ("http://localhost:3000", True), ("https://app.example", True), ("http://evil.example", False)],
)
def test_without_keys_a_socket_of_a_foreign_page_is_refused(
    world: Actions, origin: str | None, is_let_in: bool
) -> None:
    job = world.start("simulate")
    if is_let_in:
        with socket(world, job["job_id"], origin=origin) as connection:
            assert json.loads(connection.recv())["status"] == "pending"
        return
    with pytest.raises(InvalidStatus) as refused, socket(world, job["job_id"], origin=origin):
        pass
    assert refused.value.response.status_code == 403


# Held answers


def test_the_status_of_a_job_is_held_until_something_changes(world: Actions) -> None:
    job = world.start("simulate")
    path = f"/api/v1/jobs/{job['job_id']}/status"
    etag = world.client.get(path).headers["ETag"]
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(world.client.get, path, params={"wait": 25}, headers={"If-None-Match": etag})
        until(lambda: world.api.followers, seconds=PATIENCE_SECONDS)
        world.claim(job, 0)
        assert held.result(PATIENCE_SECONDS).json()["status"] == "processing"
    same = world.client.get(path)
    unchanged = world.client.get(path, params={"wait": 1}, headers={"If-None-Match": same.headers["ETag"]})
    assert unchanged.status_code == 304
    assert world.client.get(path, params={"wait": 26}).status_code == 422
    assert world.client.get(f"/api/v1/jobs/{UNKNOWN}/status", params={"wait": 1}).status_code == 404
