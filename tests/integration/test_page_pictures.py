"""Pictures of pages: drawn when they are asked for, seen whole or not at all, gone with their document."""

import io
import itertools
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from PIL import Image
from sqlalchemy import Engine

from domain.cleanup import CleanupTask
from domain.errors import StorageUnavailable
from domain.ids import DocumentId
from tests.support.artifacts_world import Killed
from tests.support.blob_store_backends import MOTO_CREDENTIALS, Backend, local_backend, moto_server, s3_backend
from tests.support.documents import assemble, docx, paragraph, pdf
from tests.support.odd_files import locked_pdf, owner_locked_pdf
from tests.support.previews_world import PreviewsWorld, previews_world

THREE = pdf(["The bridge was inspected in May.", "The turbine was repaired.", "The harbour was dredged."])
OTHER = pdf(["Another first page.", "Another second page."])


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
def world(engine: Engine, backend: Backend, tmp_path: Path) -> Iterator[PreviewsWorld]:
    with previews_world(engine, backend, tmp_path) as world:
        yield world


local = pytest.mark.parametrize("backend", ["local"], indirect=True)


def picture(url: str) -> Image.Image:
    answer = httpx.get(url)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Content-Disposition"].startswith("inline; ")
    return Image.open(io.BytesIO(answer.content), formats=["WEBP"])


def test_each_page_has_two_pictures_that_a_browser_loads_by_their_urls(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE, "the bridge é.pdf")
    assert [page["pictures"] for page in world.pages(document_id)] == [None, None, None]
    assert world.preview(document_id) == {"made": 3, "kept": 0, "left_out": []}

    first, second, _ = world.pages(document_id)
    assert (first["page"], first["char_start"], first["char_end"]) == (1, 0, len("The bridge was inspected in May."))
    assert second["char_start"] == first["char_end"] + 1
    assert (first["width"], first["height"]) == (989, 1400)
    for size, longer_side in (("list", 240), ("reading", 1400)):
        told = first["pictures"][size]
        shown = picture(told["url"])
        assert (told["width"], told["height"]) == shown.size
        assert max(shown.size) == longer_side
        darkest, lightest = shown.convert("L").getextrema()
        assert (darkest < 150, lightest > 250) == (True, True), "there is black text on white paper"
    urls = {page["pictures"][size]["url"] for page in world.pages(document_id) for size in ("list", "reading")}
    assert len({picture(url).tobytes() for url in urls}) == 6, "each page is itself"


@local
def test_pages_are_listed_in_portions(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE)
    world.preview(document_id, last_page=2)
    first = world.get(document_id, "pages", limit=2).json()
    rest = world.get(document_id, "pages", limit=2, cursor=first["next_cursor"]).json()
    assert [page["page"] for page in (*first["items"], *rest["items"])] == [1, 2, 3]
    assert rest["next_cursor"] is None
    later = world.get(document_id, "pages", first_page=2, limit=1).json()
    last = world.get(document_id, "pages", first_page=2, limit=1, cursor=later["next_cursor"]).json()
    assert [page["page"] for page in later["items"] + last["items"]] == [2, 3]
    assert [bool(page["pictures"]) for page in (*first["items"], *rest["items"])] == [True, True, False]


@local
def test_pages_that_have_pictures_are_not_drawn_again(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE)
    assert world.preview(document_id, first_page=2, last_page=2) == {"made": 1, "kept": 0, "left_out": []}
    before = world.picture_keys()
    assert world.preview(document_id) == {"made": 2, "kept": 1, "left_out": []}
    assert set(before) < set(world.picture_keys())
    assert world.preview(document_id) == {"made": 0, "kept": 3, "left_out": []}
    assert world.preview(document_id, first_page=4) == {"made": 0, "kept": 0, "left_out": []}
    assert len(world.picture_keys()) == 6
    assert world.rows() == world.picture_keys()


