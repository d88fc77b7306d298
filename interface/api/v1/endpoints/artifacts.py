"""Artifacts: files that jobs make, downloaded from the object store."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse

from domain.ids import ActionId
from interface.api.v1.endpoints.jobs import clients_job
from interface.api.v1.requests import JobPath, Services
from interface.api.v1.schemas.problem import problem_response

router = APIRouter(prefix="/artifacts", tags=["artifacts"])


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
