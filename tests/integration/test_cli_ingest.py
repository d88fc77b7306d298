import hashlib
import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from domain.ids import new_uuid7
from interface.cli.app import create_cli
from interface.cli.client import PATIENCE, ApiClient
from interface.cli.following import Following
from interface.cli.services import CliServices
from tests.support.cli_process import services
from tests.support.fake_api import FakeApi, FakeDocument, running

ROOT = Path(__file__).parents[2]
PROCESS = [sys.executable, str(ROOT / "tests" / "support" / "cli_process.py")]


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running(FakeApi()) as fake:
        yield fake


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    return folder


def run(api: FakeApi, *arguments: str | Path, wired: CliServices | None = None) -> Result:
    command = create_cli(wired or services(Path("samples")))
    return CliRunner(env={"ESTEIRA_SERVER": api.url}).invoke(command, list(map(str, arguments)))


def environment(api: FakeApi) -> Mapping[str, str]:
    return {**os.environ, "ESTEIRA_SERVER": api.url, "PYTHONDONTWRITEBYTECODE": "1"}


def ingested(api: FakeApi, *arguments: str | Path) -> dict[str, object]:
    document: dict[str, object] = json.loads(run(api, "ingest", "--json", *arguments).stdout)
    return document


def outcomes(api: FakeApi, *arguments: str | Path) -> dict[str, str]:
    files = ingested(api, *arguments)["files"]
    assert isinstance(files, list)
    return {Path(file["file"]).name: file["outcome"] for file in files}


def test_a_folder_is_ingested_to_the_end(api: FakeApi, folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"one")
    (folder / "sub").mkdir()
    (folder / "sub" / "b.md").write_bytes(b"two")

    result = run(api, "ingest", folder)

    assert result.exit_code == 0
    assert re.search(r"a\.pdf: completed, 3 pages, 7 chunks, \d\.\d s\n", result.stdout)
    assert "2 files in" in result.stdout
    assert "6 pages, 14 chunks" in result.stdout
    assert [d.body for d in sorted(api.documents.values(), key=lambda d: d.filename)] == [b"one", b"two"]


def test_bytes_are_sent_with_their_length_and_the_signed_headers_alone(api: FakeApi, folder: Path) -> None:
    (folder / "big.pdf").write_bytes(os.urandom(3_000_000))

    assert run(api, "ingest", folder).exit_code == 0

    (headers,) = api.put_headers
    assert headers["content-length"] == "3000000"
    assert headers["content-type"] == "application/pdf"
    assert "transfer-encoding" not in headers
    assert "authorization" not in headers


def test_what_failed_is_told_with_its_code_and_why(api: FakeApi, folder: Path) -> None:
    (folder / "good.pdf").write_bytes(b"good")
    (folder / "locked.pdf").write_bytes(b"locked")
    (folder / "nothing.txt").write_bytes(b"")
    api.failures["locked.pdf"] = "encrypted"

    result = run(api, "ingest", folder)

    assert result.exit_code == 1
    assert "locked.pdf: failed (encrypted): A sentence about encrypted." in result.stdout
    assert re.search(r"failed +empty +1 ", result.stdout)
    assert re.search(r"failed +encrypted +1 ", result.stdout)
    assert re.search(r"completed +1 +3 +7 ", result.stdout)
    tables = result.stdout[result.stdout.index(" outcome ") :]
    assert max(map(len, tables.splitlines())) <= 80


def test_json_tells_each_file(api: FakeApi, folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"one")
    (folder / "locked.pdf").write_bytes(b"locked")
    api.failures["locked.pdf"] = "encrypted"

    whole = ingested(api, folder)

    assert whole["server"] == api.url
    assert whole["interrupted"] is False
    summary = whole["summary"]
    assert isinstance(summary, dict)
    assert (summary["files"], summary["completed"], summary["failed"], summary["codes"]) == (2, 1, 1, {"encrypted": 1})
    files = whole["files"]
    assert isinstance(files, list)
    failed = next(file for file in files if file["outcome"] == "failed")
    assert failed["file"] == str(folder / "locked.pdf")
    assert failed["sentence"] == "A sentence about encrypted."
    assert failed["document_id"] in api.documents
    completed = next(file for file in files if file["outcome"] == "completed")
    assert (completed["pages"], completed["chunks"], completed["size_bytes"]) == (3, 7, 3)


