"""The doctor on real PostgreSQL and files: each planted fault is found, repaired, and found no more."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from domain.document import Document
from domain.errors import DatabaseUnavailable
from domain.ids import DocumentId, JobId, new_uuid7
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.passage_store import PostgresPassageStore
from infrastructure.postgres.task_reader import PostgresTaskReader
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from interface.cli.app import create_cli
from tests.integration.test_cleanup_doors import worker
from tests.stored_documents import add_document, end_run, indexed
from tests.support.api import Api
from tests.support.archive import BROKEN, Archive
from tests.support.blob_store_backends import local_backend
from tests.support.cli_process import services

TEXT = b"all is well in the archive"


@dataclass
class Ward:
    """A healthy installation, and one document of it."""

    archive: Archive
    document: Document
    store: Path

    def make_old(self) -> None:
        for path in self.store.rglob("*"):
            if path.is_file():
                os.utime(path, (0, 0))

    def text(self) -> str:
        return PostgresDocumentReader(self.archive.engine).text(self.document.id)

    def status(self) -> str:
        reader = PostgresDocumentReader(self.archive.engine)
        return reader.states([self.document.id])[self.document.id].status

    def work_all(self) -> None:
        """Do what workers do with what a repair has enqueued."""
        with self.archive.transactions() as transaction:
            waiting = transaction.jobs.take_unsent(100, types=["index"])
            jobs = [transaction.jobs.lock(dispatch.action.job_id) for dispatch in waiting]
        for job in jobs:
            self.archive.work(job)

    def assert_well(self) -> None:
        assert self.archive.audit() == {}
        assert self.archive.audit(fix=True) == {}


@pytest.fixture
def ward(engine: Engine, tmp_path: Path) -> Iterator[Ward]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with local_backend(tmp_path / "store") as backend:
        archive = Archive(engine, backend.store, scratch)
        document = archive.ingest(TEXT)
        archive.ingest(b"the first", external_id="x")
        archive.ingest(b"the second", external_id="x")
        archive.announce(b"on its way", external_id="x")
        archive.announce(b"on its way", multipart=True)
        archive.ingest(BROKEN)
        archive.delete(archive.ingest(b"deleted").id)
        waiting, _ = archive.announce(b"waits")
        archive.put(waiting.object_key, b"waits")
        archive.process(waiting.id)
        yield Ward(archive, document, tmp_path / "store")


def test_a_healthy_installation_has_nothing_to_tell(ward: Ward) -> None:
    before = ward.archive.stored_keys()
    ward.assert_well()
    assert ward.archive.stored_keys() == before


def test_an_orphan_object_is_deleted(ward: Ward) -> None:
    before = ward.archive.stored_keys()
    ward.archive.put(f"documents/{new_uuid7()}/original", b"of no document")
    ward.make_old()
    assert ward.archive.audit() == {"orphan_objects": (1, 0)}
    assert ward.archive.audit(fix=True) == {"orphan_objects": (1, 1)}
    assert ward.archive.stored_keys() == before
    ward.assert_well()


def test_an_upload_in_parts_that_nobody_knows_is_aborted(ward: Ward) -> None:
    ward.archive.blobs.multipart.start(f"documents/{new_uuid7()}/original", content_type="text/plain")
    ward.make_old()
    assert ward.archive.audit() == {"upload_leftovers": (1, 0)}
    assert ward.archive.audit(fix=True) == {"upload_leftovers": (1, 1)}
    ward.assert_well()


def test_passages_of_a_run_that_nobody_sees_are_deleted(ward: Ward) -> None:
    engine = ward.archive.engine
    lost = add_document(engine)
    PostgresPassageStore(engine).write_chunks(lost.run, lost.id, "m", [indexed(0, "a b")])
    end_run(engine, lost, publish=False)
    ward.archive.sql("DELETE FROM jobs WHERE document_id = :id", id=lost.id)
    ward.archive.sql("UPDATE documents SET job_id = NULL WHERE id = :id", id=lost.id)
    assert ward.archive.audit(fix=True) == {"unpublished_passages": (1, 1)}
    ward.assert_well()
    assert ward.text() == TEXT.decode()


def test_passages_of_a_document_that_is_gone_are_deleted(ward: Ward) -> None:
    gone = ward.archive.ingest(b"torn out by hand")
    ward.archive.tear_out("documents", gone.id)
    ward.archive.sql("DELETE FROM document_versions WHERE document_id = :id", id=gone.id)
    ward.make_old()
    # A page and a chunk.
    assert ward.archive.audit(fix=True) == {"unpublished_passages": (2, 2), "orphan_objects": (1, 1)}
    assert ward.archive.sql("SELECT count(*) FROM chunks WHERE document_id = :id", id=gone.id) == [0]
    ward.assert_well()


def test_vectors_and_postings_without_their_chunk_are_deleted(ward: Ward) -> None:
    gone = ward.archive.ingest(b"its chunk is torn out")
    (number,) = ward.archive.sql("SELECT id FROM chunks WHERE document_id = :id", id=gone.id)
    ward.archive.tear_out("chunks", number)
    found = ward.archive.audit(fix=True)
    assert set(found) == {"vectors_without_chunk", "incomplete_passages"}
    ward.work_all()
    ward.assert_well()
    assert PostgresDocumentReader(ward.archive.engine).chunks(gone.id, after=-1, limit=10)


def test_an_object_noted_by_a_run_that_is_over_is_deleted(ward: Ward) -> None:
    key = f"documents/{new_uuid7()}/{new_uuid7()}"
    ward.archive.put(key, b"of an attachment that never came to be")
    ward.archive.sql(
        "INSERT INTO staged_objects VALUES (:key, :parent, :action, 1)",
        key=key,
        parent=ward.document.id,
        action=new_uuid7(),
    )
    assert ward.archive.audit() == {"staged_objects": (1, 0)}
    assert ward.archive.audit(fix=True) == {"staged_objects": (1, 1)}
    assert key not in ward.archive.stored_keys()
    ward.assert_well()


def test_a_document_that_shows_a_run_of_which_there_is_nothing_is_processed_anew(ward: Ward) -> None:
    ward.archive.sql("UPDATE documents SET published_run = :run WHERE id = :id", run=new_uuid7(), id=ward.document.id)
    assert ward.text() == ""
    found = ward.archive.audit(fix=True)
    assert found["incomplete_passages"] == (1, 1)
    ward.work_all()
    assert (ward.status(), ward.text()) == ("completed", TEXT.decode())
    ward.assert_well()


def test_a_document_that_lost_its_job_is_processed_anew_and_found_meanwhile(ward: Ward) -> None:
    ward.archive.sql("DELETE FROM jobs WHERE document_id = :id", id=ward.document.id)
    assert ward.archive.audit() == {"documents_without_job": (1, 0)}
    assert ward.archive.audit(fix=True) == {"documents_without_job": (1, 1)}
    assert ward.text() == TEXT.decode()
    ward.work_all()
    assert (ward.status(), ward.text()) == ("completed", TEXT.decode())
    ward.assert_well()


def test_a_document_without_its_object_keeps_its_passages_and_is_told(ward: Ward) -> None:
    ward.archive.blobs.delete(ward.document.object_key)
    for fix in (False, True, True):
        assert ward.archive.audit(fix=fix) == {"documents_without_object": (1, 0)}
    assert (ward.status(), ward.text()) == ("completed", TEXT.decode())


def test_a_document_without_job_and_object_keeps_its_passages_and_is_told(ward: Ward) -> None:
    ward.archive.blobs.delete(ward.document.object_key)
    ward.archive.sql("DELETE FROM jobs WHERE document_id = :id", id=ward.document.id)
    for _ in range(2):
        assert ward.archive.audit(fix=True) == {"documents_without_job": (1, 0)}
    assert ward.text() == TEXT.decode()


def plant_job(ward: Ward, *, kind: str, document_id: DocumentId | None) -> JobId:
    job, action = new_uuid7(), new_uuid7()
    ward.archive.sql(
        "INSERT INTO jobs (id, tenant_id, document_id, version, status, created_at)"
        " SELECT :job, tenant_id, :document, 1, 'pending', now() FROM documents LIMIT 1",
        job=job,
        document=document_id,
    )
    ward.archive.sql(
        "INSERT INTO job_actions SELECT (jsonb_populate_record(a, jsonb_build_object('id', CAST(:action AS text),"
        " 'job_id', CAST(:job AS text), 'type', CAST(:kind AS text), 'status', 'pending',"
        " 'due_at', now() - interval '2 hours', 'completed_at', NULL))).* FROM job_actions a LIMIT 1",
        action=action,
        job=job,
        kind=kind,
    )
    return JobId(job)


def test_a_job_that_nobody_knows_how_to_run_is_cancelled(ward: Ward) -> None:
    job = plant_job(ward, kind="from-another-world", document_id=None)
    with worker(ward.archive):
        pass
    ward.archive.sql("UPDATE workers SET queue = 'document_processing'")
    assert ward.archive.audit() == {"jobs_of_unknown_type": (1, 0)}
    assert ward.archive.audit(fix=True) == {"jobs_of_unknown_type": (1, 1)}
    assert ward.archive.sql("SELECT status FROM jobs WHERE id = :id", id=job) == ["cancelled"]
    ward.assert_well()


def test_a_job_whose_document_is_gone_is_cancelled(ward: Ward) -> None:
    job = plant_job(ward, kind="index", document_id=DocumentId(new_uuid7()))
    ward.archive.sql("INSERT INTO workers (name, queue, host, pid) VALUES ('w', 'document_processing', 'h', 1)")
    assert ward.archive.audit(fix=True) == {"jobs_without_document": (1, 1)}
    assert ward.archive.sql("SELECT status FROM jobs WHERE id = :id", id=job) == ["cancelled"]
    ward.assert_well()


def test_work_that_waits_for_a_worker_is_told_and_left_alone(ward: Ward) -> None:
    ward.archive.sql("UPDATE job_actions SET due_at = now() - interval '2 minutes' WHERE status = 'pending'")
    for _ in range(2):
        assert ward.archive.audit(fix=True) == {"queue_without_worker": (1, 0)}
    assert ward.archive.sql("SELECT count(*) FROM job_actions WHERE status = 'pending'") == [1]


@pytest.fixture
def api(engine: Engine) -> Api:
    return Api(transactions=lambda: PostgresUnitOfWork(engine), tasks=PostgresTaskReader(engine))


def doctor(client: httpx.Client, *arguments: str) -> Result:
    environment = {"ESTEIRA_SERVER": str(client.base_url)}
    return CliRunner(env=environment).invoke(create_cli(services(Path())), ["doctor", *arguments])


def test_the_command_tells_what_it_would_repair_and_repairs_it(ward: Ward, api: Api) -> None:
    ward.archive.sql("DELETE FROM jobs WHERE document_id = :id", id=ward.document.id)
    with api.serve() as client, worker(ward.archive):
        sick, fixed, well = doctor(client), doctor(client, "--fix"), doctor(client)
    assert (sick.exit_code, fixed.exit_code, well.exit_code) == (1, 0, 0), sick.output + fixed.output + well.output
    assert "documents_without_job: 1" in sick.stdout
    assert "With --fix: They are processed anew" in sick.stdout
    assert str(ward.document.id) in sick.stdout
    assert "1 found, 1 repaired" in fixed.stdout
    assert "All is well" in well.stdout


def test_the_command_says_which_part_is_away_and_when_nobody_audits(ward: Ward, api: Api) -> None:
    with api.serve() as client:
        alone = doctor(client, "--wait", "0")
    assert (alone.exit_code, "worker-cleanup" in alone.stderr) == (1, True)

    def away() -> None:
        raise DatabaseUnavailable

    api.parts = {"database": away, "redis": lambda: None}
    with api.serve() as client:
        sick = doctor(client)
    assert sick.exit_code == 1
    assert "Redis answers." in sick.stderr
    assert "The database does not answer" in sick.stderr
    assert ward.archive.sql("SELECT count(*) FROM job_actions WHERE type = 'doctor'") == [1]
