"""The doctor on real PostgreSQL and files: each planted fault is found, repaired, and found no more."""

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from application.ports.job_audit import UnservedQueue
from application.use_cases.cancel_job import CancelJob
from application.use_cases.check_jobs import CheckJobs
from domain.document import Document
from domain.errors import DatabaseUnavailable
from domain.ids import ActionId, DocumentId, JobId, new_uuid7
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.job_audit import PostgresJobAudit
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
from tests.support.in_memory_blob_store import InMemoryBlobStore
from tests.support.real_documents import sample_documents
from tests.support.unhurried import Unhurried

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


PAGES = "\f".join([*(f"Page {number} is about {'water mills ' * 60}" for number in range(5)), "", BROKEN.decode()])
OF_RUN = "run_id = (SELECT published_run FROM documents WHERE id = :id)"
LOSSES = {
    "its last chunk": "DELETE FROM chunks WHERE OF_RUN AND position = (SELECT max(position) FROM chunks)",
    "a chunk in between": "DELETE FROM chunks WHERE OF_RUN AND position = 2",
    "all chunks but one": "DELETE FROM chunks WHERE OF_RUN AND position > 0",
    "its first page": "DELETE FROM pages WHERE OF_RUN AND position = 0",
    "all pages but one": "DELETE FROM pages WHERE OF_RUN AND position > 0",
    "its last page, which has no text": "DELETE FROM pages WHERE OF_RUN AND position = 6",
    "its last pages": "DELETE FROM pages WHERE OF_RUN AND position > 3",
    "a vector": "DELETE FROM embeddings WHERE chunk = (SELECT min(id) FROM chunks WHERE OF_RUN)",
    "a word": "DELETE FROM postings WHERE term = 'mill' AND chunk = (SELECT max(id) FROM chunks WHERE OF_RUN)",
    "its run": "UPDATE documents SET published_run = NULL WHERE id = :id",
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_document_that_lost_something_is_processed_anew(ward: Ward, loss: str) -> None:
    paged = ward.archive.ingest(PAGES.encode())
    assert ward.archive.audit() == {}
    assert ward.archive.sql("SELECT count(*) > 3 FROM chunks WHERE document_id = :id", id=paged.id) == [True]
    ward.archive.sql(LOSSES[loss].replace("OF_RUN", OF_RUN), id=paged.id)
    assert ward.archive.audit()["incomplete_passages"] == (1, 0)
    assert ward.archive.audit(fix=True)["incomplete_passages"] == (1, 1)
    ward.work_all()
    ward.assert_well()


def test_a_document_whose_history_is_forgotten_is_whole_until_something_lacks(ward: Ward) -> None:
    shown = ward.archive.ingest(PAGES.encode(), external_id="p")
    ward.archive.sql("DELETE FROM jobs WHERE document_id = :id", id=shown.id)
    ward.archive.sql("UPDATE documents SET job_id = NULL WHERE id = :id", id=shown.id)
    ward.archive.ingest(BROKEN, external_id="p")
    assert ward.archive.audit() == {}
    ward.archive.sql(LOSSES["its last pages"].replace("OF_RUN", OF_RUN), id=shown.id)
    assert ward.archive.audit() == {"incomplete_passages": (1, 0)}


def test_chunks_without_words_are_no_fault(ward: Ward) -> None:
    ward.archive.ingest(b"\xe2\x80\xa6 * * *")
    assert ward.archive.sql("SELECT count(*) FROM chunks WHERE term_count = 0") == [1]
    ward.assert_well()


def test_the_bytes_of_the_version_that_readers_see_are_missed_as_well(ward: Ward) -> None:
    shown = ward.archive.ingest(b"what readers see", external_id="y")
    failed = ward.archive.ingest(BROKEN, external_id="y")
    assert ward.archive.audit() == {}
    ward.archive.blobs.delete(shown.object_key)
    assert ward.archive.audit() == {"documents_without_object": (1, 0)}
    ward.archive.blobs.delete(failed.object_key)
    assert ward.archive.audit() == {"documents_without_object": (1, 0)}


def test_the_samples_are_whole(engine: Engine, tmp_path: Path) -> None:
    with SandboxedExtractor() as extractor:
        archive = Archive(engine, InMemoryBlobStore(), tmp_path, extractor=extractor)
        for path in sample_documents():
            archive.ingest(path.read_bytes(), filename=path.name)
    assert archive.sql("SELECT count(*) FROM documents WHERE published_run IS NULL") == [0]
    assert archive.audit() == {}


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
    job = JobId(new_uuid7())
    ward.archive.sql(
        "INSERT INTO jobs (id, tenant_id, document_id, version, status, created_at)"
        " SELECT :job, tenant_id, :document, 1, 'pending', now() FROM documents LIMIT 1",
        job=job,
        document=document_id,
    )
    plant_action(ward, job, kind=kind)
    return job


def plant_action(ward: Ward, job: JobId, *, kind: str, hours: int = 2, unclean: bool = False) -> ActionId:
    """Add an action to a job that waits for so many hours."""
    action = ActionId(new_uuid7())
    ward.archive.sql(
        "INSERT INTO job_actions SELECT (jsonb_populate_record(a, jsonb_build_object('id', CAST(:action AS text),"
        " 'job_id', CAST(:job AS text), 'type', CAST(:kind AS text), 'status', 'pending', 'unclean', :unclean,"
        " 'due_at', now() - make_interval(hours => :hours), 'completed_at', NULL))).* FROM job_actions a LIMIT 1",
        action=action,
        job=job,
        kind=kind,
        hours=hours,
        unclean=unclean,
    )
    return action


def test_a_job_that_nobody_knows_how_to_run_is_cancelled(ward: Ward) -> None:
    job = plant_job(ward, kind="from-another-world", document_id=None)
    with worker(ward.archive):
        pass
    ward.archive.sql("UPDATE workers SET queue = 'document_processing'")
    assert ward.archive.audit() == {"jobs_of_unknown_type": (1, 0)}
    assert ward.archive.audit(fix=True) == {"jobs_of_unknown_type": (1, 1)}
    assert ward.archive.sql("SELECT status FROM jobs WHERE id = :id", id=job) == ["cancelled"]
    ward.assert_well()


def test_of_a_job_only_actions_that_nobody_knows_are_cancelled(ward: Ward) -> None:
    job = plant_job(ward, kind="from-another-world", document_id=None)
    waits = plant_action(ward, job, kind="index", hours=0)
    runs = plant_action(ward, job, kind="index")
    ward.archive.sql(
        "UPDATE job_actions SET status = 'processing', lease_until = now() + interval '1 hour' WHERE id = :id", id=runs
    )
    recent = plant_action(ward, job, kind="of-a-newer-version", hours=0)
    ward.archive.sql("INSERT INTO workers (name, queue, host, pid) VALUES ('w', 'document_processing', 'h', 1)")

    assert ward.archive.audit(fix=True) == {"jobs_of_unknown_type": (1, 1)}

    rows = ward.archive.sql("SELECT status FROM job_actions WHERE job_id = :id AND type = 'from-another-world'", id=job)
    assert rows == ["cancelled"]
    for action, status in ((waits, "pending"), (runs, "processing"), (recent, "pending")):
        assert ward.archive.sql("SELECT status FROM job_actions WHERE id = :id", id=action) == [status]
    assert ward.archive.sql("SELECT cancel_requested FROM job_actions WHERE id = :id", id=runs) == [False]
    assert ward.archive.audit() == {}


def test_work_whose_plug_in_was_taken_out_ends_with_nothing_to_clear_up(ward: Ward) -> None:
    """Its worker was killed, and it waits again; nobody here could clear up behind the run that broke off."""
    job = plant_job(ward, kind="from-another-world", document_id=None)
    ward.archive.sql("UPDATE job_actions SET unclean = true, run_lease = 3, attempt = 1 WHERE job_id = :id", id=job)
    ward.archive.sql("INSERT INTO workers (name, queue, host, pid) VALUES ('w', 'document_processing', 'h', 1)")
    assert ward.archive.audit(fix=True) == {"jobs_of_unknown_type": (1, 1)}
    ended = "SELECT status || unclean || (completed_at IS NOT NULL) FROM job_actions WHERE job_id = :id"
    assert ward.archive.sql(ended, id=job) == ["cancelledfalsetrue"]
    assert ward.archive.sql("SELECT completed_at IS NOT NULL FROM jobs WHERE id = :id", id=job) == [True]
    ward.assert_well()


class EndedMeanwhile(PostgresJobAudit):
    """Lists jobs that have ended before anybody gets to them."""

    def __init__(self, archive: Archive) -> None:
        super().__init__(archive.engine)
        self._archive = archive

    def unserved(self, *, due_for: timedelta) -> Sequence[UnservedQueue]:  # noqa: ARG002
        return ()

    def without_document(self, *, limit: int) -> Sequence[JobId]:
        found = super().without_document(limit=limit)
        for job in found:
            CancelJob(transactions=self._archive.transactions)(job)
        return found

    def unknown(self, types: Collection[str], *, due_for: timedelta, limit: int) -> Sequence[JobId]:
        found = super().unknown(types, due_for=due_for, limit=limit)
        for job in found:
            CancelJob(transactions=self._archive.transactions)(job)
        return found


def test_what_has_ended_by_itself_does_not_count_as_repaired(ward: Ward) -> None:
    plant_job(ward, kind="from-another-world", document_id=None)
    plant_job(ward, kind="index", document_id=DocumentId(new_uuid7()))
    check = CheckJobs(
        transactions=ward.archive.transactions,
        audit=EndedMeanwhile(ward.archive),
        cancel_job=CancelJob(transactions=ward.archive.transactions),
        known_types=lambda: ["index"],
    )
    findings = check(fix=True, context=Unhurried())
    assert [(finding.count, finding.repaired) for finding in findings] == [(1, 0), (1, 0)]


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
