"""The calls to the API, a method each."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
    UploadInParts,
    retry_after_seconds,
    upload_from_json,
)
from interface.cli.patient_sender import PatientSender
from interface.cli.problem import (
    STORAGE_UNREACHABLE,
    ApiProblem,
    about_key,
    problem_of,
    problem_of_item,
)

DOCUMENTS = "/api/v1/documents"
MAX_IDS_PER_CALL = 500
MAX_CHECKSUMS_PER_CALL = 100
PAGE_LIMIT = 1000
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
    multipart: bool = False

    def as_json(self) -> Json:
        """Return it as the API takes it."""
        return {
            "filename": self.filename,
            "size_bytes": self.size_bytes,
            "checksum_sha256": self.checksum_sha256,
            **({"content_type": self.content_type} if self.content_type else {}),
            **({"multipart": True} if self.multipart else {}),
        }


class ApiClient:
    """Speaks HTTP with a server; threads may share it. Raises ApiProblem.

    What can be sent twice is tried again with backoff while the server is away. `stop` ends all waiting.
    """

    def __init__(self, url: str, *, api_key: str | None = None) -> None:
        self.url = url
        self._name = urlsplit(url).netloc
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT, mounts=LOCAL_WITHOUT_PROXY, headers=headers)
        # The object store gets nothing that is meant for the API, such as keys.
        self._store = httpx.Client(timeout=TIMEOUT, mounts=LOCAL_WITHOUT_PROXY)
        self._sender = PatientSender(f"The server at {self._name} does not answer")
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

    def presign(self, uploads: Sequence[NewUpload]) -> Sequence[PresignedUpload | UploadInParts | ApiProblem]:
        """Add up to 500 documents and get where their bytes go, or why not.

        A second sending adds each once more, which nobody uploads: no harm.
        """
        headers = {"Idempotency-Key": str(uuid4())}
        body = {"documents": [upload.as_json() for upload in uploads]}
        path = f"{DOCUMENTS}/upload/presigned/batch"
        answer = self.ask("POST", path, repeatable=True, json=body, headers=headers)
        with self._understanding():
            return [problem_of_item(item) if "code" in item else upload_from_json(item) for item in answer["items"]]

    def put(self, upload: PresignedUpload, *, size_bytes: int, body: Iterable[bytes]) -> None:
        """Send the bytes with exactly the signed headers and their length, never chunked.

        `body` is iterated anew at each try; what it raises ends the sending.
        """
        self._put(upload.url, {**upload.headers, "Content-Length": str(size_bytes)}, body)

    def arrived_parts(self, upload: UploadInParts) -> Mapping[int, str]:
        """Return the ETag of each part that the store has, by number."""
        answer = self.ask("GET", f"{self._upload_of(upload)}/parts", repeatable=True, params=_which(upload))
        with self._understanding():
            return {item["part_number"]: item["etag"] for item in answer["items"]}

    def open_upload(self, document_id: str) -> UploadInParts:
        """Return a document's upload in parts, to go on with it."""
        answer = self.ask("GET", f"{DOCUMENTS}/{document_id}/upload/parts", repeatable=True)
        with self._understanding():
            upload_id, part_size = answer["upload_id"], answer["part_size"]
        return UploadInParts(document_id=document_id, upload_id=upload_id, part_size=part_size)

    def put_part(self, upload: UploadInParts, number: int, *, size_bytes: int, body: Iterable[bytes]) -> str:
        """Send one part as `put` does; return its ETag."""
        path = f"{self._upload_of(upload)}/parts/{number}"
        part = self.ask("GET", path, repeatable=True, params=_which(upload))
        with self._understanding():
            url, headers = part["url"], {**part["headers"], "Content-Length": str(size_bytes)}
        response = self._put(url, headers, body)
        with self._understanding():
            return str(response.headers["ETag"])

    def complete(self, upload: UploadInParts, etags: Mapping[int, str]) -> None:
        """Let the store put the parts together."""
        parts = [{"part_number": number, "etag": etag} for number, etag in sorted(etags.items())]
        path = f"{self._upload_of(upload)}/complete"
        self.ask("POST", path, repeatable=True, json={"parts": parts}, params=_which(upload))

    def _put(self, url: str, headers: Mapping[str, str], body: Iterable[bytes]) -> httpx.Response:
        response = self._store_sender.send(
            lambda: self._store.put(url, headers=headers, content=iter(body)), repeatable=True
        )
        if not response.is_success:
            problem = problem_of(response)
            refused = f"The object store refused the upload: HTTP {response.status_code}."
            raise ApiProblem("upload_refused", refused) if problem.code.startswith("http_") else problem
        return response

    def process_all(self, document_ids: Sequence[str]) -> Sequence[ApiProblem | None]:
        """Start the processing of up to 500 documents; return why not, for each."""
        body = {"document_ids": list(document_ids)}
        answer = self.ask("POST", f"{DOCUMENTS}/process", repeatable=True, json=body)
        with self._understanding():
            return [problem_of_item(item) if "code" in item else None for item in answer["items"]]

    def process(self, document_id: str) -> Json:
        """Start the processing; while it runs, asking again gives the same answer."""
        return self.ask("POST", f"{DOCUMENTS}/{document_id}/process", repeatable=True)

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
        return self.ask("GET", f"{DOCUMENTS}/{document_id}/status", repeatable=True)

    def documents(self, **filters: str | int | None) -> Json:
        """Return a page `{items, next_cursor}`, newest first."""
        query = {name: value for name, value in filters.items() if value is not None}
        return self.ask("GET", DOCUMENTS, repeatable=True, params=query)

    def documents_of_bytes(self, checksums_sha256: Sequence[str]) -> Mapping[str, Sequence[KnownDocument]]:
        """Return the documents with the bytes of up to 100 checksums, newest first. Others are left out."""
        known: dict[str, list[KnownDocument]] = {checksum: [] for checksum in checksums_sha256}
        cursor: str | None = None
        while known:
            page = self.documents(checksum_sha256=",".join(known), limit=PAGE_LIMIT, cursor=cursor)
            with self._understanding():
                for item in page["items"]:
                    if item["checksum_sha256"] in known:
                        known[item["checksum_sha256"]].append(_known(item))
                cursor = page.get("next_cursor")
            if cursor is None:
                break
        return known

    def document(self, document_id: str) -> Json:
        """Return one document."""
        return self.ask("GET", f"{DOCUMENTS}/{document_id}", repeatable=True)

    def text(self, document_id: str, *, page: int | None = None) -> str:
        """Return the extracted text, of one page or of all."""
        query = {} if page is None else {"page": page}
        response = self._call("GET", f"{DOCUMENTS}/{document_id}/text", repeatable=True, params=query)
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        return str(response.json()["text"]) if is_json else response.text

    def chunks(self, document_id: str, *, limit: int, cursor: str | None = None) -> Json:
        """Return a page of passages in order."""
        query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        return self.ask("GET", f"{DOCUMENTS}/{document_id}/chunks", repeatable=True, params=query)

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
        return self.ask("POST", f"{DOCUMENTS}/{document_id}/cancel", repeatable=False)

    def delete(self, document_id: str) -> Json:
        """Delete a document with all that was made of it."""
        return self.ask("DELETE", f"{DOCUMENTS}/{document_id}", repeatable=False)

    def search(self, query: str, *, limit: int, mode: str, document_ids: Sequence[str] = ()) -> Json:
        """Return `{results, took_ms}`, best first."""
        body = {"query": query, "limit": limit, "mode": mode}
        narrowed = {"document_ids": list(document_ids)} if document_ids else {}
        return self.ask("POST", "/api/v1/search", repeatable=True, json={**body, **narrowed})

    def ask(self, method: str, path: str, *, repeatable: bool, **arguments: Any) -> Json:  # noqa: ANN401
        """Return the JSON of an answer. `answers` are statuses that are no problem here, whatever they mean elsewhere.

        `repeatable`: it may be sent again where it is not known if it arrived.
        """
        response = self._call(method, path, repeatable=repeatable, **arguments)
        with self._understanding():
            return dict(response.json())

    @contextmanager
    def _understanding(self) -> Iterator[None]:
        try:
            yield
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            sentence = f"{self.url} gave an answer that this command does not understand. Is it an Esteira server?"
            raise ApiProblem("unexpected_answer", sentence) from error

    def _call(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool,
        answers: Collection[int] = (),
        **arguments: Any,  # noqa: ANN401
    ) -> httpx.Response:
        def request() -> httpx.Response:
            return self._http.request(method, path, **arguments)

        try:
            response = self._sender.send(request, repeatable=repeatable, answers=answers)
        except UnicodeEncodeError as error:
            # The command line gives bytes that are no text of its encoding as halves of characters.
            raise ApiProblem("invalid_text", "What was typed is not valid UTF-8: type it again.") from error
        is_problem = response.is_client_error or response.is_server_error
        if is_problem and response.status_code not in answers:
            raise about_key(problem_of(response), server=self._name, has_key="Authorization" in self._http.headers)
        return response

    @staticmethod
    def _upload_of(upload: UploadInParts) -> str:
        return f"{DOCUMENTS}/{upload.document_id}/upload"


def _which(upload: UploadInParts) -> Mapping[str, str]:
    return {"upload_id": upload.upload_id}


def _known(item: Json) -> KnownDocument:
    return KnownDocument(
        document_id=item["document_id"], status=DocumentStatus(item["status"]), filename=item["filename"]
    )
