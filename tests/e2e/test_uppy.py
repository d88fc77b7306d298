"""Uppy itself, with the signer of the documentation, uploads to Esteira in a real browser."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.esteira_client import EsteiraClient
from tests.support.program import ROOT
from tests.support.running_stack import RunningStack

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.xdist_group("whole stack")
SIGNER = ROOT / "examples" / "uppy" / "esteira-signer.js"
PART_BYTES = 16 << 20
BIG = b"<!-- " + b"x" * (5 * PART_BYTES) + b" --><p>The ferry crosses at noon.</p>"


@pytest.fixture
def uppy(page: "Page", other_origin: str, whole_stack: RunningStack) -> "Page":
    page.goto(f"{other_origin}/examples/uppy/index.html?esteira={whole_stack.url}")
    page.evaluate("async () => { window.uppy = (await import('/examples/uppy/upload.js')).uppy }")
    return page


def uploaded(page: "Page", name: str) -> str:
    """Wait until Uppy is done with the file; return the document's id."""
    page.wait_for_function("() => uppy.getFiles().length && uppy.getFiles().every(({ progress }) => progress.complete)")
    files: list[dict[str, Any]] = page.evaluate(
        "uppy.getFiles().map(({ name, error, response }) => ({ name, error, key: response?.body.key }))"
    )
    found = next(file for file in files if file["name"] == name)
    assert found.get("error") is None, found
    return str(found["key"])


def test_a_file_is_sent_by_one_put_and_processed(uppy: "Page", client: EsteiraClient) -> None:
    uppy.set_input_files("input", {"name": "pier.txt", "mimeType": "text/plain", "buffer": b"The pier has nine lamps."})
    document_id = uploaded(uppy, "pier.txt")
    assert client.follow(document_id)[-1]["status"] == "completed"
    assert "nine lamps" in client.text(document_id)
    document = client.http.get(f"/api/v1/documents/{document_id}").json()
    assert (document["filename"], document["metadata"]) == ("pier.txt", {"from": "Uppy"})
    assert f"pier.txt is the document {document_id}" in uppy.inner_text("ul")


def test_a_large_file_is_paused_resumed_and_processed(uppy: "Page", client: EsteiraClient) -> None:
    sent: list[str] = []
    listed: list[str] = []
    uppy.on("request", lambda it: sent.append(it.url) if it.method == "PUT" else None)
    uppy.on("request", lambda it: listed.append(it.url) if it.url.split("?")[0].endswith("/upload/parts") else None)
    uppy.evaluate("""() => uppy.on("s3-multipart:part-uploaded", ({ id }, { PartNumber }) => {
        if (PartNumber === 2) { uppy.pauseAll(); setTimeout(() => uppy.resumeAll(), 200); }
    })""")
    uppy.evaluate(
        "size => uppy.addFile({ name: 'ferry.html', type: 'text/html', data: new File("
        "[`<!-- ${'x'.repeat(size)} --><p>The ferry crosses at noon.</p>`], 'ferry.html', { type: 'text/html' }) })",
        5 * PART_BYTES,
    )
    document_id = uploaded(uppy, "ferry.html")
    assert client.follow(document_id)[-1]["status"] == "completed"
    assert "crosses at noon" in client.text(document_id)
    assert len(listed) == 2  # on going on, and for the end
    assert len(sent) in {6, 7}  # the part that was under way may have gone twice


def test_a_file_that_is_taken_out_gives_its_upload_up(uppy: "Page", client: EsteiraClient) -> None:
    answers: list[tuple[str, int]] = []
    uppy.on("response", lambda it: answers.append((it.request.method, it.status)))
    uppy.route("**/store/**part=2**", lambda _: None)
    uppy.evaluate(
        "size => uppy.addFile({ name: 'wreck.html', data: new File(['x'.repeat(size)], 'wreck.html') })", 5 * PART_BYTES
    )
    uppy.wait_for_function("() => uppy.getFiles()[0]?.s3Multipart")
    document_id = uppy.evaluate("uppy.getFiles()[0].s3Multipart.key")
    with uppy.expect_response(lambda it: it.request.method == "DELETE" and "/api/" in it.url):
        uppy.evaluate("uppy.removeFile(uppy.getFiles()[0].id)")
    gone = client.http.get(f"/api/v1/documents/{document_id}/upload/parts")
    assert gone.json()["code"] == "upload_not_found"
    assert ("DELETE", 200) in answers


def test_the_documentation_has_the_code_that_is_tested() -> None:
    assert SIGNER.read_text() in (ROOT / "docs" / "uppy.md").read_text()
