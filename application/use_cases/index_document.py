"""The main work: read a document, cut it into passages, embed them, and publish them all at once."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from application.indexing import Indexing
from application.ports.blob_store import BlobStore
from application.ports.embedder import Embedder
from application.ports.embedding_cache import EmbeddingCache
from application.ports.extractor import Extractor
from application.ports.passage_store import PassageStore
from application.ports.password_seal import PasswordSeal
from application.ports.run_context import RunContext
from application.ports.term_analyzer import TermAnalyzer
from application.ports.unit_of_work import Transactions
from application.run_action import Outcome
from domain.action import SEALED_PASSWORD, Action
from domain.document import Document
from domain.failure import DocumentUnreadable, FailureCode
from domain.ids import DocumentId
from domain.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexDocument:
    """Handles the action `index`. Rows are written under the run and seen by nobody until it is published."""

    transactions: Transactions
    blobs: BlobStore
    extractor: Extractor
    seal: PasswordSeal
    embedder: Embedder
    cache: EmbeddingCache
    terms: TermAnalyzer
    passages: PassageStore
    scratch: Path

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        """Index the document of the action. Raises DocumentUnreadable, or a retryable EsteiraError."""
        document = self._document(action)
        self.passages.discard_unpublished(document.id)
        # A run that was given back keeps its attempt, within which progress never falls.
        report = Report(progress=action.report.progress)
        indexing = Indexing(
            embedder=self.embedder,
            cache=self.cache,
            terms=self.terms,
            passages=self.passages,
            document=document,
            context=context,
            report=report,
        )
        with (
            self._downloaded(document, str(action.params["etag"]), context.check) as (path, checksum),
            self.extractor.open(
                path, filename=document.filename, password=self._password(action), check=context.check
            ) as stream,
        ):
            indexing.read(stream)
        indexing.finish()
        read = replace(document, checksum_sha256=checksum)
        return Outcome(
            result={"chunks": indexing.report.chunks_done, "pages": indexing.report.pages_done},
            report=indexing.report,
            publish=lambda transaction, run: transaction.documents.publish(read, run),
        )

    def clean_up(self, action: Action) -> None:
        """Drop the rows of runs that are over and not published."""
        self.passages.break_off(action.run)
        self.passages.discard_unpublished(_document_id(action))

    def _password(self, action: Action) -> str | None:
        sealed = action.params.get(SEALED_PASSWORD)
        return self.seal.open(str(sealed), _document_id(action)) if sealed else None

    def _document(self, action: Action) -> Document:
        with self.transactions() as transaction:
            return transaction.versions.get(_document_id(action), int(str(action.params.get("version", 1))))

    @contextmanager
    def _downloaded(self, document: Document, etag: str, check: Callable[[], None]) -> Iterator[tuple[Path, str]]:
        """Give the bytes and their SHA-256."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            path = Path(folder) / "original"
            checksum = self.blobs.download(document.object_key, path, etag=etag, check=check)
            if document.checksum_sha256 and checksum != document.checksum_sha256:
                raise DocumentUnreadable(FailureCode.UPLOAD_MISMATCH)
            yield path, checksum


def _document_id(action: Action) -> DocumentId:
    return DocumentId(UUID(str(action.params["document_id"])))
