"""What endpoints take from a request besides its body."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Path, Query
from starlette.requests import HTTPConnection, Request

from domain.api_key import Caller
from domain.errors import DocumentNotFound, JobNotFound, QueueNotFound
from domain.ids import DocumentId, JobId
from interface.api.feeds import Feeds
from interface.api.gate import CALLER
from interface.api.services import ApiServices

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000


async def _services(request: Request) -> ApiServices:
    services: ApiServices = request.app.state.services
    return services


async def _feeds(connection: HTTPConnection) -> Feeds:
    feeds: Feeds = connection.app.state.feeds
    return feeds


async def _caller(request: Request) -> Caller | None:
    caller: Caller | None = request.scope[CALLER]
    return caller


async def _document_id(document_id: Annotated[str, Path(description="The document's UUID.")]) -> DocumentId:
    """Return the id; what is no id is the id of no document."""
    try:
        return DocumentId(UUID(document_id))
    except ValueError as exc:
        raise DocumentNotFound from exc


async def _job_id(job_id: Annotated[str, Path(description="The job's UUID.")]) -> JobId:
    """Return the id; what is no id is the id of no job."""
    try:
        return JobId(UUID(job_id))
    except ValueError as exc:
        raise JobNotFound from exc


async def _queue_name(name: Annotated[str, Path(description="The queue's name.")]) -> str:
    """Return the name; what can be none is that of no queue."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", name):
        raise QueueNotFound
    return name


Services = Annotated[ApiServices, Depends(_services)]
FeedsOf = Annotated[Feeds, Depends(_feeds)]
# None where the gate lets in without a key.
AnyCaller = Annotated[Caller | None, Depends(_caller)]
CallerOf = Annotated[Caller, Depends(_caller)]
DocumentPath = Annotated[DocumentId, Depends(_document_id)]
JobPath = Annotated[JobId, Depends(_job_id)]
QueuePath = Annotated[str, Depends(_queue_name)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Most items in the answer.")]
Cursor = Annotated[str | None, Query(max_length=100, description="`next_cursor` of the page before.")]
IfNoneMatch = Annotated[str | None, Header(description="ETags that the client has.")]
LastEventId = Annotated[str | None, Header(description="The last `id` that the client has got.")]
Wait = Annotated[int | None, Query(ge=1, le=25, description="Seconds to hold the answer until something changes.")]


def job_url(services: ApiServices, job_id: JobId) -> str:
    """Return the absolute URL of a job."""
    return f"{services.public_url.rstrip('/')}/api/v1/jobs/{job_id}"


def document_url(services: ApiServices, document_id: DocumentId) -> str:
    """Return the absolute URL of a document."""
    return f"{services.public_url.rstrip('/')}/api/v1/documents/{document_id}"
