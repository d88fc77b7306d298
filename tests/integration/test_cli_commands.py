import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from interface.cli.app import create_cli
from tests.support.cli_process import services
from tests.support.fake_api import FakeApi, running

PASSAGE = "When cloth is drawn in, pull the cord at once."
ROOT = Path(__file__).parents[2]
PROCESS = [sys.executable, str(ROOT / "tests" / "support" / "cli_process.py")]


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running(FakeApi()) as fake:
        yield fake


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    folder = tmp_path / "samples"
    (folder / "documents").mkdir(parents=True)
    (folder / "documents" / "guide.pdf").write_bytes(b"guide")
    (folder / "documents" / "manual.docx").write_bytes(b"manual")
    searches = [
        {"query": "sleeve in the rollers", "document": "guide.pdf", "page": 2, "passage": "pull the cord at once"},
        {"query": "livros molhados", "document": "manual.docx", "page": None, "passage": "48 horas"},
    ]
    (folder / "queries.json").write_text(json.dumps({"searches": searches}))
    return folder


def run(api: FakeApi, *arguments: str, samples: Path = Path("samples")) -> Result:
    command = create_cli(services(samples))
    return CliRunner(env={"ESTEIRA_SERVER": api.url}).invoke(command, arguments)


def found(filename: str, text: str = PASSAGE, **more: object) -> dict[str, Any]:
    passage = {"document_id": str(uuid4()), "filename": filename, "external_id": None, "metadata": {}, "text": text}
    places = {"chunk_id": str(uuid4()), "char_start": 0, "char_end": len(text), "page_start": 2, "page_end": 2}
    return {**passage, **places, "score": 0.8312, "headings": ["Safety", "Rollers"], **more}


def upload(api: FakeApi, folder: Path, name: str = "a.pdf") -> str:
    (folder / name).write_bytes(b"the bytes of " + name.encode())
    assert run(api, "ingest", str(folder / name)).exit_code == 0
    return next(d.id for d in api.documents.values() if d.filename == name)


def test_search_shows_score_document_pages_headings_and_passage(api: FakeApi) -> None:
    api.results["rollers"] = [found("guide.pdf"), found("b.md", page_start=None, page_end=None, headings=[], score=0.1)]
    result = run(api, "search", "rollers")
    assert result.exit_code == 0
    assert re.search(r"1  0\.83  guide\.pdf, page 2\n +Safety > Rollers *\n +When cloth is drawn in", result.stdout)
    assert "2  0.10  b.md\n" in result.stdout
    assert "page" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_a_terminal_that_says_it_has_no_columns_is_shown_the_passage(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "0")
    api.results["rollers"] = [found("guide.pdf")]
    assert "cloth" in run(api, "search", "rollers").stdout


@pytest.mark.parametrize("command", [("search",), ("documents", "list", "--filename")])
def test_bytes_that_are_no_text_are_refused_in_words(api: FakeApi, command: tuple[str, ...]) -> None:
    result = run(api, *command, os.fsdecode(b"caf\xe9"))
    assert result.exit_code == 1
    assert "not valid UTF-8" in result.stderr


def test_search_that_finds_nothing_says_so(api: FakeApi) -> None:
    result = run(api, "search", "nothing at all")
    assert result.exit_code == 0
    assert "Nothing was found for “nothing at all”." in result.stdout


def test_search_in_json_is_the_servers_answer(api: FakeApi) -> None:
    api.results["rollers"] = [found("guide.pdf"), found("b.md")]
    answer = json.loads(run(api, "search", "rollers", "--json", "--limit", "1", "--mode", "keyword").stdout)
    assert answer == {"results": api.results["rollers"][:1], "took_ms": 3}


def test_search_can_be_narrowed_to_a_document(api: FakeApi) -> None:
    first, second = found("guide.pdf"), found("b.md")
    api.results["rollers"] = [first, second]
    result = run(api, "search", "rollers", "--document", second["document_id"])
    assert "b.md" in result.stdout
    assert "guide.pdf" not in result.stdout


