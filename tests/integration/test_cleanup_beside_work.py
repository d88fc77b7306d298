"""Cleanup beside uploads, processing, new versions and deletions deletes nothing that is alive."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from application.use_cases.complete_upload import CompleteUpload
from application.use_cases.sweep_orphan_objects import SweepOrphanObjects
from bootstrap.cleaning import wire_sweeps
from bootstrap.settings import Settings
from domain.cleanup import CleanupTask, Orders
from domain.document import Document
from domain.ids import DocumentId, new_uuid7
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.object_owners import PostgresObjectOwners
from tests.support.archive import TEXT, Archive
from tests.support.blob_store_backends import MOTO_CREDENTIALS, Backend, local_backend, moto_server, s3_backend
from tests.support.unhurried import Unhurried

CLIENTS = 3
ROUNDS = 4


@pytest.fixture(params=["local", "moto"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    if request.param == "local":
        with local_backend(tmp_path / "store") as backend:
            yield backend
    else:
        with moto_server() as url, s3_backend(url, MOTO_CREDENTIALS) as backend:
            yield backend


@dataclass
class Soak:
    """Clients who do all that clients do, each with documents of its own."""

    archive: Archive
    backend: Backend
    kept: dict[DocumentId, tuple[Document, bytes]] = field(default_factory=dict)

    def client(self, name: int) -> None:
        for number in range(ROUNDS):
            data = f"client {name} has written document {number}".encode()
            if number % 4 == 0:
                document = self.ingest(data, multipart=True)
                self.kept[document.id] = (document, data)
            elif number % 4 == 1:
                self.ingest(data, external_id=f"of {name}")
            elif number % 4 == 2:
                document = self.ingest(data, external_id=f"of {name}")
                self.kept[document.id] = (document, data)
            else:
                document = self.ingest(data)
                self.archive.delete(document.id)
                self.archive.put(document.object_key, b"put again by a URL that lives on")

    def ingest(self, data: bytes, *, external_id: str | None = None, multipart: bool = False) -> Document:
        document, upload = self.archive.announce(data, external_id=external_id, multipart=multipart)
        if upload:
            etag = self.backend.put_part(document.object_key, upload.store_id, 1, data)
            complete = CompleteUpload(transactions=self.archive.transactions, blobs=self.archive.blobs)
            complete(document.id, upload.id, {1: etag})
        else:
            self.backend.put(document.object_key, data, TEXT)
        self.archive.work(self.archive.process(document.id))
        return document


def sweep_once(archive: Archive) -> None:
    """Clean up; the age of objects protects none of them here, rows alone do."""
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    sweeps = wire_sweeps(settings, archive.engine, archive.transactions, archive.blobs)[CleanupTask.DAILY]
    at_once = SweepOrphanObjects(
        transactions=archive.transactions,
        blobs=archive.blobs,
        owners=PostgresObjectOwners(archive.engine),
        window=timedelta(days=-1),
    )
    for sweep in sweeps:
        chosen = at_once if isinstance(sweep, SweepOrphanObjects) else sweep
        chosen(Orders(force=True), Unhurried())


def sweep_until(archive: Archive, over: threading.Event) -> int:
    turns = 0
    while not over.is_set():
        sweep_once(archive)
        turns += 1
    return turns


def test_at_the_end_every_document_is_whole_and_no_garbage_is_left(
    engine: Engine, backend: Backend, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    archive = Archive(engine, backend.store, scratch)
    soak = Soak(archive, backend)
    garbage = [f"documents/{new_uuid7()}/original" for _ in range(20)]
    for key in garbage:
        archive.put(key, b"of no document")
    forgotten, _ = archive.announce(b"never sent")
    archive.sql(
        "UPDATE document_versions SET announced_at = now() - interval '1 day' WHERE document_id = :id", id=forgotten.id
    )
    over = threading.Event()

    with ThreadPoolExecutor(CLIENTS + 2) as threads:
        cleaners = [threads.submit(sweep_until, archive, over) for _ in range(2)]
        clients = [threads.submit(soak.client, name) for name in range(CLIENTS)]
        try:
            for client in clients:
                client.result()
        finally:
            over.set()
        assert all(cleaner.result() >= 2 for cleaner in cleaners)

    assert len(soak.kept) == CLIENTS * (ROUNDS // 4) + CLIENTS
    reader = PostgresDocumentReader(engine)
    for document, data in soak.kept.values():
        state = reader.states([document.id])[document.id]
        assert (state.status, reader.text(document.id)) == ("completed", data.decode())
        assert backend.store.head(document.object_key).size_bytes == len(data)
    assert set(archive.sql("SELECT id FROM documents")) == set(soak.kept)
    archive.clean(CleanupTask.DAILY)
    sweep_once(archive)
    with archive.transactions() as transaction:
        alive = {version.object_key for each in soak.kept for version in transaction.versions.after(each, 0)}
    assert archive.stored_keys() == alive
