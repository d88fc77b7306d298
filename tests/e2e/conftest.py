"""One whole stack for all tests that do not end it, in a folder with a space in its path."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from tests.support.browser import fresh_page, running_browser
from tests.support.esteira_client import EsteiraClient
from tests.support.http_server import running_uvicorn
from tests.support.program import ROOT
from tests.support.running_stack import RunningStack, running_stack

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ORIGIN = "https://app.example"


@pytest.fixture(scope="session")
def other_origin() -> Iterator[str]:
    """A server of files, whose pages may use the whole stack though they are not its own."""
    with running_uvicorn(Starlette(routes=[Mount("/", StaticFiles(directory=ROOT))])) as url:
        yield url


@pytest.fixture(scope="session")
def whole_stack(tmp_path_factory: pytest.TempPathFactory, other_origin: str) -> Iterator[RunningStack]:
    data_dir = tmp_path_factory.mktemp("whole stack") / "data"
    with running_stack(data_dir, ESTEIRA_CORS_ORIGINS=f"{ORIGIN},{other_origin}") as running:
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
