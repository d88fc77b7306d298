"""The migrations make what the statements take for granted."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine

from infrastructure.postgres.tables import Vector, metadata


def test_a_migrated_database_has_just_the_tables_that_the_statements_know(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.dialect.ischema_names = {**connection.dialect.ischema_names, "vector": Vector}
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
