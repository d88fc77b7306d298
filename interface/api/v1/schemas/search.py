"""A question to the documents, and the passages that answer it."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from application.ports.passage_search import PassageFilter
from application.use_cases.search_chunks import (
    MOST_NEIGHBOURS,
    MOST_RESULTS,
    FoundPassage,
    GroupBy,
    SearchMode,
    SearchRequest,
)
from domain.ids import DocumentId, TenantId
from interface.api.v1.schemas.values import Metadata, RequestBody, Text

MAX_DOCUMENT_IDS = 1000


def _not_blank(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("blank", "There is nothing to search for: send some words.")
    return value


class SearchBody(RequestBody):
    """What to look for, and where: every condition must hold, `metadata` values must be equal."""

    query: Annotated[
        Text,
        Field(min_length=1, max_length=4000, description="What is in double quotes must stand in the passages."),
        AfterValidator(_not_blank),
    ]
    limit: Annotated[int, Field(ge=1, le=MOST_RESULTS)] = 10
    mode: Annotated[SearchMode, Field(strict=False)] = SearchMode.HYBRID
    document_ids: Annotated[list[Annotated[UUID, Field(strict=False)]], Field(max_length=MAX_DOCUMENT_IDS)] | None = (
        None
    )
    metadata: Metadata = Field(default_factory=dict)
    neighbours: Annotated[int, Field(ge=0, le=MOST_NEIGHBOURS, description="Passages to add on either side.")] = 0
    group_by: Annotated[
        GroupBy | None,
        Field(
            strict=False,
            description="Only the best passage of each page (the one it begins on; where a format has no pages, each"
            " passage counts as one) or of each document, instead of several that overlap.",
        ),
    ] = None

    def to_request(self, tenant_id: TenantId) -> SearchRequest:
        """Return it in the application's terms."""
        ids = None if self.document_ids is None else [DocumentId(document_id) for document_id in self.document_ids]
        return SearchRequest(
            query=self.query,
            passage_filter=PassageFilter(tenant_id=tenant_id, document_ids=ids, metadata=self.metadata),
            mode=self.mode,
            limit=self.limit,
            neighbours=self.neighbours,
            group_by=self.group_by,
        )


class Highlight(BaseModel):
    """Where something that was asked for stands in a result's `text`, in Unicode characters."""

    start: int
    end: int


class SearchResult(BaseModel):
    """A passage with its document; `score` is from 0 to 1, higher is better.

    With `neighbours`, text, pages and offsets are those of all passages joined. `highlights` are in order and do not
    overlap.
    """

    document_id: UUID
    filename: str
    external_id: str | None
    metadata: dict[str, str | int | float | bool | None]
    chunk_id: UUID
    text: str
    score: float
    page_start: int | None
    page_end: int | None
    char_start: int
    char_end: int
    headings: list[str]
    highlights: list[Highlight]

    @classmethod
    def of(cls, found: FoundPassage) -> "SearchResult":
        """Return the result."""
        passage = found.passage
        return cls(
            document_id=passage.document_id,
            filename=passage.filename,
            external_id=passage.external_id,
            metadata=passage.metadata,  # type: ignore[arg-type]  # checked when the document was announced
            chunk_id=passage.chunk_id,
            text=found.text,
            score=found.score,
            page_start=found.page_start,
            page_end=found.page_end,
            char_start=found.char_start,
            char_end=found.char_end,
            headings=list(passage.chunk.headings),
            highlights=[Highlight(start=start, end=end) for start, end in found.highlights],
        )


class SearchResults(BaseModel):
    """The best passages, best first."""

    results: list[SearchResult]
    took_ms: int
