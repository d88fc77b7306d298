"""Presigning an upload and starting the processing."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, SecretStr, StringConstraints

from application.ports.blob_store import PresignedRequest
from application.use_cases.request_upload import UploadRequest
from domain.document import Document
from domain.ids import TenantId
from interface.api.v1.schemas.values import (
    LARGEST_BIG_INTEGER,
    LARGEST_INTEGER,
    Instant,
    MediaType,
    Metadata,
    RequestBody,
    Text,
    storable,
)

MAX_PASSWORD_CHARACTERS = 1024
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

    def to_request(self, tenant_id: TenantId) -> UploadRequest:
        """Return it in the application's terms."""
        return UploadRequest(tenant_id=tenant_id, **{name: getattr(self, name) for name in type(self).model_fields})


class Upload(BaseModel):
    """The request by which the bytes are sent: exactly these headers; the client sets Content-Length by itself."""

    method: Literal["PUT"]
    url: str
    headers: dict[str, str]
    expires_at: Instant


class PresignedDocument(BaseModel):
    """A document that waits for its bytes."""

    document_id: UUID
    status: Literal["awaiting_upload"] = "awaiting_upload"
    upload: Upload

    @classmethod
    def of(cls, document: Document, upload: PresignedRequest) -> "PresignedDocument":
        """Return what a client needs to go on."""
        return cls(
            document_id=document.id,
            upload=Upload(method="PUT", url=upload.url, headers=dict(upload.headers), expires_at=upload.expires_at),
        )


class ProcessBody(RequestBody):
    """What processing may need."""

    password: (
        Annotated[SecretStr, BeforeValidator(storable), Field(min_length=1, max_length=MAX_PASSWORD_CHARACTERS)] | None
    ) = Field(default=None, description="Opens a PDF. Kept sealed until the processing has ended, then erased.")


class ProcessingStarted(BaseModel):
    """The job that processes the document, new or running: `status_url` tells how far it is."""

    job_id: UUID
    document_id: UUID
    status: Literal["pending"] = "pending"
    status_url: str
