"""Bad input, one document at a time: each gets its code and a sentence, the worker lives, the next one is processed."""

import json
from collections.abc import Callable

import httpx
import pytest

from tests.support import odd_files
from tests.support.esteira_client import EsteiraClient, Json
from tests.support.odd_files import MEBIBYTE
from tests.support.running_stack import RunningStack
from tests.support.tesseract import TESSERACT, needs_tesseract

pytestmark = pytest.mark.xdist_group("whole stack")

NO_SHA256_OF_THIS = "0" * 64
REFUSED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty": ("empty.pdf", lambda: b"", "empty"),
    "blanks": ("blank.txt", lambda: b" \n\t\n", "no_text"),
    "locked PDF": ("locked.pdf", lambda: odd_files.encrypted_pdf("secret"), "encrypted"),
    "locked Word": ("locked.docx", odd_files.ole_encrypted_package, "encrypted"),
    "truncated PDF": ("truncated.pdf", odd_files.truncated_pdf, "corrupt"),
    "garbage PDF": ("garbage.pdf", odd_files.garbage_pdf, "corrupt"),
    "truncated Word": ("half.docx", lambda: odd_files.small_docx(["Half of it."])[:9_000], "corrupt"),
    "blank PDF": ("blank.pdf", odd_files.blank_pdf, "no_text"),
    "ten thousand pages": ("pages.pdf", lambda: odd_files.pdf_with_pages(10_000), "too_many_pages"),
    "zip bomb": ("bomb.docx", odd_files.docx_zip_bomb, "too_large_unpacked"),
    "lying zip bomb": (
        "lie.docx",
        lambda: odd_files.docx_zip_bomb(64 * MEBIBYTE, declared_bytes=1_000),
        "corrupt",
    ),
    "many entries": ("many.docx", lambda: odd_files.docx_with_many_entries(20_000), "too_large_unpacked"),
    "entity bomb": ("laughs.docx", odd_files.docx_with_entity_bomb, "corrupt"),
    "entity that points at a file": ("leak.docx", odd_files.docx_with_external_entity, "corrupt"),
    "spreadsheet": ("sheet.docx", odd_files.xlsx_like_zip, "no_text"),
    "picture": ("picture.pdf", odd_files.png, "no_text" if TESSERACT else "needs_ocr"),
    "noise": ("noise.txt", lambda: b"\x00\xff\x80\x01" + bytes(range(256)) * 8, "unsupported_type"),
}
READ: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "owner's password only": ("open.pdf", odd_files.owner_locked_pdf, "Anyone may read this page."),
    "NUL and lone surrogates": ("odd.txt", odd_files.text_with_nul_and_surrogates, "Plain end: ação."),
    "lone surrogates in UTF-16": ("odd16.txt", odd_files.utf16_with_lone_surrogates, "ação."),
    "UTF-16": ("utf16.txt", odd_files.utf16_text, "Ações de conservação em UTF-16."),
    "Latin-1": ("latin.txt", odd_files.latin1_text, "são ações diárias, à mão, até o pôr do sol."),
    "deep HTML": ("deep.html", lambda: odd_files.deeply_nested_html(100_000), "The bottom."),
    "a PDF called .txt": ("wrong.txt", lambda: odd_files.small_pdf(["Known by its bytes."]), "Known by its bytes."),
}


@pytest.fixture(scope="module")
def worker(whole_stack: RunningStack, client: EsteiraClient) -> str:
    """The one worker for documents, by its name, which ends in its process id."""
    assert client.ingest("first.txt", b"Whoever reads this is up.")["status"] == "completed"
    (name,) = document_workers(whole_stack)
    return name


def document_workers(stack: RunningStack) -> list[str]:
    return [name for name in stack.workers() if name.startswith("document_processing-")]


def assert_life_goes_on(stack: RunningStack, client: EsteiraClient, worker: str) -> None:
    """The next document is processed, and by the same process."""
    assert client.ingest("good.txt", b"A good document after a bad one.")["status"] == "completed"
    assert document_workers(stack) == [worker]


