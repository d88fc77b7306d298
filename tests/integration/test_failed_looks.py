"""What could not be drawn or described is told to readers, and not tried again before somebody asks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.failure import DocumentUnreadable, FailureCode
from domain.ids import DocumentId
from tests.support.blob_store_backends import local_backend
from tests.support.documents import pdf
from tests.support.odd_files import locked_pdf
from tests.support.previews_world import PreviewsWorld, previews_world

THREE = pdf(["The bridge was inspected in May.", "The turbine was repaired.", "The harbour was dredged."])
OTHER = pdf(["Another first page.", "Another second page."])
SLOW = FailureCode.PARSER_TIMEOUT


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> Iterator[PreviewsWorld]:
    with local_backend(tmp_path / "store") as backend, previews_world(engine, backend, tmp_path) as world:
        yield world


def notes(world: PreviewsWorld) -> tuple[int, int]:
    """Return how many documents, and how many pages, something is noted of."""
    ((looks, pages),) = world.sql("SELECT (SELECT count(*) FROM document_looks), (SELECT count(*) FROM pages_left_out)")
    return looks, pages


def delete_original(world: PreviewsWorld, document_id: DocumentId) -> None:
    assert world.blobs.delete(f"documents/{document_id}/original")


def details_code(world: PreviewsWorld, document_id: DocumentId) -> str:
    answer = world.get(document_id, "details")
    assert answer.status_code == 404
    return str(answer.json()["code"])


def test_a_page_that_could_not_be_drawn_says_why_and_is_tried_again_when_somebody_says_so(
    world: PreviewsWorld,
) -> None:
    document_id = world.upload(THREE)
    assert world.left_out(document_id) == {}
    world.trouble.pages[2] = SLOW
    left_out = [{"page": 2, "code": "parser_timeout"}]
    assert world.preview(document_id) == {"made": 2, "kept": 0, "left_out": left_out}
    (error,) = [page["picture_error"] for page in world.pages(document_id) if not page["pictures"]]
    assert (error["code"], error["retryable"]) == ("parser_timeout", False)
    assert error["message"].startswith("Reading the file takes longer")

    world.trouble.pages.clear()
    assert world.preview(document_id) == {"made": 0, "kept": 2, "left_out": left_out}
    assert world.preview(document_id, again=True) == {"made": 1, "kept": 2, "left_out": []}
    assert (world.drawn(document_id), world.left_out(document_id)) == ([1, 2, 3], {})
    assert notes(world) == (1, 0)


def test_a_page_that_fails_again_keeps_the_latest_code(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE)
    world.trouble.pages |= {1: SLOW, 3: SLOW}
    world.preview(document_id, last_page=2)
    world.trouble.pages[1] = FailureCode.OUT_OF_MEMORY
    result = world.preview(document_id, again=True)
    codes = [{"page": 1, "code": "out_of_memory"}, {"page": 3, "code": "parser_timeout"}]
    assert result == {"made": 0, "kept": 1, "left_out": codes}
    assert world.left_out(document_id) == {1: "out_of_memory", 3: "parser_timeout"}


def test_nothing_is_fetched_where_nothing_is_missing(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE)
    world.trouble.pages[3] = SLOW
    result = world.preview(document_id)
    delete_original(world, document_id)
    assert world.preview(document_id) == result | {"made": 0, "kept": 2}
    assert world.preview(document_id, first_page=4) == {"made": 0, "kept": 0, "left_out": []}
    assert world.preview(document_id, last_page=1) == {"made": 0, "kept": 1, "left_out": []}
    assert world.ended(world.ask(document_id, again=True))["error"]["code"] == "upload_missing"


def test_each_page_of_a_document_that_cannot_be_drawn_says_why(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE)
    world.preview(document_id, last_page=1)
    world.trouble.whole = DocumentUnreadable(FailureCode.ENCRYPTED, "A sentence of its own.")
    assert world.code(document_id) == ("encrypted", False)
    assert world.drawn(document_id) == [1]
    assert world.left_out(document_id) == {2: "encrypted", 3: "encrypted"}
    assert world.pages(document_id)[1]["picture_error"]["message"] == "A sentence of its own."

    world.trouble.whole = None
    assert world.preview(document_id, last_page=2) == {"made": 1, "kept": 1, "left_out": []}
    assert (world.drawn(document_id), world.left_out(document_id)) == ([1, 2], {})


def test_details_that_could_not_be_read_say_why_until_they_are(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE)
    assert details_code(world, document_id) == "no_details"
    world.trouble.whole = DocumentUnreadable(FailureCode.CORRUPT)
    assert world.code(document_id, "metadata") == ("corrupt", False)
    assert details_code(world, document_id) == "details_unreadable"
    assert world.get(document_id, "details").json()["detail"].startswith("The file is damaged")
    assert world.left_out(document_id) == {}, "it may well be drawn"

    world.trouble.whole = None
    world.ended(world.ask(document_id, "metadata"))
    assert world.get(document_id, "details").status_code == 200
    assert world.sql("SELECT metadata_error IS NULL FROM document_looks") == [(True,)]


def test_what_failed_once_others_had_seen_it_well_hides_nothing(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE)
    world.preview(document_id)
    world.ended(world.ask(document_id, "metadata"))
    world.trouble.whole = DocumentUnreadable(FailureCode.CORRUPT)
    world.code(document_id, "metadata")
    assert world.get(document_id, "details").status_code == 200
    assert (world.drawn(document_id), world.left_out(document_id)) == ([1, 2, 3], {})


def test_other_bytes_are_tried_afresh_and_the_notes_of_the_old_ones_go(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE, external_id="bridge")
    world.trouble.pages[2] = SLOW
    world.preview(document_id)
    world.process(document_id)
    assert world.left_out(document_id) == {2: "parser_timeout"}, "these are the same bytes"
    world.trouble.whole = DocumentUnreadable(FailureCode.CORRUPT)
    world.code(document_id, "metadata")

    assert world.upload(OTHER, external_id="bridge") == document_id
    assert world.left_out(document_id) == {}
    assert details_code(world, document_id) == "no_details"
    world.trouble.whole = None
    world.trouble.pages.clear()
    assert world.preview(document_id) == {"made": 2, "kept": 0, "left_out": []}
    assert notes(world) == (1, 0)


def test_notes_go_with_their_document(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE)
    world.trouble.pages[2] = SLOW
    world.preview(document_id)
    assert notes(world) == (1, 1)
    world.http.delete(f"/api/v1/documents/{document_id}")
    assert notes(world) == (0, 0)


def test_a_document_deleted_while_it_fails_is_noted_nowhere(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE)
    world.trouble.whole = DocumentUnreadable(FailureCode.CORRUPT)
    world.trouble.meanwhile = lambda: world.http.delete(f"/api/v1/documents/{document_id}").raise_for_status() and None
    assert world.code(document_id) == ("document_not_found", False)
    assert notes(world) == (0, 0)


def test_a_run_that_is_over_notes_nothing(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE)
    world.trouble.whole = DocumentUnreadable(SLOW)

    def hang() -> None:
        world.trouble.meanwhile = lambda: None
        world.lose_workers()

    world.trouble.meanwhile = hang
    action = world.action(world.ask(document_id))
    world.run(action, beat_seconds=600)
    assert notes(world) == (0, 0)
    world.trouble.whole = None
    world.work()
    assert (world.drawn(document_id), world.left_out(document_id)) == ([1, 2, 3], {})


def test_what_the_store_lacks_is_no_fault_of_the_bytes(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE)
    delete_original(world, document_id)
    assert world.code(document_id) == ("upload_missing", False)
    assert (world.left_out(document_id), notes(world)) == ({}, (0, 0))


def test_a_document_that_was_never_completed_is_known_by_what_was_found(world: PreviewsWorld) -> None:
    document_id = world.announce(THREE)
    world.ended(world.ask(document_id, "metadata"))
    assert world.get(document_id, "details").status_code == 200
    assert world.preview(document_id)["made"] == 3
    assert world.preview(document_id)["kept"] == 3
    world.process(document_id)
    assert world.drawn(document_id) == [1, 2, 3]


def test_a_document_that_failed_shows_its_details(world: PreviewsWorld) -> None:
    document_id = world.upload(pdf([""]))
    assert world.get(document_id, "status").json()["status"] == "failed"
    world.ended(world.ask(document_id, "metadata"))
    assert world.get(document_id, "details").status_code == 200


def test_bytes_that_are_put_anew_before_the_document_is_completed_are_looked_at_anew(world: PreviewsWorld) -> None:
    document_id = world.announce(locked_pdf(user_password="x", text="secret"))
    assert world.code(document_id, "metadata") == ("encrypted", False)
    assert world.backend
    world.backend.put(f"documents/{document_id}/original", THREE, "application/pdf")
    world.ended(world.ask(document_id, "metadata"))
    assert world.get(document_id, "details").status_code == 200
    assert notes(world) == (1, 0)


def test_another_version_is_not_known_by_the_bytes_of_the_one_before(world: PreviewsWorld) -> None:
    document_id = world.announce(THREE, external_id="bridge")
    world.ended(world.ask(document_id, "metadata"))
    assert world.announce(OTHER, external_id="bridge") == document_id
    assert details_code(world, document_id) == "no_details"
    world.ended(world.ask(document_id, "metadata"))
    assert world.get(document_id, "details").json()["version"] == 2
    assert world.sql("SELECT count(*) FROM document_details") == [(1,)]


def test_a_version_announced_while_the_bytes_of_another_come_is_not_known_by_them(world: PreviewsWorld) -> None:
    document_id = world.announce(THREE, external_id="bridge")

    def announce() -> None:
        world.blobs.after_download = lambda: None
        world.announce(OTHER, external_id="bridge")

    world.blobs.after_download = announce
    world.ended(world.ask(document_id, "metadata"))
    assert world.sql("SELECT version, checksum_sha256 FROM documents") == [(2, None)]
    assert details_code(world, document_id) == "no_details"


def test_nothing_is_noted_of_bytes_that_were_replaced_meanwhile(world: PreviewsWorld) -> None:
    document_id = world.announce(THREE, external_id="bridge")
    world.trouble.pages[2] = SLOW

    def promise_others() -> None:
        world.trouble.meanwhile = lambda: None
        world.announce(OTHER, external_id="bridge", checksum_sha256="0" * 64)

    world.trouble.meanwhile = promise_others
    assert world.preview(document_id)["left_out"] == [{"page": 2, "code": "parser_timeout"}]
    assert notes(world) == (0, 0)


def test_what_was_promised_is_what_bytes_are_held_to(world: PreviewsWorld) -> None:
    document_id = world.announce(THREE, checksum_sha256="0" * 64)
    assert world.code(document_id) == ("upload_mismatch", False)
    assert world.sql("SELECT checksum_sha256 FROM documents") == [("0" * 64,)]
    assert notes(world) == (0, 0)


@pytest.mark.parametrize("again", ["yes", 1, None])
def test_again_is_true_or_false(world: PreviewsWorld, again: object) -> None:
    document_id = world.announce(THREE)
    params = {"document_id": str(document_id), "again": again}
    answer = world.http.post("/api/v1/jobs", json={"actions": [{"type": "preview", "params": params}]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/actions/0/params/again"