@pytest.mark.parametrize(
    "arguments", [[" "], ["x", "--limit", "0"], ["x", "--mode", "magic"], ["x", "--document", "1"]]
)
def test_wrong_searches_are_two(api: FakeApi, arguments: list[str]) -> None:
    assert run(api, "search", *arguments).exit_code == 2


def test_passages_cannot_command_the_terminal(api: FakeApi) -> None:
    api.results["x"] = [found("a\x1b]0;title\x07.md", text="evil \x1b[2J passage\r", headings=["\x9b31m"])]
    result = run(api, "search", "x")
    assert result.exit_code == 0
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", result.stdout)


def test_documents_are_listed_and_filtered(api: FakeApi, tmp_path: Path) -> None:
    first, second = upload(api, tmp_path), upload(api, tmp_path, "b.md")
    assert run(api, "documents", "list").stdout == f"{second}\tcompleted\tb.md\n{first}\tcompleted\ta.pdf\n"
    assert run(api, "documents", "list", "--filename", "a.pdf").stdout == f"{first}\tcompleted\ta.pdf\n"
    assert json.loads(run(api, "documents", "list", "--status", "failed", "--json").stdout)["items"] == []
    assert "There are no documents." in run(api, "documents", "list", "--status", "failed").stdout
    assert "--cursor abc" in run(api, "documents", "list", "--limit", "1").stderr


def test_a_document_is_looked_at_from_all_sides(api: FakeApi, tmp_path: Path) -> None:
    document = upload(api, tmp_path)
    assert re.search(r"filename +a\.pdf", run(api, "documents", "show", document).stdout)
    assert re.search(r"status +completed", run(api, "documents", "status", document).stdout)
    assert json.loads(run(api, "documents", "status", document, "--json").stdout)["progress"] == 100
    assert run(api, "documents", "text", document, "--page", "2").stdout == "The text, page 2\n"
    chunks = run(api, "documents", "chunks", document).stdout
    assert "#0 · pages 1 to 2 · 5 tokens · First > Second" in chunks
    assert "A passage of two lines." in chunks


def test_a_document_is_processed_again_and_followed(api: FakeApi, tmp_path: Path) -> None:
    document = upload(api, tmp_path)
    api.seconds_per_document = 1.5
    assert re.search(r"status +pending", run(api, "documents", "process", document).stdout)
    result = run(api, "documents", "status", document, "--follow")
    assert result.exit_code == 0
    assert "Reading page 2 of 3" in result.stderr
    assert re.search(r"status +completed", result.stdout)


def test_cancelling_and_deleting(api: FakeApi, tmp_path: Path) -> None:
    document = upload(api, tmp_path)
    late = run(api, "documents", "cancel", document)
    assert late.exit_code == 1
    assert "The work has already ended; there is nothing left to cancel. (already_final)" in late.stderr
    unasked = run(api, "documents", "delete", document)
    assert (unasked.exit_code, document in api.documents) == (2, True)
    deleted = run(api, "documents", "delete", document, "--yes")
    assert (deleted.exit_code, document in api.documents) == (0, False)
    assert "chunks: 7" in deleted.stdout


@pytest.mark.parametrize("command", ["show", "status", "process"])
def test_unknown_documents_are_told(api: FakeApi, command: str) -> None:
    result = run(api, "documents", command, str(uuid4()))
    assert result.exit_code == 1
    assert "There is no document with this id. (document_not_found)" in result.stderr


