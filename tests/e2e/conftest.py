"""One whole stack for all tests that do not end it, in a folder with a space in its path."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.browser import fresh_page, running_browser
from tests.support.esteira_client import EsteiraClient
from tests.support.running_stack import RunningStack, running_stack

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

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


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with running_browser() as running:
        yield running


@pytest.fixture
def page_errors() -> list[str]:
    """What the page complained of; a test that provokes errors takes them out."""
    return []


@pytest.fixture
def page(browser: "Browser", page_errors: list[str]) -> Iterator["Page"]:
    with fresh_page(browser, page_errors) as page:
        yield page
    assert page_errors == []
