"""Documents and jobs to test with."""

from dataclasses import replace
from datetime import UTC, datetime

from domain.document import Document
from domain.ids import DEFAULT_TENANT, DocumentId, new_uuid7
from domain.job import Job, new_index_job


def a_document(**changes: object) -> Document:
    document = Document(
        id=DocumentId(new_uuid7()),
        tenant_id=DEFAULT_TENANT,
        filename="report.pdf",
        content_type="application/pdf",
        size_bytes=4,
        checksum_sha256=None,
        external_id=None,
        chunk_tokens=256,
        chunk_overlap=32,
        created_at=datetime.now(UTC),
    )
    return replace(document, **changes)  # type: ignore[arg-type]


def a_job(document: Document, *, due_at: datetime | None = None) -> Job:
    now = datetime.now(UTC)
    job = new_index_job(
        document_id=document.id, tenant_id=document.tenant_id, etag='"etag"', max_attempts=4, now=due_at or now
    )
    return replace(job, created_at=now)