@local
@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({}, "/document_id"),
        ({"document_id": "7"}, "/document_id"),
        ({"document_id": str(uuid4()), "first_page": 0}, "/first_page"),
        ({"document_id": str(uuid4()), "first_page": 3, "last_page": 2}, "/last_page"),
        ({"document_id": str(uuid4()), "last_page": 201}, "/last_page"),
        ({"document_id": str(uuid4()), "password": "x"}, "/password"),
    ],
)
def test_a_wrong_order_is_refused_with_the_place(world: PreviewsWorld, params: object, pointer: str) -> None:
    answer = world.http.post("/api/v1/jobs", json={"actions": [{"type": "preview", "params": params}]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/actions/0/params{pointer}"


@local
def test_formats_without_pages_have_no_pictures(world: PreviewsWorld) -> None:
    document_id = world.upload(docx(paragraph("The bridge was inspected.")), "a.docx", "application/msword")
    assert world.pages(document_id) == []
    assert world.code(document_id) == ("no_page_pictures", False)
    assert world.rows() == []


@local
def test_a_document_that_needs_a_password_is_not_drawn_or_described(world: PreviewsWorld) -> None:
    document_id = world.upload(locked_pdf(user_password="x", text="secret"))
    assert world.code(document_id) == ("encrypted", False)
    assert world.code(document_id, "metadata") == ("encrypted", False)
    world.preview(world.upload(owner_locked_pdf()))


@local
def test_a_document_that_is_not_there_or_has_no_bytes_says_so(world: PreviewsWorld) -> None:
    assert world.code(DocumentId(uuid4())) == ("document_not_found", False)
    assert world.get(DocumentId(uuid4()), "pages").json()["code"] == "document_not_found"
    document_id = world.upload(THREE)
    for page in world.blobs.inventory.objects("documents/"):
        for each in page:
            world.blobs.delete(each.key)
    assert world.code(document_id) == ("upload_missing", False)


@local
def test_pages_of_absurd_sizes_are_drawn_no_larger_than_others(world: PreviewsWorld) -> None:
    sizes = ("0 0 14400000 10", "0 0 3 14400000", "0 0 2 2", "0 0 nan 5")
    kids = " ".join(f"{number} 0 R" for number in range(3, 3 + len(sizes)))
    pages = [f"<</Type/Page/Parent 2 0 R/MediaBox[{size}]>>".encode() for size in sizes]
    drawing = b"BT /F1 9 Tf 1 1 Td (words) Tj ET"
    words = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 8 0 R/Resources<</Font<</F1 9 0 R>>>>>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count 5/Kids[{kids} 7 0 R]>>".encode(),
        *pages,
        words,
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawing), drawing),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    document_id = world.upload(assemble(objects))
    result = world.preview(document_id)
    assert result["made"] + len(result["left_out"]) == 5
    for page in world.pages(document_id):
        if page["pictures"]:
            assert max(picture(page["pictures"]["reading"]["url"]).size) <= 1400


