"""What readers see while somebody writes, on real PostgreSQL."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Literal
from unicodedata import normalize

import pytest
from sqlalchemy import Engine

from application.ports.document_reader import DocumentFilter
from domain.action import Action
from domain.document import Document
from domain.ids import DEFAULT_TENANT
from domain.report import Report
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.passage_store import PostgresPassageStore
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.stored_documents import MODEL, indexed
from tests.support.document_factory import a_document, a_job

REPORTS = 300
LEASE = timedelta(minutes=5)
FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")


def claimed(engine: Engine, document: Document) -> Action:
    """The document's processing, on which a worker is."""
    job = a_job(document)
    with PostgresUnitOfWork(engine) as transaction:
        now = transaction.now()
        transaction.documents.add(document)
        transaction.jobs.add(job)
        transaction.documents.assign_job(document.id, job.id)
        job = job.change(
            job.actions[0].id, lambda action: action.claim(worker="w", now=now, lease=LEASE, timeout=LEASE)
        )
        transaction.jobs.save(job)
        transaction.commit()
    return job.actions[0]


def test_a_version_comes_with_the_state_that_it_is_of(engine: Engine) -> None:
    document = a_document()
    action = claimed(engine, document)
    reader = PostgresDocumentReader(engine)
    first_version = reader.states([document.id])[document.id].version
    done = threading.Event()
    seen: set[tuple[int, int]] = set()

    def read() -> None:
        while not done.is_set():
            state = reader.states([document.id])[document.id]
            assert state.index_action
            seen.add((state.version - first_version, state.index_action.report.chunks_done))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for each in readers:
        each.start()
    ledger = PostgresRunLedger(engine)
    for count in range(1, REPORTS + 1):
        ledger.report(action.run, replace(Report(), chunks_done=count))
    done.set()
    for each in readers:
        each.join()
    assert len(seen) > 10
    assert [(version, count) for version, count in seen if version != count] == []


@pytest.mark.parametrize(("stored", "publish", "shown"), [("pt", True, "pt"), ("und", True, None), ("pt", False, None)])
def test_the_language_is_that_of_what_is_published(
    engine: Engine, stored: str, shown: str | None, *, publish: bool
) -> None:
    document = a_document()
    run = claimed(engine, document).run
    chunks = [indexed(position, "um gato", language=stored) for position in range(2)]
    PostgresPassageStore(engine).write_chunks(run, document.id, MODEL, chunks)
    if publish:
        with PostgresUnitOfWork(engine) as transaction:
            transaction.documents.publish(document, run)
            transaction.commit()
    assert PostgresDocumentReader(engine).states([document.id])[document.id].language == shown


def test_a_passage_is_of_each_page_that_it_touches(engine: Engine) -> None:
    document = a_document()
    run = claimed(engine, document).run
    chunks = [indexed(position, "a cat") for position in range(4)]
    chunks[1] = replace(chunks[1], chunk=replace(chunks[1].chunk, page_start=2, page_end=4))
    chunks[2] = replace(chunks[2], chunk=replace(chunks[2].chunk, page_start=None, page_end=None))
    PostgresPassageStore(engine).write_chunks(run, document.id, MODEL, chunks)
    with PostgresUnitOfWork(engine) as transaction:
        transaction.documents.publish(document, run)
        transaction.commit()
    reader = PostgresDocumentReader(engine)
    found = {
        page: [each.chunk.position for each in reader.chunks(document.id, page=page, after=-1, limit=10)]
        for page in range(1, 6)
    }
    assert found == {1: [0], 2: [1], 3: [1], 4: [1, 3], 5: []}


def test_a_part_of_a_name_is_found_in_any_case_and_means_itself(engine: Engine) -> None:
    other, wanted = (a_document(filename=name) for name in ("acao 100 fim.pdf", "Ação 100%_fim.PDF"))
    with PostgresUnitOfWork(engine) as transaction:
        transaction.documents.add(other)
        transaction.documents.add(wanted)
        transaction.commit()
    reader = PostgresDocumentReader(engine)

    for part in ("AÇÃO", "100%_F", "%", "_"):
        document_filter = DocumentFilter(tenant_id=DEFAULT_TENANT, name_contains=part)
        assert [state.document.id for state in reader.page(document_filter, before=None, limit=9)] == [wanted.id]


@pytest.mark.parametrize("form", FORMS)
def test_an_accent_is_found_in_either_way_to_write_it(engine: Engine, form: Literal["NFC", "NFD"]) -> None:
    documents = [a_document(filename=normalize(stored, "Relatório.pdf")) for stored in FORMS]
    with PostgresUnitOfWork(engine) as transaction:
        for document in (*documents, a_document(filename="Relatorio.pdf")):
            transaction.documents.add(document)
        transaction.commit()
    document_filter = DocumentFilter(tenant_id=DEFAULT_TENANT, name_contains=normalize(form, "TÓRIO"))
    found = PostgresDocumentReader(engine).page(document_filter, before=None, limit=9)
    assert {state.document.id for state in found} == {document.id for document in documents}
