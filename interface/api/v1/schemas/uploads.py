"""Presigning an upload and starting the processing."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, SecretStr, StringConstraints

from application.ports.presigned_request import PresignedRequest
from application.use_cases.request_upload import UploadRequest
from domain import multipart
from domain.document import Document
from domain.ids import TenantId
from interface.api.v1.schemas.problem import Problem
from interface.api.v1.schemas.values import (
    LARGEST_BIG_INTEGER,
    LARGEST_INTEGER,
    CallbackUrl,
    Instant,
    MediaType,
    Metadata,
    RequestBody,
    Text,
    storable,
)

MAX_PASSWORD_CHARACTERS = 1024
MAX_BATCH = 500
_EXAMPLE: dict[str, JsonValue] = {
    "filename": "report.pdf",
    "size_bytes": 48213,
    "metadata": {"department": "sales", "year": 2026},
}


class PresignBody(RequestBody):
    """What a client promises to upload. A long or unsafe file name is taken and cleaned for display."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    filename: Annotated[Text, Field(min_length=1, max_length=4096)]
    size_bytes: Annotated[int, Field(ge=0, le=LARGEST_BIG_INTEGER)]
    content_type: MediaType | None = None
    checksum_sha256: Annotated[Text, StringConstraints(pattern=r"^[0-9A-Fa-f]{64}$", to_lower=True)] | None = None
    external_id: Annotated[Text, Field(min_length=1, max_length=512)] | None = None
    metadata: Metadata = Field(default_factory=dict)
    chunk_tokens: Annotated[int, Field(ge=16, le=LARGEST_INTEGER)] | None = None
    chunk_overlap: Annotated[int, Field(ge=0, le=LARGEST_INTEGER)] | None = None
    multipart: Annotated[bool, Field(description="In parts: needed above 5 GiB, advised above 64 MiB.")] = False

    def to_request(self, tenant_id: TenantId) -> UploadRequest:
        """Return it in the application's terms."""
        return UploadRequest(tenant_id=tenant_id, **{name: getattr(self, name) for name in type(self).model_fields})


class PresignBatchBody(RequestBody):
    """Up to 500 promises, each read by itself, so that one that is wrong leaves the others alone."""

    documents: Annotated[
        list[JsonValue],
        Field(
            min_length=1,
            max_length=MAX_BATCH,
            json_schema_extra={"items": {"$ref": "#/components/schemas/PresignBody"}},
        ),
    ]


class Upload(BaseModel):
    """The request by which the bytes are sent: exactly these headers; the client sets Content-Length by itself."""

    method: Literal["PUT"]
    url: str
    headers: dict[str, str]
    expires_at: Instant


class MultipartUpload(BaseModel):
    """An upload in parts: every part has `part_size` bytes but the last."""

    method: Literal["MULTIPART"]
    upload_id: UUID
    part_size: int
    part_count: int
    expires_at: Instant


class PresignedDocument(BaseModel):
    """A document that waits for its bytes."""

    document_id: UUID
    status: Literal["awaiting_upload"] = "awaiting_upload"
    upload: Upload | MultipartUpload

    @classmethod
    def of(cls, document: Document, upload: PresignedRequest | multipart.Upload) -> "PresignedDocument":
        """Return what a client needs to go on."""
        if isinstance(upload, PresignedRequest):
            one = Upload(method="PUT", url=upload.url, headers=dict(upload.headers), expires_at=upload.expires_at)
            return cls(document_id=document.id, upload=one)
        parts = MultipartUpload(
            method="MULTIPART",
            upload_id=upload.id,
            part_size=upload.part_size,
            part_count=upload.part_count,
            expires_at=upload.expires_at,
        )
        return cls(document_id=document.id, upload=parts)


class PresignedBatch(BaseModel):
    """An answer for each promise, in their order: the document, or a problem."""

    items: list[PresignedDocument | Problem]


class ProcessBatchBody(RequestBody):
    """Up to 500 ids, each read by itself."""

    document_ids: Annotated[
        list[JsonValue],
        Field(min_length=1, max_length=MAX_BATCH, json_schema_extra={"items": {"type": "string", "format": "uuid"}}),
    ]
    callback_url: CallbackUrl = None


class ProcessBody(RequestBody):
    """What processing may need."""

    password: (
        Annotated[SecretStr, BeforeValidator(storable), Field(min_length=1, max_length=MAX_PASSWORD_CHARACTERS)] | None
    ) = Field(default=None, description="Opens a PDF. Kept sealed until the processing has ended, then erased.")
    callback_url: CallbackUrl = None


class ProcessingStarted(BaseModel):
    """The job that processes the document, new or running: `status_url` tells how far it is."""

    job_id: UUID
    document_id: UUID
    status: Literal["pending"] = "pending"
    status_url: str


class ProcessingBatch(BaseModel):
    """An answer for each id, in their order: the job, or a problem."""

    items: list[ProcessingStarted | Problem]
