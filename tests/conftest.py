"""Fixtures for tests on real servers: one embedded stack a test process, one empty database a test."""

import signal
from collections.abc import Iterator

import pytest
import redis

from infrastructure.embedded.stack import EmbeddedStack
from tests.support import ceph_gateway as ceph
from tests.support.embedded import drop_database, fresh_database

# A suite in the background or under nohup inherits ignored signals, and so would the programs that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    with EmbeddedStack.own(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture
def database_url(stack: EmbeddedStack) -> Iterator[str]:
    url = fresh_database(stack.addresses)
    yield url
    drop_database(stack.addresses, url)


@pytest.fixture
def redis_url(stack: EmbeddedStack) -> str:
    url = stack.addresses.redis_url
    assert url is not None
    with redis.Redis.from_url(url) as client:
        client.flushall()
    return url


@pytest.fixture(scope="session")
def ceph_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ceph.CephGateway]:
    if missing := ceph.missing_programs():
        pytest.skip(f"no S3 server that checks signatures: {', '.join(missing)} are not installed")
    with ceph.ceph_gateway(tmp_path_factory.mktemp("ceph")) as gateway:
        yield gateway
