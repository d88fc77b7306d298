"""Exports of a real database: one moment of it, in tables that data programs open, within bounded memory."""

import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from sqlalchemy import Engine, create_engine, text

from bootstrap.settings import Settings
from bootstrap.transfers import EXPORT, export_type
from domain.errors import InvalidRequest, StorageUnavailable
from domain.export_order import ExportOrder, ExportTable, read_export
from domain.ids import new_uuid7
from infrastructure.parquet.parquet_archive import open_archive
from infrastructure.postgres.corpus import PostgresCorpusReader
from infrastructure.postgres.job_reader import PostgresJobReader
from infrastructure.postgres.passage_store import PostgresPassageStore
from tests.stored_documents import MODEL, add_document, add_passages, end_run, indexed, unit
from tests.support.api import Api
from tests.support.artifacts_world import ArtifactsWorld, Killed, WatchedBlobStore
from tests.support.blob_store_backends import MOTO_CREDENTIALS, Backend, local_backend, moto_server, s3_backend
from tests.support.program import ROOT

PATIENCE_SECONDS = 300


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture(params=["local", "S3"])
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
    settings = Settings(_env_file=None)
    kind = export_type(settings, engine, world.transactions, world.blobs, scratch=scratch)
    world.made = {EXPORT: kind}
    api = Api(
        transactions=world.transactions, jobs=PostgresJobReader(engine), action_types=world.types, blobs=world.blobs
    )
    with api.serve() as client:
        world.client = client
        yield world
    assert list(scratch.iterdir()) == [], "temporary files are left"


def tables(content: bytes) -> dict[str, pa.Table]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        return {name: parquet.read_table(io.BytesIO(archive.read(name))) for name in archive.namelist()}


def exported(world: ArtifactsWorld, **params: object) -> dict[str, pa.Table]:
    job_id = world.start(EXPORT, **params)
    world.work()
    action = world.action(job_id)
    assert action.result, action.error
    file = world.http.get(str(action.result["download_path"]))
    assert file.status_code == 307
    found = tables(world.file(job_id).content)
    assert action.result["rows"] == {name.removesuffix(".parquet"): table.num_rows for name, table in found.items()}
    return found


def test_all_that_readers_see_is_there_in_good_types(world: ArtifactsWorld) -> None:
    first = add_passages(
        world.engine, "Bees fly.", "They \x01 sleep 漢字.", filename="é.pdf", metadata={"a": [1], "b": "ç"}
    )
    add_passages(world.engine, "Nobody sees this.", publish=False)
    found = exported(world)
    assert list(found) == ["documents.parquet", "chunks.parquet", "embeddings.parquet"]
    document = found["documents.parquet"].to_pylist()[0]
    created_at = document.pop("created_at")
    assert document == {
        "document_id": str(first.id),
        "external_id": None,
        "filename": "é.pdf",
        "content_type": "application/pdf",
        "size_bytes": 1,
        "checksum_sha256": None,
        "metadata": '{"a": [1], "b": "ç"}',
        "status": "completed",
        "version": 1,
        "language": "en",
        "parent_document_id": None,
        "chunk_tokens": 256,
        "chunk_overlap": 32,
    }
    assert isinstance(created_at, datetime)
    assert created_at.utcoffset() == datetime.now(UTC).utcoffset()
    assert found["documents.parquet"].num_rows == 2
    chunks = found["chunks.parquet"].to_pylist()
    assert [(each["position"], each["text"], each["headings"]) for each in chunks] == [
        (0, "Bees fly.", ["Top", "Sub"]),
        (1, "They \x01 sleep 漢字.", ["Top", "Sub"]),
    ]
    embeddings = found["embeddings.parquet"]
    assert embeddings.schema.field("vector").type == pa.list_(pa.float32(), 3)
    assert embeddings.column("model").to_pylist() == [MODEL, MODEL]
    assert embeddings.column("chunk_id").to_pylist() == [each["chunk_id"] for each in chunks]
    assert np.array_equal(np.array(embeddings.column("vector")[1].as_py(), dtype=np.float32), unit(1.0, 1.0, 0.0))


def test_documents_are_chosen_by_id_and_metadata_and_tables_by_name(world: ArtifactsWorld) -> None:
    ours = add_passages(world.engine, "One.", metadata={"case": 1, "x": True})
    add_passages(world.engine, "Two.", metadata={"case": 2})
    theirs = add_passages(world.engine, "Three.")

    def names(**params: object) -> list[str]:
        return sorted(exported(world, include=["chunks"], **params)["chunks.parquet"].column("text").to_pylist())

    assert names() == ["One.", "Three.", "Two."]
    assert names(metadata={"case": 1}) == ["One."]
    assert names(document_ids=[str(ours.id), str(theirs.id), str(new_uuid7())]) == ["One.", "Three."]
    assert names(document_ids=[str(theirs.id)], metadata={"case": 1}) == []
    assert list(exported(world, include=["embeddings", "documents"])) == ["documents.parquet", "embeddings.parquet"]


def test_an_empty_corpus_gives_empty_tables(world: ArtifactsWorld) -> None:
    assert {name: table.num_rows for name, table in exported(world).items()} == {
        "documents.parquet": 0,
        "chunks.parquet": 0,
        "embeddings.parquet": 0,
    }