def test_the_original_is_downloaded_and_nothing_is_overwritten(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = upload(api, tmp_path)
    (elsewhere := tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(elsewhere)
    assert run(api, "documents", "download", document).exit_code == 0
    assert (elsewhere / "a.pdf").read_bytes() == b"the bytes of a.pdf"
    assert run(api, "documents", "download", document).exit_code == 2
    assert run(api, "documents", "content", document, "--force").exit_code == 0
    assert run(api, "documents", "download", document, "--output", "-").stdout_bytes == b"the bytes of a.pdf"
    assert run(api, "documents", "download", document, "-o", "no/such/folder").exit_code == 2
    assert [path.name for path in elsewhere.iterdir()] == ["a.pdf"]


def test_a_download_stays_in_the_folder_whatever_the_name_says(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = upload(api, tmp_path)
    api.documents[document].filename = "../../evil.pdf"
    (elsewhere := tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(elsewhere)
    assert run(api, "documents", "download", document).exit_code == 0
    assert (elsewhere / "evil.pdf").exists()


def test_the_demo_succeeds_if_every_document_and_search_does(api: FakeApi, samples: Path) -> None:
    api.results["sleeve in the rollers"] = [found("guide.pdf")]
    api.results["livros molhados"] = [found("guide.pdf"), found("manual.docx", page_start=None, page_end=None)]
    result = run(api, "demo", samples=samples)
    assert result.exit_code == 0
    assert "guide.pdf, page 2" in result.stdout
    assert "2  0.83  manual.docx" in result.stdout
    assert f"{api.url}/docs" in result.stdout
    assert run(api, "demo", samples=samples).exit_code == 0


def test_the_demo_fails_if_a_search_does(api: FakeApi, samples: Path) -> None:
    api.results["sleeve in the rollers"] = [found("guide.pdf")]
    result = run(api, "demo", samples=samples)
    assert result.exit_code == 1
    assert "The search “livros molhados” did not find its document." in result.stderr


def test_the_demo_fails_if_a_document_does(api: FakeApi, samples: Path) -> None:
    api.failures["manual.docx"] = "corrupt"
    api.results["sleeve in the rollers"] = [found("guide.pdf")]
    api.results["livros molhados"] = [found("manual.docx")]
    result = run(api, "demo", samples=samples)
    assert result.exit_code == 1
    assert "1 sample document not completed." in result.stderr


def test_the_demo_needs_its_samples(api: FakeApi, tmp_path: Path) -> None:
    result = run(api, "demo", samples=tmp_path)
    assert result.exit_code == 1
    assert "They come with the source code" in result.stderr


def test_programs_are_run_with_their_exit_codes(api: FakeApi) -> None:
    for program in ("dev", "api", "migrate"):
        assert run(api, program).exit_code == 3
    ran = subprocess.run([*PROCESS, "worker", "--all", "--name", "x", "--help"], capture_output=True, check=True)
    assert ran.stdout == b"worker --all --name x --help"


def test_another_kind_of_server_is_told(api: FakeApi) -> None:
    other = FakeApi(url=f"{api.url}/objects/x?")
    result = run(other, "documents", "list")
    assert result.exit_code == 1
    assert "Is it an Esteira server?" in result.stderr


def test_colours_are_for_terminals_alone_and_can_be_refused(api: FakeApi) -> None:
    api.results["rollers"] = [found("guide.pdf", text="The rollers turn.", highlights=[{"start": 4, "end": 11}])]

    def on_terminal(**environment: str) -> bytes:
        command = f"{' '.join(PROCESS)} search rollers"
        everything = {**os.environ, "ESTEIRA_SERVER": api.url, "TERM": "xterm-256color", **environment}
        ran = subprocess.run(
            ["script", "-qec", command, "/dev/null"],  # noqa: S607 (util-linux, skipped where it is not)
            env=everything,
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        return ran.stdout

    if not Path("/usr/bin/script").exists():
        pytest.skip("there is no script(1) here")
    assert b"\x1b[1;33mrollers" in on_terminal()
    assert b"33m" not in on_terminal(NO_COLOR="1")


def test_the_version_is_that_of_the_package() -> None:
    told = CliRunner().invoke(create_cli(services(Path("samples"))), ["--version"])
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert (told.exit_code, told.stdout) == (0, f"esteira {declared}\n")
