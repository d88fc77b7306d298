"""The view of operations in a real browser: pause, replay, reports, health; both languages, a phone, axe."""

from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import QueueUnavailable
from tests.support.api import Api
from tests.support.api_world import ping_nothing
from tests.support.axe import serious_findings
from tests.support.esteira_client import EsteiraClient
from tests.support.running_stack import RunningStack

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.xdist_group("whole stack")
QUEUE = "cleanup_tasks"
TABS = ("", "/jobs", "/dead-letters", "/reports")
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}
OVERFLOW = "() => document.documentElement.scrollWidth - innerWidth"


def open_tab(page: "Page", url: str, tab: str = "") -> None:
    page.goto(f"{url}/#/operations{tab}")
    page.locator(".loading").first.wait_for(state="detached")
    page.locator(".sheet, .empty").first.wait_for()


def queue_of(client: EsteiraClient, name: str) -> Any:  # noqa: ANN401 - JSON
    return client.http.get("/api/v1/queue/info").json()["queues"][name]


def test_a_queue_is_paused_after_a_question_and_resumed(
    page: "Page", whole_stack: RunningStack, client: EsteiraClient
) -> None:
    open_tab(page, whole_stack.url)
    row = page.get_by_role("row").filter(has_text=QUEUE)
    pause = row.get_by_role("button", name="Pause: Cleanup")
    pause.click()
    dialog = page.get_by_role("dialog", name="Pause “Cleanup”?")
    dialog.get_by_role("button", name="Leave it").click()
    dialog.wait_for(state="detached")
    assert pause.evaluate("button => button === document.activeElement")
    assert not queue_of(client, QUEUE)["paused"]

    pause.click()
    dialog.get_by_role("button", name="Pause").click()
    row.get_by_text("Paused").wait_for()
    assert queue_of(client, QUEUE)["paused"]
    row.get_by_role("button", name="Resume: Cleanup").click()
    pause.wait_for()
    assert not queue_of(client, QUEUE)["paused"]


def test_what_failed_is_looked_at_and_tried_again_by_cause(
    page: "Page", whole_stack: RunningStack, client: EsteiraClient
) -> None:
    document_id = client.upload("torn.pdf", b"%PDF-1.4 torn")
    client.process(document_id)
    assert client.follow(document_id)[-1]["status"] == "failed"
    (cause,) = [
        cause
        for cause in client.http.get("/api/v1/queue/dead-letters/causes").json()["causes"]
        if cause["code"] == "corrupt"
    ]
    open_tab(page, whole_stack.url, "/dead-letters?code=corrupt")
    letter = page.get_by_role("listitem").filter(has_text="torn.pdf").last
    letter.get_by_text("History").click()
    letter.get_by_text("failed, attempt 1").wait_for()
    page.get_by_role("button", name="Try all again: corrupt").click()
    page.get_by_role("dialog").get_by_role("button", name="Try all again").click()
    page.get_by_role("status").get_by_text(f"Retried: {cause['count']}").wait_for()
    assert client.follow(document_id)[-1]["status"] == "failed"

    page.get_by_role("link", name="torn.pdf").first.click()
    page.get_by_role("list", name="Timeline").get_by_text("Running").first.wait_for()


def test_a_report_is_made_and_downloaded(page: "Page", whole_stack: RunningStack) -> None:
    open_tab(page, whole_stack.url, "/reports")
    page.get_by_role("button", name="Make the report").click()
    button = page.get_by_role("list", name="Reports of this tab").get_by_role("button", name="Download")
    button.wait_for()
    with page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename.endswith(".xlsx")
    assert download.value.path().read_bytes().startswith(b"PK")
    page.reload()
    button.wait_for()


def test_what_a_tab_keeps_is_for_the_server_at_this_path_alone(page: "Page", whole_stack: RunningStack) -> None:
    open_tab(page, whole_stack.url, "/reports")
    page.wait_for_function("() => Object.keys(sessionStorage).some((key) => key.endsWith('reports'))")
    kept = page.evaluate("Object.keys(sessionStorage)")
    assert [key for key in kept if not key.startswith("esteira.kept./.")] == []


def test_a_download_does_not_ask_whether_to_leave_what_is_being_sent(page: "Page", whole_stack: RunningStack) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.route("**/store/**", lambda route: route.abort() if route.request.method == "PUT" else route.continue_())
    page.goto(f"{whole_stack.url}/#/documents")
    page.set_input_files("input.chooser", {"name": "sent.txt", "mimeType": "text/plain", "buffer": b"On its way."})
    page.get_by_role("button", name="Pause sent.txt").click()
    page.get_by_role("link", name="Operations").click()
    page.get_by_role("link", name="Reports").click()
    page.get_by_role("button", name="Make the report").click()
    button = page.get_by_role("list", name="Reports of this tab").get_by_role("button", name="Download")
    with page.expect_download():
        button.click()
    assert asked == []


def test_cleanup_and_doctor_tell_what_they_find_and_change_nothing(page: "Page", whole_stack: RunningStack) -> None:
    open_tab(page, whole_stack.url, "/reports")
    page.get_by_role("button", name="Count what would go").click()
    page.get_by_role("button", name="Examine").click()
    for name in ("Cleanup", "Doctor"):
        page.get_by_role("region", name=name).get_by_text("Completed").wait_for()


def test_a_part_that_is_away_is_named_with_what_to_do_and_so_is_a_server_that_is(
    page: "Page", page_errors: list[str]
) -> None:
    def away() -> None:
        raise QueueUnavailable

    parts = {"database": ping_nothing, "redis": away, "storage": ping_nothing}
    with Api(parts=parts).serve() as server:
        open_tab(page, str(server.base_url).rstrip("/"))
        page.get_by_role("heading", name="Something needs you").wait_for()
        page.get_by_text("See that Redis runs").wait_for()
    page.get_by_role("alert").get_by_text("The server does not answer").wait_for()
    assert page.get_by_text("See that Redis runs").is_visible()
    page_errors.clear()  # of the requests that nobody answered


@pytest.mark.parametrize("tab", TABS)
def test_it_is_for_everybody_in_both_languages_and_on_a_phone(
    page: "Page", whole_stack: RunningStack, tab: str
) -> None:
    open_tab(page, whole_stack.url, tab)
    assert serious_findings(page) == []
    page.get_by_role("button", name="Português").click()
    page.get_by_role("heading", name="Operação", level=1).wait_for()
    page.emulate_media(color_scheme="dark")
    for size in (PHONE, NARROW):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # Playwright's own kind of dict
        assert page.evaluate(OVERFLOW) <= 0
        assert serious_findings(page) == []
