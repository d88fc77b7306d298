"""The page's view of documents in a real browser, on a whole stack: uploads, the live list, what is done with rows."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from tests.support.axe import serious_findings
from tests.support.browser import fresh_page
from tests.support.documents import assemble, docx, paragraph, pdf
from tests.support.esteira_client import EsteiraClient, good
from tests.support.odd_files import encrypted_pdf
from tests.support.running_stack import RunningStack

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Request

pytestmark = pytest.mark.xdist_group("whole stack")
MEBIBYTE = 2**20
PATIENCE_MS = 150_000
SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "documents"
# Above this, files go up in parts.
LARGE_BYTES = 66 * MEBIBYTE
SLOW_BYTES_A_SECOND = 6 * MEBIBYTE
DROP = """files => {
  const transfer = new DataTransfer();
  files.forEach(([name, text]) => transfer.items.add(new File([text], name)));
  document.querySelector("main").dispatchEvent(new DragEvent("drop", { bubbles: true, dataTransfer: transfer }));
}"""
# Takes these documents for sent by this tab.
SENT = """async (ids) => {
  const { uploads } = await import(`${location.origin}/assets/lib/uploads.js`);
  const upload = { state: "processing", filename: "lamp.txt", sent: 1, size: 1 };
  uploads.items = ids.map((documentId) => ({ documentId, upload, outcome: null, isHandedOver: true }));
}"""
# Keeps another upload as interrupted beside the one that is kept, by a server at this path of the origin.
KEEP_ANOTHER = """([filename, path]) => {
  const [key] = Object.keys(localStorage).filter((key) => key.startsWith("esteira.upload."));
  const saved = JSON.parse(localStorage.getItem(key));
  const other = { ...saved, document_id: crypto.randomUUID(), filename };
  const place = key.replace(`${location.pathname}.`, `${path}.`).replace(saved.document_id, other.document_id);
  localStorage.setItem(place, JSON.stringify(other));
}"""


@pytest.fixture
def mark() -> str:
    """A word in the names of a test's files, by which the list is filtered: other tests have documents as well."""
    return f"t{uuid4().hex[:8]}"


@pytest.fixture
def view(page: "Page", whole_stack: RunningStack, mark: str) -> "Page":
    """The page, showing the documents of this test in English."""
    page.add_init_script("localStorage.setItem('esteira.language', localStorage.getItem('esteira.language') ?? 'en')")
    open_view(page, whole_stack, mark)
    return page


def open_view(page: "Page", stack: RunningStack, mark: str) -> None:
    page.goto(f"{stack.url}/#/documents?name={mark}")
    page.locator("h1").wait_for()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def written(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return written


def choose(page: "Page", *paths: Path) -> None:
    page.set_input_files("input.chooser", paths)


def row(page: "Page", name: str) -> "Locator":
    return page.locator("ul.rows > li").filter(has_text=name)


def wait_for_status(page: "Page", name: str, status: str) -> None:
    row(page, name).filter(has=page.locator(".chip", has_text=status)).wait_for(timeout=PATIENCE_MS)


def wait_for_overall(page: "Page", text: str) -> None:
    page.locator(".overall", has_text=re.compile(text)).wait_for(timeout=PATIENCE_MS)


def slow_down(page: "Page") -> Any:  # noqa: ANN401 - Playwright's
    """Let bytes go up slowly; return the way to change that."""
    browser = page.context.new_cdp_session(page)

    def limit(bytes_a_second: int, *, offline: bool = False) -> None:
        limits = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_a_second, "offline": offline}
        browser.send("Network.emulateNetworkConditions", limits)

    limit(SLOW_BYTES_A_SECOND)
    return limit


def large_pdf(text: str) -> bytes:
    """Return a PDF of a page of text and of bytes that nobody reads."""
    ballast = b"<</Length %d>>stream\n%s\nendstream" % (LARGE_BYTES, bytes(LARGE_BYTES))
    drawing = f"BT /F1 11 Tf 60 780 Td ({text}) Tj ET".encode()
    return assemble(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count 1/Kids[4 0 R]>>",
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 5 0 R/Resources<</Font<</F1 3 0 R>>>>>>",
            b"<</Length %d>>stream\n%s\nendstream" % (len(drawing), drawing),
            ballast,
        ]
    )


