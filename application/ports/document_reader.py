"""Port: what readers see of documents, jobs and published passages."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from application.state_version import Hindrance, StateVersion
from domain.action import Action, ActionStatus
from domain.chunk import Chunk
from domain.document import Document, DocumentStatus
from domain.ids import ChunkId, DocumentId, JobId, TenantId
from domain.job import INDEX, Job


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentState:
    """A document with its latest processing.

    `duplicate_of` is the oldest completed document of the same bytes, if that is older than this. `language` is the ISO
    639-1 code of what readers see, None where it cannot be told or nothing is published. `queue_position` is from 1,
    None unless it waits for a worker. While it waits, `queue_workers` tells how many processes serve its queue,
    `is_queue_paused` whether that starts nothing, and `typical_seconds` how long documents took of late from their
    first page to their end; None where none was completed in the last day.
    """

    document: Document
    job: Job | None
    duplicate_of: DocumentId | None = None
    queue_position: int | None = None
    queue_workers: int | None = None
    is_queue_paused: bool = False
    typical_seconds: float | None = None
    language: str | None = None

    @property
    def index_action(self) -> Action | None:
        """The action that decides the document's status."""
        return next((a for a in self.job.actions if a.type == INDEX), None) if self.job else None

    @property
    def status(self) -> DocumentStatus:
        """What users see."""
        return DocumentStatus(self.index_action.status) if self.index_action else DocumentStatus.AWAITING_UPLOAD

    @property
    def version(self) -> int:
        """Rises with every change of the job, 0 before there is one."""
        return self.job.version if self.job else 0

    @property
    def hindrance(self) -> Hindrance | None:
        """What keeps it waiting, besides those ahead of it."""
        if self.index_action is None or self.index_action.status is not ActionStatus.PENDING:
            return None
        if self.is_queue_paused:
            return Hindrance.PAUSED
        return Hindrance.UNSERVED if self.queue_workers == 0 else None

    @property
    def state_version(self) -> StateVersion:
        """What `DocumentReader.versions` gives for it."""
        return StateVersion(self.version, self.hindrance)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilter:
    """Which documents are listed; None does not filter.

    `name_contains` is any part of the filename, in any case and either Unicode form (NFC, NFD).
    """

    tenant_id: TenantId
    status: DocumentStatus | None = None
    external_id: str | None = None
    filename: str | None = None
    name_contains: str | None = None
    checksums_sha256: Collection[str] | None = None
    parent_id: DocumentId | None = None
    import_job: JobId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedChunk:
    """A chunk that readers see."""

    chunk_id: ChunkId
    chunk: Chunk


class DocumentReader(Protocol):
    """Reads committed state. Raises DatabaseUnavailable (retryable)."""

    def states(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, DocumentState]:
        """Return those documents that exist."""
        ...

    def versions(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, StateVersion]:
        """Return what tells the states apart, cheaply: what conditional requests ask."""
        ...

    def page(
        self, document_filter: DocumentFilter, *, before: DocumentId | None, limit: int
    ) -> Sequence[DocumentState]:
        """Return up to `limit` documents, newest first, older than `before`."""
        ...

    def chunks(
        self, document_id: DocumentId, *, page: int | None = None, after: int, limit: int
    ) -> Sequence[PublishedChunk]:
        """Return published chunks in order, those behind position `after` (-1 for all), of `page` or of all pages.

        A chunk that goes on over several pages is of each of them.
        """
        ...

    def text(self, document_id: DocumentId) -> str:
        """Return the whole published text: the pages joined by a newline. Empty if nothing is published."""
        ...

    def page_text(self, document_id: DocumentId, number: int) -> str:
        """Return the text of a page, from 1. Raises PageNotFound."""
        ...
