"""An upload in parts: where each part goes, which have arrived, putting them together, giving up."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from domain.errors import UploadNotFound
from domain.ids import UploadId
from domain.multipart import MOST_PARTS
from interface.api.v1.requests import DocumentPath, Services, document_url
from interface.api.v1.schemas.multipart import CompleteBody, PartList, PartUpload, UploadAborted, UploadDone
from interface.api.v1.schemas.problem import INVALID, Responses, problem_response

router = APIRouter(prefix="/documents/{document_id}/upload", tags=["documents"])
_NO_UPLOAD: Responses = {
    404: problem_response("`upload_not_found`"),
    409: problem_response("`upload_completed`"),
    410: problem_response("`upload_expired`"),
}


async def _upload_id(
    upload_id: Annotated[
        str | None, Query(description="Which upload, where there are several; else the newest.")
    ] = None,
) -> UploadId | None:
    """Return the id; what is no id is the id of no upload."""
    try:
        return UploadId(UUID(upload_id)) if upload_id is not None else None
    except ValueError as exc:
        raise UploadNotFound from exc


WhichUpload = Annotated[UploadId | None, Depends(_upload_id)]
PartNumber = Annotated[int, Path(ge=1, le=MOST_PARTS, description="From 1.")]


@router.get(
    "/parts/{part_number}",
    operation_id="presign_part",
    summary="Get the URL for one part",
    responses=_NO_UPLOAD | INVALID,
)
def presign_part(
    services: Services, document_id: DocumentPath, upload_id: WhichUpload, part_number: PartNumber
) -> PartUpload:
    """PUT the part's bytes to `url` with exactly `headers`; keep the ETag of the answer."""
    return PartUpload.of(part_number, services.send_part(document_id, upload_id, part_number))


@router.get("/parts", operation_id="list_parts", summary="List the parts that have arrived", responses=_NO_UPLOAD)
def list_parts(services: Services, document_id: DocumentPath, upload_id: WhichUpload) -> PartList:
    """Give what has arrived, by number: after a lost connection, send what is not in the list."""
    return PartList.of(*services.list_parts(document_id, upload_id))


@router.post(
    "/complete",
    operation_id="complete_upload",
    summary="Put the parts together",
    responses=_NO_UPLOAD | {422: problem_response("`parts_mismatch`, `invalid_request`")},
)
def complete_upload(
    services: Services, document_id: DocumentPath, upload_id: WhichUpload, body: CompleteBody
) -> UploadDone:
    """Hold the list against what has arrived and what was promised; then ask for processing."""
    upload = services.complete_upload(document_id, upload_id, body.claimed())
    return UploadDone.of(upload, process_url=f"{document_url(services, document_id)}/process")


@router.delete(
    "",
    operation_id="abort_upload",
    summary="Give up an upload",
    responses={404: _NO_UPLOAD[404], 409: _NO_UPLOAD[409]},
)
def abort_upload(services: Services, document_id: DocumentPath, upload_id: WhichUpload) -> UploadAborted:
    """Drop the parts that have arrived. A new version that was announced and not processed is forgotten."""
    upload = services.abort_upload(document_id, upload_id)
    return UploadAborted(document_id=document_id, upload_id=upload.id if upload else None)
