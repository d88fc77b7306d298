"""Artifacts in the object store: kept for their time, downloaded, expired; whatever becomes of the runs."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.cleanup import CleanupTask
from domain.errors import StorageUnavailable
from infrastructure.postgres.job_reader import PostgresJobReader
from tests.support.api import Api
from tests.support.artifacts_world import DRAW, ArtifactsWorld, Killed, WatchedBlobStore
from tests.support.blob_store_backends import MOTO_CREDENTIALS, Backend, local_backend, moto_server, s3_backend


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
    api = Api(
        transactions=world.transactions,
        jobs=PostgresJobReader(engine),
        action_types=world.types,
        blobs=world.blobs,  # type: ignore[arg-type]
    )
    with api.serve() as client:
        world.client = client
        yield world


def code(world: ArtifactsWorld, job_id: object) -> tuple[int, str]:
    answer = world.download(job_id)  # type: ignore[arg-type]
    return answer.status_code, answer.json()["code"]


def test_an_artifact_is_downloaded_under_its_name_once_it_is_made(world: ArtifactsWorld) -> None:
    job_id = world.start(what="a bird")
    assert code(world, job_id) == (409, "not_ready")
    world.work()
    file = world.file(job_id)
    assert file.text == "drawn a bird"
    assert "filename*=UTF-8''drawing%20%C3%A9.txt" in file.headers["Content-Disposition"]
    assert file.headers["Content-Type"].startswith("text/plain")


def test_a_job_that_makes_none_or_several_says_so(world: ArtifactsWorld) -> None:
    job_id = world.start(DRAW, DRAW, what="a bird")
    world.work()
    assert code(world, job_id) == (422, "invalid_request")
    for number in (0, 1):
        assert world.download(job_id, world.action(job_id, number).id).status_code == 307
    world.sql("DELETE FROM artifacts")
    assert code(world, job_id) == (404, "artifact_not_found")
    assert code(world, "0190a3b4-0000-7000-8000-000000000000") == (404, "job_not_found")


def test_an_artifact_is_gone_after_its_time_and_remembered_as_long_as_its_job(world: ArtifactsWorld) -> None:
    job_id = world.start()
    world.work()
    world.let_time_pass("23 hours 59 minutes")
    assert world.clean(CleanupTask.EXPIRED) == {}
    assert world.file(job_id).text
    world.let_time_pass("1 minute")
    assert code(world, job_id) == (410, "artifact_expired")

    assert world.clean(CleanupTask.EXPIRED, dry_run=True) == {"expired_artifacts": 1}
    assert world.clean(CleanupTask.EXPIRED) == {"expired_artifacts": 1}
    assert world.clean(CleanupTask.EXPIRED) == {}
    assert world.stored_keys() == []
    assert code(world, job_id) == (410, "artifact_expired")
    world.let_time_pass("31 days")
    assert "jobs" in world.clean(CleanupTask.JOBS)
    assert code(world, job_id) == (404, "job_not_found")


def test_a_job_is_kept_as_long_as_its_artifact(world: ArtifactsWorld) -> None:
    job_id = world.start()
    world.work()
    world.let_time_pass("31 days")
    world.clean(CleanupTask.JOBS)
    assert code(world, job_id) == (410, "artifact_expired")
    assert world.stored_keys() == [f"artifacts/{world.action(job_id).id}/1"]


def test_two_runs_at_once_leave_one_artifact(world: ArtifactsWorld) -> None:
    job_id = world.start()
    first_puts, go_on = threading.Event(), threading.Event()

    def stall() -> None:
        if len(world.draw.runs) == 1:
            first_puts.set()
            go_on.wait(60)

    world.blobs.before_upload = stall
    first = threading.Thread(target=world.run, args=[world.action(job_id)], kwargs={"beat_seconds": 600})
    first.start()
    assert first_puts.wait(60)
    world.lose_workers()
    world.sweep()  # strikes out the note of what the first has yet to put
    assert world.work() == 1
    go_on.set()
    first.join()

    assert world.draw.runs == [1, 2]
    assert world.stored_keys() == [f"artifacts/{world.action(job_id).id}/2"]
    assert world.sql("SELECT run_lease FROM artifacts") == [(2,)]
    assert world.file(job_id).text


def test_what_a_killed_run_has_put_is_deleted(world: ArtifactsWorld) -> None:
    job_id = world.start()

    def die() -> None:
        world.blobs.after_upload = lambda: None
        raise Killed

    world.blobs.after_upload = die
    with pytest.raises(Killed):
        world.work()
    assert len(world.stored_keys()) == 1
    world.lose_workers()
    assert world.work() == 1
    assert world.stored_keys() == [f"artifacts/{world.action(job_id).id}/2"]


@pytest.mark.parametrize("backend", ["local"], indirect=True)
def test_an_object_that_no_row_names_any_more_is_swept_and_what_is_not_ours_stays(
    world: ArtifactsWorld, backend: Backend, tmp_path: Path
) -> None:
    job_id = world.start()
    world.work()
    action_id = world.action(job_id).id
    orphan = f"artifacts/{action_id}/7"
    kept = [*world.stored_keys(), "artifacts/mine.txt", f"artifacts/{action_id}/07"]
    for key in (orphan, *kept[1:]):
        backend.put(key, b"left", "text/plain")
    assert world.clean(CleanupTask.S3) == {}, "it is young: who put it may be about to look"
    for path in (tmp_path / "store").rglob("*"):
        os.utime(path, (0, 0))
    assert world.clean(CleanupTask.S3) == {"orphan_objects": 1}
    assert world.stored_keys() == sorted(kept)


def test_a_store_that_is_away_is_tried_again(world: ArtifactsWorld) -> None:
    job_id = world.start()

    def fail() -> None:
        world.blobs.before_upload = lambda: None
        raise StorageUnavailable

    world.blobs.before_upload = fail
    assert world.work() == 2
    assert world.status(job_id)["actions"][0]["attempt"] == 2
    assert world.stored_keys() == [f"artifacts/{world.action(job_id).id}/2"]
    assert world.sql("SELECT run_lease FROM artifacts") == [(2,)]


def test_a_cancelled_run_leaves_nothing(world: ArtifactsWorld) -> None:
    job_id = world.start()
    world.blobs.after_upload = lambda: world.http.post(f"/api/v1/jobs/{job_id}/cancel")  # type: ignore[assignment,return-value]
    world.work()
    assert world.status(job_id)["status"] == "cancelled"
    assert world.stored_keys() == []
    assert world.sql("SELECT count(*) FROM artifacts") == [(0,)]
    answer = world.download(job_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    assert "did not complete" in answer.json()["detail"]