def test_what_is_there_is_skipped_unless_it_failed_or_again_is_said(api: FakeApi, folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"one")
    (folder / "locked.pdf").write_bytes(b"locked")
    api.failures["locked.pdf"] = "encrypted"
    run(api, "ingest", folder)

    second = run(api, "ingest", folder)
    assert second.exit_code == 1
    assert "a.pdf: skipped: already there" in second.stdout
    assert api.calls["put"] == 3

    api.failures.clear()
    assert outcomes(api, folder) == {"a.pdf": "skipped", "locked.pdf": "completed"}
    assert outcomes(api, folder, "--again") == {"a.pdf": "completed", "locked.pdf": "completed"}


def test_what_is_being_processed_is_not_sent_twice_but_followed(api: FakeApi, folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"one")
    run(api, "ingest", folder)
    (document,) = api.documents.values()
    document.status, document.processed_at = "pending", time.monotonic() + 0.5

    assert outcomes(api, folder) == {"a.pdf": "skipped"}
    assert document.status == "completed"
    assert api.calls["put"] == 1


def test_two_files_of_the_same_bytes_are_sent_once(api: FakeApi, folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"same")
    (folder / "b.pdf").write_bytes(b"same")
    assert sorted(outcomes(api, folder).values()) == ["completed", "skipped"]
    assert len(api.documents) == 1


def test_hidden_files_loops_and_pipes_are_left_out_and_each_file_is_taken_once(api: FakeApi, folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"a")
    (folder / ".hidden").write_bytes(b"h")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    assert outcomes(api, folder, folder / "a.pdf", folder) == {"a.pdf": "completed"}


def test_a_name_that_is_no_utf_8_is_sent_and_shown(api: FakeApi, folder: Path) -> None:
    with open(os.fsencode(folder) + b"/caf\xe9.txt", "wb") as file:  # noqa: PTH123 (the name is bytes)
        file.write(b"coffee")
    assert outcomes(api, folder) == {"caf\\xe9.txt": "completed"}
    assert [d.filename for d in api.documents.values()] == ["caf\ufffd.txt"]
    assert run(api, "ingest", folder).exit_code == 0


def test_a_name_cannot_command_the_terminal(api: FakeApi, folder: Path) -> None:
    (folder / "x\x1b[31m[red]\n.txt").write_bytes(b"x")
    result = run(api, "ingest", folder)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "[red]" in result.stdout


@pytest.mark.parametrize("arguments", [["nowhere"], [], ["--limit", "3"], ["/dev/null"]])
def test_wrong_usage_is_two(api: FakeApi, arguments: list[str]) -> None:
    result = run(api, "ingest", *arguments)
    assert result.exit_code == 2
    assert not api.calls


def test_an_empty_folder_is_wrong_usage(api: FakeApi, folder: Path) -> None:
    result = run(api, "ingest", folder)
    assert result.exit_code == 2
    assert "There are no files in" in result.stderr


