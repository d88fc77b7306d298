"""One whole stack for all tests that do not end it, in a folder with a space in its path."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.esteira_client import EsteiraClient
from tests.support.running_stack import RunningStack, running_stack

ORIGIN = "https://app.example"


@pytest.fixture(scope="session")
def whole_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    data_dir = tmp_path_factory.mktemp("whole stack") / "data"
    with running_stack(data_dir, ESTEIRA_CORS_ORIGINS=ORIGIN) as running:
        yield running


@pytest.fixture(scope="session")
def client(whole_stack: RunningStack) -> Iterator[EsteiraClient]:
    with httpx.Client(base_url=whole_stack.url, timeout=60) as http:
        yield EsteiraClient(http=http)
