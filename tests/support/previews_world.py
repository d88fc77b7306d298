"""Documents that are processed, looked at, changed and deleted by HTTP, and what workers do meanwhile."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine

from application.attachments import KeepAttachments
from application.ports.details_reader import DetailsReader
from application.ports.page_painter import DrawnPage, PageDrawing, PagePainter
from application.run_action import ActionType
from application.use_cases.delete_document import DeleteDocument
from application.use_cases.describe_document import DescribeDocument
from application.use_cases.index_document import IndexDocument
from application.use_cases.preview_pages import PreviewPages
from bootstrap.previews import preview_types
from bootstrap.settings import Settings
from domain.document import OBJECTS_PREFIX
from domain.document_details import DocumentDetails
from domain.extracted_page import UnreadablePage
from domain.failure import DocumentUnreadable, FailureCode
from domain.ids import DocumentId, JobId
from domain.job import INDEX
from domain.retry_policy import RetryPolicy
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from infrastructure.language.snowball_term_analyzer import SnowballTermAnalyzer
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.embedding_cache import PostgresEmbeddingCache
from infrastructure.postgres.job_reader import PostgresJobReader
from infrastructure.postgres.page_reader import PostgresPageReader
from infrastructure.postgres.passage_store import PostgresPassageStore
from infrastructure.postgres.vector_store import PostgresVectorStore
from tests.support.api import Api
from tests.support.artifacts_world import MINUTE, ArtifactsWorld, WatchedBlobStore
from tests.support.blob_store_backends import Backend
from tests.support.document_factory import a_document
from tests.support.models import models_of
from tests.support.seals import a_seal

PDF = "application/pdf"


@dataclass
class Trouble:
    """What is wrong with files as those who read them see it; a test changes it."""

    pages: dict[int, FailureCode] = field(default_factory=dict)
    whole: DocumentUnreadable | None = None
    meanwhile: Callable[[], None] = lambda: None

    def begin(self) -> None:
        self.meanwhile()
        if self.whole:
            raise self.whole


@dataclass
class TroubledDrawing:
    """A drawing in which some pages cannot be drawn."""

    drawing: PageDrawing
    trouble: Trouble

    @property
    def page_count(self) -> int:
        return self.drawing.page_count

    @property
    def numbers(self) -> Sequence[int]:
        return self.drawing.numbers

    def __iter__(self) -> Iterator[DrawnPage | UnreadablePage]:
        for page in self.drawing:
            code = self.trouble.pages.get(page.number)
            yield UnreadablePage(number=page.number, code=code) if code else page


@dataclass(frozen=True)
class TroubledPainter:
    """A painter that cannot draw everything."""

    painter: PagePainter
    trouble: Trouble

    @contextmanager
    def open(
        self, path: Path, *, filename: str, pages: Collection[int], into: Path, check: Callable[[], None]
    ) -> Iterator[TroubledDrawing]:
        self.trouble.begin()
        with self.painter.open(path, filename=filename, pages=pages, into=into, check=check) as drawing:
            yield TroubledDrawing(drawing, self.trouble)


@dataclass(frozen=True)
class TroubledDetailsReader:
    """A reader that cannot read everything."""

    reader: DetailsReader
    trouble: Trouble

    def read(self, path: Path, *, filename: str, check: Callable[[], None]) -> DocumentDetails:
        self.trouble.begin()
        return self.reader.read(path, filename=filename, check=check)


@dataclass
class PreviewsWorld(ArtifactsWorld):
    """The world of artifacts, with documents in it."""

    backend: Backend | None = None
    readers: SandboxedExtractor = field(default_factory=SandboxedExtractor)
    trouble: Trouble = field(default_factory=Trouble)

    def __post_init__(self) -> None:
        super().__post_init__()
        settings = Settings(_env_file=None)  # type: ignore[call-arg]
        preview, metadata = preview_types(
            settings, self.engine, self.transactions, self.blobs, readers=self.readers, scratch=self.scratch
        )
        assert isinstance(preview.handler, PreviewPages)
        assert isinstance(metadata.handler, DescribeDocument)
        painter = TroubledPainter(preview.handler.painter, self.trouble)
        reader = TroubledDetailsReader(metadata.handler.reader, self.trouble)
        previews = (
            replace(preview, handler=replace(preview.handler, painter=painter)),
            replace(metadata, handler=replace(metadata.handler, reader=reader)),
        )
        at_once = RetryPolicy(first_delay_seconds=0.0)
        self.made = {kind.name: replace(kind, retry=at_once) for kind in (*previews, self._indexing())}

    def upload(self, data: bytes, filename: str = "a.pdf", content_type: str = PDF, **changes: object) -> DocumentId:
        """Announce, put and process a document; with an `external_id` that is known, its next version."""
        document_id = self.announce(data, filename, content_type, **changes)
        self.process(document_id)
        return document_id

    def announce(self, data: bytes, filename: str = "a.pdf", content_type: str = PDF, **changes: object) -> DocumentId:
        """Announce and put a document that nobody has processed."""
        document = a_document(filename=filename, content_type=content_type, size_bytes=len(data), **changes)
        with self.transactions() as transaction:
            document = transaction.documents.add(document)
            transaction.commit()
        assert self.backend
        self.backend.put(document.object_key, data, content_type)
        return document.id

    def process(self, document_id: DocumentId) -> None:
        answer = self.http.post(f"/api/v1/documents/{document_id}/process")
        assert answer.status_code == 202, answer.text
        self.work()

    def ask(self, document_id: DocumentId, kind: str = "preview", **params: object) -> JobId:
        return self.start(kind, document_id=str(document_id), **params)

    def ended(self, job_id: JobId) -> Any:  # noqa: ANN401
        """Work, and return the action as clients see it."""
        self.work()
        (action,) = self.status(job_id)["actions"]
        return action

    def preview(self, document_id: DocumentId, **params: object) -> Any:  # noqa: ANN401
        """Draw; return the result."""
        action = self.ended(self.ask(document_id, **params))
        assert action["status"] == "completed", action
        return action["result"]

    def code(self, document_id: DocumentId, kind: str = "preview") -> tuple[str, bool]:
        """Fail; return why, and whether a later try may help."""
        action = self.ended(self.ask(document_id, kind))
        assert action["status"] == "failed", action
        assert action["attempt"] == 1
        return action["error"]["code"], action["error"]["retryable"]

    def get(self, document_id: DocumentId, what: str, **params: object) -> httpx.Response:
        return self.http.get(f"/api/v1/documents/{document_id}/{what}", params=params)  # type: ignore[arg-type]

    def pages(self, document_id: DocumentId) -> list[Any]:
        answer = self.get(document_id, "pages")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    def drawn(self, document_id: DocumentId) -> list[int]:
        return [page["page"] for page in self.pages(document_id) if page["pictures"]]

    def picture_keys(self, document_id: DocumentId | None = None) -> list[str]:
        prefix = f"{OBJECTS_PREFIX}{document_id}/" if document_id else OBJECTS_PREFIX
        found = (each.key for page in self.blobs.inventory.objects(prefix) for each in page)
        return sorted(key for key in found if "/pages/" in key)

    def left_out(self, document_id: DocumentId) -> dict[int, str]:
        """The pages that say why they have no pictures."""
        errors = {page["page"]: page["picture_error"] for page in self.pages(document_id)}
        return {page: error["code"] for page, error in errors.items() if error}

    def rows(self) -> list[str]:
        return [key for (key,) in self.sql("SELECT key FROM page_pictures ORDER BY key")]

    def _indexing(self) -> ActionType:
        handler = IndexDocument(
            transactions=self.transactions,
            blobs=self.blobs,
            extractor=self.readers,
            seal=a_seal(),
            models=models_of(self.engine),
            cache=PostgresEmbeddingCache(self.engine),
            terms=SnowballTermAnalyzer(),
            passages=PostgresPassageStore(self.engine),
            vectors=PostgresVectorStore(self.engine),
            attachments=KeepAttachments(
                transactions=self.transactions,
                blobs=self.blobs,
                delete_document=DeleteDocument(transactions=self.transactions, blobs=self.blobs),
            ),
            scratch=self.scratch,
        )
        return ActionType(
            name=INDEX, queue="document_processing", timeout=MINUTE * 10, retry=RetryPolicy(), handler=handler
        )


@contextmanager
def previews_world(engine: Engine, backend: Backend, folder: Path) -> Iterator[PreviewsWorld]:
    """Serve the world over one database and one object store."""
    scratch = folder / "scratch"
    scratch.mkdir()
    world = PreviewsWorld(engine, WatchedBlobStore(backend.store), scratch, backend=backend)
    api = Api(
        transactions=world.transactions,
        documents=PostgresDocumentReader(engine),
        pages=PostgresPageReader(engine),
        jobs=PostgresJobReader(engine),
        action_types=world.types,
        blobs=world.blobs,  # type: ignore[arg-type]
    )
    with world.readers, api.serve() as client:
        world.client = client
        yield world
    assert list(scratch.iterdir()) == [], "temporary files are left"
