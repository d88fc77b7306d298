"""A client as a user would write it: plain HTTP, nothing of the product's own code."""

import json
import time
from dataclasses import dataclass
from typing import Any

import httpx

FINAL = {"completed", "failed", "cancelled"}
PATIENCE_SECONDS = 150.0
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EsteiraClient:
    """Speaks to a server; answers other than success raise."""

    http: httpx.Client

    def announce(self, filename: str, data: bytes, **fields: object) -> Json:
        """Ask for an upload URL."""
        # By hand: httpx writes no half characters, as hostile clients do.
        body = json.dumps({"filename": filename, "size_bytes": len(data), **fields}).encode("ascii")
        answer = self.http.post(
            "/api/v1/documents/upload/presigned", content=body, headers={"Content-Type": "application/json"}
        )
        return good(answer, 201)

    def upload(self, filename: str, data: bytes, **fields: object) -> str:
        """Announce a document and send its bytes; return its id."""
        announced = self.announce(filename, data, **fields)
        put = announced["upload"]
        good(self.http.put(put["url"], content=data, headers=put["headers"]), 200, body=False)
        return str(announced["document_id"])

    def process(self, document_id: str, **fields: object) -> Json:
        """Start the processing."""
        return good(self.http.post(f"/api/v1/documents/{document_id}/process", json=fields or None), 202)

    def ingest(self, filename: str, data: bytes, **fields: object) -> Json:
        """Upload, process and follow to the end; return the last status."""
        document_id = self.upload(filename, data, **fields)
        self.process(document_id)
        return self.follow(document_id)[-1]

    def follow(self, document_id: str, until: set[str] = FINAL) -> list[Json]:
        """Return each status that was seen until one of `until` is reached; only standing still is too slow."""
        seen: list[Json] = []
        etag = ""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not seen or seen[-1]["status"] not in until:
            assert time.monotonic() < deadline, seen[-1:]
            answer = self.http.get(
                f"/api/v1/documents/{document_id}/status", params={"wait": 25}, headers={"If-None-Match": etag}
            )
            if answer.status_code != httpx.codes.NOT_MODIFIED:
                deadline = time.monotonic() + PATIENCE_SECONDS
                seen.append(good(answer, 200))
                etag = answer.headers["ETag"]
        return seen

    def status(self, document_id: str) -> Json:
        """Return the status as it is."""
        return good(self.http.get(f"/api/v1/documents/{document_id}/status"), 200)

    def chunks(self, document_id: str) -> list[Json]:
        """Return every passage."""
        chunks: list[Json] = []
        cursor: str | None = ""
        while cursor is not None:
            params = {"limit": "1000"} | ({"cursor": cursor} if cursor else {})
            page = good(self.http.get(f"/api/v1/documents/{document_id}/chunks", params=params), 200)
            chunks += page["items"]
            cursor = page["next_cursor"]
        return chunks

    def text(self, document_id: str, page: int | None = None) -> str:
        """Return the text of the document, or of one page."""
        params = {} if page is None else {"page": page}
        return str(good(self.http.get(f"/api/v1/documents/{document_id}/text", params=params), 200)["text"])

    def search(self, query: str, **fields: object) -> list[Json]:
        """Return the results, best first."""
        results: list[Json] = good(self.http.post("/api/v1/search", json={"query": query, **fields}), 200)["results"]
        return results


def good(answer: httpx.Response, status: int, *, body: bool = True) -> Json:
    """Return the JSON of an answer that is as it should be."""
    assert answer.status_code == status, f"{answer.request.url} answers {answer.status_code}: {answer.text[:500]}"
    return dict(answer.json()) if body else {}