def mixed_files(write: Callable[[str, bytes], Path], mark: str) -> Iterator[Path]:
    """Yield 30 files of eight types, two of which cannot be read."""
    yield write(f"{mark}-empty.txt", b"")
    yield write(f"{mark}-broken.pdf", b"%PDF-1.4 and nothing more")
    for sample in sorted(SAMPLES.iterdir()):
        yield write(f"{mark}-{sample.name}", sample.read_bytes())
    for number in range(6):
        text = f"Document {number} of {mark} tells of one lighthouse."
        yield write(f"{mark}-{number}.txt", text.encode())
        yield write(f"{mark}-{number}.pdf", pdf([text, "and of a second page"]))
        yield write(f"{mark}-{number}.docx", docx(paragraph(text)))


def test_30_mixed_files_are_sent_and_followed_to_their_end(
    view: "Page", write: Callable[[str, bytes], Path], mark: str, client: EsteiraClient
) -> None:
    choose(view, *mixed_files(write, mark))
    wait_for_overall(view, "28 of 30 done, 2 failed")

    view.locator("section.documents li").nth(29).wait_for()
    assert view.locator("section.documents li .chip.good").count() == 28
    row(view, f"{mark}-empty.txt").get_by_text("no bytes").wait_for()
    assert serious_findings(view) == []
    view.get_by_role("button", name="Done").click()
    view.locator("section.uploads").wait_for(state="detached")
    listed = client.http.get("/api/v1/documents", params={"name_contains": mark, "limit": 100}).json()["items"]
    assert len(listed) == 30


def test_files_dropped_on_the_page_are_sent_and_hidden_ones_left_out(view: "Page", mark: str) -> None:
    view.evaluate(DROP, [[f"{mark}-{n}.txt", f"Page {n} about a lamp."] for n in range(3)] + [[".DS_Store", "x"]])
    view.get_by_text("1 hidden file was left out.").wait_for()
    wait_for_overall(view, "^3 of 3 done$")


def test_a_dropped_folder_is_gone_through_however_many_files_it_has(
    view: "Page", write: Callable[[str, bytes], Path], mark: str, tmp_path: Path, page_errors: list[str]
) -> None:
    for number in range(120):
        write(f"{mark}/inner/{mark}-{number}.txt", b"x")
    for name in (".git/config", "Thumbs.db", "inner/.DS_Store"):
        write(f"{mark}/{name}", b"x")
    slow_down(view)(1000)
    browser = view.context.new_cdp_session(view)
    drag = {"items": [], "files": [str(tmp_path / mark)], "dragOperationsMask": 1}
    for step in ("dragEnter", "dragOver", "drop"):
        browser.send("Input.dispatchDragEvent", {"type": step, "x": 400, "y": 400, "data": drag})
        if step == "dragOver":
            view.get_by_text("Drop files and folders to add them").wait_for()

    wait_for_overall(view, " of 120 done")
    view.get_by_text("3 hidden files were left out.").wait_for()
    view.get_by_role("button", name="Cancel all").click()
    view.get_by_role("dialog").get_by_role("button", name="Cancel all").click()
    wait_for_overall(view, "1[0-9]{2} cancelled")
    forgive(page_errors, "404 .*/upload")


def forgive(page_errors: list[str], pattern: str) -> None:
    """Take out what the browser itself says of requests that fail as they should."""
    page_errors[:] = [error for error in page_errors if not re.search(pattern, error)]


def test_a_chosen_folder_is_sent_without_hidden_files(
    view: "Page", write: Callable[[str, bytes], Path], mark: str, tmp_path: Path
) -> None:
    for name in ("a.txt", "deep/b.txt", ".git/config", ".git/HEAD"):
        write(
            f"{mark}/{Path(name).parent}/{mark}-{Path(name).name}" if name[0] != "." else f"{mark}/{name}", b"A lamp."
        )
    view.set_input_files("input.chooser-of-folders", tmp_path / mark)
    view.get_by_text("1 hidden file was left out.").wait_for()
    wait_for_overall(view, "^2 of 2 done$")


