"""What the whole stack logs at its most talkative: every line of a run says which, and no line says what was read."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.documents import pdf
from tests.support.esteira_client import EsteiraClient
from tests.support.odd_files import encrypted_pdf
from tests.support.running_stack import RunningStack, running_stack

pytestmark = pytest.mark.xdist_group("talkative stack")

MARKER = "zanzibarquill"
PASSWORD = "zanzibar horse battery staple"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    folder: Path = tmp_path_factory.mktemp("talkative")
    with running_stack(folder / "data", ESTEIRA_LOG_LEVEL="DEBUG", ESTEIRA_RETRY_DELAY_SECONDS="0.1") as running:
        yield running


def test_no_line_tells_a_text_a_password_or_a_signature_and_those_of_a_run_tell_which(stack: RunningStack) -> None:
    with httpx.Client(base_url=stack.url, timeout=60) as http:
        client = EsteiraClient(http=http)
        good = client.upload("good.pdf", pdf([f"The {MARKER} was inspected in May."] * 3))
        corrupt = client.upload("corrupt.pdf", b"%PDF-1.7\n" + f"({MARKER}) Tj\n".encode() * 50)
        nul = client.upload("nul.txt", f"A {MARKER} \0 and \x01 bytes.".encode())
        locked = client.upload("locked.pdf", encrypted_pdf(PASSWORD))
        for document in (good, corrupt, nul):
            client.process(document)
        client.process(locked, password=PASSWORD)
        ends = {document: client.follow(document)[-1]["status"] for document in (good, corrupt, nul, locked)}
        assert (ends[good], ends[corrupt], ends[locked]) == ("completed", "failed", "completed")
        http.post("/api/v1/search", json={"query": MARKER})
        http.get(f"/api/v1/documents/{good}/text")
        http.get(f"/api/v1/documents/{good}?token={MARKER}")
        metrics = http.get("/metrics").text
    output = stack.program.output
    assert MARKER not in output
    assert PASSWORD not in output
    assert "signature=" not in output.replace("signature=***", "")
    assert "esteira_pages_total 4" in metrics.replace(".0", "")

    for document in (good, corrupt):
        of_run = [line for line in lines(output) if line.get("document") == document]
        assert {"the run begins", "the run has ended"} <= {line["message"] for line in of_run}
        for line in of_run:
            assert line["job"]
            assert line["attempt"] == 1
            assert line["worker"].startswith("document_processing-")


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]
