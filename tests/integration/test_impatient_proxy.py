"""Work that takes longer than a gateway waits arrives all the same: real worker, real proxy, short times for long."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from infrastructure.postgres.job_changes import PostgresJobChanges
from infrastructure.postgres.job_reader import PostgresJobReader
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.action_types import known_types
from tests.support.api import Api
from tests.support.event_streams import Event, opened
from tests.support.impatient_proxy import ImpatientProxy, impatient_proxy
from tests.support.processes import Workers, until

PATIENCE_SECONDS = 60
CUT_AFTER_SECONDS = 2.0
WORK_SECONDS = 5


@pytest.fixture
def proxy(engine: Engine, redis_url: str, tmp_path: Path) -> Iterator[ImpatientProxy]:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    workers = Workers(engine=engine, database_url=url, redis_url=redis_url, folder=tmp_path)
    api = Api(
        transactions=lambda: PostgresUnitOfWork(engine),
        jobs=PostgresJobReader(engine),
        job_changes=PostgresJobChanges(url),
        action_types=known_types(),
    )
    with api.serve() as client, impatient_proxy(str(client.base_url), patience_seconds=CUT_AFTER_SECONDS) as proxy:
        try:
            workers.start("one", command=["-m", "tests.support.actions_worker", "long_operations", "one"])
            yield proxy
        finally:
            workers.end()


@pytest.fixture
def client(proxy: ImpatientProxy) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=proxy.url, timeout=PATIENCE_SECONDS, headers={"Connection": "close"}) as client:
        yield client


def test_an_operation_that_takes_longer_than_a_request_may_arrives(client: httpx.Client) -> None:
    created = client.post("/api/operacao-customizada", json={"dados": "a", "tempo_processamento": WORK_SECONDS}).json()

    told: dict[str, Any] = {}

    def is_done() -> bool:
        with suppress(httpx.RemoteProtocolError):  # a machine that is busy may be cut as well: ask again
            told.update(client.get(created["url_status"]).json())
        return told.get("status") == "completed"

    until(is_done, seconds=PATIENCE_SECONDS)
    assert told["resultado"]["tempo_processamento"] == f"{WORK_SECONDS}s"


def test_a_stream_that_is_cut_goes_on_where_it_was(proxy: ImpatientProxy, client: httpx.Client) -> None:
    path, seen = f"/api/v1/jobs/{start(client)}/events", list[Event]()
    while not seen or seen[-1].name != "end":
        last_event_id = seen[-1].id if seen else None
        seen += until_cut(client, path, last_event_id)
    versions = [int(event.id or 0) for event in seen]
    assert versions == sorted(versions)
    assert len(set(versions)) == len(versions) - 1, "nothing is said twice but the end, which has the last version"
    assert (seen[-1].data["status"], proxy.cut >= 1) == ("completed", True)


def until_cut(client: httpx.Client, path: str, last_event_id: str | None) -> list[Event]:
    seen: list[Event] = []
    try:
        with opened(client, path, last_event_id=last_event_id) as stream:
            for event in stream.events():
                seen.append(event)  # noqa: PERF402 - what came before the cut counts
    except (httpx.RemoteProtocolError, httpx.ReadError):
        pass
    return seen


def start(client: httpx.Client) -> str:
    body = {"duration_seconds": WORK_SECONDS}
    return str(client.post("/api/v1/operations/simulate/start", json=body).json()["job_id"])
