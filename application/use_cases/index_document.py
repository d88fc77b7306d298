"""The main work: read a document, cut it into passages, embed them, and publish them all at once."""

import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from application.attachments import KeepAttachments, taken
from application.embedding import AddVectors
from application.indexing import Indexing
from application.models import Models
from application.ports.blob_store import BlobStore
from application.ports.embedder import Embedder
from application.ports.embedding_cache import EmbeddingCache
from application.ports.extractor import ExtractionStream, Extractor
from application.ports.passage_store import PassageStore
from application.ports.password_seal import PasswordSeal
from application.ports.run_context import RunContext
from application.ports.term_analyzer import TermAnalyzer
from application.ports.unit_of_work import Transactions, UnitOfWork
from application.ports.vector_store import VectorStore
from application.run_action import Outcome
from domain.action import SEALED_PASSWORD, Action, Run
from domain.document import Document
from domain.embedding_model import EmbeddingModel
from domain.errors import EmbeddingUnavailable, ModelNotUsable
from domain.failure import DocumentUnreadable, FailureCode
from domain.ids import DocumentId
from domain.report import Report

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexDocument:
    """Handles the action `index`. Rows are written under the run and seen by nobody until it is published."""

    transactions: Transactions
    blobs: BlobStore
    extractor: Extractor
    seal: PasswordSeal
    models: Models
    cache: EmbeddingCache
    terms: TermAnalyzer
    passages: PassageStore
    vectors: VectorStore
    attachments: KeepAttachments
    scratch: Path

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        """Index the document of the action. Raises DocumentUnreadable, or a retryable EsteiraError."""
        document = self._document(action)
        self.passages.discard_unpublished(document.id)
        # A run that was given back keeps its attempt, within which progress never falls.
        report = Report(progress=action.report.progress)
        indexing = Indexing(
            embedder=self._loaded(self.models.in_use().live),
            cache=self.cache,
            terms=self.terms,
            passages=self.passages,
            document=document,
            context=context,
            report=report,
        )
        with self._downloaded(document, str(action.params["etag"]), context.check) as (path, checksum):
            with self._opened(path, document, action, context) as stream:
                indexing.read(stream)
            indexing.finish()
            self._add_vectors(context)
            kept = self.attachments.store(document, taken(document, stream.attachments), context)
        read = replace(document, checksum_sha256=checksum)

        def publish(transaction: UnitOfWork, run: Run) -> None:
            transaction.models.require_live_vectors(run)
            if transaction.documents.publish(read, run):
                self.attachments.publish(transaction, kept, max_attempts=action.max_attempts)

        report = indexing.report
        result = {"chunks": report.chunks_done, "pages": report.pages_done, "tokens": indexing.tokens, **kept.result}
        return Outcome(result=result, report=report, publish=publish)

    def clean_up(self, action: Action) -> None:
        """Drop the rows of runs that are over and not published, and what they put for attachments."""
        self.passages.break_off(action.run)
        self.passages.discard_unpublished(_document_id(action))
        self.attachments.clean_up(_document_id(action), action)

    def _add_vectors(self, context: RunContext) -> None:
        """Add vectors of the models that count by now, and that the run did not begin with.

        One that is only in preparation, and cannot be loaded here, is left to who prepares it: no document fails by it.
        """
        add = AddVectors(cache=self.cache, vectors=self.vectors)
        in_use = self.models.in_use()
        add(context.run, self._loaded(in_use.live), context)
        if in_use.preparing:
            try:
                add(context.run, self.models.of(in_use.preparing), context)
            except ModelNotUsable as error:
                log.warning("no vectors of the model in preparation: %s", error.detail)

    def _loaded(self, live: EmbeddingModel) -> Embedder:
        """Another worker may have the model: so it is tried again, and the cause is for the log."""
        try:
            return self.models.of(live)
        except ModelNotUsable as error:
            raise EmbeddingUnavailable from error

    def _password(self, action: Action) -> str | None:
        sealed = action.params.get(SEALED_PASSWORD)
        return self.seal.open(str(sealed), _document_id(action)) if sealed else None

    def _document(self, action: Action) -> Document:
        with self.transactions() as transaction:
            return transaction.versions.get(_document_id(action), int(str(action.params.get("version", 1))))

    def _opened(
        self, path: Path, document: Document, action: Action, context: RunContext
    ) -> AbstractContextManager[ExtractionStream]:
        folder = path.with_name("attachments")
        folder.mkdir()
        return self.extractor.open(
            path,
            filename=document.filename,
            check=context.check,
            password=self._password(action),
            attachments_into=folder,
        )

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
