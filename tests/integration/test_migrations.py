"""The migrations make just the tables that the code speaks of."""

from importlib import import_module

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from infrastructure.postgres.tables import Vector, metadata
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.document_factory import a_document


def test_the_migrated_schema_is_the_one_in_the_code(engine: Engine) -> None:
    with engine.connect() as connection:
        engine.dialect.ischema_names["vector"] = Vector  # type: ignore[attr-defined]
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_documents_of_an_older_schema_count_on_from_their_newest_version(engine: Engine) -> None:
    def announce() -> tuple[int, int]:
        with PostgresUnitOfWork(engine) as transaction:
            added = [transaction.documents.add(a_document(external_id=name)) for name in ("many", "one")]
            transaction.commit()
        return added[0].version, added[1].version

    announce(), announce(), announce()
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE documents DROP COLUMN last_version"))
        connection.execute(
            text(
                "DELETE FROM document_versions v USING documents d"
                " WHERE d.id = v.document_id AND d.external_id = 'one' AND v.version > 1"
            )
        )
        migration = import_module("infrastructure.postgres.migrations.versions.0016_last_version")
        connection.execute(text(migration.SCHEMA))
    assert announce() == (4, 2)
