"""The answers of the API that the command line reads itself; the rest is shown as it comes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import httpx

from domain.document import DocumentStatus

Json = Mapping[str, Any]
FINAL = frozenset({DocumentStatus.COMPLETED, DocumentStatus.FAILED, DocumentStatus.CANCELLED})
IN_FLIGHT = frozenset({DocumentStatus.PENDING, DocumentStatus.PROCESSING})


@dataclass(frozen=True, slots=True, kw_only=True)
class PresignedUpload:
    """A new document, and where its bytes go."""

    document_id: str
    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadInParts:
    """A document whose bytes go to the store in parts, all of `part_size` bytes but the last."""

    document_id: str
    upload_id: str
    part_size: int


def upload_from_json(answer: Json) -> PresignedUpload | UploadInParts:
    """Read the answer of presign."""
    document_id, upload = answer["document_id"], answer["upload"]
    if upload["method"] == "MULTIPART":
        return UploadInParts(document_id=document_id, upload_id=upload["upload_id"], part_size=upload["part_size"])
    return PresignedUpload(document_id=document_id, url=upload["url"], headers=upload["headers"])


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDocument:
    """A document that the server has."""

    document_id: str
    status: DocumentStatus
    filename: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentStatusAnswer:
    """The status object, as far as the command line shows it. Counts are None where there is none yet."""

    document_id: str
    status: DocumentStatus
    progress: int
    message: str
    pages: int | None
    chunks: int | None
    unreadable: Sequence[Json]
    warnings: Sequence[str]
    code: str | None
    sentence: str | None
    seconds: float | None

    @property
    def is_final(self) -> bool:
        """True once nothing moves any more."""
        return self.status in FINAL

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Read a status object."""
        pages, chunks, error = answer.get("pages") or {}, answer.get("chunks") or {}, answer.get("error") or {}
        status = DocumentStatus(answer["status"])
        return cls(
            document_id=answer["document_id"],
            status=status,
            progress=answer.get("progress") or 0,
            message=answer.get("message") or "",
            pages=pages.get("total") if status is DocumentStatus.COMPLETED else pages.get("done"),
            chunks=chunks.get("total") if status is DocumentStatus.COMPLETED else chunks.get("done"),
            unreadable=pages.get("unreadable") or (),
            warnings=[str(warning) for warning in answer.get("warnings") or ()],
            code=error.get("code"),
            sentence=error.get("message"),
            seconds=_seconds_between(answer.get("started_at"), answer.get("completed_at")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPage:
    """Several status objects of one answer; `retry_after` is in seconds."""

    items: Sequence[DocumentStatusAnswer]
    etag: str | None
    retry_after: float | None


def retry_after_seconds(response: httpx.Response) -> float | None:
    """Return how long the server asks to wait; its other form, a date, is left aside."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None


def _seconds_between(start: str | None, end: str | None) -> float | None:
    if not start or not end:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
