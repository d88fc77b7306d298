"""The page while its server is away: every view says so, keeps what it has shown, and goes on by itself."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.support.axe import serious_findings
from tests.support.esteira_client import EsteiraClient
from tests.support.odd_files import small_pdf
from tests.support.running_stack import RunningStack

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Route

pytestmark = pytest.mark.xdist_group("whole stack")


@dataclass
class Connection:
    """What lies between the page and the server."""

    page: "Page"
    is_cut: bool = False

    def pass_on(self, route: "Route") -> None:
        if self.is_cut:
            route.abort("connectionrefused")
        else:
            route.fallback()

    @property
    def told(self) -> "Locator":
        return self.page.get_by_role("alert").get_by_text("The server does not answer").first

    def cut(self) -> None:
        self.is_cut = True

    def mend(self) -> None:
        self.is_cut = False


@pytest.fixture
def connection(page: "Page", page_errors: list[str]) -> Iterator[Connection]:
    connection = Connection(page)
    page.route("**/api/v1/**", connection.pass_on)
    yield connection
    # A document that is opened for the first time has no details, and browsers tell each 404.
    page_errors[:] = [error for error in page_errors if "/details" not in error]


def test_the_list_of_documents(
    page: "Page", connection: Connection, whole_stack: RunningStack, client: EsteiraClient
) -> None:
    name = f"{uuid4().hex}.txt"
    document_id = client.upload(name, b"The ferry is late.")
    page.goto(f"{whole_stack.url}/#/documents?name={name}")
    row = page.locator("section.documents li")
    row.wait_for()
    connection.cut()
    connection.told.wait_for()
    assert row.is_visible()
    assert serious_findings(page) == []
    client.process(document_id)
    connection.mend()
    connection.told.wait_for(state="detached")
    row.filter(has_text="Completed").wait_for()


def test_a_document_that_is_followed(
    page: "Page", connection: Connection, whole_stack: RunningStack, client: EsteiraClient
) -> None:
    document_id = client.upload("ferry.txt", b"The ferry is late.")
    status = client.http.get(f"/api/v1/documents/{document_id}/status").json()
    body = f"event: status\nid: 0\ndata: {json.dumps(status)}\n\n"

    def end_at_once(route: "Route") -> None:
        if connection.is_cut:
            route.fallback()
        else:
            route.fulfill(content_type="text/event-stream", body=body)

    page.route("**/events", end_at_once)
    page.goto(f"{whole_stack.url}/#/documents/{document_id}")
    page.get_by_role("heading", name="ferry.txt").wait_for()
    connection.cut()
    connection.told.wait_for()
    assert page.locator(".chip", has_text="Awaiting upload").is_visible()
    client.process(document_id)
    page.unroute("**/events")
    connection.mend()
    page.locator(".chip", has_text="Completed").wait_for()
    page.locator(".passage", has_text="The ferry is late.").wait_for()
    assert not connection.told.is_visible()


def test_the_pages_of_a_document(
    page: "Page", connection: Connection, whole_stack: RunningStack, client: EsteiraClient
) -> None:
    data = small_pdf(["The ferry leaves at nine.", "The ferry comes back at noon."])
    document_id = client.ingest("timetable.pdf", data)["document_id"]
    page.goto(f"{whole_stack.url}/#/documents/{document_id}?page=1")
    page.locator(".text-of-page", has_text="at nine").wait_for()
    page.locator(".passage").first.wait_for()
    connection.cut()
    page.get_by_role("button", name="Next page").click()
    connection.told.wait_for()
    connection.mend()
    page.locator(".text-of-page", has_text="at noon").wait_for()
    page.locator(".passage").first.wait_for()
    connection.told.wait_for(state="detached")


def test_the_pictures_of_a_document(
    page: "Page", page_errors: list[str], whole_stack: RunningStack, client: EsteiraClient
) -> None:
    document_id = client.ingest("timetable.pdf", small_pdf(["The ferry leaves at nine."]))["document_id"]
    connection = Connection(page, is_cut=True)
    page.route(lambda url: f"{document_id}/pages" in url, connection.pass_on)
    page.goto(f"{whole_stack.url}/#/documents/{document_id}?page=1")
    why = page.locator(".no-pictures", has_text="The server does not answer")
    why.wait_for()
    connection.mend()
    page.wait_for_function("() => document.querySelector('img.page-picture')?.naturalWidth > 0")
    assert not why.is_visible()
    page_errors[:] = [error for error in page_errors if "/details" not in error]


def test_a_search(page: "Page", connection: Connection, whole_stack: RunningStack, client: EsteiraClient) -> None:
    client.ingest("ferry.txt", b"The ferry carries sheep and a tractor.")
    result = page.locator("ol.results > li", has_text="tractor")
    page.goto(f"{whole_stack.url}/#/search?q=sheep&mode=keyword")
    result.locator("mark", has_text="sheep").first.wait_for()
    connection.cut()
    page.locator("input[type=search]").fill("tractor")
    connection.told.wait_for()
    assert result.locator("mark", has_text="sheep").first.is_visible()
    assert serious_findings(page) == []
    connection.mend()
    result.locator("mark", has_text="tractor").first.wait_for()
    connection.told.wait_for(state="detached")


@pytest.mark.parametrize("tab", ["", "/jobs", "/dead-letters"])
def test_operations(page: "Page", connection: Connection, whole_stack: RunningStack, tab: str) -> None:
    page.goto(f"{whole_stack.url}/#/operations{tab}")
    page.locator(".operations .sheet, .operations .empty").first.wait_for()
    connection.cut()
    connection.told.wait_for()
    assert page.locator(".operations .sheet, .operations .empty").first.is_visible()
    connection.mend()
    connection.told.wait_for(state="detached")
