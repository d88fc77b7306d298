"""The calls that read the queues, for those who run Esteira."""

from typing import Any

import httpx

from esteira_client.answers import Json
from esteira_client.api import Api
from esteira_client.requests import get, path
from esteira_client.steps import Flow


def queue_info(api: Api) -> Flow[Json]:
    """Return what each queue holds."""
    return (yield from _read(api, "info"))


def queue_health(api: Api) -> Flow[Json]:
    """Return the health, good or bad."""
    accept = {httpx.codes.SERVICE_UNAVAILABLE}
    answer: Json = yield from api.json(get("/queue/health"), accept=accept)
    return answer


def queue_workers(api: Api) -> Flow[Json]:
    """Return the worker processes and what they do."""
    return (yield from _read(api, "workers"))


def queue_jobs(api: Api, /, **filters: str | int | None) -> Flow[Json]:
    """Return a page of jobs, newest first: by status, queue, document_id, limit, cursor."""
    return (yield from _read(api, "jobs", **filters))


def queue_job(api: Api, job_id: str) -> Flow[Json]:
    """Return a job with its timeline."""
    return (yield from _read(api, "jobs", job_id))


def dead_letters(api: Api, /, **filters: str | int | None) -> Flow[Json]:
    """Return a page of what failed for good and was not tried again since: by code, limit, cursor."""
    return (yield from _read(api, "dead-letters", **filters))


def _read(api: Api, *parts: str, **filters: Any) -> Flow[Json]:  # noqa: ANN401
    answer: Json = yield from api.json(get(path("queue", *parts), **filters))
    return answer
