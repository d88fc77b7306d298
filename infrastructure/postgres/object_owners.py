"""Which objects and uploads of the store rows speak of."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, text

from application.ports.object_inventory import UnfinishedUpload
from domain.artifact import ARTIFACTS_PREFIX, run_of_key
from domain.document import document_of_key, object_key
from infrastructure.postgres.errors import database_errors

# One statement, so one snapshot: a note becomes a document in one transaction, and is seen as either.
NAMED = text("""
    SELECT key, NULL::uuid AS id, NULL AS object_name, NULL::int AS version FROM staged_objects WHERE key = ANY(:keys)
    UNION ALL
    SELECT NULL, d.id, d.object_name, v.version FROM documents d JOIN document_versions v ON v.document_id = d.id
    WHERE d.id = ANY(:documents)
    UNION ALL
    SELECT :artifacts || action_id || '/' || run_lease, NULL, NULL, NULL FROM artifacts
    WHERE action_id = ANY(:actions) AND deleted_at IS NULL
    UNION ALL
    SELECT key, NULL, NULL, NULL FROM page_pictures WHERE key = ANY(:keys)
""")
OPEN_UPLOADS = text("SELECT store_id FROM uploads WHERE store_id = ANY(:ids) AND completed_at IS NULL")
ANNOUNCED = text("""
    SELECT d.id, d.object_name, v.version FROM documents d JOIN document_versions v ON v.document_id = d.id
    WHERE d.id = ANY(:documents) AND v.announced_at >= :since
""")


class PostgresObjectOwners:
    """Implements application/ports/object_owners.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def named(self, keys: Sequence[str]) -> frozenset[str]:
        """Look up notes, versions, artifacts and pictures of pages."""
        asked = {
            "keys": list(keys),
            "documents": _documents(keys),
            "actions": [run.action_id for run in map(run_of_key, keys) if run],
            "artifacts": ARTIFACTS_PREFIX,
        }
        with database_errors(), self._engine.connect() as connection:
            rows = connection.execute(NAMED, asked).all()
        return frozenset(row.key or object_key(row.id, row.object_name, row.version) for row in rows) & set(keys)

    def open_uploads(self, uploads: Sequence[UnfinishedUpload], *, since: datetime) -> frozenset[str]:
        """Look up uploads, and versions: the store begins an upload in parts before there is a row for it."""
        documents = _documents([upload.key for upload in uploads])
        with database_errors(), self._engine.connect() as connection:
            noted = connection.execute(OPEN_UPLOADS, {"ids": [upload.store_id for upload in uploads]}).scalars().all()
            versions = connection.execute(ANNOUNCED, {"documents": documents, "since": since}).all()
        young = {object_key(row.id, row.object_name, row.version) for row in versions}
        return frozenset(noted) | {upload.store_id for upload in uploads if upload.key in young}


def _documents(keys: Sequence[str]) -> list[object]:
    return [found for found in map(document_of_key, keys) if found]
