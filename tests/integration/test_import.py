"""Imports on real PostgreSQL, from a folder and from a bucket: nothing twice, nothing lost, nothing left behind."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine

from application.ports.document_reader import DocumentFilter
from domain.errors import InvalidRequest
from domain.ids import DEFAULT_TENANT
from infrastructure.postgres.document_reader import PostgresDocumentReader
from tests.support.blob_store_backends import moto_server
from tests.support.documents import archive
from tests.support.import_stage import ImportStage, Killed, local_stage, s3_stage

FILES = {"a.txt": "The ferry leaves at nine.", "b/c.txt": "The mill stands still.", "b/d.md": "# Bees\n\nThey fly."}


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture(params=["folder", "bucket"])
def stage(request: pytest.FixtureRequest, engine: Engine, tmp_path: Path) -> Iterator[ImportStage]:
    if request.param == "folder":
        yield local_stage(engine, tmp_path)
    else:
        with s3_stage(engine, tmp_path, request.getfixturevalue("moto")) as stage:
            yield stage
    assert list((tmp_path / "scratch").iterdir()) == [], "temporary files are left"


@pytest.fixture
def local(engine: Engine, tmp_path: Path) -> ImportStage:
    return local_stage(engine, tmp_path)


def lay(stage: ImportStage, files: dict[str, str]) -> None:
    for name, content in files.items():
        stage.lay(name, content.encode())


def counts(result: dict[str, object]) -> tuple[object, ...]:
    return tuple(result[name] for name in ("imported", "updated", "unchanged", "failed_count"))


def test_each_file_becomes_a_document_that_is_processed(stage: ImportStage) -> None:
    lay(stage, FILES)
    job_id = stage.start(prefix="", metadata={"from": "the old system"}, chunk_tokens=64, chunk_overlap=8)
    action = stage.run(job_id)
    assert action.result == {
        "files": 3,
        "imported": 3,
        "updated": 0,
        "unchanged": 0,
        "failed_count": 0,
        "failed": [],
        "documents_path": f"/api/v1/documents?import_job={job_id}",
    }
    assert action.report.message == "3 of 3 files"
    assert stage.documents() == FILES
    rows = stage.sql("SELECT filename, content_type, metadata, chunk_tokens, chunk_overlap FROM documents ORDER BY 1")
    mark = {"from": "the old system", "import_job": str(job_id)}
    assert rows == [
        ("a.txt", "text/plain", mark, 64, 8),
        ("c.txt", "text/plain", mark, 64, 8),
        ("d.md", "text/markdown", mark, 64, 8),
    ]
    found = PostgresDocumentReader(stage.engine).page(
        DocumentFilter(tenant_id=DEFAULT_TENANT, import_job=job_id), before=None, limit=10
    )
    assert {state.document.external_id for state in found} == set(FILES)


def test_a_prefix_is_a_folder_or_one_file(stage: ImportStage) -> None:
    lay(stage, {**FILES, "bc/e.txt": "Not this one."})
    assert stage.imported(prefix="b/")["imported"] == 2
    assert stage.imported(prefix="a.txt")["imported"] == 1
    assert set(stage.documents()) == set(FILES)


def test_importing_again_makes_nothing_twice_and_puts_nothing(stage: ImportStage) -> None:
    lay(stage, FILES)
    stage.imported(prefix="")
    put = stage.blobs.put
    assert counts(stage.imported(prefix="", metadata={"x": 1})) == (0, 0, 3, 0)
    assert (stage.blobs.put, stage.documents()) == (put, FILES)


def test_a_changed_file_becomes_the_next_version_of_its_document(stage: ImportStage) -> None:
    lay(stage, FILES)
    stage.imported(prefix="")
    lay(stage, {"a.txt": "The ferry leaves at ten.."})  # as long as before
    assert counts(stage.imported(prefix="")) == (0, 1, 2, 0)
    assert stage.documents() == {**FILES, "a.txt": "The ferry leaves at ten.."}
    assert stage.sql("SELECT count(*) FROM documents") == [(3,)]


@pytest.mark.parametrize("puts", [1, 2, 3])
def test_a_killed_import_goes_on_where_it_was(stage: ImportStage, puts: int) -> None:
    """Killed when the bytes are there and their job is not."""

    def die() -> None:
        if stage.blobs.put == puts:
            stage.blobs.after_upload = lambda: None
            raise Killed

    lay(stage, FILES)
    stage.blobs.after_upload = die
    job_id = stage.start(prefix="")
    with pytest.raises(Killed):
        stage.run(job_id)
    stage.lose_worker()
    result = stage.run(job_id).result
    assert result
    assert counts(dict(result)) == (3, 0, 0, 0)
    assert stage.documents() == FILES
    named = {
        key
        for (document_id,) in stage.sql("SELECT id FROM documents")
        for key in (f"documents/{document_id}/original", f"documents/{document_id}/original-2")
    }
    assert stage.object_keys() <= named
    assert counts(stage.imported(prefix="")) == (0, 0, 3, 0)


def test_a_run_that_lost_its_action_starts_no_processing(stage: ImportStage) -> None:
    """The first is stopped with a file in its hands; the second does all of it; then the first goes on."""
    lay(stage, FILES)
    job_id = stage.start(prefix="")
    stopped, goes_on = Event(), Event()

    def stop() -> None:
        stage.blobs.after_upload = lambda: None
        stopped.set()
        assert goes_on.wait(60)

    stage.blobs.after_upload = stop
    with ThreadPoolExecutor(1) as pool:
        zombie = pool.submit(stage.run, job_id)
        assert stopped.wait(60)
        stage.lose_worker()
        result = stage.run(job_id).result
        before = stage.sql("SELECT count(*) FROM jobs")
        goes_on.set()
        zombie.result(60)
    assert result
    assert counts(dict(result)) == (3, 0, 0, 0)
    assert stage.sql("SELECT count(*) FROM jobs") == before
    assert stage.documents() == FILES


def test_a_run_that_lost_its_action_before_another_has_it_goes_no_further(stage: ImportStage) -> None:
    def lose() -> None:
        stage.blobs.after_upload = lambda: None
        stage.lose_worker()

    lay(stage, FILES)
    stage.blobs.after_upload = lose
    job_id = stage.start(prefix="")
    assert stage.run(job_id).status == "pending"
    assert stage.sql("SELECT count(*) FROM jobs") == [(1,)]
    assert stage.run(job_id).status == "completed"
    assert stage.documents() == FILES


def test_two_imports_of_the_same_at_once_make_each_document_once(stage: ImportStage) -> None:
    files = {f"{number}.txt": f"Page {number}" for number in range(20)}
    lay(stage, files)
    jobs = [stage.start(prefix="") for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(stage.run, jobs))
    assert [action.status for action in ended] == ["completed", "completed"]
    assert stage.documents() == files
    assert stage.sql("SELECT count(*) FROM documents") == [(20,)]


def test_what_cannot_be_a_document_is_listed_and_stops_nothing(stage: ImportStage) -> None:
    lay(stage, {"good.txt": "Read me.", "empty.txt": ""})
    stage.lay("program.exe", b"MZ\x90\x00" + bytes(range(256)))
    stage.lay("inner.tar", bytes(257) + b"ustar" + bytes(300))
    stage.lay(f"{'n' * 100}/{'n' * 200}/{'n' * 230}.txt", b"long")
    result = stage.imported(prefix="")
    codes = {failed["name"][:20]: failed["code"] for failed in result["failed"]}
    assert codes == {
        "empty.txt": "empty",
        "program.exe": "unsupported_type",
        "inner.tar": "unsupported_type",
        "n" * 20: "unsafe_name",
    }
    assert (counts(result), stage.documents()) == ((1, 0, 0, 4), {"good.txt": "Read me."})


def test_a_file_larger_than_an_upload_may_be_is_refused(engine: Engine, tmp_path: Path) -> None:
    stage = local_stage(engine, tmp_path)
    stage.settings = stage.settings.model_copy(update={"max_upload_bytes": 10})
    lay(stage, {"small.txt": "ten bytes.", "large.txt": "eleven byte"})
    result = stage.imported(prefix="")
    assert (counts(result), result["failed"]) == ((1, 0, 0, 1), [{"name": "large.txt", "code": "too_large"}])


def test_a_zip_among_the_files_is_unpacked_under_its_name(stage: ImportStage) -> None:
    lay(stage, {"b/plain.txt": "Beside it."})
    stage.lay("b/Papers.ZIP", archive(FILES))
    assert counts(stage.imported(prefix="b")) == (4, 0, 0, 0)
    assert stage.documents() == {
        "b/plain.txt": "Beside it.",
        **{f"b/Papers.ZIP/{name}": content for name, content in FILES.items()},
    }
    assert counts(stage.imported(prefix="b")) == (0, 0, 4, 0)


def test_a_zip_that_cannot_be_opened_is_listed(stage: ImportStage) -> None:
    lay(stage, {"a.txt": "Beside it.", "broken.zip": "PK no more"})
    result = stage.imported(prefix="")
    assert (counts(result), result["failed"]) == ((1, 0, 0, 1), [{"name": "broken.zip", "code": "corrupt"}])


def test_an_uploaded_zip_is_imported_and_then_deleted(stage: ImportStage) -> None:
    document_id = stage.upload(archive(FILES))
    assert counts(stage.imported(document_id=document_id)) == (3, 0, 0, 0)
    assert stage.documents() == {f"papers.zip/{name}": content for name, content in FILES.items()}
    assert not any(document_id in key for key in stage.object_keys())


def test_an_uploaded_zip_stays_until_its_import_is_done(stage: ImportStage) -> None:
    document_id = stage.upload(archive(FILES))

    def die() -> None:
        stage.blobs.after_upload = lambda: None
        raise Killed

    stage.blobs.after_upload = die
    job_id = stage.start(document_id=document_id)
    with pytest.raises(Killed):
        stage.run(job_id)
    stage.lose_worker()
    result = stage.run(job_id).result
    assert result
    assert counts(dict(result)) == (3, 0, 0, 0)
    assert len(stage.documents()) == 3


def test_an_upload_that_is_no_zip_fails_the_import_and_stays(stage: ImportStage) -> None:
    document_id = stage.upload(b"no zip")
    action = stage.run(stage.start(document_id=document_id))
    assert action.error
    assert (action.status, action.error.code) == ("failed", "corrupt")
    assert any(document_id in key for key in stage.object_keys())


def test_a_prefix_without_files_fails_and_says_what_to_look_at(stage: ImportStage) -> None:
    lay(stage, {"a.txt": "Read me."})
    for prefix in ("nowhere", "a.txt/b", "x" * 300, "x/" + "y" * 300):
        action = stage.run(stage.start(prefix=prefix))
        assert action.error
        assert (action.status, action.error.code) == ("failed", "nothing_to_import")


def test_what_lies_outside_of_the_imports_is_never_read(engine: Engine, tmp_path: Path, moto: str) -> None:
    with s3_stage(engine, tmp_path, moto) as stage:
        lay(stage, {"ours.txt": "Read me."})
        source = tmp_path / "secret"
        source.write_bytes(b"Not yours.")
        for key in ("secret.txt", "imports/secret.txt", "documents/x/original"):
            stage.blobs.upload(key, source, content_type="text/plain")
        for prefix in ("../", "/", "documents/../", "..", "a/../../documents", "import\\..\\documents"):
            with pytest.raises(InvalidRequest):
                stage.start(prefix=prefix)
        assert stage.imported(prefix="")["files"] == 1
        assert stage.run(stage.start(prefix="documents")).status == "failed"


def test_a_bucket_of_its_own_is_imported_as_a_whole(engine: Engine, tmp_path: Path, moto: str) -> None:
    with s3_stage(engine, tmp_path, moto, import_bucket="drop-box") as stage:
        lay(stage, FILES)
        assert stage.imported(prefix="")["imported"] == 3
        assert stage.documents() == FILES


def test_links_lead_nowhere(local: ImportStage, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("Not yours.")
    lay(local, {"ours.txt": "Read me."})
    folder = tmp_path / "data" / "import"
    (folder / "link").symlink_to(outside)
    (folder / "link.txt").symlink_to(outside / "secret.txt")
    result = local.imported(prefix="")
    assert (result["imported"], {each["code"] for each in result["failed"]}) == (1, {"not_a_file"})
    assert local.run(local.start(prefix="link")).status == "failed"
    assert local.run(local.start(prefix="link/secret.txt")).status == "failed"
    assert local.documents() == {"ours.txt": "Read me."}


def test_a_cancel_leaves_no_half_made_document(stage: ImportStage) -> None:
    lay(stage, FILES)
    job_id = stage.start(prefix="")

    def cancel() -> None:
        with stage.transactions() as transaction:
            job = transaction.jobs.lock(job_id)
            transaction.jobs.save(job.request_cancel(now=transaction.now()))
            transaction.commit()

    stage.blobs.after_upload = cancel
    assert stage.run(job_id).status == "cancelled"
    assert stage.documents()
