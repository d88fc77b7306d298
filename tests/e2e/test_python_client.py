"""The Python client on a running stack, for threads and for event loops."""

import hashlib
import io
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from esteira_client import DocumentStatus, Esteira, EsteiraError, Patience, Progress
from esteira_client.document_calls import Conditions
from esteira_client.following import By
from tests.support.both_clients import opened
from tests.support.http_server import listening_socket, url_of
from tests.support.program import API, PATIENCE_SECONDS, ROOT, environment, running_program
from tests.support.running_stack import RunningStack

pytestmark = pytest.mark.xdist_group("whole stack")

HANDBOOK = ROOT / "samples" / "documents" / "water-quality-monitoring-handbook.pdf"
ANSWERS = r'"url": "([^"]+)".*the API answers'
KEYS = ("-m", "bootstrap.command", "keys", "create", "--name", "client", "--scope", "read", "--scope", "write")
MEBIBYTE = 1 << 20


@pytest.fixture(params=["sync", "async"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(form: str, whole_stack: RunningStack) -> Iterator[Esteira]:
    with opened(form, whole_stack.url) as client:
        yield client


def test_a_file_is_ingested_read_found_and_deleted(client: Esteira, tmp_path: Path) -> None:
    heard: list[Progress] = []
    states: list[str] = []
    status = client.ingest(
        HANDBOOK,
        metadata={"shelf": "client"},
        on_progress=heard.append,
        on_status=lambda status: states.append(status.status),
    )
    assert (status.status, status.progress, status.error) == ("completed", 100, None)
    assert states[-1] == "completed"
    assert (heard[0].sent_bytes, heard[-1].sent_bytes) == (0, HANDBOOK.stat().st_size)
    assert {progress.document_id for progress in heard} == {status.document_id}

    document = client.document(status.document_id)
    assert (document.filename, document.content_type) == (HANDBOOK.name, "application/pdf")
    assert document.metadata == {"shelf": "client"}
    assert document.checksum_sha256 == hashlib.sha256(HANDBOOK.read_bytes()).hexdigest()

    text = client.text(status.document_id)
    chunks = list(client.all_chunks(status.document_id))
    assert len(chunks) == status.chunks_total
    assert all(text[chunk.char_start : chunk.char_end] == chunk.text for chunk in chunks)
    sentence = max(chunks[2].text.split(". "), key=len)
    (best, *_) = client.search(sentence, document_ids=[status.document_id])
    assert (best.document_id, sentence in best.text) == (status.document_id, True)

    target = tmp_path / "copy.pdf"
    assert client.content(status.document_id, target) == target
    assert target.read_bytes() == HANDBOOK.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["copy.pdf"]

    assert client.delete(status.document_id)["deleted"]["chunks"] == len(chunks)
    with pytest.raises(EsteiraError) as caught:
        client.document(status.document_id)
    assert (caught.value.code, caught.value.status) == ("document_not_found", 404)


def test_an_open_file_is_sent_and_left_open(client: Esteira) -> None:
    file = io.BytesIO(b"The lighthouse keeper counted the herons.")
    status = client.ingest(file, filename="keeper.txt")
    assert status.status == "completed"
    assert client.text(status.document_id) == "The lighthouse keeper counted the herons."
    assert not file.closed


def test_a_bad_document_says_why(client: Esteira) -> None:
    status = client.ingest(io.BytesIO(b""), filename="nothing.txt")
    assert status.error is not None
    assert (status.status, status.error.code, status.error.retryable) == ("failed", "empty", False)
    assert len(status.error.message) > 20


def test_wrong_fields_are_named(client: Esteira) -> None:
    with pytest.raises(EsteiraError) as caught:
        client.upload(io.BytesIO(b"x"), filename="x.txt", chunk_tokens=1)
    assert (caught.value.status, caught.value.code) == (422, "invalid_request")
    assert [field["pointer"] for field in caught.value.errors] == ["/chunk_tokens"]


def test_pages_are_read_with_their_passages_pictures_and_details(client: Esteira) -> None:
    status = client.ingest(HANDBOOK)
    assert status.pages_total is not None
    assert (status.version, [stage.name for stage in status.stages][:1]) == (1, ["extracting"])
    with pytest.raises(EsteiraError) as caught:
        client.details(status.document_id)
    assert caught.value.code == "no_details"
    params = {"document_id": status.document_id}
    drawing = {"type": "preview", "params": {**params, "first_page": 2, "last_page": 2}}
    job = client.start_job([drawing, {"type": "metadata", "params": params}])
    *_, last = client.follow_job(job.job_id)
    assert last.status == "completed"

    pages = list(client.all_pages(status.document_id))
    assert [page.page for page in pages] == list(range(1, status.pages_total + 1))
    (second,) = client.pages(status.document_id, first_page=2, limit=1).items
    assert (second.page, pages[0].reading_picture) == (2, None)
    assert second.list_picture is not None
    assert second.reading_picture is not None
    assert (second.width, second.height) == (second.reading_picture.width, second.reading_picture.height)
    assert httpx.get(second.list_picture.url).headers["Content-Type"] == "image/webp"
    text = client.text(status.document_id)
    assert text[second.char_start : second.char_end] == client.text(status.document_id, page=2)

    of_second = list(client.all_chunks(status.document_id, page=2))
    assert of_second == client.chunks(status.document_id, page=2).items
    assert of_second
    assert all((chunk.page_start or 0) <= 2 <= (chunk.page_end or 0) for chunk in of_second)
    details = client.details(status.document_id)
    assert (details.document_id, details.version) == (status.document_id, 1)
    client.delete(status.document_id)


def test_documents_are_listed_by_all_conditions(client: Esteira) -> None:
    content = f"Conditions of {id(client)}.".encode()
    document_id = client.upload(io.BytesIO(content), filename=f"Relat\u00f3rio {id(client)}.txt")
    conditions: list[Conditions] = [
        {"name_contains": f"relato\u0301rio {id(client)}"},
        {"checksum_sha256": hashlib.sha256(content).hexdigest()},
        {"filename": f"Relat\u00f3rio {id(client)}.txt", "status": "awaiting_upload"},
    ]
    for which in conditions:
        assert [document.document_id for document in client.documents(**which).items] == [document_id]
        assert [document.document_id for document in client.all_documents(**which)] == [document_id]
    assert client.documents(name_contains=str(id(client)), status="failed").items == []
    client.delete(document_id)


def test_many_are_processed_and_followed_by_few_calls(client: Esteira) -> None:
    ids = [client.upload(io.BytesIO(f"Buoy {n} rings.".encode()), filename=f"{n}.txt") for n in range(5)]
    client.delete(ids[0])
    first, *others = client.process_all(ids)
    assert first is not None
    assert (first.code, others) == ("document_not_found", [None] * 4)
    told = list(client.follow_all(ids))
    (gone,) = [each for each in told if isinstance(each, EsteiraError)]
    assert (gone.code, gone.document_id) == ("document_not_found", ids[0])
    final = {each.document_id: each.status for each in told if isinstance(each, DocumentStatus) and each.is_final}
    assert final == dict.fromkeys(ids[1:], "completed")


@pytest.mark.parametrize("by", ["events", "wait"])
def test_a_document_is_followed_to_its_end(client: Esteira, by: By) -> None:
    text = "".join(f"Line {n} of the ledger of the {n * 7919 % 104729}th day.\n" for n in range(2000))
    document_id = client.upload(io.BytesIO(text.encode()), filename="ledger.txt")
    assert client.status(document_id).status == "awaiting_upload"
    client.process(document_id)
    states = list(client.follow(document_id, by=by))
    assert [state.is_final for state in states] == [False] * (len(states) - 1) + [True]
    assert states[-1].status == "completed"
    assert [state.progress for state in states] == sorted(state.progress for state in states)
    with pytest.raises(EsteiraError) as caught:
        client.cancel(document_id)
    assert (caught.value.code, caught.value.status) == ("already_final", 409)


class Interrupted(Exception):
    """Somebody has pulled the plug."""


def test_an_upload_in_parts_that_was_broken_off_is_gone_on_with(
    form: str, whole_stack: RunningStack, tmp_path: Path
) -> None:
    file = tmp_path / "large.txt"
    file.write_bytes(b"".join(b"%015d\n" % number for number in range(33 * MEBIBYTE // 16)))
    heard: list[Progress] = []

    def pull_the_plug(progress: Progress) -> None:
        heard.append(progress)
        if progress.sent_bytes > 20 * MEBIBYTE:
            raise Interrupted

    with opened(form, whole_stack.url, multipart_above_bytes=5 * MEBIBYTE) as client:
        with pytest.raises(Interrupted):
            client.upload(file, on_progress=pull_the_plug)
        document_id = heard[0].document_id

    with opened(form, whole_stack.url) as client:
        with pytest.raises(EsteiraError) as caught:
            client.process(document_id)
        assert caught.value.code == "upload_missing"
        rest: list[Progress] = []
        assert client.resume_upload(document_id, file, on_progress=rest.append) == document_id
        assert (rest[0].sent_bytes, rest[-1].sent_bytes) == (16 * MEBIBYTE, 33 * MEBIBYTE)
        assert client.resume_upload(document_id, file) == document_id
        digest = hashlib.sha256()
        for block in client.content_blocks(document_id):
            digest.update(block)
        assert digest.hexdigest() == hashlib.sha256(file.read_bytes()).hexdigest()
        client.delete(document_id)


def test_a_job_of_several_actions_is_followed(client: Esteira) -> None:
    action = {"type": "simulate", "params": {"duration_seconds": 1}}
    started = client.start_job([action, {**action, "params": {"duration_seconds": 1, "data": "x"}}])
    *_, last = client.follow_job(started.job_id)
    assert [action.action_id for action in last.actions] == list(started.action_ids)
    assert (last.status, last.message) == ("completed", "2 of 2")
    assert [(action.result or {}).get("data") for action in last.actions] == [None, "x"]
    assert client.job(started.job_id) == last


def test_an_operation_is_started_once_by_its_key(client: Esteira) -> None:
    once = {"idempotency_key": f"client-{id(client)}"}
    first = client.start_operation("simulate", {"duration_seconds": 1}, **once)
    assert client.start_operation("simulate", {"duration_seconds": 1}, **once) == first
    *_, last = client.follow_job(first.job_id, by="wait")
    assert last.status == "completed"
    assert client.operation_result("simulate", first.job_id)["result"]["duration_seconds"] == 1


def test_an_artifact_is_made_and_downloaded(client: Esteira, tmp_path: Path) -> None:
    started = client.start_artifact("xlsx", "inventory")
    *_, last = client.follow_job(started.job_id)
    assert last.status == "completed"
    path = client.download_artifact(started.job_id, tmp_path / "inventory.xlsx")
    assert path.read_bytes().startswith(b"PK")


def test_the_queues_are_read(client: Esteira) -> None:
    assert "document_processing" in client.queue_info()["queues"]
    assert client.queue_health()["healthy"] in {True, False}
    assert client.queue_workers()["items"]


@pytest.mark.parametrize("number", [0, 1])
def test_the_examples_of_its_guide_run(whole_stack: RunningStack, tmp_path: Path, number: int) -> None:
    guide = (ROOT / "clients" / "python" / "README.md").read_text("utf-8")
    example = re.findall(r"^```python\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)[number]
    program = example.replace("http://localhost:8000", whole_stack.url).replace("report.pdf", str(HANDBOOK))
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(tmp_path, {}),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert len(ran.stdout.splitlines()) > 3


@pytest.fixture(scope="module")
def locked(whole_stack: RunningStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A second API process on the same stack, which asks for keys, and a key."""
    folder = tmp_path_factory.mktemp("locked")
    with running_program(KEYS, whole_stack.data_dir, folder=folder) as program:
        key = program.said(r"est_[0-9a-f]{32}_[0-9a-f]{64}").group(0)
        assert program.ended() == 0
    with running_program(API, whole_stack.data_dir, folder=folder, ESTEIRA_REQUIRE_API_KEY="true") as program:
        yield program.said(ANSWERS).group(1), key


def test_keys_are_sent_to_the_api(form: str, locked: tuple[str, str]) -> None:
    url, key = locked
    with opened(form, url, api_key=key) as client:
        document_id = client.upload(io.BytesIO(b"locked"), filename="locked.txt")
        assert client.document(document_id).status == "awaiting_upload"
    for wrong in (None, key[:-1]):
        with opened(form, url, api_key=wrong) as client, pytest.raises(EsteiraError) as caught:
            client.documents()
        assert (caught.value.code, caught.value.status) == ("unauthorized", 401)


def test_a_server_that_goes_away_and_comes_back_is_waited_for(
    form: str, whole_stack: RunningStack, tmp_path: Path
) -> None:
    with listening_socket() as free:
        port = url_of(free).rpartition(":")[2]
    seen: list[str] = []
    has_seen = threading.Event()

    def follow(client: Esteira, document_id: str) -> None:
        for state in client.follow(document_id):
            seen.append(state.status)
            has_seen.set()

    @contextmanager
    def api() -> Iterator[str]:
        with running_program(API, whole_stack.data_dir, folder=tmp_path, ESTEIRA_PORT=port) as program:
            yield program.said(ANSWERS).group(1)

    with opened(form, f"http://127.0.0.1:{port}", patience=Patience(outage=PATIENCE_SECONDS)) as client:
        with api():
            document_id = client.upload(io.BytesIO(b"The ferry was late."), filename="ferry.txt")
            follower = threading.Thread(target=follow, args=(client, document_id))
            follower.start()
            assert has_seen.wait(PATIENCE_SECONDS)
        with api(), opened("sync", whole_stack.url) as other:
            other.process(document_id)
            follower.join(PATIENCE_SECONDS)
    assert (seen[0], seen[-1]) == ("awaiting_upload", "completed")
