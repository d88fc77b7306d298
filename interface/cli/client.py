"""The calls to the API, a method each."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from domain.document import DocumentStatus
from interface.cli.answers import (
    DocumentStatusAnswer,
    Json,
    KnownDocument,
    PresignedUpload,
    StatusPage,
    retry_after_seconds,
)
from interface.cli.patient_sender import PatientSender
from interface.cli.problem import STORAGE_UNREACHABLE, ApiProblem, problem_of

DOCUMENTS = "/api/v1/documents"
MAX_IDS_PER_CALL = 500
# The newest may have failed where an older one was completed; more than these would be odd.
SAME_BYTES_LIMIT = 20
# A proxy of the surroundings cannot reach this machine.
LOCAL_WITHOUT_PROXY = {f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")}
TIMEOUT = httpx.Timeout(30, connect=5, read=120)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload:
    """What is promised at presign."""

    filename: str
    size_bytes: int
    content_type: str | None
    checksum_sha256: str


class ApiClient:
    """Speaks HTTP with a server; threads may share it. Raises ApiProblem.

    What can be sent twice is tried again with backoff while the server is away. `stop` ends all waiting.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        name = urlsplit(url).netloc
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT, mounts=LOCAL_WITHOUT_PROXY)
        # The object store gets nothing that is meant for the API, such as keys.
        self._store = httpx.Client(timeout=TIMEOUT, mounts=LOCAL_WITHOUT_PROXY)
        self._sender = PatientSender(f"The server at {name} does not answer")
        self._store_sender = PatientSender("The object store does not answer", code=STORAGE_UNREACHABLE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self._store.close()

    def stop(self) -> None:
        """Let no call wait any longer."""
        self._sender.stop()
        self._store_sender.stop()

    def presign(self, upload: NewUpload) -> PresignedUpload:
        """Add a document and get where its bytes go. A second sending adds one more, which nobody uploads: no harm."""
        body = {
            "filename": upload.filename,
            "size_bytes": upload.size_bytes,
            "checksum_sha256": upload.checksum_sha256,
            **({"content_type": upload.content_type} if upload.content_type else {}),
        }
        headers = {"Idempotency-Key": str(uuid4())}
        path = f"{DOCUMENTS}/upload/presigned"
        answer = self._json("POST", path, repeatable=True, json=body, headers=headers)
        with self._understanding():
            return PresignedUpload.from_json(answer)

    def put(self, upload: PresignedUpload, *, size_bytes: int, body: Iterable[bytes]) -> None:
        """Send the bytes with exactly the signed headers and their length, never chunked.

        `body` is iterated anew at each try; what it raises ends the sending.
        """
        headers = {**upload.headers, "Content-Length": str(size_bytes)}
        response = self._store_sender.send(
            lambda: self._store.put(upload.url, headers=headers, content=iter(body)), repeatable=True
        )
        if not response.is_success:
            problem = problem_of(response)
            refused = f"The object store refused the upload: HTTP {response.status_code}."
            raise ApiProblem("upload_refused", refused) if problem.code.startswith("http_") else problem

    def process(self, document_id: str) -> Json:
        """Start the processing; while it runs, asking again gives the same answer."""
        return self._json("POST", f"{DOCUMENTS}/{document_id}/process", repeatable=True)

    def statuses(self, document_ids: Sequence[str], *, etag: str | None = None) -> StatusPage | None:
        """Return up to 500 status objects, None if nothing changed since `etag`. Unknown ids are left out."""
        headers = {"If-None-Match": etag} if etag else {}
        query = {"ids": ",".join(document_ids)}
        response = self._call("GET", f"{DOCUMENTS}/status", repeatable=True, params=query, headers=headers)
        if response.status_code == httpx.codes.NOT_MODIFIED:
            return None
        with self._understanding():
            items = [DocumentStatusAnswer.from_json(item) for item in response.json()["items"]]
        return StatusPage(items=items, etag=response.headers.get("ETag"), retry_after=retry_after_seconds(response))

    def status(self, document_id: str) -> Json:
        """Return the status object of a document."""
        return self._json("GET", f"{DOCUMENTS}/{document_id}/status", repeatable=True)

    def documents(self, **filters: str | int | None) -> Json:
        """Return a page `{items, next_cursor}`, newest first."""
        query = {name: value for name, value in filters.items() if value is not None}
        return self._json("GET", DOCUMENTS, repeatable=True, params=query)

    def documents_of_bytes(self, checksum_sha256: str) -> Sequence[KnownDocument]:
        """Return documents with these bytes, newest first. A server that ignores the filter lists others: left out."""
        page = self.documents(checksum_sha256=checksum_sha256, limit=SAME_BYTES_LIMIT)
        with self._understanding():
            return [
                KnownDocument(item["document_id"], DocumentStatus(item["status"]))
                for item in page["items"]
                if item["checksum_sha256"] == checksum_sha256
            ]

    def document(self, document_id: str) -> Json:
        """Return one document."""
        return self._json("GET", f"{DOCUMENTS}/{document_id}", repeatable=True)

    def text(self, document_id: str, *, page: int | None = None) -> str:
        """Return the extracted text, of one page or of all."""
        query = {} if page is None else {"page": page}
        response = self._call("GET", f"{DOCUMENTS}/{document_id}/text", repeatable=True, params=query)
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        return str(response.json()["text"]) if is_json else response.text

    def chunks(self, document_id: str, *, limit: int, cursor: str | None = None) -> Json:
        """Return a page of passages in order."""
        query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        return self._json("GET", f"{DOCUMENTS}/{document_id}/chunks", repeatable=True, params=query)

    @contextmanager
    def content(self, document_id: str) -> Iterator[httpx.Response]:
        """Open a download of the original bytes, from where the API points to."""
        response = self._call("GET", f"{DOCUMENTS}/{document_id}/content", repeatable=True)
        with self._store.stream("GET", response.headers["Location"]) as download:
            if not download.is_success:
                download.read()
                raise problem_of(download)
            yield download

    def cancel(self, document_id: str) -> Json:
        """Cancel the processing; the answer is a status object."""
        return self._json("POST", f"{DOCUMENTS}/{document_id}/cancel", repeatable=False)

    def delete(self, document_id: str) -> Json:
        """Delete a document with all that was made of it."""
        return self._json("DELETE", f"{DOCUMENTS}/{document_id}", repeatable=False)

    def search(self, query: str, *, limit: int, mode: str, document_ids: Sequence[str] = ()) -> Json:
        """Return `{results, took_ms}`, best first."""
        body = {"query": query, "limit": limit, "mode": mode}
        narrowed = {"document_ids": list(document_ids)} if document_ids else {}
        return self._json("POST", "/api/v1/search", repeatable=True, json={**body, **narrowed})

    @contextmanager
    def _understanding(self) -> Iterator[None]:
        try:
            yield
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            sentence = f"{self.url} gave an answer that this command does not understand. Is it an Esteira server?"
            raise ApiProblem("unexpected_answer", sentence) from error

    def _json(self, method: str, path: str, *, repeatable: bool, **arguments: Any) -> Json:  # noqa: ANN401
        response = self._call(method, path, repeatable=repeatable, **arguments)
        with self._understanding():
            return dict(response.json())

    def _call(self, method: str, path: str, *, repeatable: bool, **arguments: Any) -> httpx.Response:  # noqa: ANN401
        try:
            response = self._sender.send(lambda: self._http.request(method, path, **arguments), repeatable=repeatable)
        except UnicodeEncodeError as error:
            # The command line gives bytes that are no text of its encoding as halves of characters.
            raise ApiProblem("invalid_text", "What was typed is not valid UTF-8: type it again.") from error
        if response.is_client_error or response.is_server_error:
            raise problem_of(response)
        return response
