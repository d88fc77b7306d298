"""What each cleanup task removes and what it keeps, on real PostgreSQL and files."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from application.ports.object_inventory import StoredObject
from application.use_cases.start_due_cleanup import SCHEDULE, StartDueCleanup
from application.use_cases.sweep_orphan_objects import SweepOrphanObjects
from domain.cleanup import CleanupTask, Orders, Swept, params_of
from domain.document import Document
from domain.errors import DocumentNotFound
from domain.ids import new_uuid7
from infrastructure.postgres.object_owners import PostgresObjectOwners
from infrastructure.postgres.passage_store import PostgresPassageStore
from tests.stored_documents import add_document, end_run, indexed
from tests.support.archive import BROKEN, Archive
from tests.support.blob_store_backends import local_backend
from tests.support.in_memory_blob_store import InMemoryBlobStore, InMemoryObjectInventory
from tests.support.unhurried import Unhurried

LONG_AGO = datetime.now(UTC) - timedelta(days=100)


@pytest.fixture
def archive(engine: Engine, tmp_path: Path) -> Iterator[Archive]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with local_backend(tmp_path / "store") as backend:
        yield Archive(engine, backend.store, scratch)


@pytest.fixture
def age(archive: Archive, tmp_path: Path) -> Callable[[], None]:
    """Let all that is there be of long ago."""

    def make_old() -> None:
        archive.sql("UPDATE document_versions SET announced_at = :at", at=LONG_AGO)
        archive.sql("UPDATE uploads SET expires_at = :at", at=LONG_AGO)
        for path in (tmp_path / "store").rglob("*"):
            if path.is_file():
                os.utime(path, (0, 0))

    return make_old


def exists(archive: Archive, document: Document) -> bool:
    try:
        with archive.transactions() as transaction:
            transaction.documents.lock(document.id)
    except DocumentNotFound:
        return False
    return True


def test_a_document_that_was_never_uploaded_is_gone_after_its_window(archive: Archive, age: Callable[[], None]) -> None:
    old, _ = archive.announce(b"never sent")
    old_in_parts, _ = archive.announce(b"never sent in parts", multipart=True)
    uploaded, _ = archive.announce(b"sent, not processed")
    archive.put(uploaded.object_key, b"sent, not processed")
    processed = archive.ingest(b"all is well")
    age()
    young, _ = archive.announce(b"on its way")

    counted = archive.clean(CleanupTask.EXPIRED, dry_run=True)
    assert counted == {"expired_uploads": (1, 0), "expired_documents": (1, 0)}
    assert archive.clean(CleanupTask.EXPIRED) == {"expired_uploads": (1, 0), "expired_documents": (2, 0)}

    assert [exists(archive, each) for each in (old, old_in_parts)] == [False, False]
    assert [exists(archive, each) for each in (uploaded, processed, young)] == [True, True, True]
    assert archive.clean(CleanupTask.EXPIRED) == {}
    assert list(archive.blobs.inventory.unfinished_uploads("documents/")) == []


def test_a_version_that_was_never_uploaded_goes_and_its_document_stays(
    archive: Archive, age: Callable[[], None]
) -> None:
    document = archive.ingest(b"the first", external_id="x")
    archive.announce(b"the second, never sent", external_id="x")
    age()
    archive.announce(b"the third, on its way", external_id="x")

    assert archive.clean(CleanupTask.EXPIRED) == {"expired_versions": (1, 0)}

    versions = archive.sql("SELECT version FROM document_versions ORDER BY version")
    assert versions == [1, 3]
    assert archive.sql("SELECT count(*) FROM chunks") == [1]
    assert archive.stored_keys() == {document.object_key}


def test_a_document_announced_anew_is_not_expired_by_its_old_age(archive: Archive, age: Callable[[], None]) -> None:
    document, _ = archive.announce(b"never sent", external_id="x")
    age()
    archive.announce(b"on its way", external_id="x")
    assert archive.clean(CleanupTask.EXPIRED) == {"expired_versions": (1, 0)}
    assert exists(archive, document)


def test_a_document_that_lost_its_job_but_shows_passages_is_not_expired(
    archive: Archive, age: Callable[[], None]
) -> None:
    document = archive.ingest(b"all is well")
    archive.blobs.delete(document.object_key)
    archive.sql("UPDATE documents SET job_id = NULL")
    age()
    assert archive.clean(CleanupTask.EXPIRED) == {}
    assert exists(archive, document)


def test_failed_documents_are_kept_unless_a_retention_is_set(archive: Archive, age: Callable[[], None]) -> None:
    failed, completed = archive.ingest(BROKEN), archive.ingest(b"all is well")
    shown = archive.ingest(b"shown", external_id="x")
    archive.ingest(BROKEN, external_id="x")
    age()
    archive.sql("UPDATE jobs SET completed_at = :at", at=LONG_AGO)
    archive.sql("UPDATE job_actions SET completed_at = :at", at=LONG_AGO)
    assert archive.clean(CleanupTask.EXPIRED) == {}
    archive.settings["failed_retention_days"] = 30
    recent = archive.ingest(BROKEN)

    assert archive.clean(CleanupTask.EXPIRED) == {"failed_documents": (1, 0)}

    assert [exists(archive, each) for each in (failed, completed, shown, recent)] == [False, True, True, True]
    assert failed.object_key not in archive.stored_keys()


def test_an_orphan_object_goes_once_it_is_older_than_its_upload_window(
    archive: Archive, age: Callable[[], None]
) -> None:
    living = archive.ingest(b"all is well", external_id="x")
    archive.ingest(b"all is better", external_id="x")
    deleted = archive.ingest(b"to be deleted")
    archive.delete(deleted.id)
    archive.put(deleted.object_key, b"put again by a URL that lived on")
    archive.put(f"documents/{living.id}/original-7", b"of a version that was withdrawn")
    archive.put("documents/notes-of-mine.txt", b"not of ours")
    archive.put("elsewhere/1", b"not of ours")
    awaiting, _ = archive.announce(b"sent")
    archive.put(awaiting.object_key, b"sent")

    assert archive.clean(CleanupTask.S3) == {}
    age()
    bytes_of_both = len(b"put again by a URL that lived on") + len(b"of a version that was withdrawn")
    assert archive.clean(CleanupTask.S3, dry_run=True) == {"orphan_objects": (2, bytes_of_both)}
    assert archive.clean(CleanupTask.S3) == {"orphan_objects": (2, bytes_of_both)}

    kept = {living.object_key, f"{living.object_key}-2", awaiting.object_key, "documents/notes-of-mine.txt"}
    assert archive.stored_keys() == kept
    assert archive.blobs.head("elsewhere/1")
    assert archive.clean(CleanupTask.S3) == {}


@dataclass
class WatchedStore(InMemoryBlobStore):
    """Lets something happen between the list and the deletion, and during the deletion."""

    after_list: Callable[[], None] = lambda: None
    on_delete: Callable[[], None] = lambda: None

    @property
    def inventory(self) -> "WatchedInventory":
        return WatchedInventory(self)

    def delete(self, key: str) -> bool:
        self.on_delete()
        return super().delete(key)


class WatchedInventory(InMemoryObjectInventory):
    store: WatchedStore

    def objects(self, prefix: str) -> Iterator[Sequence[StoredObject]]:
        yield list(chain.from_iterable(super().objects(prefix)))
        self.store.after_list()


def swept_now(archive: Archive) -> Swept:
    owners = PostgresObjectOwners(archive.engine)
    window = timedelta(days=-1)
    sweep = SweepOrphanObjects(transactions=archive.transactions, blobs=archive.blobs, owners=owners, window=window)
    return sweep(Orders(), Unhurried())[0]


def test_what_is_announced_while_an_expired_version_is_deleted_keeps_its_bytes(engine: Engine, tmp_path: Path) -> None:
    store = WatchedStore()
    archive = Archive(engine, store, tmp_path)
    archive.ingest(b"the first", external_id="x")
    expired, _ = archive.announce(b"never sent", external_id="x")
    archive.sql("UPDATE document_versions SET announced_at = :at", at=LONG_AGO)
    announced: list[Document] = []

    def announce() -> None:
        announced.append(archive.announce(b"the next", external_id="x")[0])
        store.put(announced[0].object_key, b"the next", "text/plain")

    store.on_delete = announce
    assert archive.clean(CleanupTask.EXPIRED) == {"expired_versions": (1, 0)}
    assert (expired.version, announced[0].version) == (2, 3)
    assert store.objects[announced[0].object_key][0] == b"the next"
    assert archive.work(archive.process(expired.id)).status == "completed"


def test_a_version_that_is_announced_after_the_list_keeps_its_object(engine: Engine, tmp_path: Path) -> None:
    store = WatchedStore()
    archive = Archive(engine, store, tmp_path)
    document = archive.ingest(b"the first", external_id="x")
    key = f"{document.object_key}-2"
    store.put(key, b"put after the backup that the database comes from", "text/plain")

    def announce() -> None:
        store.after_list = lambda: None  # the store is listed by prefix
        anew, _ = archive.announce(b"the second", external_id="x")
        assert anew.object_key == key
        store.put(key, b"the second", "text/plain")

    store.after_list = announce
    assert swept_now(archive).amount.count == 0
    assert store.objects[key][0] == b"the second"


def test_no_version_is_announced_while_the_store_is_told_to_delete(engine: Engine, tmp_path: Path) -> None:
    store = WatchedStore()
    archive = Archive(engine, store, tmp_path)
    document = archive.ingest(b"the first", external_id="x")
    store.put(f"{document.object_key}-2", b"put after the backup that the database comes from", "text/plain")
    refused: list[bool] = []

    def try_to_lock() -> None:
        with pytest.raises(OperationalError, match="could not obtain lock"):
            archive.sql("SELECT 1 FROM documents WHERE id = :id FOR NO KEY UPDATE NOWAIT", id=document.id)
        refused.append(True)

    store.on_delete = try_to_lock
    assert swept_now(archive).amount.count == 1
    assert refused == [True]
    assert set(store.objects) == {document.object_key}


def test_a_store_that_looks_like_another_databases_is_left_alone_unless_forced(
    archive: Archive, age: Callable[[], None]
) -> None:
    for _ in range(101):
        archive.put(f"documents/{new_uuid7()}/original", b"of another database")
    age()
    action = archive.work(archive.start_cleanup(params_of(CleanupTask.S3, Orders())).job)
    assert action.result
    assert action.result["left"] == 101
    assert "101 of 101 objects have no document" in str(action.result["swept"])
    assert len(archive.stored_keys()) == 101
    assert archive.clean(CleanupTask.S3, force=True) == {"orphan_objects": (101, 101 * 19)}
    assert archive.stored_keys() == set()


def test_uploads_in_parts_that_no_row_knows_are_aborted(
    archive: Archive, age: Callable[[], None], tmp_path: Path
) -> None:
    _, known = archive.announce(b"on its way", multipart=True)
    archive.blobs.multipart.start(f"documents/{new_uuid7()}/original", content_type="text/plain")
    age()
    archive.sql("UPDATE uploads SET expires_at = now() + interval '1 hour'")
    young, _ = archive.announce(b"begun in the store, not noted yet", multipart=True)
    archive.sql("DELETE FROM uploads WHERE document_id = :id", id=young.id)
    for begun in (tmp_path / "store" / "parts").rglob("*"):
        os.utime(begun, (0, 0))  # by a clock that is wrong

    assert archive.clean(CleanupTask.S3) == {"upload_leftovers": (1, 0)}

    left = {each.key for page in archive.blobs.inventory.unfinished_uploads("documents/") for each in page}
    assert known
    assert left == {known.document.object_key, young.object_key}


def test_rows_of_runs_that_nobody_sees_are_deleted_and_no_others(archive: Archive) -> None:
    engine = archive.engine
    archive.ingest(b"all is well")
    at_work, over = add_document(engine), add_document(engine)
    for document in (at_work, over):
        PostgresPassageStore(engine).write_chunks(document.run, document.id, "m", [indexed(0, "a b"), indexed(1, "c")])
    end_run(engine, over, publish=False)
    archive.sql("INSERT INTO postings (language, term, chunk, frequency, length) VALUES ('en', 'lost', 999, 1, 1)")
    archive.sql(
        "INSERT INTO staged_objects VALUES (:key, :parent, :action, 1)",
        key=f"documents/{new_uuid7()}/{over.run.id}",
        parent=over.id,
        action=over.run.action_id,
    )

    counted = archive.clean(CleanupTask.ORPHANS, dry_run=True)
    swept = archive.clean(CleanupTask.ORPHANS)

    assert {kind: count for kind, (count, _) in swept.items()} == {
        "unpublished_passages": 2,
        "staged_objects": 1,
        "vectors_without_chunk": 1,
    }
    assert counted["unpublished_passages"] == swept["unpublished_passages"]
    assert swept["unpublished_passages"][1] > 0
    assert archive.sql("SELECT count(*) FROM chunks") == [3]
    assert archive.sql("SELECT count(*) FROM postings WHERE term = 'lost'") == [0]
    assert archive.clean(CleanupTask.ORPHANS) == {}


def test_history_is_forgotten_and_what_documents_need_is_kept(archive: Archive) -> None:
    archive.ingest(b"the first", external_id="x")
    archive.ingest(b"the second", external_id="x")
    archive.ingest(BROKEN)
    archive.delete(archive.ingest(b"to be deleted").id)
    archive.clean(CleanupTask.ORPHANS)
    archive.sql("UPDATE jobs SET completed_at = :at", at=LONG_AGO)
    archive.sql("UPDATE job_actions SET completed_at = :at", at=LONG_AGO)
    archive.sql("UPDATE events SET at = :at", at=LONG_AGO)
    archive.sql("UPDATE embedding_cache SET used_at = now() - interval '200 days'")
    recent = archive.ingest(b"recent")

    counted = archive.clean(CleanupTask.JOBS, dry_run=True)
    swept = archive.clean(CleanupTask.JOBS)

    counts = {kind: count for kind, (count, _) in swept.items()}
    # A superseded job, a deleted document's and a cleanup.
    assert (counts["jobs"], counts["results"], counts["cached_embeddings"]) == (3, 1, 3)
    assert counted["results"] == swept["results"]
    assert all(size for _, size in swept.values())
    latest = set(archive.sql("SELECT job_id FROM documents"))
    assert latest <= set(archive.sql("SELECT id FROM jobs"))
    failed = archive.sql("SELECT count(*) FROM events e JOIN jobs j ON j.id = e.job_id WHERE j.status = 'failed'")
    assert failed == [3]
    assert archive.sql(
        "SELECT count(*) FROM events WHERE job_id = (SELECT job_id FROM documents WHERE id = :id)", id=recent.id
    ) == [3]
    assert archive.clean(CleanupTask.JOBS) == {}


def test_results_of_tasks_are_kept_for_their_time(archive: Archive) -> None:
    archive.clean(CleanupTask.ORPHANS)
    assert archive.clean(CleanupTask.JOBS) == {}
    archive.sql("UPDATE jobs SET completed_at = now() - interval '25 hours'")
    archive.sql("UPDATE job_actions SET completed_at = now() - interval '25 hours'")
    assert archive.clean(CleanupTask.JOBS)["results"][0] == 2
    assert archive.sql("SELECT count(*) FROM job_actions WHERE result IS NOT NULL") == [1]


def test_a_job_is_kept_as_long_as_its_idempotency_key(archive: Archive) -> None:
    archive.clean(CleanupTask.ORPHANS)
    archive.sql(
        "INSERT INTO idempotency_keys (tenant_id, key, fingerprint, job_id) SELECT tenant_id, 'k', 'a', id FROM jobs"
    )
    archive.sql("UPDATE jobs SET completed_at = :at", at=LONG_AGO)
    assert "jobs" not in archive.clean(CleanupTask.JOBS)
    archive.sql("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    swept = archive.clean(CleanupTask.JOBS)
    assert (swept["idempotency_keys"][0], swept["jobs"][0]) == (1, 1)
    assert archive.sql("SELECT count(*) FROM idempotency_keys") == [0]


def test_the_daily_task_does_all_of_it(archive: Archive, age: Callable[[], None]) -> None:
    archive.announce(b"never sent")
    archive.put(f"documents/{new_uuid7()}/original", b"orphan")
    archive.sql("INSERT INTO postings (language, term, chunk, frequency, length) VALUES ('en', 'lost', 999, 1, 1)")
    age()
    swept = archive.clean(CleanupTask.DAILY)
    assert {kind: count for kind, (count, _) in swept.items()} == {
        "expired_documents": 1,
        "orphan_objects": 1,
        "vectors_without_chunk": 1,
    }


def test_the_same_request_twice_is_one_task(archive: Archive) -> None:
    start, params = archive.start_cleanup, params_of(CleanupTask.S3, Orders())
    barrier = threading.Barrier(8)

    def request(_: int) -> object:
        barrier.wait()
        return start(params).job.id

    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(request, range(8)))
    assert len(ids) == 1
    assert start(params_of(CleanupTask.S3, Orders(dry_run=True))).job.id not in ids
    archive.work(start(params).job)
    assert start(params).job.id not in ids


def test_a_clock_that_was_set_back_does_not_put_the_schedule_off(archive: Archive) -> None:
    due = StartDueCleanup(transactions=archive.transactions, start=archive.start_cleanup, every=timedelta(hours=24))
    assert due() is False
    archive.sql("UPDATE schedules SET started_at = now() + interval '1 year' WHERE name = :name", name=SCHEDULE)
    assert (due(), due()) == (True, False)


def test_of_many_processes_one_starts_the_scheduled_cleanup(archive: Archive) -> None:
    due = StartDueCleanup(transactions=archive.transactions, start=archive.start_cleanup, every=timedelta(hours=24))
    assert due() is False
    for _ in range(3):
        archive.sql("UPDATE schedules SET started_at = now() - interval '25 hours' WHERE name = :name", name=SCHEDULE)
        barrier = threading.Barrier(4)

        def turn(barrier: threading.Barrier = barrier) -> bool:
            barrier.wait()
            return due()

        with ThreadPoolExecutor(4) as threads:
            turns = [threads.submit(turn) for _ in range(4)]
        assert sorted(each.result() for each in turns) == [False, False, False, True]
        archive.sql("UPDATE job_actions SET status = 'completed'")
    assert archive.sql("SELECT count(*) FROM jobs") == [3]