def assert_failed(status: Json, code: str) -> None:
    """It says what is wrong, in a sentence with something to do, and nothing of the inside."""
    assert (status["status"], status["error"] and status["error"]["code"]) == ("failed", code)
    assert (status["error"]["retryable"], status["attempt"]) == (False, 1)
    sentence = status["error"]["message"]
    assert sentence.endswith(".")
    assert len(sentence.split()) >= 6
    assert not any(inside in sentence for inside in ("Traceback", "Error", "/", "\\", "<"))
    assert status["message"] == f"Failed: {sentence}"


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_read_fails_with_its_code(
    whole_stack: RunningStack, client: EsteiraClient, worker: str, what: str
) -> None:
    filename, make, code = REFUSED[what]
    status = client.ingest(filename, make())
    assert_failed(status, code)
    assert client.chunks(status["document_id"]) == []
    assert client.text(status["document_id"]) == ""
    assert_life_goes_on(whole_stack, client, worker)


@needs_tesseract
def test_a_scan_is_read_and_the_status_says_how(client: EsteiraClient, worker: str) -> None:
    assert worker
    status = client.ingest("scan.pdf", odd_files.scanned_pdf(2))
    assert (status["status"], status["warnings"]) == ("completed", ["2 pages were read by OCR"])
    assert "The stream rises after rain." in client.text(status["document_id"], page=2)


@pytest.mark.skipif(TESSERACT is not None, reason="Tesseract is installed here")
def test_a_scan_needs_tesseract(client: EsteiraClient, worker: str) -> None:
    assert worker
    assert_failed(client.ingest("scan.pdf", odd_files.scanned_pdf(2)), "needs_ocr")


@pytest.mark.parametrize("what", READ)
def test_what_is_odd_but_readable_is_read(
    whole_stack: RunningStack, client: EsteiraClient, worker: str, what: str
) -> None:
    filename, make, expected = READ[what]
    status = client.ingest(filename, make())
    assert (status["status"], status["error"]) == ("completed", None)
    text = client.text(status["document_id"])
    assert expected in text
    assert "\0" not in text
    assert client.search(expected, document_ids=[status["document_id"]], mode="keyword")
    assert_life_goes_on(whole_stack, client, worker)


def test_a_lie_about_the_checksum_is_found_out(whole_stack: RunningStack, client: EsteiraClient, worker: str) -> None:
    status = client.ingest("lie.txt", b"Not what was promised.", checksum_sha256=NO_SHA256_OF_THIS)
    assert_failed(status, "upload_mismatch")
    assert_life_goes_on(whole_stack, client, worker)


def test_what_failed_fails_again_when_it_is_asked_for_again(client: EsteiraClient) -> None:
    first = client.ingest("garbage.pdf", odd_files.garbage_pdf())
    client.process(first["document_id"])
    again = client.follow(first["document_id"])[-1]
    assert_failed(again, "corrupt")
    assert again["job_id"] != first["job_id"]


@pytest.mark.parametrize("name", odd_files.hostile_filenames(), ids=lambda name: ascii(name[:20]))
def test_a_hostile_file_name_is_refused_or_made_harmless(client: EsteiraClient, name: str) -> None:
    body = json.dumps({"filename": name, "size_bytes": 5}).encode("ascii")
    headers = {"Content-Type": "application/json"}
    presigned = client.http.post("/api/v1/documents/upload/presigned", content=body, headers=headers)
    if presigned.status_code == 422:
        assert presigned.json()["code"] == "invalid_request"
        assert [error["pointer"] for error in presigned.json()["errors"]] == ["/filename"]
        return
    status = client.ingest(name, b"A harmless text, whatever it is called.")
    assert status["status"] == "completed"
    shown = client.http.get(f"/api/v1/documents/{status['document_id']}").json()["filename"]
    assert 1 <= len(shown) <= 255
    assert shown.isprintable()
    assert not set("/\\") & set(shown)
    assert shown not in {".", ".."}
    download = httpx.get(client.http.get(f"/api/v1/documents/{status['document_id']}/content").headers["Location"])
    assert download.content == b"A harmless text, whatever it is called."
    disposition = download.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename=")
    assert "Set-Cookie" not in download.headers


@pytest.mark.parametrize("name", ["", "nul\0inside.txt", "lone\ud800surrogate.txt"])
def test_a_file_name_that_cannot_be_kept_is_refused(client: EsteiraClient, name: str) -> None:
    body = json.dumps({"filename": name, "size_bytes": 5}).encode("ascii")
    headers = {"Content-Type": "application/json"}
    assert client.http.post("/api/v1/documents/upload/presigned", content=body, headers=headers).status_code == 422