def test_a_large_upload_is_paused_cut_by_a_reload_and_goes_on_with_the_same_file(
    view: "Page", write: Callable[[str, bytes], Path], mark: str, client: EsteiraClient
) -> None:
    path = write(f"{mark}-large.pdf", large_pdf("The archive of the lighthouse."))
    asked: list[str] = []
    view.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    limit = slow_down(view)
    choose(view, path)
    view.get_by_text(re.compile("MB/s")).wait_for()
    view.get_by_role("button", name=f"Pause {path.name}").click()
    row(view, path.name).get_by_text("Paused").wait_for()
    view.get_by_role("button", name=f"Go on with {path.name}").click()
    view.get_by_text(re.compile(r"\d\d MB of")).wait_for()

    view.reload()
    row(view, path.name).get_by_text("Interrupted").wait_for()
    assert asked == ["beforeunload"]
    assert serious_findings(view) == []
    sent: list[str] = []
    view.on("requestfinished", lambda request: sent.append(request.url) if request.method == "PUT" else None)
    limit(-1)
    choose(view, path)
    wait_for_status(view, path.name, "Completed")
    (document,) = client.http.get("/api/v1/documents", params={"name_contains": mark}).json()["items"]
    assert "archive of the lighthouse" in client.text(document["document_id"])
    assert 0 < len(sent) < LARGE_BYTES / (8 * MEBIBYTE)
    assert view.evaluate("Object.keys(localStorage).filter(key => key.startsWith('esteira.upload.'))") == []


def test_a_lost_connection_is_shown_and_the_upload_goes_on_by_itself(
    view: "Page", write: Callable[[str, bytes], Path], mark: str, page_errors: list[str]
) -> None:
    path = write(f"{mark}-large.pdf", large_pdf("The lamp was out for a while."))
    limit = slow_down(view)
    choose(view, path)
    view.get_by_text(re.compile("[1-9].* MB of")).wait_for()
    limit(-1, offline=True)
    row(view, path.name).get_by_text("The connection is lost. It goes on by itself.").wait_for()
    limit(-1)
    wait_for_status(view, path.name, "Completed")
    forgive(page_errors, "ERR_INTERNET_DISCONNECTED")


def test_an_interrupted_upload_is_given_up_and_its_document_deleted(
    view: "Page", write: Callable[[str, bytes], Path], mark: str, client: EsteiraClient
) -> None:
    view.on("dialog", lambda dialog: dialog.accept())
    slow_down(view)
    choose(view, write(f"{mark}-large.pdf", bytes(LARGE_BYTES)))
    view.get_by_text(re.compile("[1-9].* MB of")).wait_for()
    view.reload()
    view.get_by_role("button", name=f"Give up {mark}-large.pdf").click()
    view.get_by_role("button", name="Give it up").click()
    row(view, mark).wait_for(state="detached")
    assert client.http.get("/api/v1/documents", params={"name_contains": mark}).json()["items"] == []


def test_an_upload_that_failed_and_was_cleared_can_still_be_gone_on_with(
    view: "Page", write: Callable[[str, bytes], Path], mark: str
) -> None:
    path = write(f"{mark}-large.pdf", large_pdf("The wick was trimmed."))
    view.route("**/store/**", lambda route: route.fulfill(status=400))
    choose(view, path)
    row(view, path.name).get_by_role("alert").wait_for()
    view.unroute("**/store/**")
    view.get_by_role("button", name="Done").click()
    row(view, path.name).get_by_text("Interrupted").wait_for()
    choose(view, path)
    wait_for_status(view, path.name, "Completed")


def test_a_second_tab_leaves_alone_what_the_first_one_sends(
    view: "Page", write: Callable[[str, bytes], Path], mark: str, whole_stack: RunningStack
) -> None:
    slow_down(view)
    choose(view, write(f"{mark}-large.pdf", bytes(LARGE_BYTES)))
    view.get_by_text(re.compile("[1-9].* MB of")).wait_for()
    view.evaluate(KEEP_ANOTHER, [f"{mark}-cut.pdf", "/"])
    view.evaluate(KEEP_ANOTHER, [f"{mark}-foreign.pdf", "/other/"])
    second = view.context.new_page()
    open_view(second, whole_stack, mark)
    row(second, "cut.pdf").get_by_text("Interrupted").wait_for()
    row(second, "large.pdf").get_by_text("Announced").wait_for()
    assert second.get_by_text("Interrupted").count() == 1


