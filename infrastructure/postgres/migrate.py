"""Brings a database to the schema of this version: `esteira migrate`."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

# Any two processes that migrate the same database at once take turns on this lock.
MIGRATION_LOCK = 0x65737465


def migrate(engine: Engine) -> None:
    """Apply every missing migration in one transaction. Safe to run at once from several processes."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
