"""A stand-in for the API over real HTTP: the document and search calls of the contract, kept in memory."""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from domain.ids import new_uuid7
from tests.support.http_server import TidyServer, listening_socket, url_of

Call = Callable[[Request], Awaitable[Response]]
DOCUMENTS = "/api/v1/documents"
FINAL = {"completed", "failed", "cancelled"}


@dataclass
class FakeDocument:
    id: str
    filename: str
    size_bytes: int
    content_type: str
    checksum_sha256: str | None
    body: bytes | None = None
    parts: dict[int, bytes] | None = None
    status: str = "awaiting_upload"
    processed_at: float = 0.0


@dataclass
class FakeApi:
    """Set what shall happen before or while the server runs; read what did."""

    seconds_per_document: float = 0.05
    # File name to failure code; a file with no bytes fails with `empty` by itself.
    failures: dict[str, str] = field(default_factory=dict)
    stuck: set[str] = field(default_factory=set)
    delete_while_processing: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    # How many documents find the object store away.
    store_away: int = 0
    part_size: int = 16 << 20
    # Parts that are taken and never answered.
    held_parts: set[int] = field(default_factory=set)
    batches: list[int] = field(default_factory=list)
    retry_after: str | None = None
    results: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    # Call to how many answers of 503 come first.
    unavailable: Counter[str] = field(default_factory=Counter)
    # Calls that end in a defect of the server.
    broken: set[str] = field(default_factory=set)
    stop_after: dict[str, int] = field(default_factory=dict)
    documents: dict[str, FakeDocument] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    status_calls_at: list[float] = field(default_factory=list)
    not_modified: int = 0
    put_headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    server: uvicorn.Server | None = None

    def state(self, document: FakeDocument) -> dict[str, Any]:
        moving = document.status in {"pending", "processing"}
        if moving and document.filename not in self.stuck:
            share = (time.monotonic() - document.processed_at) / max(self.seconds_per_document, 1e-9)
            document.status = "processing" if share < 1 else self._end(document)
        done = document.status == "completed"
        code = self._code(document) if document.status == "failed" else None
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        return {
            "document_id": document.id,
            "job_id": str(new_uuid7()),
            "status": document.status,
            "stage": "embedding" if document.status == "processing" else None,
            "progress": 100 if done else 40 if document.status == "processing" else 0,
            "message": "Done" if done else "Reading page 2 of 3",
            "queue_position": None,
            "eta_seconds": None,
            "attempt": 1,
            "max_attempts": 4,
            "pages": {"done": 3 if done else 1, "total": 3, "unreadable": []},
            "chunks": {"done": 7 if done else 2, "total": 7 if done else None, "reused": 0},
            "stages": [],
            "warnings": [],
            "error": {"code": code, "message": f"A sentence about {code}.", "retryable": False} if code else None,
            "created_at": now,
            "started_at": now,
            "completed_at": now if document.status in FINAL else None,
        }

    def described(self, document: FakeDocument) -> dict[str, Any]:
        return {
            "document_id": document.id,
            "filename": document.filename,
            "size_bytes": document.size_bytes,
            "content_type": document.content_type,
            "checksum_sha256": document.checksum_sha256,
            "status": self.state(document)["status"],
        }

    def _end(self, document: FakeDocument) -> str:
        return "failed" if self._code(document) else "completed"

    def _code(self, document: FakeDocument) -> str | None:
        return "empty" if document.size_bytes == 0 else self.failures.get(document.filename)

    # The calls

    async def presign(self, request: Request) -> Response:
        promises = (await request.json())["documents"]
        if len(promises) > 500:
            return _problem(422, "invalid_request", "500 at most.")
        self.batches.append(len(promises))
        return JSONResponse({"items": [self._announced(promised) for promised in promises]}, status_code=201)

    def _announced(self, promised: dict[str, Any]) -> dict[str, Any]:
        if promised["filename"] in self.refused:
            return _problem_body(413, "too_large", "The file is too large.")
        document = FakeDocument(
            id=str(new_uuid7()),
            filename=promised["filename"],
            size_bytes=promised["size_bytes"],
            content_type=promised.get("content_type") or "application/octet-stream",
            checksum_sha256=promised.get("checksum_sha256"),
        )
        self.documents[document.id] = document
        if promised.get("multipart"):
            document.parts = {}
            upload = {
                "method": "MULTIPART",
                "upload_id": document.id,
                "part_size": self.part_size,
                "expires_at": "2030",
            }
            return {"document_id": document.id, "status": "awaiting_upload", "upload": upload}
        upload = {
            "method": "PUT",
            "url": f"{self.url}/objects/{document.id}?signature=abc",
            "headers": {"Content-Type": document.content_type, "X-Signed": "yes"},
            "expires_at": "2030-01-01T00:00:00Z",
        }
        return {"document_id": document.id, "status": "awaiting_upload", "upload": upload}

    async def part(self, request: Request) -> Response:
        id_, number = request.path_params["id"], request.path_params["number"]
        return JSONResponse({"part_number": number, "url": f"{self.url}/parts/{id_}/{number}", "headers": {}})

    async def parts(self, request: Request) -> Response:
        document = self.documents[request.path_params["id"]]
        if document.parts is None:
            return _problem(404, "upload_not_found", "There is no such upload.")
        items = [{"part_number": n, "size_bytes": len(b), "etag": f'"{n}"'} for n, b in document.parts.items()]
        return JSONResponse({"upload_id": document.id, "part_size": self.part_size, "items": items})

    async def put_part(self, request: Request) -> Response:
        parts = self.documents[request.path_params["id"]].parts
        body = await request.body()
        if request.path_params["number"] in self.held_parts:
            await request.receive()  # until the client is gone
            return Response(status_code=400)
        assert parts is not None
        parts[request.path_params["number"]] = body
        return Response(headers={"ETag": f'"{request.path_params["number"]}"'})

    async def complete(self, request: Request) -> Response:
        document = self.documents[request.path_params["id"]]
        listed = {part["part_number"]: part["etag"] for part in (await request.json())["parts"]}
        if document.parts is None:
            return _problem(409, "upload_completed", "It was completed.")
        if listed != {number: f'"{number}"' for number in sorted(document.parts)}:
            return _problem(422, "parts_mismatch", "The parts do not fit.")
        document.body = b"".join(document.parts[number] for number in sorted(document.parts))
        document.parts = None
        return JSONResponse({"document_id": document.id})

    async def put(self, request: Request) -> Response:
        document = self.documents[request.path_params["id"]]
        self.put_headers.append(dict(request.headers))
        body = await request.body()
        if request.headers.get("content-length") != str(document.size_bytes) or len(body) != document.size_bytes:
            return _problem(403, "upload_mismatch", "The size is not as promised.")
        if request.headers["content-type"] != document.content_type or request.headers["x-signed"] != "yes":
            return _problem(403, "upload_mismatch", "The headers are not as signed.")
        document.body = body
        return Response()

    async def process(self, request: Request) -> Response:
        ids = (await request.json())["document_ids"]
        return JSONResponse({"items": [self._processed(id_) for id_ in ids]}, status_code=202)

    async def process_one(self, request: Request) -> Response:
        answer = self._processed(request.path_params["id"])
        return JSONResponse(answer, status_code=answer["status"] if "code" in answer else 202)

    def _processed(self, id_: str) -> dict[str, Any]:
        if (document := self.documents.get(id_)) is None:
            return _problem_body(404, "document_not_found", "There is no document with this id.")
        if document.body is None:
            return _problem_body(409, "upload_missing", "The bytes are not there yet.")
        if self.store_away:
            self.store_away -= 1
            return _problem_body(503, "storage_unavailable", "The object store does not answer.")
        if document.checksum_sha256 and hashlib.sha256(document.body).hexdigest() != document.checksum_sha256:
            return _problem_body(422, "upload_mismatch", "Another file was sent.")
        if document.filename in self.delete_while_processing:
            del self.documents[document.id]
        document.status, document.processed_at = "pending", time.monotonic()
        return {
            "job_id": str(new_uuid7()),
            "document_id": document.id,
            "status": "pending",
            "status_url": f"{self.url}{DOCUMENTS}/{document.id}/status",
        }

    async def statuses(self, request: Request) -> Response:
        self.status_calls_at.append(time.monotonic())
        ids = request.query_params["ids"].split(",")
        if len(ids) > 500:
            return _problem(422, "invalid_request", "500 ids at most.")
        states = [self.state(self.documents[id_]) for id_ in ids if id_ in self.documents]
        visible = [(s["document_id"], s["status"], s["progress"]) for s in states]
        etag = f'"{hashlib.sha256(repr(visible).encode()).hexdigest()[:16]}"'
        headers = {"ETag": etag, **({"Retry-After": self.retry_after} if self.retry_after else {})}
        if request.headers.get("if-none-match") == etag:
            self.not_modified += 1
            return Response(status_code=304, headers=headers)
        return JSONResponse({"items": states}, headers=headers)

    async def status(self, request: Request) -> Response:
        document = self.documents.get(request.path_params["id"])
        return JSONResponse(self.state(document)) if document else _not_found()

    async def listed(self, request: Request) -> Response:
        asked = {name: request.query_params.get(name) for name in ("checksum_sha256", "status", "filename")}
        checksum = asked.pop("checksum_sha256")
        same = [d for d in self.documents.values() if checksum is None or str(d.checksum_sha256) in checksum.split(",")]
        items = [self.described(d) for d in reversed(same)]
        items = [i for i in items if all(value is None or i[name] == value for name, value in asked.items())]
        limit = int(request.query_params.get("limit", 50))
        return JSONResponse({"items": items[:limit], "next_cursor": "abc" if len(items) > limit else None})

    async def one(self, request: Request) -> Response:
        if (document := self.documents.get(request.path_params["id"])) is None:
            return _not_found()
        if request.method == "DELETE":
            del self.documents[document.id]
            deleted = {"chunks": 7, "embeddings": 7, "objects": 1, "jobs_cancelled": 0}
            return JSONResponse({"document_id": document.id, "deleted": deleted})
        return JSONResponse(self.described(document))

    async def text(self, request: Request) -> Response:
        page = request.query_params.get("page", "all")
        return JSONResponse({"document_id": request.path_params["id"], "page": None, "text": f"The text, page {page}"})

    async def chunks(self, _request: Request) -> Response:
        chunk = {"chunk_id": str(new_uuid7()), "position": 0, "text": "A passage\nof two lines.", "page_start": 1}
        chunk |= {"page_end": 2, "char_start": 0, "char_end": 23, "token_count": 5, "headings": ["First", "Second"]}
        return JSONResponse({"items": [chunk], "next_cursor": None})

    async def content(self, request: Request) -> Response:
        document = self.documents.get(request.path_params["id"])
        return RedirectResponse(f"{self.url}/objects/{document.id}?get", 307) if document else _not_found()

    async def get_object(self, request: Request) -> Response:
        return Response(self.documents[request.path_params["id"]].body)

    async def cancel(self, request: Request) -> Response:
        document = self.documents[request.path_params["id"]]
        if document.status in FINAL:
            return _problem(409, "already_final", "The work has already ended; there is nothing left to cancel.")
        document.status = "cancelled"
        return JSONResponse(self.state(document))

    async def search(self, request: Request) -> Response:
        asked = await request.json()
        found = self.results.get(asked["query"], [])
        if "document_ids" in asked:
            found = [result for result in found if result["document_id"] in asked["document_ids"]]
        return JSONResponse({"results": found[: asked["limit"]], "took_ms": 3})

    def routes(self) -> list[Route]:
        return [
            Route(f"{DOCUMENTS}/upload/presigned/batch", self._counted(self.presign), methods=["POST"]),
            Route(f"{DOCUMENTS}/process", self._counted(self.process), methods=["POST"]),
            Route(f"{DOCUMENTS}/{{id}}/upload/parts", self._counted(self.parts)),
            Route(f"{DOCUMENTS}/{{id}}/upload/parts/{{number:int}}", self._counted(self.part)),
            Route(f"{DOCUMENTS}/{{id}}/upload/complete", self._counted(self.complete), methods=["POST"]),
            Route("/parts/{id}/{number:int}", self._counted(self.put_part), methods=["PUT"]),
            Route(f"{DOCUMENTS}/status", self._counted(self.statuses)),
            Route(DOCUMENTS, self._counted(self.listed)),
            Route(f"{DOCUMENTS}/{{id}}", self._counted(self.one), methods=["GET", "DELETE"]),
            Route(f"{DOCUMENTS}/{{id}}/process", self._counted(self.process_one), methods=["POST"]),
            Route(f"{DOCUMENTS}/{{id}}/status", self._counted(self.status)),
            Route(f"{DOCUMENTS}/{{id}}/text", self._counted(self.text)),
            Route(f"{DOCUMENTS}/{{id}}/chunks", self._counted(self.chunks)),
            Route(f"{DOCUMENTS}/{{id}}/content", self._counted(self.content)),
            Route(f"{DOCUMENTS}/{{id}}/cancel", self._counted(self.cancel), methods=["POST"]),
            Route("/objects/{id}", self._counted(self.put), methods=["PUT"]),
            Route("/objects/{id}", self._counted(self.get_object), methods=["GET"]),
            Route("/api/v1/search", self._counted(self.search), methods=["POST"]),
        ]

    def _counted(self, call: Call) -> Call:
        name = call.__name__

        async def counted(request: Request) -> Response:
            self.calls[name] += 1
            if self.calls[name] > self.stop_after.get(name, 10**9) and self.server:
                self.server.should_exit = self.server.force_exit = True
            if name in self.broken:
                return _problem(500, "internal_error", "Something went wrong.")
            if self.unavailable[name] > 0:
                self.unavailable[name] -= 1
                return _problem(503, "database_unavailable", "The database does not answer.")
            return await call(request)

        return counted


def _problem_body(status: int, code: str, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": code, "status": status, "code": code, "detail": detail}


def _problem(status: int, code: str, detail: str) -> Response:
    body = _problem_body(status, code, detail)
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


def _not_found() -> Response:
    return _problem(404, "document_not_found", "There is no document with this id.")


@contextmanager
def running(api: FakeApi) -> Iterator[FakeApi]:
    """Serve on a free port; `api.url` is where."""
    config = uvicorn.Config(Starlette(routes=api.routes()), port=0, log_level="critical", timeout_graceful_shutdown=1)
    api.server = server = TidyServer(config)
    with listening_socket() as listener:
        api.url = url_of(listener)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="fake-api")
        thread.start()
        server.settled.wait()
        try:
            yield api
        finally:
            server.should_exit = True
            thread.join()