def test_all_that_could_not_be_sent_is_tried_again_at_once(
    view: "Page", write: Callable[[str, bytes], Path], mark: str
) -> None:
    view.route("**/store/**", lambda route: route.fulfill(status=400))
    choose(view, *[write(f"{mark}-{n}.txt", f"Lamp {n} went out.".encode()) for n in range(2)])
    wait_for_overall(view, "0 of 2 done, 2 failed")
    view.unroute("**/store/**")
    view.get_by_role("button", name="Try all again").click()
    wait_for_overall(view, "^2 of 2 done$")


def test_why_an_upload_failed_is_said_in_the_language_that_is_shown_or_marked_as_english(
    view: "Page", write: Callable[[str, bytes], Path], mark: str, page_errors: list[str]
) -> None:
    refusal = {"code": "new", "detail": "Too much of it."}
    view.get_by_role("button", name="Português").click()
    view.route("**/store/**", lambda route: route.fulfill(status=400))
    choose(view, write(f"{mark}-1.txt", b"The lamp is out."))
    by_the_store = row(view, f"{mark}-1").get_by_role("alert").inner_text()
    assert " ".join(by_the_store.split()) == "O armazenamento recusa os bytes: 400"
    view.route("**/presigned", lambda route: route.fulfill(status=413, json=refusal))
    choose(view, write(f"{mark}-2.txt", b"The lamp is on."))
    by_the_server = row(view, f"{mark}-2").get_by_role("alert").locator("[lang=en]")
    assert by_the_server.inner_text() == "Too much of it."
    forgive(page_errors, "status of 4")


def test_uploads_go_on_while_another_view_is_shown(
    view: "Page", write: Callable[[str, bytes], Path], mark: str, page_errors: list[str]
) -> None:
    slow_down(view)(100_000)
    choose(view, *[write(f"{mark}-{n}.txt", f"Lamp {n}. ".encode() * 20_000) for n in range(4)])
    view.get_by_role("link", name="Search").click()
    view.locator("section.uploads").wait_for(state="detached")
    view.get_by_role("link", name="Documents", exact=True).click()
    wait_for_overall(view, " of 4 done")
    view.get_by_role("button", name="Cancel all").click()
    view.get_by_role("dialog").get_by_role("button", name="Cancel all").click()
    wait_for_overall(view, "cancelled")
    forgive(page_errors, "404 .*/upload")


def test_a_killed_worker_keeps_no_document_from_its_end(
    view: "Page", write: Callable[[str, bytes], Path], mark: str, whole_stack: RunningStack
) -> None:
    choose(view, *[write(f"{mark}-{n}.pdf", pdf([f"Page {p} of lamp {n}." for p in range(40)])) for n in range(12)])
    wait_for_overall(view, "^[1-9] of 12 done$")
    (worker,) = (name for name in whole_stack.workers() if name.startswith("document_processing-"))
    os.kill(int(worker.rpartition("-")[2]), signal.SIGKILL)
    wait_for_overall(view, "^12 of 12 done$")


def test_a_document_is_cancelled_processed_again_downloaded_and_deleted_with_its_receipt(
    view: "Page", mark: str, client: EsteiraClient
) -> None:
    document_id = client.upload(f"{mark}.txt", b"The keeper trims the lamp.")
    good(client.http.post("/api/v1/queue/document_processing/pause"), 200)
    try:
        client.process(document_id)
        row(view, mark).get_by_text("The queue is paused").wait_for()
        view.get_by_role("button", name="Cancel the processing of").click()
        wait_for_status(view, mark, "Cancelled")
    finally:
        good(client.http.post("/api/v1/queue/document_processing/resume"), 200)
    view.get_by_role("button", name=re.compile(f"Process {mark}.txt again")).click()
    wait_for_status(view, mark, "Completed")
    with view.expect_download() as download:
        view.get_by_role("button", name=f"Download {mark}.txt").click()
    assert Path(download.value.path()).read_bytes() == b"The keeper trims the lamp."
    view.get_by_role("button", name=f"Delete {mark}.txt").click()
    view.get_by_role("button", name="Keep it").click()
    view.locator(f"button[aria-label='Delete {mark}.txt']:focus").wait_for()
    view.keyboard.press("Enter")
    assert serious_findings(view) == []
    view.get_by_role("dialog").get_by_role("button", name="Delete").click()
    view.get_by_text("Deleted: 1 passage, 1 object.").wait_for()
    row(view, mark).wait_for(state="detached")
    assert client.http.get(f"/api/v1/documents/{document_id}").status_code == 404


