"""Nothing of a deleted document stays, also when the store is away at first."""

from dataclasses import replace

import pytest

from application.use_cases.delete_document import DeleteDocument
from domain.errors import DocumentNotFound, StorageUnavailable
from tests.support.document_factory import a_document, a_job
from tests.support.in_memory_blob_store import InMemoryBlobStore
from tests.support.in_memory_transactions import InMemoryDatabase


def test_while_the_store_is_away_a_document_stays_and_can_be_deleted_again() -> None:
    database, blobs = InMemoryDatabase(), InMemoryBlobStore()
    document = a_document()
    job = a_job(document)
    with database() as transaction:
        transaction.documents.add(replace(document, job_id=job.id))
        transaction.jobs.add(job)
        transaction.commit()
    blobs.put(document.object_key, b"%PDF", "application/pdf")
    delete = DeleteDocument(transactions=database, blobs=blobs)

    blobs.is_down = True
    with pytest.raises(StorageUnavailable):
        delete(document.id)
    assert database.jobs[job.id].is_final
    blobs.is_down = False
    assert delete(document.id).objects == 1

    assert blobs.objects == {}
    with pytest.raises(DocumentNotFound):
        delete(document.id)
