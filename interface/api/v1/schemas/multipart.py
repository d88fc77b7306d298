"""Uploads in parts."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from application.ports.presigned_request import PresignedRequest
from domain.multipart import MOST_PARTS, StoredPart, Upload
from interface.api.v1.schemas.values import Instant, RequestBody, Text


class PartUpload(BaseModel):
    """The request by which a part is sent: exactly these headers; the client sets Content-Length by itself."""

    part_number: int
    method: Literal["PUT"] = "PUT"
    url: str
    headers: dict[str, str]
    expires_at: Instant

    @classmethod
    def of(cls, number: int, request: PresignedRequest) -> "PartUpload":
        """Return the request for a part."""
        headers = dict(request.headers)
        return cls(part_number=number, url=request.url, headers=headers, expires_at=request.expires_at)


class ArrivedPart(BaseModel):
    """A part that has arrived."""

    part_number: int
    size_bytes: int
    etag: str


class PartList(BaseModel):
    """What has arrived of an upload; every part has `part_size` bytes but the last. The list is always whole."""

    document_id: UUID
    upload_id: UUID
    part_size: int
    part_count: int
    expires_at: Instant
    items: list[ArrivedPart]
    next_cursor: None = None

    @classmethod
    def of(cls, upload: Upload, parts: Sequence[StoredPart]) -> "PartList":
        """Return the list."""
        items = [ArrivedPart(part_number=part.number, size_bytes=part.size_bytes, etag=part.etag) for part in parts]
        return cls(
            document_id=upload.document.id,
            upload_id=upload.id,
            part_size=upload.part_size,
            part_count=upload.part_count,
            expires_at=upload.expires_at,
            items=items,
        )


class ClaimedPart(RequestBody):
    """A part as the client knows it: the ETag from the answer to its PUT, with quotes or without."""

    part_number: Annotated[int, Field(ge=1, le=MOST_PARTS)]
    etag: Annotated[Text, Field(min_length=1, max_length=256)]


def _each_once(parts: list[ClaimedPart]) -> list[ClaimedPart]:
    if len({part.part_number for part in parts}) < len(parts):
        raise PydanticCustomError("part_twice", "A part is in the list twice: name each once.")
    return parts


class CompleteBody(RequestBody):
    """All parts, in any order."""

    parts: Annotated[list[ClaimedPart], Field(min_length=1, max_length=MOST_PARTS), AfterValidator(_each_once)]

    def claimed(self) -> Mapping[int, str]:
        """Return the ETags by number."""
        return {part.part_number: part.etag for part in self.parts}


class UploadDone(BaseModel):
    """The bytes are there: ask for processing at `process_url`."""

    document_id: UUID
    upload_id: UUID
    size_bytes: int
    process_url: str

    @classmethod
    def of(cls, upload: Upload, *, process_url: str) -> "UploadDone":
        """Return the answer."""
        document = upload.document
        return cls(
            document_id=document.id, upload_id=upload.id, size_bytes=document.size_bytes, process_url=process_url
        )


class UploadAborted(BaseModel):
    """What was given up; `upload_id` is null for a version that was to come by one PUT."""

    document_id: UUID
    upload_id: UUID | None