def test_an_export_that_was_killed_is_made_again_and_leaves_nothing(world: ArtifactsWorld) -> None:
    add_passages(world.engine, "One.")

    def die() -> None:
        world.blobs.after_upload = lambda: None
        raise Killed

    world.blobs.after_upload = die
    job_id = world.start(EXPORT)
    with pytest.raises(Killed):
        world.work()
    world.lose_workers()
    world.work()
    assert tables(world.file(job_id).content)["chunks.parquet"].num_rows == 1
    assert len(world.stored_keys()) == 1


def test_vectors_of_models_with_other_lengths_stand_side_by_side(engine: Engine, tmp_path: Path) -> None:
    add_passages(engine, "Bees fly.")
    other = add_document(engine)
    PostgresPassageStore(engine).write_chunks(
        other.run, other.id, "another model", [indexed(0, "Owls sleep.", vector=unit(1.0, 2.0))]
    )
    end_run(engine, other, publish=True)
    with PostgresCorpusReader(engine).snapshot(ExportOrder()) as corpus, open_archive(tmp_path / "x.zip") as archive:
        pages = corpus.pages(ExportTable.EMBEDDINGS)
        archive.add(ExportTable.EMBEDDINGS, pages, dimensions=corpus.dimensions())
    table = tables((tmp_path / "x.zip").read_bytes())["embeddings.parquet"]
    assert [len(vector) for vector in table.column("vector").to_pylist()] == [3, 2]


def test_what_changes_meanwhile_is_not_in_it(engine: Engine) -> None:
    gone, seen = add_passages(engine, "Old."), add_passages(engine, "Other.")
    with PostgresCorpusReader(engine).snapshot(ExportOrder()) as corpus:
        assert corpus.count(ExportTable.CHUNKS) == 2
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM documents WHERE id = :id"), {"id": gone.id})
        add_passages(engine, "New.")
        documents = [row for page in corpus.pages(ExportTable.DOCUMENTS) for row in page]
        chunks = [row for page in corpus.pages(ExportTable.CHUNKS) for row in page]
    assert [row.document_id for row in documents] == [gone.id, seen.id]
    assert [getattr(row, "text", None) for row in chunks] == ["Old.", "Other."]


def test_a_disk_that_is_slow_between_two_pages_does_not_end_it(engine: Engine) -> None:
    """With the limit of an idle transaction, which others have, much shorter than the wait."""
    add_passages(engine, "Bees fly.")
    impatient = create_engine(
        engine.url, connect_args={"options": "-c idle_in_transaction_session_timeout=50ms -c timezone=UTC"}
    )
    with PostgresCorpusReader(impatient).snapshot(ExportOrder()) as corpus:
        threading.Event().wait(0.5)
        assert sum(len(page) for page in corpus.pages(ExportTable.CHUNKS)) == 1
    impatient.dispose()


def test_a_full_disk_is_told_and_can_heal(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable), open_archive(Path("/dev/full")) as archive:
        archive.add(ExportTable.DOCUMENTS, [], dimensions=None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"document_ids": []}, "/document_ids"),
        ({"document_ids": ["x"]}, "/document_ids/0"),
        ({"document_ids": "x"}, "/document_ids"),
        ({"include": []}, "/include"),
        ({"include": ["secrets"]}, "/include"),
        ({"include": [[]]}, "/include"),
        ({"metadata": {"a": []}}, "/metadata/a"),
        ({"to": "elsewhere"}, "/to"),
    ],
)
def test_what_cannot_be_is_refused_by_its_place(params: dict[str, object], pointer: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_export(params)
    assert caught.value.pointer == pointer


def test_many_chunks_take_bounded_memory(engine: Engine, tmp_path: Path) -> None:
    fill(engine, chunks=20_000, dimensions=384)
    path = tmp_path / "x.zip"
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    child = subprocess.run(
        [sys.executable, str(ROOT / "tests/support/export_child.py"), url, str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    told: dict[str, Any] = json.loads(child.stdout)
    print(told)  # noqa: T201 - pytest shows it on demand
    assert told["rows"] == {"documents": 1, "chunks": 20_000, "embeddings": 20_000}
    assert told["peak_bytes"] - told["before_bytes"] < 100 * 1024 * 1024
    with zipfile.ZipFile(path) as archive:
        groups = parquet.ParquetFile(io.BytesIO(archive.read("embeddings.parquet"))).num_row_groups
    assert groups == 4


def fill(engine: Engine, *, chunks: int, dimensions: int) -> None:
    """Put a document of so many chunks into the database, with a vector each."""
    document = add_passages(engine, "The first.")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM embeddings"))
        connection.execute(text("DELETE FROM chunks"))
        connection.execute(text("DELETE FROM embedding_models"))
        # Without a vector index, which would take minutes to build.
        model = connection.execute(
            text("INSERT INTO embedding_models (name, dimensions) VALUES ('large', :d) RETURNING id"), {"d": dimensions}
        ).scalar_one()
        connection.execute(
            text("""
                INSERT INTO chunks (chunk_id, run_id, document_id, position, text, char_start, char_end, token_count,
                    headings, content_hash, language, term_count)
                SELECT gen_random_uuid(), :run, :document, n, repeat(md5(n::text) || ' ', 30), n, n + 1, 200,
                    ARRAY['Top'], '', 'en', 1 FROM generate_series(0, :last) AS n
            """),
            {"run": document.run.id, "document": document.id, "last": chunks - 1},
        )
        connection.execute(
            text("""
                INSERT INTO embeddings (chunk, model, vector)
                SELECT id, :model, array_fill((id % 1000)::real, ARRAY[CAST(:d AS int)])::vector FROM chunks
            """),
            {"model": model, "d": dimensions},
        )