def test_clicks_that_come_too_soon_do_not_undo_what_was_done(view: "Page", mark: str, client: EsteiraClient) -> None:
    document_id = client.upload(f"{mark}.txt", b"The keeper rests.")
    asked: list[str] = []
    view.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    good(client.http.post("/api/v1/queue/document_processing/pause"), 200)
    try:
        client.process(document_id)
        row(view, mark).get_by_text("The queue is paused").wait_for()
        cancel = view.get_by_role("button", name="Cancel the processing of")
        cancel.evaluate("button => { button.focus(); button.click(); button.click(); }")
        wait_for_status(view, mark, "Cancelled")
        view.locator(f"button[aria-label='Process {mark}.txt again']:focus").hover()
        view.mouse.down(click_count=2)
        view.mouse.up(click_count=2)
        view.wait_for_timeout(300)
    finally:
        good(client.http.post("/api/v1/queue/document_processing/resume"), 200)
    assert [urlsplit(url).path.rpartition("/")[2] for url in asked] == ["cancel"]


def test_the_password_of_an_encrypted_document_is_asked_for(
    view: "Page", write: Callable[[str, bytes], Path], mark: str
) -> None:
    choose(view, write(f"{mark}.pdf", encrypted_pdf("open sesame")))
    wait_for_status(view, mark, "Failed")
    row(view, mark).get_by_text("protected by a password").wait_for()
    view.get_by_role("button", name="Enter its password").click()
    assert serious_findings(view) == []
    view.get_by_role("textbox", name="Password").fill("open sesame")
    view.keyboard.press("Enter")
    wait_for_status(view, mark, "Completed")


def test_many_are_selected_and_deleted_at_once(view: "Page", mark: str, client: EsteiraClient) -> None:
    for number in range(3):
        client.ingest(f"{mark}-{number}.txt", f"Lamp {number} burns.".encode())
    view.locator("section.documents li").nth(2).wait_for()
    view.get_by_label(f"Select {mark}-1.txt").click()
    view.get_by_text("1 selected").wait_for()
    view.get_by_label("1 selected").click()
    view.get_by_role("button", name="Delete", exact=True).click()
    view.get_by_role("dialog").get_by_role("button", name="Delete").click()
    view.get_by_text("Deleted 3 documents: 3 passages, 3 objects.").wait_for()
    view.get_by_text("No document matches").wait_for()


def test_the_list_is_filtered_by_status_and_a_part_of_the_name(view: "Page", mark: str, client: EsteiraClient) -> None:
    client.upload(f"{mark}-unsent.txt", b"Nobody asked for this.")
    client.ingest(f"{mark}-read.txt", b"The lamp was read.")
    view.locator("section.documents li").nth(1).wait_for()
    view.get_by_label("Status").select_option("completed")
    row(view, "unsent").wait_for(state="detached")
    assert "status=completed" in view.url
    view.get_by_label("Status").select_option("")
    view.get_by_label("Name").fill(f"{mark.upper()}-UNS")
    row(view, "read").wait_for(state="detached")
    row(view, "unsent").get_by_text("Announced, but not processed.").wait_for()
    view.get_by_label("Name").fill(f"{mark}-nobody")
    view.get_by_text("No document matches").wait_for()
    view.get_by_role("button", name="Show all documents").click()
    view.get_by_label("Name").fill(mark)
    view.get_by_role("button", name=f"Process {mark}-unsent.txt").click()
    wait_for_status(view, "unsent", "Completed")
    row(view, "read").get_by_text("1 passage").wait_for()


