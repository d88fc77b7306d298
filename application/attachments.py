"""Makes documents of what is attached to a document: bytes first, then the rows in the transaction that publishes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from application.ports.blob_store import BlobStore
from application.ports.extractor import ExtractedAttachment
from application.ports.run_context import RunContext
from application.ports.unit_of_work import Transactions, UnitOfWork
from application.use_cases.delete_document import DeleteDocument
from domain.action import Action, Run
from domain.attachment import MAX_ATTACHMENT_DEPTH, attached_document
from domain.document import Document
from domain.errors import AttachmentsChanged, DocumentNotFound, LeaseLost
from domain.ids import DocumentId
from domain.job import new_index_job

RESULT_KEY = "attachments"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAttachments:
    """The documents of a document's attachments, in order; `etags` has those that were put, as they are new."""

    documents: Sequence[Document]
    etags: Mapping[DocumentId, str]

    @property
    def result(self) -> Mapping[str, object]:
        """What the action remembers of them: which attachments the document has now."""
        return {RESULT_KEY: [str(document.id) for document in self.documents]}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepAttachments:
    """Safe to run twice, also at once: a document is made once, and objects that get none are deleted.

    Each object is noted before it is put. Who puts looks once more afterwards if the run still has its action: if not,
    the note may have been cleared up before there was an object.
    """

    transactions: Transactions
    blobs: BlobStore
    delete_document: DeleteDocument

    def store(self, parent: Document, found: Sequence[ExtractedAttachment], context: RunContext) -> KeptAttachments:
        """Put the bytes of attachments that have no document yet. Raises LeaseLost, StorageUnavailable.

        One that was dropped, and wanted again before it is gone, is deleted first.
        """
        if not found:
            return KeptAttachments(documents=(), etags={})
        run = context.run
        read = [(_document(parent, file, context), file.path) for file in found]
        files = {document.id: (document, path) for document, path in read}
        with self.transactions() as transaction:
            known = transaction.documents.existing(list(files))
            dropped = transaction.documents.dropped(parent.id)
        for document_id in files.keys() & dropped:
            self.delete_document.dropped(document_id)
        new = {key: files[key] for key in files if key not in known}
        keys = [document.object_key for document, _ in new.values()]
        if new:
            self._stage(parent.id, run, keys)
        etags = {}
        for document, path in new.values():
            context.check()
            etags[document.id] = self.blobs.upload(document.object_key, path, content_type=document.content_type)
        if new:
            self._require(run, keys)
        return KeptAttachments(documents=[document for document, _ in files.values()], etags=etags)

    def publish(self, transaction: UnitOfWork, kept: KeptAttachments, *, max_attempts: int) -> None:
        """Insert the documents with their jobs. SQL alone; one that somebody else has made meanwhile is left alone.

        The parent must be locked. Raises AttachmentsChanged where one that had a document has none any more.
        """
        now = transaction.now()
        put = {document.id: document for document in kept.documents if document.id in kept.etags}
        jobs = {
            document.id: new_index_job(
                document_id=document.id,
                tenant_id=document.tenant_id,
                version=document.version,
                etag=kept.etags[document.id],
                max_attempts=max_attempts,
                now=now,
            )
            for document in put.values()
        }
        made = transaction.documents.add_new([replace(put[key], job_id=jobs[key].id) for key in put])
        transaction.jobs.add(*(jobs[key] for key in made))
        transaction.staged_objects.remove([put[key].object_key for key in made])
        wanted = [document.id for document in kept.documents]
        if len(transaction.documents.existing(wanted)) < len(wanted):
            raise AttachmentsChanged

    def clean_up(self, parent_id: DocumentId, action: Action) -> None:
        """Delete objects that got no document, and documents of attachments that the parent has no more.

        Those are dropped under the parent's lock, so that a run that wants to keep one of them either comes before, or
        sees that it is gone.
        """
        with self.transactions() as transaction:
            try:
                transaction.documents.lock(parent_id)
            except DocumentNotFound:
                return
            left = transaction.staged_objects.left_behind(parent_id)
            transaction.documents.drop(_superfluous(transaction, parent_id, action))
            dropped = transaction.documents.dropped(parent_id)
            transaction.commit()
        self._delete_objects(left)
        for document_id in dropped:
            self.delete_document.dropped(document_id)

    def _stage(self, parent_id: DocumentId, run: Run, keys: Sequence[str]) -> None:
        with self.transactions() as transaction:
            try:
                transaction.documents.lock(parent_id)
            except DocumentNotFound as error:
                raise LeaseLost from error
            transaction.jobs.lock_of(run.action_id).action(run.action_id).require(run)
            transaction.staged_objects.add(parent_id, run, keys)
            transaction.commit()

    def _require(self, run: Run, keys: Sequence[str]) -> None:
        try:
            with self.transactions() as transaction:
                transaction.jobs.lock_of(run.action_id).action(run.action_id).require(run)
        except LeaseLost:
            self._delete_objects(keys)
            raise

    def _delete_objects(self, keys: Sequence[str]) -> None:
        if not keys:
            return
        for key in keys:
            self.blobs.delete(key)
        with self.transactions() as transaction:
            transaction.staged_objects.remove(keys)
            transaction.commit()


def taken(parent: Document, found: Sequence[ExtractedAttachment]) -> Sequence[ExtractedAttachment]:
    """Return the attachments that become documents: none of a document that is attached too deep itself."""
    return () if parent.attachment_depth >= MAX_ATTACHMENT_DEPTH else found


def _document(parent: Document, file: ExtractedAttachment, context: RunContext) -> Document:
    return attached_document(
        parent,
        context.run,
        filename=file.filename,
        content_type=file.content_type,
        size_bytes=file.size_bytes,
        checksum_sha256=file.checksum_sha256,
        now=context.now(),
    )


def _superfluous(transaction: UnitOfWork, parent_id: DocumentId, action: Action) -> Sequence[DocumentId]:
    """Return the documents of attachments that the parent has no more, as readers see it since this action."""
    ended = transaction.jobs.lock_of(action.id).action(action.id)
    current = _current(ended)
    if current is None or not transaction.documents.shows(parent_id, ended.run):
        return ()
    return [found for found in transaction.documents.attachments(parent_id) if str(found) not in current]


def _current(action: Action) -> frozenset[str] | None:
    found = action.result.get(RESULT_KEY) if action.result else None
    return frozenset(map(str, found)) if isinstance(found, list) else None
