"""What readers see of a document while it changes."""

import threading

from sqlalchemy import Engine, text

from domain.ids import DocumentId
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.document_factory import a_document, a_job

READS = 300


def test_a_version_always_comes_with_the_state_that_it_stands_for(engine: Engine) -> None:
    document = a_document()
    job = a_job(document)
    with PostgresUnitOfWork(engine) as transaction:
        transaction.documents.add(document)
        transaction.jobs.add(job)
        transaction.documents.assign_job(document.id, job.id)
        transaction.commit()
    enough = threading.Event()
    writer = threading.Thread(target=keep_changing, args=(engine, document.id, enough))
    writer.start()
    try:
        reader = PostgresDocumentReader(engine)
        seen = [reader.states([document.id])[document.id] for _ in range(READS)]
    finally:
        enough.set()
        writer.join()
    pairs = [(state.version, state.index_action.crashes) for state in seen if state.index_action]
    assert len({version for version, _ in pairs}) > 1, "it changed meanwhile"
    assert [pair for pair in pairs if pair[0] > 1 and pair[0] != pair[1]] == []


def keep_changing(engine: Engine, document_id: DocumentId, enough: threading.Event) -> None:
    """Raise the version and a number of the action in step."""
    number = 1
    while not enough.is_set():
        number += 1
        with engine.begin() as connection:
            values = {"number": number, "document": document_id}
            connection.execute(text("UPDATE jobs SET version = :number WHERE document_id = :document"), values)
            connection.execute(text("UPDATE job_actions SET crashes = :number"), values)
