"""Cleanup and doctor where the store refuses one thing: all the rest is done, on real PostgreSQL and S3's protocol."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto.s3.models import s3_backends
from sqlalchemy import Engine

from bootstrap.cleaning import wire_start
from bootstrap.settings import Settings
from domain.action import Action
from domain.audit import DOCTOR
from domain.cleanup import CleanupTask, Orders, params_of
from domain.ids import new_uuid7
from infrastructure.storage.s3 import S3BlobStore
from tests.support.archive import BROKEN, Archive
from tests.support.blob_store_backends import MOTO_CREDENTIALS, moto_server, s3_backend

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LOST_POSTING = "INSERT INTO postings (language, term, chunk, frequency, length) VALUES ('en', 'lost', 999, 1, 1)"
OLD_KEY = (
    "INSERT INTO idempotency_keys (tenant_id, key, fingerprint, created_at)"
    " SELECT id, 'k', 'a', now() - interval '99 days' FROM tenants"
)

Refuse = Callable[[str, HTTPStatus, str], None]


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
def archive(engine: Engine, moto: str, tmp_path: Path) -> Iterator[Archive]:
    with s3_backend(moto, MOTO_CREDENTIALS) as backend:
        yield Archive(engine, backend.store, tmp_path, settings={"max_retries": 0})


class Answer:
    """The body of what the store answers."""

    def __init__(self, code: str) -> None:
        self._text = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>"

    def stream(self) -> Iterator[bytes]:
        yield self._text.encode()


@pytest.fixture
def refuse(archive: Archive) -> Refuse:
    """Let the store refuse an operation, on keys that hold a text; all others reach it."""
    assert isinstance(archive.blobs, S3BlobStore)
    events = archive.blobs.bucket.client.meta.events

    def register(operation: str, status: HTTPStatus, holding: str = "") -> None:
        def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:  # noqa: ANN401 - botocore's own
            if holding not in str(request.url):
                return None
            return AWSResponse(request.url, status.value, {}, Answer("AccessDenied"))

        events.register(f"before-send.s3.{operation}", answer)

    return register


def age_store() -> None:
    """Let all that is stored be of long ago, by the store's clock."""
    for backend in s3_backends.values():
        for bucket in backend["aws"].buckets.values():
            for key in bucket.keys.values():
                key.last_modified = LONG_AGO


def clean(archive: Archive, task: CleanupTask) -> Action:
    return archive.work(archive.start_cleanup(params_of(task, Orders())).job)


def swept_of(action: Action) -> Mapping[str, Mapping[str, Any]]:
    assert action.status == "completed", action.error
    assert action.result
    swept = action.result["swept"]
    assert isinstance(swept, list)
    return {each["kind"]: each for each in swept}


def audit(archive: Archive) -> Action:
    settings = Settings(_env_file=None, max_retries=0)  # type: ignore[call-arg]
    start = wire_start(settings, archive.transactions, action_type=DOCTOR, wake_relay=lambda: None)
    return archive.work(start({"fix": True}).job)


def put_orphans(archive: Archive, count: int) -> list[str]:
    keys = sorted(f"documents/{new_uuid7()}/original" for _ in range(count))
    for key in keys:
        archive.put(key, b"of no document")
    age_store()
    return keys


def test_a_store_that_lists_no_uploads_in_parts_keeps_no_other_sweep_from_running(
    archive: Archive, refuse: Refuse
) -> None:
    put_orphans(archive, 1)
    archive.sql(LOST_POSTING)
    archive.sql(OLD_KEY)
    refuse("ListMultipartUploads", HTTPStatus.NOT_IMPLEMENTED)

    action = clean(archive, CleanupTask.DAILY)

    assert action.status == "failed"
    assert action.error
    assert action.error.code == "storage_unavailable"
    assert "The object store does not offer this. 7 of 8 steps are done: 3 removed, 0 left." in action.error.message
    assert archive.stored_keys() == set()
    assert archive.sql("SELECT count(*) FROM postings") == [0]
    assert archive.sql("SELECT count(*) FROM idempotency_keys") == [0]


def test_an_orphan_that_is_locked_is_left_and_the_others_go(archive: Archive, refuse: Refuse) -> None:
    locked = put_orphans(archive, 3)[0]
    refuse("DeleteObject", HTTPStatus.FORBIDDEN, locked)
    for removed in (2, 0):
        orphans = swept_of(clean(archive, CleanupTask.S3))["orphan_objects"]
        assert (orphans["count"], orphans["left"]) == (removed, 1)
        assert f"{locked} stays: The object store refuses this server (AccessDenied)" in orphans["note"]
    assert archive.stored_keys() == {locked}


def test_an_upload_that_may_not_be_aborted_is_left_and_the_other_goes(archive: Archive, refuse: Refuse) -> None:
    archive.settings |= {"multipart_upload_seconds": 1, "upload_margin_seconds": 0}
    keys = [f"documents/{new_uuid7()}/original" for _ in range(2)]
    for key in keys:
        archive.blobs.multipart.start(key, content_type="text/plain")
    refuse("AbortMultipartUpload", HTTPStatus.FORBIDDEN, keys[0])
    leftovers = swept_of(clean(archive, CleanupTask.S3))["upload_leftovers"]
    assert (leftovers["count"], leftovers["left"]) == (1, 1)


