"""The calls that commands make, by the Python client; what goes wrong becomes what they tell."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

from esteira_client import (
    Document,
    Esteira,
    EsteiraError,
    Json,
    NewDocument,
    OnProgress,
    Patience,
    SingleUpload,
    Source,
    StatusPage,
    UploadInParts,
)
from interface.cli.problem import ApiProblem, about_key, problem_of

DOCUMENTS = "/api/v1/documents"
MAX_IDS_PER_CALL = 500
MAX_CHECKSUMS_PER_CALL = 100
PAGE_LIMIT = 1000
# Somebody sits before it.
PATIENCE = Patience(outage=20.0, before_first_answer=2.0, longest_pause=4.0)


class ApiClient:
    """Speaks with a server; threads may share it. Raises ApiProblem.

    What can be sent twice is tried again while the server is away. `stop` ends all waiting.
    """

    def __init__(self, url: str, *, api_key: str | None = None) -> None:
        self.url = url
        self._has_key = bool(api_key)
        self._esteira = Esteira(url, api_key=api_key, patience=PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._esteira.close()

    def stop(self) -> None:
        """Let no call wait any longer."""
        self._esteira.stop()

    def presign(self, documents: Sequence[NewDocument]) -> Sequence[SingleUpload | UploadInParts | ApiProblem]:
        """Add up to 500 documents and get where their bytes go, or why not."""
        with self._told():
            announced = self._esteira.announce_all(documents)
        return [problem_of(each) if isinstance(each, EsteiraError) else each for each in announced]

    def send(self, upload: SingleUpload | UploadInParts, source: Source, *, on_progress: OnProgress) -> None:
        """Send the bytes, of parts those that have not arrived. What the source raises passes."""
        with self._told():
            self._esteira.send(upload, source, on_progress=on_progress)

    def open_upload(self, document_id: str) -> UploadInParts:
        """Return a document's upload in parts, to go on with it."""
        with self._told():
            return self._esteira.open_upload(document_id)

    def process_all(self, document_ids: Sequence[str]) -> Sequence[ApiProblem | None]:
        """Start the processing of up to 500 documents; return why not, for each."""
        with self._told():
            refused = self._esteira.process_all(document_ids)
        return [problem_of(error) if error else None for error in refused]

    def process(self, document_id: str) -> Json:
        """Start the processing; while it runs, asking again gives the same answer."""
        once = {"Idempotency-Key": str(uuid4())}
        return self.ask("POST", f"{DOCUMENTS}/{document_id}/process", repeatable=True, headers=once)

    def statuses(self, document_ids: Sequence[str], *, etag: str | None = None) -> StatusPage | None:
        """Return up to 500 states, None if nothing changed since `etag`. Unknown ids are left out."""
        with self._told():
            return self._esteira.statuses(document_ids, etag=etag)

    def status(self, document_id: str) -> Json:
        """Return the status object of a document."""
        return self.ask("GET", f"{DOCUMENTS}/{document_id}/status")

    def documents(self, **filters: str | int | None) -> Json:
        """Return a page `{items, next_cursor}`, newest first."""
        return self.ask("GET", DOCUMENTS, params=filters)

    def documents_of_bytes(self, checksums_sha256: Sequence[str]) -> Mapping[str, Sequence[Document]]:
        """Return the documents with the bytes of up to 100 checksums, newest first. Others are left out."""
        known: dict[str, list[Document]] = {checksum: [] for checksum in checksums_sha256}
        cursor: str | None = None
        while known:
            with self._told():
                page = self._esteira.documents(checksum_sha256=",".join(known), limit=PAGE_LIMIT, cursor=cursor)
            for document in page.items:
                if document.checksum_sha256 in known:
                    known[document.checksum_sha256].append(document)
            cursor = page.next_cursor
            if cursor is None:
                break
        return known

    def document(self, document_id: str) -> Json:
        """Return one document."""
        return self.ask("GET", f"{DOCUMENTS}/{document_id}")

    def text(self, document_id: str, *, page: int | None = None) -> str:
        """Return the extracted text, of one page or of all."""
        with self._told():
            return self._esteira.text(document_id, page=page)

    def chunks(self, document_id: str, *, limit: int, cursor: str | None = None) -> Json:
        """Return a page of passages in order."""
        return self.ask("GET", f"{DOCUMENTS}/{document_id}/chunks", params={"limit": limit, "cursor": cursor})

    def content(self, document_id: str) -> Iterator[bytes]:
        """Yield the original bytes, from where the API points to."""
        with self._told():
            yield from self._esteira.content_blocks(document_id)

    def cancel(self, document_id: str) -> Json:
        """Cancel the processing; the answer is a status object."""
        return self.ask("POST", f"{DOCUMENTS}/{document_id}/cancel")

    def delete(self, document_id: str) -> Json:
        """Delete a document with all that was made of it."""
        with self._told():
            return self._esteira.delete(document_id)

    def search(self, query: str, *, limit: int, mode: str, document_ids: Sequence[str] = ()) -> Json:
        """Return `{results, took_ms}`, best first."""
        body = {"query": query, "limit": limit, "mode": mode}
        narrowed = {"document_ids": list(document_ids)} if document_ids else {}
        return self.ask("POST", "/api/v1/search", repeatable=True, json={**body, **narrowed})

    def ask(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool = False,
        answers: Collection[int] = (),
        **arguments: Any,  # noqa: ANN401
    ) -> Json:
        """Return the JSON of an answer. `answers` are statuses that are no problem here, whatever they mean elsewhere.

        `repeatable`: it may be sent again where it is not known if it arrived; a GET always may.
        """
        with self._told():
            answer: Json = self._esteira.call(method, path, repeatable=repeatable, accept=answers, **arguments)
        return answer

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except EsteiraError as error:
            name = urlsplit(self.url).netloc
            raise about_key(problem_of(error), server=name, has_key=self._has_key) from error
        except UnicodeEncodeError as error:
            # The command line gives bytes that are no text of its encoding as halves of characters.
            raise ApiProblem("invalid_text", "What was typed is not valid UTF-8: type it again.") from error
