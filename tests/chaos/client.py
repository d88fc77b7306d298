"""A client of the API that never gives up: it asks again while the API or the store is away."""

import hashlib
import threading
import time
from collections.abc import Mapping
from typing import Any

import httpx

from tests.chaos.documents import Sample

PATIENCE_SECONDS = 240.0
PAUSE_SECONDS = 0.3


class StubbornClient:
    """Speaks HTTP. Raises TimeoutError when nothing good came for a very long time."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=f"{url}/api/v1/documents", timeout=20)
        self._ended = threading.Event()

    def close(self) -> None:
        """Stop waiting and close."""
        self._ended.set()
        self._http.close()

    def ingest(self, sample: Sample, *, name: str) -> str:
        """Upload and start the processing; return the document's id."""
        promise = {
            "filename": name,
            "size_bytes": len(sample.content),
            "content_type": sample.content_type,
            "checksum_sha256": hashlib.sha256(sample.content).hexdigest(),
        }
        presigned = self.call("POST", "/upload/presigned", json=promise).json()
        upload = presigned["upload"]
        self.call("PUT", upload["url"], content=sample.content, headers=upload["headers"])
        document_id = str(presigned["document_id"])
        self.call("POST", f"/{document_id}/process")
        return document_id

    def call(self, method: str, path: str, **arguments: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Return the first answer that is no fault of the server's own. A 4xx is an answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = self._http.request(method, path, **arguments)
            except httpx.HTTPError as error:
                seen = repr(error)
            else:
                if not answer.is_server_error:
                    return answer
                seen = f"{answer.status_code} {answer.text[:200]}"
            if time.monotonic() > deadline or self._ended.wait(PAUSE_SECONDS):
                raise TimeoutError(f"{method} {path}: {seen}")

    def look(self, document_id: str) -> tuple[int, Mapping[str, Any]] | None:
        """Return version and status object, None while the API is away. Raises LookupError for a document gone."""
        try:
            answer = self._http.get(f"/{document_id}/status")
        except httpx.HTTPError:
            return None
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise LookupError(document_id)
        if not answer.is_success:
            return None
        return int(answer.headers["ETag"].removeprefix('W/"').removesuffix('"')), answer.json()
