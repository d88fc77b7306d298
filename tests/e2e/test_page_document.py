"""The view of one document in a real browser: its head, its pages, its passages, and what can be done with it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.axe import serious_findings
from tests.support.browser import fresh_page
from tests.support.esteira_client import EsteiraClient
from tests.support.mails import attached, mail, plain
from tests.support.odd_files import encrypted_pdf, small_docx, small_pdf
from tests.support.program import ROOT
from tests.support.running_stack import RunningStack

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.xdist_group("whole stack")

GUIDE = ROOT / "samples" / "documents" / "conveyor-maintenance-field-guide.pdf"
PHONE = {"width": 390, "height": 844}
PASSWORD = "correct horse battery staple"
# Some thousand passages, so that there is time to look at it while it is worked on.
LONG = "".join(f"Entry {n} of the mill's day book, signed by clerk {n * 7919 % 104729}.\n" for n in range(30_000))


@pytest.fixture(scope="module")
def guide(client: EsteiraClient) -> str:
    metadata = {"shelf": "workshop", "inspected": True}
    status = client.ingest(GUIDE.name, GUIDE.read_bytes(), metadata=metadata, external_id="guide/1")
    assert status["status"] == "completed"
    return str(status["document_id"])


@pytest.fixture(autouse=True)
def details_may_be_missing(page: "Page", page_errors: list[str]) -> Iterator[None]:
    """A document that is opened for the first time has none, and browsers tell each 404."""
    yield
    assert page.url
    page_errors[:] = [error for error in page_errors if "/details" not in error]


@pytest.fixture
def address(whole_stack: RunningStack) -> str:
    return f"{whole_stack.url}/#/documents"


def open_page(page: "Page") -> str:
    return page.get_by_role("textbox", name="Page").input_value()


def test_the_head_says_what_it_is(page: "Page", address: str, guide: str) -> None:
    page.goto(f"{address}/{guide}")
    page.get_by_role("heading", name=GUIDE.name).wait_for()
    summary = page.locator(".about summary")
    said = summary.inner_text()
    assert [word for word in ("PDF", "6 pages", "passages", "English") if word not in said] == []
    summary.click()
    page.locator(".document-facts", has_text="Casa do Ribeirão").wait_for()
    facts = page.locator(".about").inner_text()
    expected = ("Conveyor Maintenance Field Guide", "application/pdf", "guide/1", "workshop", "inspected", guide)
    assert [fact for fact in expected if fact not in facts] == []


def test_page_pictures_are_made_when_somebody_looks(page: "Page", address: str, guide: str) -> None:
    page.goto(f"{address}/{guide}?page=2")
    picture = page.get_by_role("img", name="Picture of page 2")
    picture.wait_for()
    page.wait_for_function("() => document.querySelector('img.page-picture').naturalWidth > 500")
    page.wait_for_function("() => document.querySelectorAll('.strip img').length === 6")
    assert picture.evaluate("image => image.width / image.height") == pytest.approx(0.707, abs=0.02)
    page.locator(".strip").get_by_role("button", name="Page 5").click()
    page.get_by_role("img", name="Picture of page 5").wait_for()
    assert open_page(page) == "5"


def test_an_outline_entry_opens_its_page(page: "Page", address: str, guide: str) -> None:
    page.goto(f"{address}/{guide}")
    page.locator(".outline summary").click()
    page.locator(".outline").get_by_role("button", name="Belt tracking").click()
    page.locator(".text-of-page", has_text="A belt that runs to one side").wait_for()
    assert open_page(page) == "3"


def test_pages_are_turned_by_keys_and_buttons(page: "Page", address: str, guide: str) -> None:
    page.goto(f"{address}/{guide}")
    page.locator(".passage").first.wait_for()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.locator(".text-of-page", has_text="Belt tracking").wait_for()
    page.keyboard.press("ArrowLeft")
    page.locator(".text-of-page", has_text="Entanglement").wait_for()
    page.get_by_role("button", name="Next page").click()
    page.wait_for_url("**?page=3")
    field = page.get_by_role("textbox", name="Page")
    field.fill("99")
    field.press("Enter")
    page.wait_for_url("**?page=6")
    assert page.get_by_role("button", name="Next page").is_disabled()


def test_keys_that_come_before_the_next_frame_are_counted_each(page: "Page", address: str, guide: str) -> None:
    page.goto(f"{address}/{guide}")
    page.locator(".passage").first.wait_for()
    page.evaluate("""async () => {
      for (const _ of [1, 2, 3, 4]) {
        document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
        await Promise.resolve();
      }
    }""")
    page.wait_for_url("**?page=5")
    page.get_by_role("img", name="Picture of page 5").wait_for()


def test_words_are_found_within_the_document(page: "Page", address: str, guide: str) -> None:
    page.goto(f"{address}/{guide}")
    page.get_by_role("searchbox").fill("nip point")
    page.get_by_role("searchbox").press("Enter")
    page.locator(".finder [role=status]", has_text="passage").wait_for()
    page.get_by_role("button", name="Next passage with these words").click()
    page.locator(".passage.marked mark").first.wait_for()
    page.locator(".text-of-page mark", has_text="nip").first.wait_for()
    assert "1 of" in page.locator(".finder [role=status]").inner_text()
    page.get_by_role("link", name="All results").click()
    page.locator(".one-document", has_text=GUIDE.name).wait_for()


def test_processing_is_seen_live_and_can_be_cancelled(page: "Page", address: str, client: EsteiraClient) -> None:
    document_id = client.upload("day-book.txt", LONG.encode())
    page.goto(f"{address}/{document_id}")
    page.get_by_text("The bytes of this document have not arrived yet.").wait_for()
    client.process(document_id)
    page.locator(".moving .stage-line", has_text="Making vectors").wait_for()
    page.locator(".moving", has_text="passages:").wait_for()
    assert serious_findings(page) == []
    page.get_by_role("button", name="Cancel").click()
    page.locator(".chip", has_text="Cancelled").wait_for()
    page.get_by_role("button", name="Process again").wait_for()


def test_the_second_click_of_a_double_click_does_not_undo_the_first(
    page: "Page", address: str, client: EsteiraClient
) -> None:
    document_id = client.upload("note.md", b"# Weir\n\nThe heron has left the weir.")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    client.http.post("/api/v1/queue/document_processing/pause").raise_for_status()
    try:
        client.process(document_id)
        page.goto(f"{address}/{document_id}")
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Process again").hover()
        page.mouse.down(click_count=2)
        page.mouse.up(click_count=2)
        page.wait_for_timeout(300)
    finally:
        client.http.post("/api/v1/queue/document_processing/resume").raise_for_status()
    assert [url.rpartition("/")[2] for url in asked] == ["cancel"]


def test_what_was_processed_is_shown_without_a_reload(page: "Page", address: str, client: EsteiraClient) -> None:
    document_id = client.upload("note.md", b"# Weir\n\nThe heron stands at the weir.")
    page.goto(f"{address}/{document_id}")
    page.locator(".chip", has_text="Awaiting upload").wait_for()
    client.process(document_id)
    page.locator(".passage", has_text="The heron stands at the weir.").wait_for()
    page.locator(".chip", has_text="Completed").wait_for()
    page.get_by_role("button", name="Process again").click()
    client.follow(document_id)
    page.locator(".passage", has_text="The heron stands at the weir.").wait_for()


def test_passages_that_cannot_be_had_are_asked_for_again_by_a_person_alone(
    page: "Page", page_errors: list[str], address: str, client: EsteiraClient
) -> None:
    asked: list[str] = []

    def answer(route: "Route") -> None:
        if "cursor=" in route.request.url:
            asked.append(route.request.url)
            route.fulfill(status=500)
        else:
            response = route.fetch()
            route.fulfill(response=response, json={**response.json(), "next_cursor": "more"})

    page.route("**/chunks?*", answer)
    document_id = client.ingest("weir.md", b"# Weir\n\nThe heron stands at the weir.")["document_id"]
    page.goto(f"{address}/{document_id}")
    again = page.get_by_role("alert").get_by_role("button", name="Try again")
    again.wait_for()
    page.wait_for_timeout(500)
    assert len(asked) == 1
    again.click()
    page.wait_for_timeout(500)
    assert len(asked) == 2
    page_errors[:] = [error for error in page_errors if "status of 500" not in error]


def test_a_document_is_deleted_with_a_receipt(page: "Page", address: str, client: EsteiraClient) -> None:
    document_id = client.ingest("quarry.docx", small_docx(["# Quarry", "It was flooded."]))["document_id"]
    page.goto(f"{address}/{document_id}")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    receipt = page.locator(".receipt")
    receipt.wait_for()
    assert [word for word in ("Passages\n1", "Stored files\n1", document_id) if word not in receipt.inner_text()] == []
    assert page.evaluate("() => document.activeElement.tagName") == "H1"
    assert client.http.get(f"/api/v1/documents/{document_id}").status_code == 404


def test_a_protected_document_asks_for_its_password(page: "Page", address: str, client: EsteiraClient) -> None:
    document_id = client.ingest("locked.pdf", encrypted_pdf(PASSWORD))["document_id"]
    page.goto(f"{address}/{document_id}")
    page.locator(".notice.bad", has_text="encrypted").wait_for()
    assert serious_findings(page) == []
    page.get_by_role("button", name="Process with a password").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("dialog").get_by_role("button", name="Process").click()
    page.locator(".text-of-page", has_text="This page is secret.").wait_for()
    page.locator(".no-pictures", has_text="protected by a password").wait_for()
    page.locator(".about summary").click()
    page.locator(".about", has_text="are not known").wait_for()

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    page.reload()
    page.locator(".no-pictures", has_text="protected by a password").wait_for()
    page.locator(".about summary").click()
    page.locator(".about", has_text="are not known").wait_for()
    assert asked == [], "it is known to fail"


def test_a_page_that_cannot_be_drawn_is_not_asked_for_again(page: "Page", address: str, client: EsteiraClient) -> None:
    document_id = client.ingest("three.pdf", small_pdf(["One.", "Two.", "Three."]))["document_id"]
    page.goto(f"{address}/{document_id}")
    page.get_by_role("img", name="Picture of page 1").wait_for()
    error = {"code": "parser_timeout", "message": "Reading the file takes longer than is allowed.", "retryable": False}

    def second_left_out(route: "Route") -> None:
        answer = route.fetch()
        items = answer.json()["items"]
        items[1] |= {"pictures": None, "width": None, "height": None, "picture_error": error}
        route.fulfill(response=answer, json={"items": items, "next_cursor": None})

    page.route("**/api/v1/documents/*/pages?*", second_left_out)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))
    page.goto(f"{address}/{document_id}?page=2")
    page.reload()
    page.locator(".page-picture.missing", has_text="There is no picture of this page.").wait_for()
    page.locator(".strip").get_by_role("button", name="Page 3").click()
    page.get_by_role("img", name="Picture of page 3").wait_for()
    assert [body for body in asked if "preview" in body] == []


def test_with_a_key_that_may_only_read_the_text_is_shown(
    page: "Page", page_errors: list[str], address: str, client: EsteiraClient
) -> None:
    document_id = client.ingest("read-only.pdf", small_pdf(["Only to be read."]))["document_id"]
    refused = '{"status": 403, "code": "forbidden", "detail": "This key may only read."}'
    page.route(
        "**/api/v1/jobs", lambda route: route.fulfill(status=403, body=refused, content_type="application/problem+json")
    )
    page.goto(f"{address}/{document_id}")
    page.locator(".no-pictures", has_text="your key may only read").wait_for()
    page.locator(".text-of-page", has_text="Only to be read.").wait_for()
    assert page.locator(".strip").count() == 0
    page_errors[:] = [error for error in page_errors if "/jobs" not in error]


def test_a_document_of_many_pages_draws_only_what_is_in_sight(
    page: "Page", address: str, client: EsteiraClient
) -> None:
    data = small_pdf([f"This is leaf {n} of the register." for n in range(1, 401)])
    document_id = client.ingest("register.pdf", data)["document_id"]
    page.goto(f"{address}/{document_id}?page=321")
    page.locator(".text-of-page", has_text="leaf 321 ").wait_for()
    page.get_by_role("img", name="Picture of page 321").wait_for()
    assert page.locator(".strip li").count() < 25
    assert page.locator(".strip ol").evaluate("list => list.offsetHeight") == 400 * 156
    page.locator(".strip [aria-current=page]").focus()
    page.keyboard.press("ArrowDown")
    page.locator(".text-of-page", has_text="leaf 322 ").wait_for()
    page.wait_for_function("() => document.activeElement.getAttribute('aria-label') === 'Page 322'")


def test_a_passage_far_down_a_text_without_pages_is_marked(page: "Page", address: str, client: EsteiraClient) -> None:
    lines = [f"Line {n}: nothing of note.\n" for n in range(6_000)]
    lines[5_000] = "Line 5000: the comet \U00002604\U0001f320 was seen over Évora.\n"
    document_id = client.ingest("observatory.txt", "".join(lines).encode(), chunk_tokens=128)["document_id"]
    chunk = next(chunk for chunk in client.chunks(document_id) if "comet" in chunk["text"])
    page.goto(f"{address}/{document_id}?chunk={chunk['chunk_id']}&q=comet")
    page.locator(".text-of-page mark", has_text="comet").wait_for()
    page.locator(".passage.marked mark", has_text="comet").wait_for()
    marked = "".join(page.locator(".text-of-page .passage-mark").all_text_contents())
    assert marked == chunk["text"]
    in_sight = "element => { const box = element.getBoundingClientRect(); return box.top > 0 && box.bottom < 2000 }"
    assert page.locator(".text-of-page mark.passage-mark").first.evaluate(in_sight)


def test_the_original_is_downloaded_under_its_name(page: "Page", address: str, guide: str) -> None:
    page.goto(f"{address}/{guide}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == GUIDE.name
    assert download.value.path().read_bytes() == GUIDE.read_bytes()


def test_an_attachment_and_its_mail_are_linked(page: "Page", address: str, client: EsteiraClient) -> None:
    data = mail(plain("The plans are attached."), attached("plans.txt", b"The bridge will be blue.", "text/plain"))
    mail_id = client.ingest("bridge.eml", data)["document_id"]
    page.goto(f"{address}/{mail_id}")
    page.locator(".about summary").click()
    page.get_by_role("link", name="plans.txt").click()
    page.get_by_role("heading", name="plans.txt").wait_for()
    page.locator(".about summary").click()
    page.get_by_role("link", name="bridge.eml").wait_for()


def test_an_address_of_nothing_says_so(page: "Page", page_errors: list[str], address: str) -> None:
    page.goto(f"{address}/00000000-0000-7000-8000-000000000000")
    page.get_by_role("heading", name="There is no such document").wait_for()
    assert serious_findings(page) == []
    page_errors.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: "Page", address: str, guide: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two
    page.goto(f"{address}/{guide}?page=3&q=belt")
    page.get_by_role("img", name="Picture of page 3").wait_for()
    page.locator(".passage mark").first.wait_for()
    page.locator(".about summary").click()
    page.locator(".outline summary").click()
    assert serious_findings(page) == []


def test_it_speaks_portuguese_on_a_phone(browser: "Browser", address: str, page_errors: list[str], guide: str) -> None:
    with fresh_page(browser, page_errors, locale="pt-BR", viewport=PHONE) as page:
        page.goto(f"{address}/{guide}?page=3")
        page.get_by_role("img", name="Imagem da página 3").wait_for()
        assert page.locator(".text-of-page").count() == 1
        assert not page.locator(".text-of-page").is_visible()
        page.locator(".ways-of-reading").get_by_role("button", name="Trechos").click()
        page.locator(".passage", has_text="Belt").first.wait_for()
        assert not page.get_by_role("img", name="Imagem da página 3").is_visible()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
        assert serious_findings(page) == []
