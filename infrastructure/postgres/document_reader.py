"""What readers see of documents, jobs and published passages."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, Select, case, func, select

from application.ports.document_reader import DocumentFilter, DocumentState, PublishedChunk
from application.state_version import Hindrance, StateVersion
from domain.action import Action, ActionStatus
from domain.document import DocumentStatus
from domain.errors import PageNotFound
from domain.ids import DocumentId, JobId
from domain.imported_file import IMPORT_JOB
from domain.job import INDEX, Job
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.name_search import has_in_name
from infrastructure.postgres.rows import action_of, chunk_of, document_of, job_of
from infrastructure.postgres.tables import chunks, documents, job_actions, jobs, pages
from infrastructure.postgres.waiting import NOBODY, hindrances, queue_positions, queues_waited_for, typical_seconds

UNDETERMINED = "und"
_other = documents.alias("other")
_DUPLICATE_OF = (
    select(_other.c.id)
    .where(
        _other.c.tenant_id == documents.c.tenant_id,
        _other.c.checksum_sha256 == documents.c.checksum_sha256,
        _other.c.published_run.is_not(None),
        _other.c.id < documents.c.id,
    )
    .order_by(_other.c.id)
    .limit(1)
)
# All chunks of a run have the same.
_LANGUAGE = select(func.nullif(chunks.c.language, UNDETERMINED)).where(
    chunks.c.run_id == documents.c.published_run, chunks.c.position == 0
)
_DESCRIBED = select(
    documents,
    _DUPLICATE_OF.scalar_subquery().label("duplicate_of"),
    _LANGUAGE.scalar_subquery().label("language"),
)

_hindrances = hindrances()
_waiting = (
    (job_actions.c.job_id == documents.c.job_id)
    & (job_actions.c.type == INDEX)
    & (job_actions.c.status == ActionStatus.PENDING)
)
_VERSIONS = (
    select(
        documents.c.id,
        func.coalesce(jobs.c.version, 0).label("version"),
        # A queue that is not known has nobody who serves it.
        case(
            (job_actions.c.id.is_not(None), func.coalesce(_hindrances.c.hindrance, Hindrance.UNSERVED.value)),
        ).label("hindrance"),
    )
    .outerjoin(jobs, jobs.c.id == documents.c.job_id)
    .outerjoin(job_actions, _waiting)
    .outerjoin(_hindrances, _hindrances.c.name == job_actions.c.queue)
)


class PostgresDocumentReader:
    """Implements application/ports/document_reader.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def states(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, DocumentState]:
        """Return those documents that exist."""
        return {state.document.id: state for state in self._states(_DESCRIBED.where(documents.c.id.in_(document_ids)))}

    def versions(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, StateVersion]:
        """Return the versions alone, of one moment."""
        query = _VERSIONS.where(documents.c.id.in_(document_ids))
        with database_errors(), self._engine.connect() as connection:
            return {
                row.id: StateVersion(row.version, Hindrance(row.hindrance) if row.hindrance else None)
                for row in connection.execute(query)
            }

    def page(
        self, document_filter: DocumentFilter, *, before: DocumentId | None, limit: int
    ) -> Sequence[DocumentState]:
        """Return documents, newest first."""
        query = _DESCRIBED.where(documents.c.tenant_id == document_filter.tenant_id)
        if before:
            query = query.where(documents.c.id < before)
        for name in ("external_id", "filename", "parent_id"):
            if (wanted := getattr(document_filter, name)) is not None:
                query = query.where(documents.c[name] == wanted)
        if document_filter.name_contains is not None:
            query = query.where(has_in_name(document_filter.name_contains))
        if document_filter.checksums_sha256 is not None:
            query = query.where(documents.c.checksum_sha256.in_(document_filter.checksums_sha256))
        if document_filter.import_job is not None:
            query = query.where(documents.c.metadata[IMPORT_JOB].astext == str(document_filter.import_job))
        if document_filter.status is DocumentStatus.AWAITING_UPLOAD:
            query = query.where(documents.c.job_id.is_(None))
        elif document_filter.status:
            query = query.join(
                job_actions, (job_actions.c.job_id == documents.c.job_id) & (job_actions.c.type == INDEX)
            ).where(job_actions.c.status == document_filter.status)
        return self._states(query.order_by(documents.c.id.desc()).limit(limit))

    def chunks(
        self, document_id: DocumentId, *, page: int | None = None, after: int, limit: int
    ) -> Sequence[PublishedChunk]:
        """Return published chunks in order."""
        query = (
            select(chunks)
            .join(documents, documents.c.published_run == chunks.c.run_id)
            .where(documents.c.id == document_id, chunks.c.position > after)
            .order_by(chunks.c.position)
            .limit(limit)
        )
        if page is not None:
            query = query.where(chunks.c.page_start <= page, chunks.c.page_end >= page)
        with database_errors(), self._engine.connect() as connection:
            return [PublishedChunk(chunk_id=row.chunk_id, chunk=chunk_of(row)) for row in connection.execute(query)]

    def text(self, document_id: DocumentId) -> str:
        """Return the whole published text."""
        with database_errors(), self._engine.connect() as connection:
            rows = connection.execute(_published_pages(document_id).order_by(pages.c.position))
            return "\n".join(row.text for row in rows)

    def page_text(self, document_id: DocumentId, number: int) -> str:
        """Return the text of a page."""
        with database_errors(), self._engine.connect() as connection:
            row = connection.execute(_published_pages(document_id).where(pages.c.number == number)).one_or_none()
        if row is None:
            raise PageNotFound
        return str(row.text)

    def _states(self, query: Select[Any]) -> list[DocumentState]:
        # One snapshot for all statements, or a reader would get the newest version with an older status and keep it.
        snapshots = self._engine.execution_options(isolation_level="REPEATABLE READ")
        with database_errors(), snapshots.connect() as connection:
            rows = connection.execute(query).all()
            job_ids = [row.job_id for row in rows if row.job_id]
            actions: dict[JobId, list[Action]] = defaultdict(list)
            for row in connection.execute(select(job_actions).where(job_actions.c.job_id.in_(job_ids))):
                actions[row.job_id].append(action_of(row))
            latest: dict[JobId, Job] = {
                row.id: job_of(row, tuple(actions[row.id]))
                for row in connection.execute(select(jobs).where(jobs.c.id.in_(job_ids)))
            }
            states = [
                DocumentState(
                    document=document_of(row),
                    job=latest.get(row.job_id),
                    duplicate_of=row.duplicate_of,
                    language=row.language,
                )
                for row in rows
            ]
            waiting = [s.index_action for s in states if s.index_action and s.index_action.status == "pending"]
            if not waiting:
                return states
            positions = queue_positions(connection, waiting)
            queues = queues_waited_for(connection, {action.queue for action in waiting})
            typical = typical_seconds(connection, INDEX)
        return [
            replace(
                state,
                queue_position=positions.get(action.id),
                queue_workers=queues.get(action.queue, NOBODY).workers,
                is_queue_paused=queues.get(action.queue, NOBODY).is_paused,
                typical_seconds=typical,
            )
            if (action := state.index_action) and action.status is ActionStatus.PENDING
            else state
            for state in states
        ]


def _published_pages(document_id: DocumentId) -> Select[Any]:
    return (
        select(pages.c.text)
        .join(documents, documents.c.published_run == pages.c.run_id)
        .where(documents.c.id == document_id)
    )
