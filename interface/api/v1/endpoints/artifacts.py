"""Artifacts: files that jobs make, asked for here and downloaded from the object store."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from domain.ids import ActionId
from interface.api.v1.endpoints.jobs import clients_job
from interface.api.v1.endpoints.status import POLL_SECONDS
from interface.api.v1.idempotency import IDEMPOTENT, IdempotencyKey, idempotent, tell_replayed
from interface.api.v1.requests import JobPath, Services, job_url
from interface.api.v1.schemas.artifacts import ArtifactBody, ArtifactStarted
from interface.api.v1.schemas.problem import problem_response

router = APIRouter(prefix="/artifacts", tags=["artifacts"])


@router.post(
    "",
    status_code=202,
    operation_id="request_artifact",
    summary="Start making an artifact",
    responses=IDEMPOTENT | {422: problem_response("`idempotency_key_reused`, `invalid_request`: see `errors`")},
)
def request_artifact(
    services: Services, request: Request, response: Response, body: ArtifactBody, key: IdempotencyKey = None
) -> ArtifactStarted:
    """Make a report over the documents as a spreadsheet or as printed pages."""
    started = services.request_artifact(
        kind=body.kind, report=body.report, params=body.params, request=idempotent(request, key, body)
    )
    tell_replayed(response, is_replayed=started.is_replayed)
    job = started.job
    download_url = f"{services.public_url.rstrip('/')}/api/v1/artifacts/{job.id}/download"
    answer = ArtifactStarted.of(job, job_url=job_url(services, job.id), download_url=download_url)
    response.headers["Location"] = answer.status_url
    response.headers["Retry-After"] = str(POLL_SECONDS)
    return answer


@router.get(
    "/{job_id}/download",
    status_code=307,
    operation_id="download_artifact",
    summary="Download what a job has made",
    response_class=RedirectResponse,
    responses={
        404: problem_response("`job_not_found`, `artifact_not_found`: the job makes no file"),
        409: problem_response("`not_ready`: it is still being made, or the job failed"),
        410: problem_response("`artifact_expired`: its time is over"),
    },
)
def download_artifact(
    services: Services,
    job_id: JobPath,
    action_id: Annotated[UUID | None, Query(description="Which, where a job of several actions makes several.")] = None,
) -> RedirectResponse:
    """Lead to a download URL which is good for a short time."""
    wanted = ActionId(action_id) if action_id else None
    artifact, left = services.find_artifact(clients_job(services, job_id), action_id=wanted)
    download = services.blobs.presign_get(
        artifact.object_key,
        filename=artifact.filename,
        content_type=artifact.content_type,
        expires_in_seconds=max(1, min(services.download_url_seconds, int(left.total_seconds()))),
    )
    return RedirectResponse(download.url, status_code=307, headers={"Cache-Control": "no-store"})