def scan(*frames: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    frames[0].save(out, kind, **({"save_all": True, "append_images": frames[1:]} if len(frames) > 1 else {}))
    return out.getvalue()


@local
def test_frames_of_pictures_are_drawn_upright_on_white_and_never_larger_than_they_are(world: PreviewsWorld) -> None:
    large = Image.new("RGB", (3000, 1500), "navy")
    small = Image.new("RGBA", (100, 50), (255, 0, 0, 0))
    turned = Image.new("RGB", (60, 20), "green")
    exif = turned.getexif()
    exif[0x0112] = 6
    jpeg = io.BytesIO()
    turned.save(jpeg, "JPEG", exif=exif)
    for data, filename, size in (
        (scan(large, kind="TIFF"), "a.tif", (1400, 700)),
        (scan(small, kind="PNG"), "a.png", (100, 50)),
        (jpeg.getvalue(), "a.jpg", (20, 60)),
    ):
        document_id = world.upload(data, filename, "image/x")
        assert world.preview(document_id)["made"] == 1
        (row,) = world.sql(
            "SELECT width, height FROM page_pictures WHERE document_id = :id AND size = 'reading'", id=document_id
        )
        assert row == size


def test_two_runs_at_once_leave_one_set_of_pictures(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE)
    job_id = world.ask(document_id)
    first_puts, go_on = threading.Event(), threading.Event()

    def stall() -> None:
        if not first_puts.is_set():
            first_puts.set()
            go_on.wait(60)

    world.blobs.before_upload = stall
    first = threading.Thread(target=world.run, args=[world.action(job_id)], kwargs={"beat_seconds": 600})
    first.start()
    assert first_puts.wait(60)
    world.lose_workers()
    world.sweep()  # strikes out the notes of what the first has yet to put
    assert world.work() == 1
    go_on.set()
    first.join()

    assert world.drawn(document_id) == [1, 2, 3]
    assert len(world.picture_keys()) == 6
    assert all(f"/{world.action(job_id).id}/2/" in key for key in world.picture_keys())
    assert world.rows() == world.picture_keys()


@local
def test_of_two_actions_for_the_same_pages_one_is_seen_and_the_other_leaves_nothing(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE)
    job_id = world.ask(document_id)
    once = itertools.count()

    def another_draws_them() -> None:
        if next(once) == 0:
            world.preview(document_id, last_page=2)

    world.blobs.before_upload = another_draws_them
    assert world.ended(job_id)["result"]["made"] == 3
    assert world.drawn(document_id) == [1, 2, 3]
    assert len(world.picture_keys()) == 6
    assert world.rows() == world.picture_keys()


def test_what_a_killed_run_has_put_is_deleted(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE)
    job_id = world.ask(document_id)
    once = itertools.count()

    def die() -> None:
        if next(once) == 3:
            raise Killed

    world.blobs.after_upload = die
    with pytest.raises(Killed):
        world.work()
    assert world.drawn(document_id) == []
    assert len(world.picture_keys()) > 3
    world.lose_workers()
    world.sweep()
    assert world.picture_keys() == world.rows() == []
    assert world.ended(job_id)["status"] == "completed"
    assert world.drawn(document_id) == [1, 2, 3]
    assert world.rows() == world.picture_keys()


@local
def test_a_store_that_is_away_is_tried_again_and_a_cancelled_run_leaves_nothing(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE)
    once = itertools.count()

    def fail() -> None:
        if next(once) == 0:
            raise StorageUnavailable

    world.blobs.before_upload = fail
    assert world.preview(document_id, last_page=1)["made"] == 1
    job_id = world.ask(document_id)
    world.blobs.after_upload = lambda: world.http.post(f"/api/v1/jobs/{job_id}/cancel")  # type: ignore[assignment,return-value]
    assert world.ended(job_id)["status"] == "cancelled"
    assert world.drawn(document_id) == [1]
    assert len(world.picture_keys()) == 2
    assert world.rows() == world.picture_keys()


def test_pictures_go_with_their_document_and_the_receipt_counts_them(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE)
    world.preview(document_id)
    world.ended(world.ask(document_id, "metadata"))
    receipt = world.http.delete(f"/api/v1/documents/{document_id}").json()
    assert receipt["deleted"]["objects"] == 1 + 6
    assert world.picture_keys() == world.rows() == []
    assert world.sql("SELECT count(*) FROM document_details") == [(0,)]


@pytest.mark.parametrize("moment", ["before_upload", "after_upload"])
def test_a_document_deleted_while_it_is_drawn_leaves_nothing_behind(world: PreviewsWorld, moment: str) -> None:
    document_id = world.upload(THREE)
    job_id = world.ask(document_id)
    once = itertools.count()

    def delete() -> None:
        if next(once) == 0:
            assert world.http.delete(f"/api/v1/documents/{document_id}").status_code == 200

    setattr(world.blobs, moment, delete)
    action = world.ended(job_id)
    assert (action["status"], action["error"]["code"]) == ("failed", "document_not_found")
    assert world.picture_keys() == world.rows() == []


@local
def test_a_new_version_does_not_show_the_pictures_of_the_old_one(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE, external_id="bridge")
    world.preview(document_id)
    world.ended(world.ask(document_id, "metadata"))
    old = world.picture_keys()
    assert world.upload(OTHER, external_id="bridge") == document_id
    assert world.drawn(document_id) == []
    assert world.get(document_id, "details").json()["code"] == "no_details"
    assert world.preview(document_id) == {"made": 2, "kept": 0, "left_out": []}
    assert world.drawn(document_id) == [1, 2]
    assert not set(old) & set(world.picture_keys()), "what nobody sees any more is gone"
    assert world.rows() == world.picture_keys()


@local
def test_processing_the_same_bytes_anew_keeps_the_pictures(world: PreviewsWorld) -> None:
    document_id = world.upload(THREE)
    world.preview(document_id)
    world.process(document_id)
    assert world.drawn(document_id) == [1, 2, 3]


@local
def test_bytes_that_were_replaced_under_a_document_are_not_drawn_beside_its_text(
    world: PreviewsWorld, backend: Backend
) -> None:
    document_id = world.upload(THREE)
    backend.put(f"documents/{document_id}/original", OTHER, "application/pdf")
    assert world.code(document_id) == ("upload_mismatch", False)


@local
def test_cleanup_and_doctor_know_whose_pictures_they_are(world: PreviewsWorld, tmp_path: Path) -> None:
    document_id = world.upload(THREE)
    world.preview(document_id)
    kept = world.picture_keys()
    for path in (tmp_path / "store").rglob("*"):
        os.utime(path, (0, 0))
    assert world.clean(CleanupTask.S3) == {}
    world.sql("DELETE FROM page_pictures WHERE page = 2")
    assert world.clean(CleanupTask.S3) == {"orphan_objects": 2}
    assert world.picture_keys() == [key for key in kept if not key.rsplit("/", 1)[1].startswith("2-")]
