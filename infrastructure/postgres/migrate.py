"""Brings a database to the schema of this version: `esteira migrate`."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from domain.errors import EsteiraError
from infrastructure.postgres.engine import TAKE_LONG
from infrastructure.postgres.errors import database_errors

# Any two processes that migrate the same database at once take turns on this lock.
MIGRATION_LOCK = 0x65737465


class SchemaOutdated(EsteiraError):
    """The database does not have the schema of this version. Run: esteira migrate."""

    code = "schema_outdated"


def migrate(engine: Engine) -> None:
    """Apply every missing migration in one transaction. Safe to run at once from several processes."""
    config = _config()
    with database_errors(), engine.begin() as connection:
        connection.execute(TAKE_LONG)
        connection.execute(text("SET LOCAL lock_timeout = '30min'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        # A table's lock is not waited for so long: everybody else would wait behind us.
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def require_schema(engine: Engine) -> None:
    """Raise SchemaOutdated unless the database is at the newest migration."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    with database_errors(), engine.connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() != newest:
            raise SchemaOutdated


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
