"""What was found by looking at documents, inside a transaction."""

from collections.abc import Collection, Sequence
from dataclasses import asdict

from sqlalchemy import Connection, delete, exists, null, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.document import Document
from domain.document_look import Look
from domain.extracted_page import UnreadablePage
from domain.failure import Failure
from domain.ids import DocumentId
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.tables import document_looks, document_versions, documents, pages_left_out


class PostgresLookNotes:
    """Implements application/ports/look_notes.py."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def found(self, document: Document, checksum_sha256: str) -> bool:
        """Update the description, not the version's: it is a promise, which processing holds the bytes to."""
        nothing_was_promised = exists().where(
            document_versions.c.document_id == document.id,
            document_versions.c.version == document.version,
            document_versions.c.checksum_sha256.is_(None),
        )
        statement = (
            update(documents)
            .where(
                documents.c.id == document.id,
                documents.c.version == document.version,
                documents.c.published_run.is_(None),
                nothing_was_promised,
            )
            .values(checksum_sha256=checksum_sha256)
        )
        with database_errors():
            return self._connection.execute(statement).rowcount == 1

    def drawn(
        self,
        document_id: DocumentId,
        checksum_sha256: str,
        *,
        page_count: int,
        tried: Collection[int],
        left_out: Sequence[UnreadablePage],
    ) -> None:
        """Replace the rows of the pages that were tried."""
        if not self._noted(document_id, checksum_sha256, page_count=page_count, preview_error=null()):
            return
        of_these = {"document_id": document_id, "checksum_sha256": checksum_sha256}
        gone = delete(pages_left_out).filter_by(**of_these).where(pages_left_out.c.page.in_(tried))
        with database_errors():
            self._connection.execute(gone)
            if left_out:
                rows = [{**of_these, "page": page.number, "code": page.code} for page in left_out]
                self._connection.execute(insert(pages_left_out), rows)

    def described(self, document_id: DocumentId, checksum_sha256: str) -> None:
        """Clear the error."""
        self._noted(document_id, checksum_sha256, metadata_error=null())

    def failed(self, document_id: DocumentId, checksum_sha256: str, look: Look, failure: Failure) -> None:
        """Set the error."""
        self._noted(document_id, checksum_sha256, **{f"{look}_error": asdict(failure)})

    def _noted(self, document_id: DocumentId, checksum_sha256: str, **values: object) -> bool:
        """Insert or update; tell whether the document is there, with these bytes.

        Its lock keeps two runs from noting at once.
        """
        shown = select(documents.c.checksum_sha256).where(documents.c.id == document_id)
        keys = {"document_id": document_id, "checksum_sha256": checksum_sha256}
        statement = insert(document_looks).values({**keys, **values})
        outlived = document_looks.c.checksum_sha256 != shown.scalar_subquery()
        with database_errors():
            document = self._connection.execute(shown.with_for_update(key_share=True)).one_or_none()
            if document is None or document.checksum_sha256 not in {None, checksum_sha256}:
                return False
            self._connection.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=values))
            self._connection.execute(
                delete(document_looks).where(document_looks.c.document_id == document_id, outlived)
            )
        return True
