"""What is announced while an upload is given up loses nothing, on real PostgreSQL."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from application.use_cases.abort_upload import AbortUpload
from domain.document import Document
from domain.errors import UploadNotFound
from tests.support.archive import Archive
from tests.support.in_memory_blob_store import InMemoryBlobStore


@dataclass
class WatchedStore(InMemoryBlobStore):
    """Lets something happen just before it deletes an object."""

    on_delete: Callable[[], object] = bool

    def delete(self, key: str) -> bool:
        self.on_delete()
        return super().delete(key)


@pytest.fixture
def store() -> WatchedStore:
    return WatchedStore()


@pytest.fixture
def archive(engine: Engine, store: WatchedStore, tmp_path: Path) -> Archive:
    return Archive(engine, store, tmp_path)


@pytest.fixture
def abort(archive: Archive) -> AbortUpload:
    return AbortUpload(transactions=archive.transactions, blobs=archive.blobs)


def versions(archive: Archive) -> list[object]:
    return archive.sql("SELECT version FROM document_versions ORDER BY version")


def test_a_version_announced_while_the_one_before_is_given_up_is_kept(
    archive: Archive, store: WatchedStore, abort: AbortUpload
) -> None:
    archive.ingest(b"the first", external_id="x")
    given_up, _ = archive.announce(b"never sent", external_id="x")
    announced: list[Document] = []

    def announce() -> None:
        announced.append(archive.announce(b"the next", external_id="x")[0])
        store.put(announced[0].object_key, b"the next", "text/plain")

    store.on_delete = announce
    assert abort(given_up.id, None) is None
    assert versions(archive) == [1, 3]
    assert store.objects[announced[0].object_key][0] == b"the next"


def test_a_version_that_two_give_up_at_once_is_given_up_once(
    archive: Archive, store: WatchedStore, abort: AbortUpload
) -> None:
    archive.ingest(b"the first", external_id="x")
    archive.announce(b"never sent", external_id="x")
    given_up, _ = archive.announce(b"never sent either", external_id="x")

    def give_up() -> None:
        store.on_delete = bool
        abort(given_up.id, None)

    store.on_delete = give_up
    with pytest.raises(UploadNotFound):
        abort(given_up.id, None)
    assert versions(archive) == [1, 2]


def test_nobody_goes_on_with_an_upload_in_parts_while_its_object_is_deleted(
    archive: Archive, store: WatchedStore, abort: AbortUpload
) -> None:
    document, _ = archive.announce(b"the only version", multipart=True)
    refused: list[bool] = []

    def try_to_lock() -> None:
        with pytest.raises(OperationalError, match="could not obtain lock"):
            archive.sql("SELECT 1 FROM documents WHERE id = :id FOR NO KEY UPDATE NOWAIT", id=document.id)
        refused.append(True)

    store.on_delete = try_to_lock
    assert abort(document.id, None)
    assert refused == [True]
    assert (versions(archive), archive.sql("SELECT count(*) FROM uploads")) == ([1], [0])
