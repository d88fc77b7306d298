"""The Python client's flows, carried out by hand: which parts are sent, what expired, where following goes on."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from esteira_client import AsyncEsteira, DocumentStatus, Esteira, EsteiraError, Progress, SingleUpload, UploadInParts
from esteira_client.answers import Document
from esteira_client.api import Api
from esteira_client.content_calls import content_blocks
from esteira_client.contents import SearchResult
from esteira_client.document_calls import documents, follow
from esteira_client.events import EventReader
from esteira_client.sending import parts_of, send
from esteira_client.sources import OpenSource, source_of
from esteira_client.steps import Feed, Flow, Open, Pause, Read, Request, Send, Tell, Walk, Work
from esteira_client.uploads import upload

API = Api(url="http://server.example", chance=lambda: 0.0)
STATUS = {"document_id": "d", "status": "processing", "progress": 40, "message": "Reading"}
Server = Callable[[Request], httpx.Response | Exception]


def carried(
    flow: Flow[Any] | Feed[Any], server: Server, blocks: list[bytes | Exception | None] | None = None
) -> tuple[Any, list[Any], list[Request]]:
    """Carry out a flow; return its result, what it told, and what it sent. `blocks` are what is read."""
    walk: Walk[Any] = Walk(flow)
    told: list[Any] = []
    sent: list[Request] = []
    left = list(blocks or ())
    while walk.step is not None:
        came: Any = None
        match walk.step:
            case Tell(item):
                told.append(item)
            case Send(request) | Open(request):
                sent.append(request)
                for block in request.body() if request.body else ():
                    assert request.sent is not None
                    request.sent(len(block))
                came = server(request)
            case Read():
                came = left.pop(0)
            case Pause():
                came = False
            case Work(call):
                came = call()
        if isinstance(came, Exception):
            walk.fail(came)
        else:
            walk.answer(came)
    return getattr(walk, "result", None), told, sent


def problem(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": "A sentence.", "status": status})


def store_in_parts(arrived: dict[int, int]) -> Server:
    def answer(request: Request) -> httpx.Response:
        if request.method == "PUT":
            number = request.url.rpartition("/")[2]
            return httpx.Response(200, headers={"ETag": f'"{number}"'})
        if request.url.endswith("/parts"):
            items = [{"part_number": n, "size_bytes": size, "etag": f'"{n}"'} for n, size in arrived.items()]
            return httpx.Response(200, json={"items": items, "upload_id": "u", "part_size": 10})
        if "/parts/" in request.url:
            number = request.url.rpartition("/")[2]
            return httpx.Response(200, json={"url": f"http://store.example/{number}", "headers": {"X": "y"}})
        return httpx.Response(200, json={})

    return answer


IN_PARTS = UploadInParts(document_id="d", upload_id="u", part_size=10)


def test_only_what_has_not_arrived_whole_is_sent() -> None:
    heard: list[Progress] = []
    source = OpenSource.of(io.BytesIO(bytes(25)))
    server = store_in_parts({1: 10, 2: 7})
    _, _, sent = carried(send(API, IN_PARTS, source, on_progress=heard.append), server)
    puts = [request for request in sent if request.method == "PUT"]
    assert [(put.url, put.headers["Content-Length"]) for put in puts] == [
        ("http://store.example/2", "10"),
        ("http://store.example/3", "5"),
    ]
    assert all(put.to_store for put in puts)
    assert sent[-1].json == {"parts": [{"part_number": n, "etag": f'"{n}"'} for n in (1, 2, 3)]}
    assert sent[-1].params == {"upload_id": "u"}
    assert [progress.sent_bytes for progress in heard] == [10, 20, 20, 25]


@pytest.mark.parametrize(
    ("size_bytes", "parts"),
    [(0, {1: (0, 0)}), (10, {1: (0, 10)}), (11, {1: (0, 10), 2: (10, 11)}), (20, {1: (0, 10), 2: (10, 20)})],
)
def test_parts_cover_the_file(size_bytes: int, parts: dict[int, tuple[int, int]]) -> None:
    assert parts_of(size_bytes, 10) == parts


@pytest.mark.parametrize("refusal", [problem(403, "upload_url_expired"), httpx.Response(403, content=b"<Error/>")])
def test_a_part_whose_url_has_expired_gets_a_fresh_one(refusal: httpx.Response) -> None:
    usual, refused = store_in_parts({}), [refusal]

    def server(request: Request) -> httpx.Response | Exception:
        return refused.pop() if request.method == "PUT" and refused else usual(request)

    _, _, sent = carried(send(API, IN_PARTS, OpenSource.of(io.BytesIO(b"x"))), server)
    assert [request.method for request in sent] == ["GET", "GET", "PUT", "GET", "PUT", "POST"]


def announcing(refusals: list[httpx.Response]) -> Server:
    def answer(request: Request) -> httpx.Response:
        if request.to_store:
            return refusals.pop(0) if refusals else httpx.Response(200)
        put = {"method": "PUT", "url": "http://store.example/x", "headers": {"Content-Type": "text/plain"}}
        return httpx.Response(201, json={"document_id": "d", "upload": put})

    return answer


def test_an_upload_whose_url_has_expired_is_announced_again_by_the_same_key() -> None:
    server = announcing([problem(403, "upload_url_expired")])
    document_id, _, sent = carried(upload(API, io.BytesIO(b"late"), filename="late.txt"), server)
    assert document_id == "d"
    first, _, again, _ = sent
    assert first == again
    assert first.headers["Idempotency-Key"]
    assert first.json["filename"] == "late.txt"
    assert "multipart" not in first.json


def test_an_upload_that_stalled_is_sent_again() -> None:
    server = announcing([problem(408, "upload_stalled"), problem(408, "upload_stalled")])
    document_id, _, sent = carried(upload(API, io.BytesIO(b"slow"), filename="slow.txt"), server)
    assert (document_id, [request.method for request in sent]) == ("d", ["POST", "PUT", "PUT", "PUT"])


def test_an_upload_that_failed_names_its_document() -> None:
    with pytest.raises(EsteiraError) as caught:
        carried(upload(API, io.BytesIO(b"x")), announcing([problem(422, "upload_mismatch")]))
    assert (caught.value.code, caught.value.document_id) == ("upload_mismatch", "d")


def test_bytes_go_with_the_signed_headers_and_their_length_alone() -> None:
    put = SingleUpload(document_id="d", url="http://store.example/x?s=1", headers={"X-Signed": "yes"})
    _, _, (sent,) = carried(send(API, put, OpenSource.of(io.BytesIO(b"four"))), lambda _: httpx.Response(200))
    assert (sent.url, dict(sent.headers)) == (put.url, {"X-Signed": "yes", "Content-Length": "4"})
    assert sent.to_store


def test_a_store_that_leads_elsewhere_has_not_taken_the_bytes() -> None:
    put = SingleUpload(document_id="d", url="http://store.example/x?s=1", headers={})
    with pytest.raises(EsteiraError) as caught:
        carried(send(API, put, OpenSource.of(io.BytesIO(b"x"))), lambda _: httpx.Response(307))
    assert (caught.value.code, caught.value.status) == ("upload_refused", 307)


def test_a_file_that_changes_meanwhile_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"before")
    source = source_of(file)
    file.write_bytes(b"after, and longer")
    with pytest.raises(EsteiraError) as caught:
        list(source.blocks(0, source.size_bytes))
    assert caught.value.code == "file_changed"


def streaming(_: Request) -> httpx.Response:
    return httpx.Response(200, headers={"Content-Type": "text/event-stream; charset=utf-8"})


def event(name: str, id_: int, **body: object) -> bytes:
    return f"event: {name}\nid: {id_}\ndata: {json.dumps(body)}\n\n".encode()


def test_following_goes_on_behind_the_last_event_after_a_cut() -> None:
    first, last = event("status", 3, **STATUS), event("end", 9, **{**STATUS, "status": "completed"})
    begin, cut = b"retry: 2000\n\n", httpx.ReadError("cut")
    blocks = [begin, first[:20], first[20:], b": nothing new\n\n", None, begin, cut, begin, last]
    _, told, sent = carried(follow(API, "d"), streaming, blocks)
    assert [(state.status, state.progress) for state in told] == [("processing", 40), ("completed", 40)]
    assert [dict(request.headers) for request in sent] == [{}, {"Last-Event-ID": "3"}, {"Last-Event-ID": "3"}]


def test_a_condition_that_is_none_does_not_list_everything() -> None:
    with pytest.raises(TypeError, match=r"name_contain$"):
        carried(documents(API, name_contain="x"), streaming)  # type: ignore[call-arg]


def test_a_proxy_that_keeps_events_to_itself_is_got_around() -> None:
    silence = httpx.ReadTimeout("silence")
    completed = httpx.Response(200, json={**STATUS, "status": "completed"})
    answers: list[httpx.Response | Exception] = [silence, streaming(Request(method="GET", url="")), completed]
    _, told, sent = carried(follow(API, "d"), lambda _: answers.pop(0), [silence])
    assert [state.status for state in told] == ["completed"]
    assert [request.url.rpartition("/")[2] for request in sent] == ["events", "events", "status"]


def test_a_document_that_is_deleted_ends_the_following() -> None:
    gone = event("error", 0, code="document_not_found", detail="There is no such document.", status=404)
    with pytest.raises(EsteiraError) as caught:
        carried(follow(API, "d"), streaming, [gone])
    assert (caught.value.code, caught.value.status) == ("document_not_found", 404)


def test_following_by_waiting_tells_what_is_new() -> None:
    completed = {**STATUS, "status": "completed"}
    answers = [
        httpx.Response(200, json=STATUS, headers={"ETag": '"3"'}),
        httpx.Response(304),
        httpx.Response(200, json=completed, headers={"ETag": '"4"'}),
    ]
    _, told, sent = carried(follow(API, "d", by="wait"), lambda _: answers.pop(0))
    assert [state.status for state in told] == ["processing", "completed"]
    asked = [(dict(request.params), dict(request.headers)) for request in sent]
    assert asked == [({}, {}), *[({"wait": 25}, {"If-None-Match": '"3"'})] * 2]


def leading(request: Request) -> httpx.Response:
    if not request.to_store:
        return httpx.Response(307, headers={"Location": "http://store.example/x?s=1"})
    return httpx.Response(206 if "Range" in request.headers else 200, headers={"ETag": '"e"'})


def test_a_download_that_is_led_elsewhere_is_no_empty_file() -> None:
    with pytest.raises(EsteiraError) as caught:
        carried(content_blocks(API, "d"), lambda _: httpx.Response(307, headers={"Location": "http://x.example"}))
    assert (caught.value.code, caught.value.status) == ("http_307", 307)


def test_a_download_goes_on_where_the_connection_broke() -> None:
    blocks = [b"abc", httpx.ReadError("cut"), b"def", None]
    _, told, sent = carried(content_blocks(API, "d"), leading, blocks)
    assert told == [b"abc", b"def"]
    assert dict(sent[-1].headers) == {"Accept-Encoding": "identity", "Range": "bytes=3-", "If-Range": '"e"'}
    assert [request.to_store for request in sent] == [False, True, False, True]


def test_a_download_whose_object_was_changed_meanwhile_is_told() -> None:
    def changed(request: Request) -> httpx.Response:
        return httpx.Response(200, headers={"ETag": '"f"'}) if "Range" in request.headers else leading(request)

    with pytest.raises(EsteiraError) as caught:
        carried(content_blocks(API, "d"), changed, [b"abc", httpx.ReadError("cut")])
    assert caught.value.code == "download_broken"


def test_a_download_that_breaks_again_and_again_is_given_up() -> None:
    with pytest.raises(EsteiraError) as caught:
        carried(content_blocks(API, "d"), leading, [httpx.ReadError("cut")] * 20)
    assert caught.value.code == "download_broken"


def test_events_may_be_cut_anywhere() -> None:
    stream = event("status", 1, word="ação") + b"\r\n: comment\r\n\r\n" + event("end", 2, word="fim")
    reader = EventReader()
    found = [event for index in range(len(stream)) for event in reader.events(stream[index : index + 1])]
    assert [(event.name, event.id, json.loads(event.data)["word"]) for event in found] == [
        ("status", "1", "ação"),
        ("end", "2", "fim"),
    ]


def test_fields_of_newer_servers_are_left_aside() -> None:
    newer = {
        **STATUS,
        "colour": "blue",
        "created_at": "2026-01-01T12:00:00Z",
        "pages": {"done": 1, "total": None, "unreadable": [{"page": 2, "code": "parser_crashed", "mood": "sad"}]},
        "error": {"code": "encrypted", "message": "It is locked.", "retryable": False, "hint": "?"},
    }
    status = DocumentStatus.from_json(newer)
    assert status.created_at is not None
    assert (status.created_at.year, status.created_at.utcoffset()) == (2026, status.created_at - status.created_at)
    assert [(page.page, page.code) for page in status.unreadable] == [(2, "parser_crashed")]
    assert status.error is not None
    assert status.error.code == "encrypted"
    described = {"document_id": "d", "filename": "f", "status": "new", "size_bytes": 1, "more": []}
    assert Document.from_json(described).metadata == {}
    found = {"document_id": "d", "filename": "f", "chunk_id": "c", "text": "abc", "score": 0.5, "char_start": 0}
    result = SearchResult.from_json({**found, "char_end": 3, "highlights": [{"start": 0, "end": 2}], "x": 1})
    assert result.highlights == [(0, 2)]


def test_both_clients_have_the_same_methods() -> None:
    def methods(kind: type) -> set[str]:
        return {name for name in vars(kind) if not name.startswith("_")}

    # A task is cancelled; a thread has to be stopped.
    assert methods(Esteira) - methods(AsyncEsteira) == {"stop"}
    assert not methods(AsyncEsteira) - methods(Esteira)
