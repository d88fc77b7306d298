"""Fixtures for tests of one adapter."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine

from infrastructure.embedded.stack import EmbeddedStack
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import migrate
from tests.support.embedded import drop_database, fresh_database


@pytest.fixture(scope="session")
def migrated_template(stack: EmbeddedStack) -> Iterator[str]:
    url = fresh_database(stack.addresses)
    engine = make_engine(url, application_name="test", pool_size=0)
    migrate(engine)
    yield urlsplit(url).path.removeprefix("/")
    drop_database(stack.addresses, url)


@pytest.fixture
def engine(stack: EmbeddedStack, migrated_template: str) -> Iterator[Engine]:
    url = fresh_database(stack.addresses, template=migrated_template)
    engine = make_engine(url, application_name="test")
    yield engine
    engine.dispose()
    drop_database(stack.addresses, url)
