"""Idempotency keys live as long as the settings say, whatever they are of."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from bootstrap.settings import Settings
from bootstrap.transfers import wire_process, wire_request_upload
from infrastructure.sealing.aes_password_seal import AesPasswordSeal
from tests.support.in_memory_blob_store import InMemoryBlobStore
from tests.support.in_memory_transactions import InMemoryDatabase


def test_keys_of_documents_live_as_long_as_is_set(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, idempotency_ttl_hours=1)  # type: ignore[call-arg]
    database, blobs = InMemoryDatabase(), InMemoryBlobStore()
    seal = AesPasswordSeal(partial(bytes, 32))
    announced = wire_request_upload(settings, database, blobs)
    processed = wire_process(settings, database, blobs, seal, wake_relay=lambda: None)
    assert {announced.key_lifetime, processed.key_lifetime} == {timedelta(hours=1)}
