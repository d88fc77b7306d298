"""The view of search in a real browser: asked, marked, filtered, opened at the passage."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.axe import serious_findings
from tests.support.browser import fresh_page
from tests.support.esteira_client import EsteiraClient
from tests.support.odd_files import small_pdf
from tests.support.running_stack import RunningStack

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page, Route

pytestmark = pytest.mark.xdist_group("whole stack")

PHONE = {"width": 390, "height": 844}
FIELD = "input[type=search]"
RESULT = "ol.results > li"
HOSTILE_NAME = "<img src=x onerror=alert(1)>.html"
HOSTILE_TEXT = "The narwhal <img src=x onerror=alert(2)> swims <script>alert(3)</script> north."
HOSTILE = f"<p>{HOSTILE_TEXT.replace('&', '&amp;').replace('<', '&lt;')}</p>"


@pytest.fixture(scope="module")
def lighthouse(client: EsteiraClient) -> str:
    pages = [
        "Ships pass the cape in winter.",
        "The lighthouse keeper polishes the fresnel lens every Thursday.",
        "The harbour pilot sleeps aboard his cutter.",
    ]
    return ingested(client, "lighthouse.pdf", small_pdf(pages), metadata={"shelf": "coast", "year": 1911})


@pytest.fixture(scope="module")
def emoji(client: EsteiraClient) -> str:
    # Two units of UTF-16 to a face, and marks that stand upon letters.
    text = "\U0001f600\U0001f680 O açaí e\u0301 doce \U0001f30a\U0001f30a: a jabuticaba amadurece em setembro."
    return ingested(client, "frutas.md", text.encode(), metadata={"shelf": "fruit"})


@pytest.fixture(scope="module")
def hostile(client: EsteiraClient) -> str:
    return ingested(client, HOSTILE_NAME, HOSTILE.encode())


def ingested(client: EsteiraClient, filename: str, data: bytes, **fields: object) -> str:
    status = client.ingest(filename, data, **fields)
    assert status["status"] == "completed", status
    return str(status["document_id"])


@pytest.fixture(autouse=True)
def details_may_be_missing(page: "Page", page_errors: list[str]) -> Iterator[None]:
    """A document that is opened for the first time has none, and browsers tell each 404."""
    yield
    assert page.url
    page_errors[:] = [error for error in page_errors if "/details" not in error]


@pytest.fixture
def search(page: "Page", whole_stack: RunningStack) -> "Page":
    page.goto(f"{whole_stack.url}/#/search")
    page.locator(FIELD).wait_for()
    return page


def test_a_sentence_is_found_marked_and_opened_at_its_page(search: "Page", lighthouse: str) -> None:
    search.fill(FIELD, "polishes the fresnel lens")
    first = search.locator(RESULT, has_text="lighthouse.pdf").first
    first.locator("mark", has_text="fresnel").wait_for()
    assert "pages 1 to 3" in first.inner_text()
    assert "passage" in search.locator(".count").inner_text()
    first.get_by_role("link", name="lighthouse.pdf").first.click()
    search.locator(".passage.marked mark", has_text="lens").wait_for()
    search.locator(".text-of-page .passage-mark", has_text="fresnel").wait_for()
    search.wait_for_url(f"**/documents/{lighthouse}?page=2&chunk=**")
    assert search.get_by_role("textbox", name="Page").input_value() == "2"


def test_words_are_marked_where_they_stand_behind_emoji_and_accents(search: "Page", emoji: str) -> None:
    search.goto(search.url + "?q=jabuticaba&mode=keyword")
    search.locator(f"{RESULT} mark").first.wait_for()
    assert search.locator(f"{RESULT} mark").all_inner_texts() == ["jabuticaba"]
    search.goto(search.url.split("#", maxsplit=1)[0] + f"#/documents/{emoji}?q=jabuticaba")
    search.locator(".text-of-page mark").wait_for()
    assert search.locator(".text-of-page mark").all_inner_texts() == ["jabuticaba"]
    assert search.locator(".passage mark").all_inner_texts() == ["jabuticaba"]


def test_the_address_holds_the_question(search: "Page", lighthouse: str, emoji: str) -> None:
    assert lighthouse != emoji
    search.fill(FIELD, "setembro")
    search.locator(f"{RESULT} mark").first.wait_for()
    search.get_by_role("button", name="By words").click()
    search.wait_for_url("**q=setembro&mode=keyword")
    search.get_by_label("Metadata").fill("shelf = coast; year = 1911")
    search.get_by_label("Metadata").press("Enter")
    search.get_by_role("heading", name="No passage was found").wait_for()
    asked = search.url
    search.go_back()
    search.locator(RESULT, has_text="frutas.md").wait_for()
    search.go_forward()
    search.get_by_role("heading", name="No passage was found").wait_for()
    search.reload()
    search.get_by_role("heading", name="No passage was found").wait_for()
    assert search.url == asked
    assert search.locator(FIELD).input_value() == "setembro"
    assert search.get_by_role("button", name="By words").get_attribute("aria-pressed") == "true"
    assert "Only a part of the documents was searched" in search.locator(".hints").inner_text()


def test_one_document_alone_can_be_searched(search: "Page", lighthouse: str, emoji: str) -> None:
    assert lighthouse != emoji
    search.fill(FIELD, "fresnel lens")
    search.locator(RESULT, has_text="lighthouse.pdf").first.get_by_text("Only in this document").click()
    search.locator(".one-document", has_text="lighthouse.pdf").wait_for()
    search.locator(".results:not(.old)").wait_for()
    assert {"lighthouse.pdf"} == set(search.locator(f"{RESULT} h2").all_inner_texts())
    search.get_by_role("button", name="Search in all documents").click()
    search.locator(".one-document").wait_for(state="detached")


def test_a_late_answer_to_an_old_question_is_dropped(search: "Page", lighthouse: str, emoji: str) -> None:
    assert lighthouse != emoji
    held: list[Route] = []

    def hold(route: "Route") -> None:
        if '"fresnel lens"' in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    search.route("**/api/v1/search", hold)
    with search.expect_request("**/api/v1/search"):
        search.fill(FIELD, "fresnel lens")
    search.fill(FIELD, "jabuticaba")
    search.locator(f"{RESULT} mark", has_text="jabuticaba").first.wait_for()
    with search.expect_response("**/api/v1/search"):
        held[0].continue_()
    search.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert "frutas.md" in search.locator(f"{RESULT} h2").all_inner_texts()[0]
    assert search.locator(FIELD).input_value() == "jabuticaba"


def test_an_error_is_shown_with_a_way_out(search: "Page", page_errors: list[str], lighthouse: str) -> None:
    assert lighthouse
    problem = {"type": "about:blank", "title": "Away", "status": 500, "code": "internal", "detail": "It fell over."}
    body = json.dumps(problem)
    refuse = "**/api/v1/search"
    search.route(refuse, lambda route: route.fulfill(status=500, body=body, content_type="application/problem+json"))
    search.fill(FIELD, "fresnel lens")
    search.get_by_role("alert").get_by_text("It fell over.").wait_for()
    search.unroute(refuse)
    search.get_by_role("button", name="Try again").click()
    search.locator(RESULT).first.wait_for()
    page_errors[:] = [error for error in page_errors if "/search" not in error]


def test_nothing_of_a_document_runs(search: "Page", hostile: str) -> None:
    dialogs: list[str] = []

    def note(dialog: "Dialog") -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    search.on("dialog", note)
    search.fill(FIELD, "narwhal")
    found = search.locator(RESULT, has_text="narwhal").first
    found.wait_for()
    assert found.locator("h2").inner_text() == HOSTILE_NAME
    assert HOSTILE_TEXT in found.inner_text()
    found.get_by_role("link", name=HOSTILE_NAME).first.click()
    search.locator(".passage.marked").wait_for()
    assert hostile in search.url
    assert search.get_by_role("heading", level=1).inner_text() == HOSTILE_NAME
    assert HOSTILE_TEXT in search.locator(".text-of-page").inner_text()
    assert search.locator("main img").count() == 0
    assert search.locator("main script").count() == 0
    assert dialogs == []


def test_it_can_be_used_by_the_keyboard_alone(search: "Page", lighthouse: str) -> None:
    search.wait_for_function("() => document.activeElement.type === 'search'")
    search.keyboard.type("harbour pilot")
    search.keyboard.press("Enter")
    result = search.locator(RESULT, has_text="lighthouse.pdf").first
    result.locator("mark").first.wait_for()
    while not search.evaluate("() => document.activeElement.closest('.results') !== null"):
        search.keyboard.press("Tab")
    search.keyboard.press("Enter")
    search.wait_for_url(f"**/documents/{lighthouse}?page=3&chunk=**")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(search: "Page", lighthouse: str, scheme: str) -> None:
    assert lighthouse
    search.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two
    assert serious_findings(search) == []
    search.fill(FIELD, "keeper polishes")
    search.locator(f"{RESULT} mark").first.wait_for()
    assert serious_findings(search) == []
    search.fill(FIELD, '"no such words anywhere"')
    search.get_by_role("heading", name="No passage was found").wait_for()
    assert serious_findings(search) == []


def test_it_speaks_portuguese_on_a_phone(
    browser: "Browser", whole_stack: RunningStack, page_errors: list[str], emoji: str
) -> None:
    assert emoji
    with fresh_page(browser, page_errors, locale="pt-BR", viewport=PHONE) as page:
        page.goto(f"{whole_stack.url}/#/search?q=quando+amadurece+a+jabuticaba")
        page.locator(f"{RESULT} mark").first.wait_for()
        assert page.get_by_role("button", name="Por sentido").is_visible()
        assert "trecho" in page.locator(".count").inner_text()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
        assert serious_findings(page) == []
