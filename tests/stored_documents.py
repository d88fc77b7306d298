"""Puts documents and runs into a database, for tests of what is stored with them."""

import json
from dataclasses import dataclass
from uuid import UUID, uuid4

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, text

from application.ports.passage_store import IndexedChunk
from domain.action import Run
from domain.chunk import Chunk
from domain.ids import DEFAULT_TENANT, ActionId, DocumentId, new_uuid7
from infrastructure.postgres.passage_store import PostgresPassageStore

MODEL = "test-model"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    id: DocumentId
    run: Run


def add_document(
    engine: Engine, *, tenant: UUID = DEFAULT_TENANT, filename: str = "a.pdf", metadata: object = None
) -> StoredDocument:
    """Add a document which a run is at work on."""
    document, job, action = new_uuid7(), new_uuid7(), new_uuid7()
    parameters = {"document": document, "tenant": tenant, "job": job, "action": action, "filename": filename}
    with engine.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO documents (id, tenant_id, filename, content_type, size_bytes, metadata, chunk_tokens,
                    chunk_overlap, job_id, created_at)
                VALUES (:document, :tenant, :filename, 'application/pdf', 1, CAST(:metadata AS jsonb), 256, 32, :job,
                    now())
            """),
            {**parameters, "metadata": json.dumps(metadata or {})},
        )
        connection.execute(
            text("""
                INSERT INTO jobs (id, tenant_id, document_id, version, status, created_at)
                VALUES (:job, :tenant, :document, 1, 'processing', now())
            """),
            parameters,
        )
        connection.execute(
            text("""
                INSERT INTO job_actions (id, job_id, type, queue, status, params, report, attempt, max_attempts,
                    crashes, dispatch_no, run_lease, cancel_requested, due_at, created_at)
                VALUES (:action, :job, 'index', 'artifacts', 'processing', '{}', '{}', 1, 4, 0, 1, 1, false, now(),
                    now())
            """),
            parameters,
        )
    return StoredDocument(id=DocumentId(document), run=Run(action_id=ActionId(action), run_lease=1))


def add_tenant(engine: Engine) -> UUID:
    tenant = uuid4()
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO tenants (id, name) VALUES (:id, 'other')"), {"id": tenant})
    return tenant


def end_run(engine: Engine, document: StoredDocument, *, publish: bool, status: str = "completed") -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE job_actions SET status = :status WHERE id = :action"),
            {"action": document.run.action_id, "status": status},
        )
        if publish:
            connection.execute(
                text("UPDATE documents SET published_run = :run WHERE id = :document"),
                {"run": document.run.id, "document": document.id},
            )


def start_next_run(engine: Engine, document: StoredDocument) -> StoredDocument:
    run = Run(action_id=document.run.action_id, run_lease=document.run.run_lease + 1)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE job_actions SET status = 'processing', run_lease = :lease WHERE id = :action"),
            {"action": run.action_id, "lease": run.run_lease},
        )
    return StoredDocument(id=document.id, run=run)


def unit(*values: float) -> NDArray[np.float32]:
    vector = np.array(values, dtype=np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def indexed(
    position: int, content: str, *, vector: NDArray[np.float32] | None = None, language: str = "en"
) -> IndexedChunk:
    chunk = Chunk(
        position=position,
        text=content,
        char_start=position * 1000,
        char_end=position * 1000 + len(content),
        page_start=position + 1,
        page_end=position + 1,
        token_count=len(content.split()),
        headings=("Top", "Sub"),
    )
    return IndexedChunk(
        chunk=chunk,
        vector=unit(1.0, float(position), 0.0) if vector is None else vector,
        language=language,
        terms=content.lower().split(),
        length=len(content.split()),
    )


def add_passages(engine: Engine, *contents: str, publish: bool = True, **document: object) -> StoredDocument:
    """Add a document with a chunk for each text."""
    added = add_document(engine, **document)  # type: ignore[arg-type]
    chunks = [indexed(position, content) for position, content in enumerate(contents)]
    PostgresPassageStore(engine).write_chunks(added.run, added.id, MODEL, chunks)
    end_run(engine, added, publish=publish)
    return added
