"""Fixtures for tests of one adapter."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import migrate


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, application_name="test")
    migrate(engine)
    yield engine
    engine.dispose()
