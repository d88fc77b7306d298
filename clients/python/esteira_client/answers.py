"""The objects that calls answer with. Fields that a newer server adds are left aside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")
Json = Mapping[str, Any]
FINAL = frozenset({"completed", "failed", "cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why it failed, or why it is tried again: `code` is for programs, `message` for people."""

    code: str
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadablePage:
    """A page that was left out, and why."""

    page: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTimes:
    """When a stage of the processing began and ended."""

    name: str
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Read a stage."""
        return known(cls, answer, **instants(answer, "started_at", "completed_at"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentStatus:
    """How far the processing of a document is.

    `status` is awaiting_upload, pending, processing, completed, failed or cancelled. Totals are None while unknown.
    `version` is that which is processed, None before there is one. Of the chunks, `chunks_reused` needed no embedding.
    """

    document_id: str
    status: str
    progress: int
    message: str
    job_id: str | None = None
    version: int | None = None
    stage: str | None = None
    queue_position: int | None = None
    eta_seconds: int | None = None
    attempt: int = 0
    max_attempts: int = 0
    pages_done: int = 0
    pages_total: int | None = None
    unreadable: Sequence[UnreadablePage] = ()
    chunks_done: int = 0
    chunks_total: int | None = None
    chunks_reused: int = 0
    stages: Sequence[StageTimes] = ()
    warnings: Sequence[str] = ()
    duplicate_of: str | None = None
    error: Failure | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @property
    def is_final(self) -> bool:
        """True once nothing moves any more."""
        return self.status in FINAL

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Read a status object."""
        pages, chunks = answer.get("pages") or {}, answer.get("chunks") or {}
        return known(
            cls,
            answer,
            pages_done=pages.get("done") or 0,
            pages_total=pages.get("total"),
            unreadable=[known(UnreadablePage, page) for page in pages.get("unreadable") or ()],
            chunks_done=chunks.get("done") or 0,
            chunks_total=chunks.get("total"),
            chunks_reused=chunks.get("reused") or 0,
            stages=[StageTimes.from_json(stage) for stage in answer.get("stages") or ()],
            error=_failure(answer),
            **instants(answer, "created_at", "started_at", "completed_at"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPage:
    """Several states of one answer; `retry_after` is how many seconds the server asks to wait with the next."""

    items: Sequence[DocumentStatus]
    etag: str | None
    retry_after: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as its owner described it, and what it is doing."""

    document_id: str
    filename: str
    status: str
    size_bytes: int
    content_type: str = "application/octet-stream"
    checksum_sha256: str | None = None
    job_id: str | None = None
    parent_document_id: str | None = None
    external_id: str | None = None
    metadata: Json
    chunk_tokens: int | None = None
    chunk_overlap: int | None = None
    version: int = 1
    duplicate_of: str | None = None
    language: str | None = None
    created_at: datetime | None = None

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Read a document."""
        return known(cls, answer, metadata=answer.get("metadata") or {}, **instants(answer, "created_at"))


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedJob:
    """A job that waits for a worker. `action_ids` are in the order of the request."""

    job_id: str
    status: str
    action_ids: Sequence[str] = ()

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Read the answer of whatever starts a job."""
        return known(cls, answer, action_ids=[action["action_id"] for action in answer.get("actions") or ()])


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAction:
    """How far an action of a job is."""

    action_id: str
    type: str
    status: str
    progress: int
    message: str = ""
    attempt: int = 0
    result: Json | None = None
    error: Failure | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Read an action."""
        return known(cls, answer, error=_failure(answer), **instants(answer, "started_at", "completed_at"))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """How far a job is: `status` is pending, processing, completed, failed or cancelled."""

    job_id: str
    status: str
    progress: int
    message: str
    actions: Sequence[JobAction]
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @property
    def is_final(self) -> bool:
        """True once nothing moves any more."""
        return self.status in FINAL

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Read a job."""
        actions = [JobAction.from_json(action) for action in answer["actions"]]
        return known(cls, answer, actions=actions, **instants(answer, "created_at", "started_at", "completed_at"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some of a list; `next_cursor` leads to the next, None on the last."""

    items: Sequence[T]
    next_cursor: str | None


def page_of(answer: Json, read: Callable[[Json], T]) -> Page[T]:
    """Read a page whose items `read` reads."""
    return Page(items=[read(item) for item in answer["items"]], next_cursor=answer.get("next_cursor"))


def known(kind: type[T], answer: Json, **values: Any) -> T:  # noqa: ANN401
    """Make a `kind` of `values` and, for its other fields, of the answer; what else that has is left aside."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]  # all that are given are dataclasses
    return kind(**{name: value for name, value in answer.items() if name in names} | values)


def _failure(answer: Json) -> Failure | None:
    return known(Failure, answer["error"]) if answer.get("error") else None


def instants(answer: Json, *names: str) -> dict[str, datetime | None]:
    """Read the times of these names."""
    return {name: datetime.fromisoformat(answer[name]) if answer.get(name) else None for name in names}
