"""The calls about jobs of several actions, long operations and artifacts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from esteira_client.answers import JobStatus, Json, StartedJob
from esteira_client.api import Api
from esteira_client.downloads import saved_at
from esteira_client.following import JOB, By, followed
from esteira_client.requests import creating, get, path, post
from esteira_client.steps import Feed, Flow


def start_job(
    api: Api,
    actions: Sequence[Mapping[str, Any]],
    *,
    callback_url: str | None = None,
    idempotency_key: str | None = None,
) -> Flow[StartedJob]:
    """Start actions, each as `{"type": …, "params": …}`, which run on their own, in parallel."""
    body = {"actions": list(actions), **({"callback_url": callback_url} if callback_url else {})}
    return (yield from _started(api, "/jobs", body, idempotency_key))


def job(api: Api, job_id: str) -> Flow[JobStatus]:
    """Return how far a job is."""
    answer = yield from api.json(get(path("jobs", job_id, "status")))
    with api.understood():
        return JobStatus.from_json(answer)


def follow_job(api: Api, job_id: str, *, by: By = "events") -> Feed[JobStatus]:
    """Tell each state of a job until it is final."""
    yield from followed(api, JOB, job_id, by=by)


def cancel_job(api: Api, job_id: str) -> Flow[JobStatus]:
    """Cancel what waits and runs of a job."""
    answer = yield from api.json(post(path("jobs", job_id, "cancel"), repeatable=False))
    with api.understood():
        return JobStatus.from_json(answer)


def start_operation(
    api: Api, operation: str, params: Mapping[str, Any] | None = None, *, idempotency_key: str | None = None
) -> Flow[StartedJob]:
    """Start a long operation by its name."""
    return (yield from _started(api, path("operations", operation, "start"), params, idempotency_key))


def operation_result(api: Api, operation: str, job_id: str) -> Flow[Json]:
    """Return how far an operation is, or how it ended."""
    answer: Json = yield from api.json(get(path("operations", operation, "result", job_id)))
    return answer


def start_artifact(
    api: Api,
    kind: str,
    report: str,
    params: Mapping[str, Any] | None = None,
    *,
    idempotency_key: str | None = None,
) -> Flow[StartedJob]:
    """Start making a report as a file: `kind` is xlsx or pdf, `report` inventory, ingestion or search."""
    body = {"kind": kind, "report": report, **({"params": params} if params else {})}
    return (yield from _started(api, "/artifacts", body, idempotency_key))


def download_artifact(api: Api, job_id: str, target: str | Path) -> Flow[Path]:
    """Download what a completed job has made to a path, where it appears whole or not at all."""
    return (yield from saved_at(api, path("artifacts", job_id, "download"), Path(target)))


def _started(api: Api, where: str, body: Mapping[str, Any] | None, key: str | None) -> Flow[StartedJob]:
    answer = yield from api.json(creating(where, body, key=key))
    with api.understood():
        return StartedJob.from_json(answer)
