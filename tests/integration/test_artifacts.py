"""Reports as files, asked for and downloaded by HTTP, made by a real worker's runner of real rows."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unicodedata import normalize

import httpx
import openpyxl
import pypdf
import pypdfium2
import pytest
from sqlalchemy import Engine

from application.ports.document_reader import DocumentFilter
from application.use_cases.search_chunks import SearchChunks
from bootstrap.artifacts import artifact_action_type
from bootstrap.settings import Settings
from domain.ids import DEFAULT_TENANT, JobId
from infrastructure.language.snowball_term_analyzer import SnowballTermAnalyzer
from infrastructure.postgres.inventory_reader import PostgresInventoryReader
from infrastructure.postgres.job_reader import PostgresJobReader
from infrastructure.postgres.passage_search import PostgresPassageSearch
from tests.stored_documents import add_document, add_passages, end_run
from tests.support.api import PUBLIC_URL, Api
from tests.support.artifacts_world import ArtifactsWorld, WatchedBlobStore
from tests.support.blob_store_backends import MOTO_CREDENTIALS, Backend, local_backend, moto_server, s3_backend
from tests.support.fake_embedder import FakeEmbedder

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HOSTILE = (
    '=HYPERLINK("http://evil.example","a").txt',
    "+1.txt",
    "-1.txt",
    "@SUM(A1).txt",
    "two\u2028lines.pdf",
    "bell\x07tab\tescape\x1b_x0041_.txt",
    "договор ελληνικά ação.pdf",
    "報告書 🎉 תקציר.pdf",
    "half\ufffe\uffff.txt",
    "a" * 4000,
)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture(params=["local"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    if request.param == "local":
        with local_backend(tmp_path / "store") as backend:
            yield backend
        return
    with s3_backend(request.getfixturevalue("moto"), MOTO_CREDENTIALS) as backend:
        yield backend


@pytest.fixture
def world(engine: Engine, backend: Backend, tmp_path: Path) -> Iterator[ArtifactsWorld]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    world = ArtifactsWorld(engine, WatchedBlobStore(backend.store), scratch)
    kind = artifact_action_type(
        Settings(_env_file=None),  # type: ignore[call-arg]
        engine,
        world.transactions,
        world.blobs,
        search=SearchChunks(
            live_embedder=FakeEmbedder, terms=SnowballTermAnalyzer(), search=PostgresPassageSearch(engine)
        ),
        scratch=scratch,
    )
    world.made = {kind.name: kind}
    api = Api(
        transactions=world.transactions,
        jobs=PostgresJobReader(engine),
        action_types=world.types,
        blobs=world.blobs,  # type: ignore[arg-type]
    )
    with api.serve() as client:
        world.client = client
        yield world
    assert list(scratch.iterdir()) == [], "temporary files are left"


Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(world: ArtifactsWorld) -> Ask:
    def post(kind: str, report: str, headers: dict[str, str] | None = None, **params: object) -> httpx.Response:
        body = {"kind": kind, "report": report, "params": params}
        return world.http.post("/api/v1/artifacts", json=body, headers=headers)

    return post


@pytest.fixture
def made(world: ArtifactsWorld, ask: Ask) -> Callable[..., httpx.Response]:
    """Ask, work, download; the answer of the store."""

    def make(kind: str, report: str, **params: object) -> httpx.Response:
        answer = ask(kind, report, **params)
        assert answer.status_code == 202, answer.text
        assert world.work() == 1
        job_id = JobId(answer.json()["job_id"])
        assert world.status(job_id)["status"] == "completed", world.status(job_id)
        return world.file(job_id)

    return make


def workbook(file: httpx.Response) -> Any:  # noqa: ANN401
    return openpyxl.load_workbook(io.BytesIO(file.content))


def rows_of(file: httpx.Response, sheet: str) -> list[tuple[Any, ...]]:
    return list(workbook(file)[sheet].iter_rows(values_only=True))


def words_of(file: httpx.Response) -> str:
    """The text of a PDF in one line."""
    document = pypdfium2.PdfDocument(file.content)
    text = " ".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return " ".join(text.split())


def completed(engine: Engine, world: ArtifactsWorld, *contents: str, filename: str = "a.pdf") -> Any:  # noqa: ANN401
    """A document that was completed just now, as a worker leaves it."""
    stored = add_passages(engine, *contents, filename=filename)
    world.sql(
        """
        UPDATE job_actions SET completed_at = now(), claimed_at = now() - interval '8 seconds',
            report = jsonb_build_object('pages_done', 3, 'chunks_done', 2, 'stages', jsonb_build_array(
                jsonb_build_array('extracting', now() - interval '8 seconds', now() - interval '6 seconds'),
                jsonb_build_array('embedding', now() - interval '7 seconds', now() - interval '1 second')))
        WHERE id = :id
        """,
        id=stored.run.action_id,
    )
    world.sql("UPDATE jobs SET status = 'completed', completed_at = now() WHERE document_id = :id", id=stored.id)
    world.sql(
        """
        INSERT INTO document_versions (document_id, version, filename, content_type, size_bytes, metadata, chunk_tokens,
            chunk_overlap) SELECT id, version, filename, content_type, 1500, metadata, chunk_tokens, chunk_overlap
        FROM documents WHERE id = :id
        """,
        id=stored.id,
    )
    for position in range(2):
        world.sql(
            "INSERT INTO pages (run_id, position, document_id, number, char_start, text)"
            " VALUES (:run, :position, :document, :position + 1, 0, 'text')",
            run=stored.run.id,
            position=position,
            document=stored.id,
        )
    return stored


def failed(engine: Engine, world: ArtifactsWorld, code: str) -> None:
    stored = add_document(engine, filename=f"{code}.pdf")
    end_run(engine, stored, publish=False, status="failed")
    world.sql(
        """
        UPDATE job_actions SET completed_at = now(),
            error = jsonb_build_object('code', CAST(:code AS text), 'message', 'm', 'retryable', false) WHERE id = :id
        """,
        code=code,
        id=stored.run.action_id,
    )


@pytest.mark.parametrize("backend", ["local", "S3"], indirect=True)
@pytest.mark.parametrize(("kind", "content_type"), [("xlsx", XLSX), ("pdf", "application/pdf")])
def test_a_report_is_started_followed_and_downloaded(
    world: ArtifactsWorld, ask: Ask, engine: Engine, kind: str, content_type: str
) -> None:
    completed(engine, world, "one", filename="ação.pdf")
    answer = ask(kind, "inventory", language="pt")
    assert answer.status_code == 202
    body = answer.json()
    job_id = body["job_id"]
    assert body == {
        "job_id": job_id,
        "status": "pending",
        "status_url": f"{PUBLIC_URL}/api/v1/jobs/{job_id}/status",
        "download_url": f"{PUBLIC_URL}/api/v1/artifacts/{job_id}/download",
    }
    assert (answer.headers["Location"], answer.headers["Retry-After"]) == (body["status_url"], "2")
    assert world.http.get(world.path_of(body["download_url"])).status_code == 409
    world.work()
    (action,) = world.status(job_id)["actions"]
    file = world.file(job_id)
    assert file.headers["Content-Type"] == content_type
    name = f"inventario-{datetime.now(UTC):%Y-%m-%d}.{kind}"
    assert action["result"] == {"filename": name, "content_type": content_type, "size_bytes": len(file.content)}
    assert name in file.headers["Content-Disposition"]


def test_a_spreadsheet_of_the_inventory_has_real_types_and_a_frozen_header_with_filters(
    world: ArtifactsWorld, made: Callable[..., httpx.Response], engine: Engine
) -> None:
    completed(engine, world, "one", "two", filename="ação.pdf")
    failed(engine, world, "corrupt")
    book = workbook(made("xlsx", "inventory"))
    assert book.sheetnames == ["Summary", "Documents"]
    sheet = book["Documents"]
    header, newest, oldest = sheet.iter_rows(values_only=True)
    assert header[:7] == ("Filename", "Type", "Size", "Status", "Searchable", "Pages", "Passages")
    assert newest[:8] == ("corrupt.pdf", "application/pdf", 1, "failed", False, None, None, None)
    assert newest[12] == "corrupt"
    assert oldest[:8] == ("ação.pdf", "application/pdf", 1, "completed", True, 2, 2, "en")
    assert isinstance(oldest[10], datetime)
    assert isinstance(oldest[11], datetime)
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:N3"
    assert sheet.column_dimensions["A"].width > 30
    assert sheet["K3"].number_format == "yyyy-mm-dd hh:mm:ss"
    facts = {row[0]: row[1] for row in book["Summary"].iter_rows(values_only=True) if row[1] is not None}
    assert facts == {"Documents": 2, "Size": 2, "Pages": 2, "Passages": 2, "completed": 1, "failed": 1}


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"status": "failed"}, ["corrupt.pdf"]),
        ({"filename": "a.pdf"}, ["a.pdf"]),
        ({"filename": "A.PD"}, []),
        ({"name_contains": "A.PD"}, ["a.pdf"]),
        ({"name_contains": "ORR"}, ["corrupt.pdf"]),
        ({"name_contains": "%"}, []),
        ({"external_id": "none"}, []),
        ({"status": "awaiting_upload"}, []),
        ({}, ["corrupt.pdf", "a.pdf"]),
    ],
)
def test_the_inventory_is_filtered_as_the_list_of_documents_is(
    world: ArtifactsWorld,
    made: Callable[..., httpx.Response],
    engine: Engine,
    params: dict[str, str],
    found: list[str],
) -> None:
    completed(engine, world, "one")
    failed(engine, world, "corrupt")
    listed = rows_of(made("xlsx", "inventory", **params), "Documents")[1:]
    assert [row[0] for row in listed] == (found or ["There are no documents."])


@pytest.mark.parametrize("part", [normalize("NFC", "TÓRIO"), normalize("NFD", "TÓRIO")])
def test_an_accent_in_a_part_of_a_name_is_found_in_either_way_to_write_it(
    made: Callable[..., httpx.Response], engine: Engine, part: str
) -> None:
    names = [normalize("NFD", "Relatório.pdf"), normalize("NFC", "Relatório.pdf")]
    for name in (*reversed(names), "Relatorio.pdf"):
        add_document(engine, filename=name)
    assert [row[0] for row in rows_of(made("xlsx", "inventory", name_contains=part), "Documents")[1:]] == names


def test_hostile_names_are_harmless_texts_in_a_spreadsheet(made: Callable[..., httpx.Response], engine: Engine) -> None:
    for name in HOSTILE:
        add_document(engine, filename=name)
    sheet = workbook(made("xlsx", "inventory"))["Documents"]
    cells = [sheet.cell(line, 1) for line in range(len(HOSTILE) + 1, 1, -1)]
    assert {cell.data_type for cell in cells} == {"s"}
    names = [str(cell.value) for cell in cells]
    assert names[:5] == list(HOSTILE[:5])
    # A spreadsheet reads _x005F as the sign that it escapes.
    assert names[5] == "belltab\tescape_x005F_x0041_.txt"
    assert names[6:8] == list(HOSTILE[6:8])
    assert names[8] == "half\ufffd\ufffd.txt"
    assert names[9] == HOSTILE[9]


def test_hostile_names_are_shown_or_replaced_by_a_sign_in_print(
    made: Callable[..., httpx.Response], engine: Engine
) -> None:
    for name in HOSTILE:
        add_document(engine, filename=name)
    told = words_of(made("pdf", "inventory"))
    assert "договор ελληνικά ação.pdf" in told
    assert "two lines.pdf" in told
    assert "\ufffd\ufffd\ufffd \ufffd \ufffd\ufffd\ufffd\ufffd\ufffd.pdf" in told
    assert "…" in told, "what is too long ends in a sign"
    assert "\x00" not in told


def test_printed_pages_say_what_they_are_in_both_languages(made: Callable[..., httpx.Response], engine: Engine) -> None:
    for number in range(120):
        add_document(engine, filename=f"documento número {number}.pdf")
    english, portuguese = made("pdf", "inventory"), made("pdf", "inventory", language="pt")
    for file, title, language, page_2 in (
        (english, "Inventory of documents", "en", "Page 2 of "),
        (portuguese, "Inventário de documentos", "pt", "Página 2 de "),
    ):
        read = pypdf.PdfReader(io.BytesIO(file.content))
        assert read.metadata
        assert read.metadata.title == title
        assert read.root_object["/Lang"] == language
        second = " ".join(pypdfium2.PdfDocument(file.content)[1].get_textpage().get_text_range().split())
        assert page_2 + str(len(read.pages)) in second
        assert ("Filename" if language == "en" else "Nome do arquivo") in second, "each page repeats the header"
    assert "119" in words_of(portuguese)


def test_the_ingestion_report_tells_outcomes_stages_failures_and_the_slowest(
    world: ArtifactsWorld, made: Callable[..., httpx.Response], engine: Engine
) -> None:
    completed(engine, world, "one", "two", filename="slow.pdf")
    failed(engine, world, "corrupt")
    failed(engine, world, "encrypted")
    failed(engine, world, "encrypted")
    file = made("xlsx", "ingestion")
    days = rows_of(file, "Days")[1:]
    assert len(days) == 30
    assert days[-1][1:] == (1, 3, 0, 1500, 3, 2)
    assert days[-1][0].date() == datetime.now(UTC).date()
    stages = rows_of(file, "Stages")[1:]
    assert [(row[0], row[1], round(row[2])) for row in stages] == [("extracting", 1, 2), ("embedding", 1, 6)]
    assert [row[:3] for row in rows_of(file, "Failures")[1:]] == [("encrypted", 2, 2 / 3), ("corrupt", 1, 1 / 3)]
    assert [(row[0], round(row[1]), row[2]) for row in rows_of(file, "Slowest documents")[1:]] == [("slow.pdf", 8, 3)]
    assert len(workbook(file)["Summary"]._charts) == 3  # noqa: SLF001 - openpyxl tells of charts there alone

    told = words_of(made("pdf", "ingestion", language="pt"))
    for words in ("Relatório de ingestão", "Documentos por dia e resultado", "vetorização", "slow.pdf", "66,7 %"):
        assert words in told


def test_a_period_is_both_days_and_those_between(
    world: ArtifactsWorld, made: Callable[..., httpx.Response], engine: Engine
) -> None:
    stored = completed(engine, world, "one")
    at = datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)
    world.sql("UPDATE job_actions SET completed_at = :at WHERE id = :id", at=at, id=stored.run.action_id)
    days = rows_of(made("xlsx", "ingestion", **{"from": "2026-02-27", "to": "2026-02-28"}), "Days")[1:]
    assert [(row[0].date().isoformat(), row[1]) for row in days] == [("2026-02-27", 0), ("2026-02-28", 1)]
    later = {"from": "2026-03-01", "to": "2026-03-01"}
    assert [row[1] for row in rows_of(made("xlsx", "ingestion", **later), "Days")[1:]] == [0]


def test_search_results_have_their_passages_with_the_words_that_were_asked_for(
    made: Callable[..., httpx.Response], engine: Engine
) -> None:
    add_passages(engine, "A dam of stone", "The bridge stands", filename="works.pdf")
    file = made("xlsx", "search", query="dam", mode="keyword")
    header, found = rows_of(file, "Passages")
    assert header[:4] == ("No.", "Score", "Filename", "First page")
    assert found[:4] == (1, 1.0, "works.pdf", 1)
    assert found[7] == "A dam of stone"
    rich = openpyxl.load_workbook(io.BytesIO(file.content), rich_text=True)["Passages"].cell(2, 8).value
    assert [str(part) for part in rich] == ["A ", "dam", " of stone"]
    told = words_of(made("pdf", "search", query="dam", mode="keyword", language="pt"))
    assert "Pergunta: dam" in told
    assert "1. works.pdf" in told
    assert "A dam of stone" in told


@pytest.mark.parametrize("kind", ["xlsx", "pdf"])
def test_reports_of_nothing_say_so(made: Callable[..., httpx.Response], kind: str) -> None:
    said = {
        "inventory": ("There are no documents.", {}),
        "ingestion": ("Nothing failed in this time.", {}),
        "search": ("Nothing was found.", {"query": "x", "mode": "keyword"}),
    }
    for report, (sentence, params) in said.items():
        file = made(kind, report, **params)
        if kind == "pdf":
            assert sentence in words_of(file)
        else:
            sheets = workbook(file)
            cells = [cell for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row]
            assert sentence in cells


WRONG: list[tuple[Any, Any, Any, str]] = [
    ("docx", "inventory", {}, "/kind"),
    ("pdf", "nothing", {}, "/report"),
    ("pdf", "inventory", {"colour": "red"}, "/params/colour"),
    ("pdf", "inventory", {"language": "fr"}, "/params/language"),
    ("pdf", "inventory", {"status": "lost"}, "/params/status"),
    ("pdf", "inventory", {"checksum_sha256": "zz"}, "/params/checksum_sha256"),
    ("pdf", "inventory", {"parent_document_id": "1"}, "/params/parent_document_id"),
    ("pdf", "inventory", {"filename": 7}, "/params/filename"),
    ("pdf", "inventory", {"name_contains": ""}, "/params/name_contains"),
    ("pdf", "inventory", {"name_contains": "a" * 201}, "/params/name_contains"),
    ("pdf", "ingestion", {"from": "yesterday"}, "/params/from"),
    ("pdf", "ingestion", {"from": "2026-02-30"}, "/params/from"),
    ("pdf", "ingestion", {"from": "2026-02-02", "to": "2026-02-01"}, "/params/to"),
    ("pdf", "ingestion", {"from": "2024-01-01", "to": "2026-02-01"}, "/params/to"),
    ("pdf", "search", {}, "/params/query"),
    ("pdf", "search", {"query": "  "}, "/params/query"),
    ("pdf", "search", {"query": "x", "limit": 101}, "/params/limit"),
    ("pdf", "search", {"query": "x", "mode": "magic"}, "/params/mode"),
    ("pdf", "search", {"query": "x", "document_ids": ["1"]}, "/params/document_ids/0"),
    ("pdf", "search", {"query": "x", "metadata": {"a/b": []}}, "/params/metadata/a~1b"),
]


@pytest.mark.parametrize(("kind", "report", "params", "pointer"), WRONG)
def test_what_is_wrong_is_named_and_nothing_is_started(
    world: ArtifactsWorld, kind: object, report: object, params: object, pointer: str
) -> None:
    body = {"kind": kind, "report": report, "params": params}
    answer = world.http.post("/api/v1/artifacts", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
    answer = world.http.post("/api/v1/jobs", json={"actions": [{"type": "artifact", "params": body}]})
    assert [each["pointer"] for each in answer.json()["errors"]] == [f"/actions/0/params{pointer}"]
    assert world.sql("SELECT count(*) FROM jobs") == [(0,)]


def test_the_same_request_sent_again_makes_one_artifact(world: ArtifactsWorld, ask: Ask) -> None:
    key = {"Idempotency-Key": "the-first-of-March"}
    first, again = ask("pdf", "inventory", headers=key), ask("pdf", "inventory", headers=key)
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert ask("xlsx", "inventory", headers=key).json()["code"] == "idempotency_key_reused"
    assert world.work() == 1


def test_a_document_that_comes_while_the_inventory_is_read_is_not_in_it(engine: Engine) -> None:
    for number in range(3):
        add_document(engine, filename=f"{number}.pdf")
    with PostgresInventoryReader(engine).open(DocumentFilter(tenant_id=DEFAULT_TENANT)) as inventory:
        add_document(engine, filename="late.pdf")
        assert inventory.count == 3
        assert [document.filename for document in inventory.documents] == ["2.pdf", "1.pdf", "0.pdf"]


def test_a_cancelled_report_stops_in_the_middle_and_leaves_nothing(
    world: ArtifactsWorld, ask: Ask, engine: Engine
) -> None:
    add_document(engine)
    job_id = ask("pdf", "inventory").json()["job_id"]
    world.http.post(f"/api/v1/jobs/{job_id}/cancel")
    assert world.work() == 0
    assert world.stored_keys() == []
    assert world.status(job_id)["status"] == "cancelled"


def test_a_deleted_documents_figures_stay_in_the_report(
    world: ArtifactsWorld, made: Callable[..., httpx.Response], engine: Engine
) -> None:
    stored = completed(engine, world, "one")
    world.sql("UPDATE documents SET published_run = NULL WHERE id = :id", id=stored.id)
    world.sql("DELETE FROM pages WHERE document_id = :id", id=stored.id)
    world.sql("DELETE FROM chunks WHERE document_id = :id", id=stored.id)
    world.sql("DELETE FROM documents WHERE id = :id", id=stored.id)
    slowest = rows_of(made("xlsx", "ingestion"), "Slowest documents")[1:]
    assert [(row[0], row[2], row[3]) for row in slowest] == [(None, 3, None)]
