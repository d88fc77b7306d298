"""The calls about documents and their processing."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TypedDict, Unpack

from esteira_client.answers import Document, DocumentStatus, Json, Page, page_of
from esteira_client.api import Api
from esteira_client.errors import EsteiraError, error_of_item
from esteira_client.following import DOCUMENT, By, followed
from esteira_client.lists import MOST_OF_A_PAGE, every
from esteira_client.requests import creating, deleting, get, path, post
from esteira_client.steps import Feed, Flow

IDS_AT_ONCE = 500


def document(api: Api, document_id: str) -> Flow[Document]:
    """Return one document."""
    answer = yield from api.json(get(path("documents", document_id)))
    with api.understood():
        return Document.from_json(answer)


class Conditions(TypedDict, total=False):
    """Which documents are listed: every condition that is given must hold.

    `name_contains` is any part of the name, in any case. `checksum_sha256` may be several, with commas between.
    `parent_document_id` is the mail that they were attached to, `import_job` what has imported them.
    """

    status: str | None
    external_id: str | None
    filename: str | None
    name_contains: str | None
    checksum_sha256: str | None
    parent_document_id: str | None
    import_job: str | None


def documents(
    api: Api, *, limit: int = 50, cursor: str | None = None, **which: Unpack[Conditions]
) -> Flow[Page[Document]]:
    """Return a page of the documents for which all conditions hold, newest first."""
    if unknown := which.keys() - Conditions.__annotations__.keys():
        raise TypeError(f"There is no such condition: {', '.join(sorted(unknown))}")
    answer = yield from api.json(get("/documents", **which, limit=limit, cursor=cursor))
    with api.understood():
        return page_of(answer, Document.from_json)


def all_documents(api: Api, **which: Unpack[Conditions]) -> Feed[Document]:
    """Tell every document for which all conditions hold, newest first."""
    yield from every(lambda cursor: documents(api, **which, limit=MOST_OF_A_PAGE, cursor=cursor))


def status(api: Api, document_id: str) -> Flow[DocumentStatus]:
    """Return how far the processing is."""
    answer = yield from api.json(get(path("documents", document_id, "status")))
    with api.understood():
        return DocumentStatus.from_json(answer)


def follow(api: Api, document_id: str, *, by: By = "events") -> Feed[DocumentStatus]:
    """Tell each state of a document until it is final, by server-sent events or by answers that are held (`wait`)."""
    yield from followed(api, DOCUMENT, document_id, by=by)


def process(
    api: Api,
    document_id: str,
    *,
    password: str | None = None,
    callback_url: str | None = None,
    idempotency_key: str | None = None,
) -> Flow[str]:
    """Start the processing and return the job's id; while one runs, that one's. What was completed is done anew."""
    said = {"password": password, "callback_url": callback_url}
    body = {name: value for name, value in said.items() if value is not None}
    request = creating(path("documents", document_id, "process"), body or None, key=idempotency_key)
    answer = yield from api.json(request)
    with api.understood():
        return str(answer["job_id"])


def process_all(api: Api, document_ids: Iterable[str]) -> Flow[Sequence[EsteiraError | None]]:
    """Start the processing of any number of documents, 500 in a call; return for each None, or why not."""
    left, problems = iter(document_ids), []
    while some := list(islice(left, IDS_AT_ONCE)):
        answer = yield from api.json(creating("/documents/process", {"document_ids": some}))
        with api.understood():
            problems += [error_of_item(item) if "code" in item else None for item in answer["items"]]
    return problems


def cancel(api: Api, document_id: str) -> Flow[DocumentStatus]:
    """Cancel the processing."""
    answer = yield from api.json(post(path("documents", document_id, "cancel"), repeatable=False))
    with api.understood():
        return DocumentStatus.from_json(answer)


def delete(api: Api, document_id: str) -> Flow[Json]:
    """Delete a document with all that was made of it; return what that was."""
    answer: Json = yield from api.json(deleting(path("documents", document_id), repeatable=False))
    return answer