def test_an_upload_that_expired_and_may_not_be_aborted_keeps_no_other_from_expiring(
    archive: Archive, refuse: Refuse
) -> None:
    stays, _ = archive.announce(b"never sent", multipart=True)
    archive.announce(b"never sent", multipart=True)
    archive.sql("UPDATE uploads SET expires_at = :at", at=LONG_AGO)
    archive.sql("UPDATE document_versions SET announced_at = :at", at=LONG_AGO)
    refuse("AbortMultipartUpload", HTTPStatus.FORBIDDEN, str(stays.id))
    swept = swept_of(clean(archive, CleanupTask.EXPIRED))
    assert (swept["expired_uploads"]["count"], swept["expired_uploads"]["left"]) == (1, 1)
    assert archive.sql("SELECT count(*) FROM documents") == [0]


def test_an_artifact_that_is_locked_is_left_and_the_other_goes(archive: Archive, refuse: Refuse) -> None:
    archive.ingest(b"all is well")
    actions = sorted(str(new_uuid7()) for _ in range(2))
    for action in actions:
        archive.put(f"artifacts/{action}/1", b"a report")
        archive.sql(
            "INSERT INTO artifacts (action_id, run_lease, job_id, filename, content_type, size_bytes, created_at,"
            " expires_at) SELECT :action, 1, id, 'a.pdf', 'application/pdf', 8, :at, :at FROM jobs",
            action=action,
            at=LONG_AGO,
        )
    refuse("DeleteObject", HTTPStatus.FORBIDDEN, actions[0])
    artifacts = swept_of(clean(archive, CleanupTask.EXPIRED))["expired_artifacts"]
    assert (artifacts["count"], artifacts["left"]) == (1, 1)
    assert archive.sql("SELECT CAST(action_id AS text) FROM artifacts WHERE deleted_at IS NULL") == actions[:1]


def test_an_object_of_no_attachment_that_is_locked_stays_with_its_note(archive: Archive, refuse: Refuse) -> None:
    parent = archive.ingest(b"all is well")
    keys = sorted(f"documents/{new_uuid7()}/{new_uuid7()}" for _ in range(2))
    for key in keys:
        archive.put(key, b"of an attachment that never came to be")
        archive.sql(
            "INSERT INTO staged_objects VALUES (:key, :parent, :action, 1)",
            key=key,
            parent=parent.id,
            action=new_uuid7(),
        )
    refuse("DeleteObject", HTTPStatus.FORBIDDEN, keys[0])
    staged = swept_of(clean(archive, CleanupTask.ORPHANS))["staged_objects"]
    assert (staged["count"], staged["left"]) == (1, 1)
    assert archive.sql("SELECT key FROM staged_objects") == [keys[0]]


def test_a_store_that_is_away_keeps_no_rows_from_being_swept(archive: Archive, refuse: Refuse) -> None:
    parent = archive.ingest(b"all is well")
    archive.sql(
        "INSERT INTO staged_objects VALUES ('documents/a/b', :parent, :action, 1)", parent=parent.id, action=new_uuid7()
    )
    archive.sql(LOST_POSTING)
    refuse("HeadObject", HTTPStatus.SERVICE_UNAVAILABLE)
    assert clean(archive, CleanupTask.ORPHANS).status == "failed"
    assert archive.sql("SELECT count(*) FROM postings WHERE term = 'lost'") == [0]


def test_a_failed_document_whose_object_is_locked_stays_and_the_other_goes(archive: Archive, refuse: Refuse) -> None:
    archive.settings["failed_retention_days"] = 30
    locked, other = archive.ingest(BROKEN), archive.ingest(BROKEN)
    archive.sql("UPDATE jobs SET completed_at = :at", at=LONG_AGO)
    archive.sql("UPDATE job_actions SET completed_at = :at", at=LONG_AGO)
    refuse("DeleteObject", HTTPStatus.FORBIDDEN, str(locked.id))
    failed = swept_of(clean(archive, CleanupTask.EXPIRED))["failed_documents"]
    assert (failed["count"], failed["left"], failed["examples"]) == (1, 1, [str(other.id)])
    assert archive.sql("SELECT id FROM documents") == [locked.id]


def test_the_doctor_makes_every_check_where_one_fails_and_tells_of_both(archive: Archive, refuse: Refuse) -> None:
    document = archive.ingest(b"all is well")
    archive.sql("DELETE FROM jobs")
    refuse("ListMultipartUploads", HTTPStatus.NOT_IMPLEMENTED)

    action = audit(archive)

    assert action.status == "failed"
    assert action.error
    told = (
        "The object store does not offer this. 4 of 5 checks were made and found: documents_without_job 1, 1 repaired."
    )
    assert told in action.error.message
    assert archive.sql("SELECT j.status FROM jobs j JOIN documents d ON d.job_id = j.id") == ["pending"]
    assert archive.stored_keys() == {document.object_key}
