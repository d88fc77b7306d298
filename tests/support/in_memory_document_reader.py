"""What readers see of an InMemoryDatabase."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from unicodedata import normalize

from application.ports.document_reader import DocumentFilter, DocumentState, PublishedChunk
from application.state_version import StateVersion
from domain.action import ActionStatus
from domain.chunk import Chunk
from domain.document import Document
from domain.errors import PageNotFound
from domain.ids import DocumentId
from tests.support.in_memory_transactions import InMemoryDatabase


@dataclass(frozen=True)
class InMemoryDocumentReader:
    database: InMemoryDatabase

    def states(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, DocumentState]:
        self.database.require_up()
        documents = self.database.documents
        return {key: self._state(documents[key]) for key in document_ids if key in documents}

    def versions(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, StateVersion]:
        return {key: state.state_version for key, state in self.states(document_ids).items()}

    def page(
        self, document_filter: DocumentFilter, *, before: DocumentId | None, limit: int
    ) -> Sequence[DocumentState]:
        self.database.require_up()
        wanted = {
            name: value
            for name in ("tenant_id", "external_id", "filename", "parent_id")
            if (value := getattr(document_filter, name)) is not None
        }
        newest_first = sorted(self.database.documents.values(), key=lambda document: document.id, reverse=True)
        states = [
            self._state(document)
            for document in newest_first
            if (before is None or document.id < before)
            and (
                document_filter.checksums_sha256 is None or document.checksum_sha256 in document_filter.checksums_sha256
            )
            and _plain(document_filter.name_contains or "") in _plain(document.filename)
            and all(getattr(document, name) == value for name, value in wanted.items())
        ]
        return [s for s in states if document_filter.status in {None, s.status}][:limit]

    def chunks(
        self, document_id: DocumentId, *, page: int | None = None, after: int, limit: int
    ) -> Sequence[PublishedChunk]:
        self.database.require_up()
        published = self.database.published(document_id).chunks
        of_page = [chunk for chunk in published if page is None or _touches(chunk.chunk, page)]
        return [chunk for chunk in of_page if chunk.chunk.position > after][:limit]

    def text(self, document_id: DocumentId) -> str:
        self.database.require_up()
        return "\n".join(text for _, text in self.database.published(document_id).pages)

    def page_text(self, document_id: DocumentId, number: int) -> str:
        self.database.require_up()
        for page, text in self.database.published(document_id).pages:
            if page == number:
                return text
        raise PageNotFound

    def _state(self, document: Document) -> DocumentState:
        job = self.database.jobs.get(document.job_id) if document.job_id else None
        same = [
            other.id
            for other in self.database.documents.values()
            if document.checksum_sha256
            and (other.tenant_id, other.checksum_sha256) == (document.tenant_id, document.checksum_sha256)
            and other.id in self.database.published_runs
            and other.id < document.id
        ]
        state = DocumentState(document=document, job=job, duplicate_of=min(same, default=None))
        if state.index_action is None or state.index_action.status is not ActionStatus.PENDING:
            return state
        due_at = state.index_action.due_at
        ahead = [
            action
            for other in self.database.jobs.values()
            for action in other.actions
            if action.status is ActionStatus.PENDING and action.due_at < due_at
        ]
        is_paused = self.database.queues.get(state.index_action.queue) is not None
        return replace(state, queue_position=1 + len(ahead), is_queue_paused=is_paused)


def _touches(chunk: Chunk, page: int) -> bool:
    if chunk.page_start is None or chunk.page_end is None:
        return False
    return chunk.page_start <= page <= chunk.page_end


def _plain(name: str) -> str:
    return normalize("NFC", name).lower()