def test_files_that_cannot_be_read_are_told(api: FakeApi, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    folder = Path(f"/tmp/esteira-{os.getpid()}-unreadable")  # noqa: S108 (pytest's own is closed to other users)
    folder.mkdir(mode=0o755)
    try:
        (folder / "good.pdf").write_bytes(b"good")
        (folder / "gone.pdf").symlink_to(folder / "nowhere")
        for name in ("secret.pdf", "secret"):
            (folder / name).mkdir() if name == "secret" else (folder / name).write_bytes(b"secret")
            (folder / name).chmod(0)
        as_user = {"user": 65534} if os.geteuid() == 0 else {}
        in_folder = subprocess.run(
            [*PROCESS, "ingest", "--json", folder], env=environment(api), capture_output=True, check=False, **as_user
        )
        named = subprocess.run(
            [*PROCESS, "ingest", folder / "secret.pdf"],
            env=environment(api),
            capture_output=True,
            check=False,
            **as_user,
        )
    finally:
        (folder / "secret").chmod(0o700)
        for entry in folder.iterdir():
            entry.rmdir() if entry.is_dir() else entry.unlink()
        folder.rmdir()
    if b"ModuleNotFoundError" in in_folder.stderr or b"Permission denied" in in_folder.stderr:
        pytest.skip("another user cannot read this checkout")
    codes = {Path(file["file"]).name: file["code"] for file in json.loads(in_folder.stdout)["files"]}
    expected = {"good.pdf": None, "gone.pdf": "file_gone", "secret.pdf": "unreadable_file", "secret": "unreadable_file"}
    assert codes == expected
    assert in_folder.returncode == 1
    assert named.returncode == 2
    assert b"cannot be read" in named.stderr


def test_a_file_that_grows_while_it_is_read_is_told(api: FakeApi, folder: Path) -> None:
    growing = folder / "log.txt"
    growing.write_bytes(b"x" * 40_000_000)
    done = threading.Event()

    def grow() -> None:
        with growing.open("ab") as file:
            while not done.is_set():
                file.write(b"y" * 1000)
                file.flush()

    writer = threading.Thread(target=grow)
    writer.start()
    whole = ingested(api, folder)
    done.set()
    writer.join()
    assert isinstance(whole["files"], list)
    assert [file["code"] for file in whole["files"]] == ["file_changed"]
    assert api.calls["process"] == 0


def test_a_document_deleted_meanwhile_is_told(api: FakeApi, folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"one")
    api.delete_while_processing.add("a.pdf")
    result = run(api, "ingest", folder)
    assert result.exit_code == 1
    assert "was deleted while it was processed" in result.stdout


def test_short_outages_are_waited_out(api: FakeApi, folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"one")
    api.unavailable.update(presign=1, put=1, process=1, statuses=1, listed=1)
    assert run(api, "ingest", folder).exit_code == 0
    assert api.calls["presign"] == 2


def test_a_server_that_goes_away_is_told_in_a_sentence(
    api: FakeApi, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interface.cli.client.PATIENCE", replace(PATIENCE, outage=1.0))
    for number in range(20):
        (folder / f"{number}.pdf").write_bytes(b"%d" % number)
    api.seconds_per_document = 60
    api.stop_after["put"] = 10
    result = run(api, "ingest", folder)
    assert result.exit_code == 1
    assert "does not answer" in result.stderr
    assert "The same command again takes up what is left." in result.stderr
    # Whether the API or the store is missed first is a matter of chance.
    assert re.search(r"(unfinished|not sent) +(server|storage)_unreachable +\d+ ", result.stdout)
    assert "Traceback" not in result.output


def test_no_server_is_told_at_once(folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"one")
    began = time.monotonic()
    result = run(FakeApi(url="http://127.0.0.1:9"), "ingest", folder)
    assert result.exit_code == 1
    assert "does not answer" in result.stderr
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("address", ["localhost:8000", "ftp://x", "http://", "http://x:99999"])
def test_an_address_that_is_none_is_wrong_usage(folder: Path, address: str) -> None:
    (folder / "a.pdf").write_bytes(b"one")
    assert run(FakeApi(url=""), "ingest", folder, "--server", address).exit_code == 2


def test_many_files_go_through_and_none_is_forgotten(api: FakeApi, folder: Path) -> None:
    for number in range(150):
        (folder / f"{number:04}.txt").write_bytes(b"%d" % number)
    whole = ingested(api, folder)
    assert isinstance(whole["files"], list)
    assert {file["outcome"] for file in whole["files"]} == {"completed"}
    assert len({file["file"] for file in whole["files"]}) == 150
    assert api.calls["status"] == 0


def test_many_documents_are_followed_by_one_call_for_500(api: FakeApi) -> None:
    for number in range(1200):
        id_ = str(new_uuid7())
        document = FakeDocument(
            id=id_, filename=f"{number}.txt", size_bytes=1, content_type="a/b", checksum_sha256=None
        )
        document.status, document.processed_at = "pending", time.monotonic() + number / 400
        api.documents[id_] = document
    with ApiClient(api.url) as client:
        following = Following(client)
        for id_ in api.documents:
            following.add(id_)
        final, rounds = set(), 0
        while following:
            before, calls = len(following), api.calls["statuses"]
            final |= {state.document_id for state in following.poll() if not isinstance(state, str) and state.is_final}
            assert api.calls["statuses"] - calls <= math.ceil(before / 500)
            rounds += 1
            time.sleep(max(0.0, following.due_at - time.monotonic()))
    assert final == set(api.documents)
    assert 3 <= rounds < 10


def test_unchanged_states_are_asked_for_by_etag_and_no_sooner_than_the_server_says(api: FakeApi, folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"one")
    api.seconds_per_document = 5
    api.retry_after = "2"
    assert run(api, "ingest", folder).exit_code == 0
    pauses = [b - a for a, b in zip(api.status_calls_at, api.status_calls_at[1:], strict=False)]
    assert api.not_modified >= 1
    assert pauses[0] >= 1.9


def test_2000_mixed_files_take_no_call_each_but_their_bytes(api: FakeApi, folder: Path) -> None:
    for number in range(2000):
        content = f"{number // 2 * 2 if number % 10 == 1 else number}" * (number % 50 + 1)
        (folder / f"{number:04}.{('txt', 'md', 'html', 'pdf', 'docx')[number % 5]}").write_text(content)
    (folder / "0000.txt").write_bytes(b"")
    api.refused.add("0007.html")

    whole = ingested(api, folder)

    summary = whole["summary"]
    assert isinstance(summary, dict)
    assert (summary["files"], summary["completed"] + summary["skipped"]) == (2000, 1998)
    assert summary["codes"] == {"empty": 1, "too_large": 1}
    assert api.calls["put"] == 1999 - summary["skipped"]
    others = {name: count for name, count in api.calls.items() if name not in {"put", "statuses"}}
    assert others.keys() == {"listed", "presign", "process"}
    assert max(others.values()) <= 40
    assert api.calls["statuses"] <= 20 * whole["seconds"]
    assert max(api.batches) <= 500


def test_few_files_are_worked_on_before_the_last_is_sent(api: FakeApi, folder: Path) -> None:
    for number in range(8):
        (folder / f"{number}.txt").write_bytes(b"%d" % number)
    assert set(outcomes(api, folder).values()) == {"completed"}
    assert api.batches == [1] * 8


def test_a_file_that_is_refused_or_changes_stops_no_other_of_its_batch(api: FakeApi, folder: Path) -> None:
    for number in range(160):
        (folder / f"{number:03}.txt").write_bytes(b"%d" % number)
    (folder / "005.txt").unlink()
    (folder / "005.txt").symlink_to(folder / "nowhere")
    api.refused.update({"000.txt", "019.txt"})
    found = outcomes(api, folder)
    assert {name for name, outcome in found.items() if outcome == "failed"} == {"000.txt", "005.txt", "019.txt"}
    assert max(api.batches) == 10


@pytest.mark.parametrize("call", ["listed", "presign", "process"])
def test_a_call_that_is_refused_for_a_batch_ends_its_files_with_the_reason(
    api: FakeApi, folder: Path, call: str
) -> None:
    for number in range(3):
        (folder / f"{number}.txt").write_bytes(b"%d" % number)
    api.broken.add(call)
    files = ingested(api, folder)["files"]
    assert isinstance(files, list)
    assert [(file["outcome"], file["code"]) for file in files] == [("failed", "internal_error")] * 3


def test_a_store_that_is_away_when_processing_is_asked_for_is_waited_for(api: FakeApi, folder: Path) -> None:
    for number in range(40):
        (folder / f"{number:03}.txt").write_bytes(b"%d" % number)
    api.store_away = 3
    assert set(outcomes(api, folder).values()) == {"completed"}


LARGE = (64 << 20) + 5


def large_file(folder: Path) -> Path:
    path = folder / "large.bin"
    with path.open("wb") as file:
        for number in range(65):
            file.write(bytes([number]) * min(1 << 20, LARGE - (number << 20)))
    return path


def test_a_large_file_goes_in_parts(api: FakeApi, folder: Path) -> None:
    path = large_file(folder)
    assert outcomes(api, path) == {"large.bin": "completed"}
    (document,) = api.documents.values()
    assert document.body == path.read_bytes()
    assert (api.calls["put_part"], api.calls["put"]) == (5, 0)


def test_a_lost_connection_costs_the_part_that_was_on_its_way(api: FakeApi, folder: Path) -> None:
    large_file(folder)
    api.unavailable.update(put_part=2, part=1, parts=1, complete=1)
    assert outcomes(api, folder) == {"large.bin": "completed"}
    assert api.calls["put_part"] == 7


def test_an_upload_that_broke_off_is_gone_on_with_by_the_same_command(api: FakeApi, folder: Path) -> None:
    path = large_file(folder)
    content = path.read_bytes()
    document = FakeDocument(
        id=str(new_uuid7()),
        filename="large.bin",
        size_bytes=LARGE,
        content_type="application/octet-stream",
        checksum_sha256=hashlib.sha256(content).hexdigest(),
    )
    document.parts = {number: content[(number - 1) << 24 : number << 24] for number in (1, 2, 4)}
    api.documents[document.id] = document

    assert outcomes(api, folder) == {"large.bin": "completed"}

    assert list(api.documents) == [document.id]
    assert document.body == content
    assert api.calls["put_part"] == 2


@contextmanager
def started(api: FakeApi, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*PROCESS, *map(str, arguments)], env=environment(api), text=True, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(api: FakeApi, call: str, *, times: int = 1) -> None:
    deadline = time.monotonic() + 30
    while api.calls[call] < times:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_program_that_was_ended_in_the_middle_of_a_large_file_goes_on_there(
    api: FakeApi, folder: Path, end: signal.Signals
) -> None:
    path = large_file(folder)
    api.held_parts.add(3)
    with started(api, "ingest", folder) as process:
        wait_until(api, "put_part", times=3)
        process.send_signal(end)
        process.wait(timeout=20)
    api.held_parts.clear()

    with started(api, "ingest", folder, "--json") as process:
        stdout, _ = process.communicate(timeout=60)

    assert [file["outcome"] for file in json.loads(stdout)["files"]] == ["completed"]
    (document,) = api.documents.values()
    assert document.body == path.read_bytes()
    assert (api.calls["presign"], api.calls["put_part"]) == (1, 3 + 3)


@pytest.mark.parametrize("form", ["plain", "json"])
def test_ctrl_c_says_what_goes_on_at_the_server(api: FakeApi, folder: Path, form: str) -> None:
    (folder / "a.pdf").write_bytes(b"one")
    (folder / "slow.pdf").write_bytes(b"two")
    api.stuck.add("slow.pdf")
    with started(api, "ingest", folder, *(["--json"] if form == "json" else [])) as process:
        wait_until(api, "statuses")
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "1 document still being processed" in stderr
    assert api.url in stderr
    assert "Traceback" not in stderr
    if form == "json":
        whole = json.loads(stdout)
        assert whole["interrupted"] is True
        assert {Path(f["file"]).name: f["outcome"] for f in whole["files"]} == {
            "a.pdf": "completed",
            "slow.pdf": "unfinished",
        }


def test_the_stack_is_started_for_as_long_as_it_is_needed(api: FakeApi, folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"one")
    steps: list[str] = []

    @contextmanager
    def temporary() -> Iterator[str]:
        steps.append("started")
        try:
            yield api.url
        finally:
            steps.append("stopped")

    wired = replace(services(Path("samples")), find_running=lambda: None, start_temporary=temporary)
    result = CliRunner(env={"ESTEIRA_SERVER": None}).invoke(create_cli(wired), ["ingest", str(folder)])
    assert result.exit_code == 0
    assert steps == ["started", "stopped"]
