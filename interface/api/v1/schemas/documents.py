"""Documents and what was made of them."""

from uuid import UUID

from pydantic import BaseModel

from application.ports.document_reader import DocumentState, PublishedChunk
from application.use_cases.delete_document import DeletionReceipt
from domain.document import DocumentStatus
from interface.api.v1.schemas.values import Instant


class Links(BaseModel):
    """Where to go on from a document."""

    self: str
    status: str
    chunks: str
    text: str
    content: str
    pages: str
    details: str


class DocumentBody(BaseModel):
    """A document as its owner described it, and what it is doing.

    `duplicate_of` is an older document of the same bytes that was completed; they are known from the announcement, or
    once they were read. `language` is the ISO 639-1 code of its text, null until it is completed or where it cannot be
    told. The description is of `version`: the one that search finds or, before there is one, the newest.
    """

    document_id: UUID
    job_id: UUID | None
    parent_document_id: UUID | None
    filename: str
    content_type: str
    size_bytes: int
    checksum_sha256: str | None
    external_id: str | None
    metadata: dict[str, str | int | float | bool | None]
    chunk_tokens: int
    chunk_overlap: int
    version: int
    duplicate_of: UUID | None
    language: str | None
    status: DocumentStatus
    created_at: Instant
    links: Links

    @classmethod
    def of(cls, state: DocumentState, *, document_url: str) -> "DocumentBody":
        """Return the document under its absolute URL."""
        document = state.document
        return cls(
            document_id=document.id,
            job_id=document.job_id,
            parent_document_id=document.parent_id,
            filename=document.filename,
            content_type=document.content_type,
            size_bytes=document.size_bytes,
            checksum_sha256=document.checksum_sha256,
            external_id=document.external_id,
            metadata=dict(document.metadata),
            chunk_tokens=document.chunk_tokens,
            chunk_overlap=document.chunk_overlap,
            version=document.version,
            duplicate_of=state.duplicate_of,
            language=state.language,
            status=state.status,
            created_at=document.created_at,
            links=Links(
                self=document_url,
                status=f"{document_url}/status",
                chunks=f"{document_url}/chunks",
                text=f"{document_url}/text",
                content=f"{document_url}/content",
                pages=f"{document_url}/pages",
                details=f"{document_url}/details",
            ),
        )


class DocumentList(BaseModel):
    """Documents, newest first; `next_cursor` is null on the last page."""

    items: list[DocumentBody]
    next_cursor: str | None


class ChunkBody(BaseModel):
    """A passage, and where in the document it stands: offsets count characters of the whole text."""

    chunk_id: UUID
    position: int
    text: str
    page_start: int | None
    page_end: int | None
    char_start: int
    char_end: int
    token_count: int
    headings: list[str]

    @classmethod
    def of(cls, published: PublishedChunk) -> "ChunkBody":
        """Return the passage."""
        chunk = published.chunk
        return cls(
            chunk_id=published.chunk_id,
            position=chunk.position,
            text=chunk.text,
            page_start=chunk.page_start,
            page_end=chunk.page_end,
            char_start=chunk.char_start,
            char_end=chunk.char_end,
            token_count=chunk.token_count,
            headings=list(chunk.headings),
        )


class ChunkList(BaseModel):
    """Passages in order; `next_cursor` is null on the last page."""

    items: list[ChunkBody]
    next_cursor: str | None


class TextBody(BaseModel):
    """The extracted text of a page, or of the whole document (then `page` is null)."""

    document_id: UUID
    page: int | None
    text: str


class DownloadBody(BaseModel):
    """Where the bytes can be had until then."""

    url: str
    expires_at: Instant


class Deleted(BaseModel):
    """What went with the document."""

    chunks: int
    embeddings: int
    objects: int
    jobs_cancelled: int


class DeletionBody(BaseModel):
    """The receipt of a deletion."""

    document_id: UUID
    deleted: Deleted

    @classmethod
    def of(cls, document_id: UUID, receipt: DeletionReceipt) -> "DeletionBody":
        """Return the receipt."""
        return cls(
            document_id=document_id,
            deleted=Deleted(
                chunks=receipt.rows.chunks,
                embeddings=receipt.rows.embeddings,
                objects=receipt.objects,
                jobs_cancelled=receipt.jobs_cancelled,
            ),
        )
