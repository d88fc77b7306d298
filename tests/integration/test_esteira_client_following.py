"""The Python client follows through what stands between, over real HTTP, and lets go when it is told to."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from esteira_client import DocumentStatus, EsteiraError, Patience
from esteira_client.following import By
from tests.support.both_clients import opened
from tests.support.raw_http import Asked, http, raw_server

PATIENCE_SECONDS = 60.0
HASTY = Patience(error=0.1, before_first_answer=0.1, outage=0.1)
STATUS = {"document_id": "d", "status": "processing", "progress": 40, "message": "Reading"}
DONE = {**STATUS, "status": "completed", "progress": 100}
both = pytest.mark.parametrize("form", ["sync", "async"])


def answered(body: Any, **headers: str) -> list[bytes]:  # noqa: ANN401
    return http("200 OK", json.dumps(body).encode(), Content_Type="application/json", **headers)


def a_page_for_everything(_: Asked) -> list[bytes]:
    return http("200 OK", b"<html>\n\nWelcome</html>", Content_Type="text/html")


def events_as(stream: Callable[[], Iterable[bytes]]) -> Callable[[Asked], Iterable[bytes]]:
    """Answer the question for events in this way, and all others well."""

    def answer(asked: Asked) -> Iterable[bytes]:
        if "/events" in asked.target:
            return stream()
        return answered(DONE if "wait" in asked.target else STATUS, ETag='"1"')

    return answer


@both
def test_something_else_than_esteira_is_told_by_whichever_way_it_is_followed(form: str) -> None:
    for by in ("events", "wait"):
        with raw_server(a_page_for_everything) as url, opened(form, url) as client:
            with pytest.raises(EsteiraError) as caught:
                list(client.follow("d", by=by))
            assert caught.value.code == "unexpected_answer"


def a_page_without_end() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    while True:
        yield b"data: {}\n\n" * 10


@both
@pytest.mark.parametrize(
    "stream",
    [
        a_page_without_end,
        lambda: http("200 OK", Content_Type="text/event-stream"),
        lambda: http("200 OK", b": nothing comes through\n\n", Content_Type="text/event-stream"),
        lambda: [b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99\r\n\r\nevent: sta"],
    ],
    ids=["a page", "nothing", "comments", "cut"],
)
def test_where_events_do_not_come_through_answers_are_held(form: str, stream: Callable[[], Iterable[bytes]]) -> None:
    with raw_server(events_as(stream)) as url, opened(form, url) as client:
        assert [state.status for state in client.follow("d")] == ["processing", "completed"]


@both
def test_where_events_cease_to_come_through_answers_are_held(form: str) -> None:
    data = json.dumps(STATUS)
    streams = [http("200 OK", f"event: status\nid: 1\ndata: {data}\n\n".encode(), Content_Type="text/event-stream")]
    stream = events_as(lambda: streams.pop() if streams else a_page_without_end())
    with raw_server(stream) as url, opened(form, url) as client:
        assert [state.status for state in client.follow("d")] == ["processing", "completed"]


@both
def test_an_event_that_is_no_state_is_told(form: str) -> None:
    stream = http("200 OK", b"event: status\ndata: <html>\n\n", Content_Type="text/event-stream")
    with raw_server(events_as(lambda: stream)) as url, opened(form, url) as client:
        with pytest.raises(EsteiraError) as caught:
            list(client.follow("d"))
        assert caught.value.code == "unexpected_answer"


@both
def test_answers_that_are_not_held_are_not_asked_for_in_a_rush(form: str) -> None:
    asked: list[str] = []

    def answer(request: Asked) -> list[bytes]:
        asked.append(request.target)
        return answered(DONE if len(asked) > 3 else STATUS)  # without an ETag, and at once

    with raw_server(answer) as url, opened(form, url) as client:
        states = [state.status for state in client.follow("d", by="wait")]
    assert (states, len(asked)) == (["processing", "completed"], 4)


@pytest.mark.parametrize("by", ["events", "wait"])
def test_whoever_follows_can_be_stopped(by: By) -> None:
    is_held, end = threading.Event(), threading.Event()

    def answer(asked: Asked) -> Iterator[bytes]:
        if "/events" in asked.target:
            data = json.dumps(STATUS)
            yield b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
            yield f"event: status\nid: 1\ndata: {data}\n\n".encode()
        elif "wait" not in asked.target:
            yield from answered(STATUS, ETag='"1"')
            return
        is_held.set()
        end.wait(PATIENCE_SECONDS)

    seen: list[DocumentStatus] = []
    caught: list[EsteiraError] = []
    with raw_server(answer) as url, opened("sync", url) as client:

        def follow() -> None:
            with pytest.raises(EsteiraError) as raised:
                seen.extend(client.follow("d", by=by))
            caught.append(raised.value)

        following = threading.Thread(target=follow)
        following.start()
        assert is_held.wait(PATIENCE_SECONDS)
        client.stop()
        following.join(PATIENCE_SECONDS / 2)
        assert [error.code for error in caught] == ["stopped"]
        with pytest.raises(EsteiraError) as again:
            list(client.follow("d", by=by))
        assert again.value.code == "stopped"
        assert client.status("d").status == "processing", "what does not wait goes on"
        end.set()


def moving(finals: dict[str, int]) -> Callable[[Asked], list[bytes]]:
    """Answer for many documents; each is final after so many questions, and gone at once if that is 0."""
    asked: dict[str, int] = {}

    def answer(request: Asked) -> list[bytes]:
        ids = request.target.partition("ids=")[2].replace("%2C", ",").split(",")
        if len(ids) > 50:
            return http("414 URI Too Long", b"<html>")
        items = []
        for id_ in ids:
            asked[id_] = asked.get(id_, 0) + 1
            if finals[id_]:
                items.append({**(DONE if asked[id_] >= finals[id_] else STATUS), "document_id": id_})
        return answered({"items": items}, ETag=f'"{len(items)}"')

    return answer


@both
def test_many_are_followed_to_their_ends_also_through_a_proxy_that_takes_no_long_addresses(form: str) -> None:
    finals = {f"{number:036}": number % 3 for number in range(1100)}
    with raw_server(moving(finals)) as url, opened(form, url, patience=HASTY) as client:
        told = list(client.follow_all(finals))
    gone = {each.document_id for each in told if isinstance(each, EsteiraError)}
    assert gone == {id_ for id_, final in finals.items() if not final}
    assert {each.code for each in told if isinstance(each, EsteiraError)} == {"document_not_found"}
    states = [each for each in told if isinstance(each, DocumentStatus)]
    assert {state.document_id for state in states if state.is_final} == finals.keys() - gone
    assert len(told) == sum(max(1, final) for final in finals.values()), "each state is told once"