def test_a_second_tab_sees_what_the_first_one_sends_and_deletes(
    view: "Page", write: Callable[[str, bytes], Path], mark: str, whole_stack: RunningStack
) -> None:
    second = view.context.new_page()
    open_view(second, whole_stack, mark)
    choose(view, write(f"{mark}.txt", b"Seen from afar."))
    wait_for_status(second, mark, "Completed")
    view.get_by_role("button", name=f"Delete {mark}.txt").click()
    view.get_by_role("dialog").get_by_role("button", name="Delete").click()
    row(second, mark).wait_for(state="detached")


def test_500_rows_are_followed_by_one_request_a_second(view: "Page", mark: str, client: EsteiraClient) -> None:
    names = [f"{mark}-{number:03}.txt" for number in range(500)]
    wanted = {"documents": [{"filename": name, "size_bytes": 9} for name in names]}
    items = good(client.http.post("/api/v1/documents/upload/presigned/batch", json=wanted), 201)["items"]
    view.reload()
    for shown in range(100, 500, 100):
        view.locator("section.documents li").nth(shown - 1).wait_for()
        view.get_by_role("button", name="Show more").click()
    view.locator("section.documents li").nth(499).wait_for()
    asked: list[set[str]] = []

    def note(request: "Request") -> None:
        if urlsplit(request.url).path.endswith("/documents/status"):
            asked.append(set(parse_qs(urlsplit(request.url).query)["ids"][0].split(",")))

    view.on("request", note)
    began = view.evaluate("performance.now()")
    put = items[250]["upload"]
    good(client.http.put(put["url"], content=b"One lamp.", headers=put["headers"]), 200, body=False)
    client.process(items[250]["document_id"])
    client.http.delete(f"/api/v1/documents/{items[10]['document_id']}")
    wait_for_status(view, names[250], "Completed")
    row(view, names[10]).wait_for(state="detached")
    seconds = (view.evaluate("performance.now()") - began) / 1000
    assert 1 <= len(asked) <= seconds + 1
    assert max(map(len, asked)) >= 499
    in_order = view.locator("section.documents li .name").all_text_contents()
    newest_first = sorted(range(500), key=lambda number: items[number]["document_id"], reverse=True)
    assert in_order == [names[number] for number in newest_first if number != 10]


def test_all_that_this_tab_has_sent_is_asked_about_however_many_they_are(view: "Page") -> None:
    ids = [str(uuid4()) for _ in range(1100)]
    left = set(ids)

    def is_last(request: "Request") -> bool:
        url = urlsplit(request.url)
        if url.path.endswith("/documents/status"):
            left.difference_update(parse_qs(url.query)["ids"][0].split(","))
        return not left

    with view.expect_request(is_last):
        view.evaluate(SENT, ids)


@pytest.mark.parametrize(
    ("language", "title", "choice"), [("en", "Documents", "Add files"), ("pt", "Documentos", "Enviar arquivos")]
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_every_row_without_scrolling_sideways(
    browser: "Browser",
    whole_stack: RunningStack,
    client: EsteiraClient,
    *,
    language: str,
    title: str,
    choice: str,
    scheme: Literal["light", "dark"],
) -> None:
    mark = f"t{uuid4().hex[:8]}"
    client.ingest(f"{mark}-{'a-very-long-name-' * 10}.txt", b"The lamp.")
    client.ingest(f"{mark}.pdf", b"%PDF-1.4 broken")
    errors: list[str] = []
    locale = {"en": "en-GB", "pt": "pt-BR"}[language]
    size = {"width": 390, "height": 844}
    with fresh_page(browser, errors, viewport=size, locale=locale, color_scheme=scheme, has_touch=True) as page:
        open_view(page, whole_stack, mark)
        page.locator("section.documents li").nth(1).wait_for()
        page.get_by_text(re.compile("damaged|danificado")).wait_for()
        assert page.locator("h1").inner_text() == title
        page.get_by_role("button", name=choice).wait_for()
        page.locator("section.documents input").nth(1).click()
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
        assert serious_findings(page) == []
    assert errors == []
