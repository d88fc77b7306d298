"""When the Python client sends a request again, and when it gives up: flows carried out by hand, without a server."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from esteira_client import EsteiraError, Patience
from esteira_client.api import Api
from esteira_client.requests import creating, get, post
from esteira_client.steps import Flow, Pause, Request, Send, Walk

URL = "http://server.example:8000"


@dataclass
class Clock:
    """Time passes by pauses alone."""

    now: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": "A sentence.", "status": status}, headers=headers)


AWAY = problem(503, "database_unavailable")
REFUSED = httpx.ConnectError("nobody there")
CUT = httpx.ReadError("cut")
GOOD = httpx.Response(200, json={"a": 1})


def carried(
    flow: Flow[Any], clock: Clock, happens: Sequence[httpx.Response | Exception], *, stop: bool = False
) -> tuple[Any, int]:
    """Carry out a flow whose requests meet what `happens`, the last of it again and again; count the requests."""
    walk, sent = Walk(flow), 0
    while walk.step is not None:
        if isinstance(walk.step, Pause):
            clock.pauses.append(walk.step.seconds)
            clock.now += walk.step.seconds
            walk.answer(stop)
            continue
        assert isinstance(walk.step, Send)
        came = happens[min(sent, len(happens) - 1)]
        sent += 1
        if isinstance(came, Exception):
            walk.fail(came)
        else:
            walk.answer(came)
    return walk.result, sent


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(clock: Clock) -> Api:
    return Api(url=URL, clock=clock, chance=lambda: 0.0)


GETTING = get("/documents")
ONCE = post("/documents/x/cancel", repeatable=False)


@pytest.mark.parametrize("failure", [AWAY, REFUSED, CUT, problem(500, "internal_error"), problem(429, "slow_down")])
def test_what_may_be_sent_twice_is_sent_again(api: Api, clock: Clock, failure: httpx.Response | Exception) -> None:
    assert carried(api.json(GETTING), clock, [failure, failure, GOOD]) == ({"a": 1}, 3)
    assert clock.pauses == [0.25, 0.5]


@pytest.mark.parametrize("failure", [AWAY, CUT, problem(404, "document_not_found")])
def test_what_may_have_been_done_is_not_sent_again(api: Api, clock: Clock, failure: httpx.Response | Exception) -> None:
    with pytest.raises(EsteiraError):
        carried(api.sent(ONCE), clock, [failure, GOOD])
    assert clock.pauses == []


def test_what_never_left_is_sent_again(api: Api, clock: Clock) -> None:
    assert carried(api.json(ONCE), clock, [REFUSED, GOOD]) == ({"a": 1}, 2)


def test_a_model_that_cannot_be_loaded_is_told_at_once_and_is_no_outage(api: Api, clock: Clock) -> None:
    with pytest.raises(EsteiraError) as caught:
        carried(api.json(GETTING), clock, [problem(503, "model_not_usable", **{"Retry-After": "5"}), GOOD])
    assert (caught.value.code, caught.value.is_outage, clock.pauses) == ("model_not_usable", False, [])


@pytest.mark.parametrize("stalled", [problem(408, "upload_stalled"), httpx.Response(408)])
def test_bytes_that_stood_still_are_sent_again_a_few_times(api: Api, clock: Clock, stalled: httpx.Response) -> None:
    part = Request(method="PUT", url="http://store.example/x", to_store=True, body=lambda: [b"x"])
    assert carried(api.sent(part), clock, [stalled, stalled, GOOD]) == (GOOD, 3)

    def stand_still(attempts: int) -> object:
        walk = Walk(api.sent(part))
        for _ in range(attempts):
            clock.now += 60
            walk.answer(stalled)
            assert isinstance(walk.step, Pause)
            walk.answer(False)
        clock.now += 60
        walk.answer(stalled)
        return walk.step

    assert isinstance(stand_still(2), Pause)
    with pytest.raises(EsteiraError) as caught:
        stand_still(3)
    assert (caught.value.status, caught.value.is_outage) == (408, False)


@pytest.mark.parametrize(("status", "code"), [(401, "unauthorized"), (404, "document_not_found"), (422, "invalid")])
def test_what_would_fail_again_is_told_at_once(api: Api, clock: Clock, status: int, code: str) -> None:
    with pytest.raises(EsteiraError) as caught:
        carried(api.json(GETTING), clock, [problem(status, code)])
    assert (caught.value.status, caught.value.code, clock.pauses) == (status, code, [])


def test_a_request_that_is_being_carried_out_is_asked_for_again(api: Api, clock: Clock) -> None:
    in_flight = problem(409, "request_in_flight", **{"Retry-After": "1"})
    assert carried(api.json(creating("/jobs", {})), clock, [in_flight, GOOD])[1] == 2
    assert clock.pauses == [1.0]


def test_the_server_says_how_long_to_wait(api: Api, clock: Clock) -> None:
    carried(api.json(GETTING), clock, [problem(503, "storage_unavailable", **{"Retry-After": "3"}), GOOD])
    assert clock.pauses == [3.0]


def test_a_server_that_never_answered_is_given_up_soon_and_one_that_did_is_waited_for(api: Api, clock: Clock) -> None:
    with pytest.raises(EsteiraError) as caught:
        carried(api.json(GETTING), clock, [REFUSED])
    assert caught.value.code == "server_unreachable"
    assert caught.value.is_outage
    assert clock.now <= Patience().before_first_answer
    carried(api.json(GETTING), clock, [GOOD])
    began = clock.now
    with pytest.raises(EsteiraError):
        carried(api.json(GETTING), clock, [REFUSED])
    assert 50 <= clock.now - began <= Patience().outage
    assert max(clock.pauses) == Patience().longest_pause


def test_an_error_of_the_server_itself_is_given_up_soon(api: Api, clock: Clock) -> None:
    carried(api.json(GETTING), clock, [GOOD])
    with pytest.raises(EsteiraError):
        carried(api.json(GETTING), clock, [problem(500, "internal_error")])
    assert clock.now <= Patience().error


def test_the_time_that_bytes_take_to_be_sent_is_no_waiting(api: Api, clock: Clock) -> None:
    part = Request(method="PUT", url="http://store.example/x?signature=y", to_store=True, body=lambda: [b"x"])
    walk = Walk(api.sent(part))
    clock.now += 10 * Patience().outage
    walk.fail(CUT)
    assert walk.step == Pause(0.25)


def test_the_wait_for_a_free_connection_is_no_outage(api: Api, clock: Clock) -> None:
    walk = Walk(api.sent(GETTING))
    clock.now += 10 * Patience().outage
    carried(api.json(GETTING), clock, [GOOD])
    walk.fail(CUT)
    assert walk.step == Pause(0.25)


def test_a_patience_of_days_is_kept(clock: Clock) -> None:
    api = Api(url=URL, clock=clock, chance=lambda: 0.0, patience=Patience(before_first_answer=10_000))
    with pytest.raises(EsteiraError):
        carried(api.json(GETTING), clock, [REFUSED])
    assert clock.now > 9_900


@pytest.mark.parametrize(
    "error", [httpx.LocalProtocolError("est_secret"), httpx.UnsupportedProtocol("x"), httpx.InvalidURL("x")]
)
def test_what_cannot_be_sent_is_told_at_once(api: Api, clock: Clock, error: Exception) -> None:
    with pytest.raises(EsteiraError) as caught:
        carried(api.json(GETTING), clock, [error])
    assert (caught.value.code, clock.pauses) == ("not_sent", [])
    assert "est_secret" not in caught.value.detail


def test_chance_spreads_those_who_failed_together(clock: Clock) -> None:
    for chance in (0.0, 0.5, 1.0):
        api = Api(url=URL, clock=clock, chance=lambda chance=chance: chance)
        carried(api.json(GETTING), clock, [AWAY, GOOD])
    assert clock.pauses == [0.25, 0.1875, 0.125]


def test_whoever_is_stopped_gets_the_last_problem(api: Api, clock: Clock) -> None:
    with pytest.raises(EsteiraError) as caught:
        carried(api.json(GETTING), clock, [AWAY], stop=True)
    assert (caught.value.code, len(clock.pauses)) == ("database_unavailable", 1)


def test_the_store_and_the_server_are_told_apart(api: Api, clock: Clock) -> None:
    to_store = Request(method="PUT", url="http://store.example/x?signature=y", to_store=True)
    with pytest.raises(EsteiraError) as caught:
        carried(api.sent(to_store), clock, [httpx.ReadTimeout("slow")])
    assert caught.value.code == "storage_unreachable"
    assert caught.value.detail == "The object store does not answer in time. Is it running?"


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'"x"', b'{"code": "x"}'])
def test_what_is_no_problem_document_is_told_by_its_status(api: Api, clock: Clock, content: bytes) -> None:
    with pytest.raises(EsteiraError) as caught:
        carried(api.json(GETTING), clock, [httpx.Response(403, content=content)])
    assert caught.value.code == "http_403"
    assert "server.example:8000 answered HTTP 403" in caught.value.detail


def test_an_answer_of_something_else_is_told(api: Api, clock: Clock) -> None:
    with pytest.raises(EsteiraError) as caught:
        carried(api.json(GETTING), clock, [httpx.Response(200, content=b"<html>")])
    assert caught.value.code == "unexpected_answer"


@pytest.mark.parametrize("goal", ["https://server.example/api/v1/documents", "/elsewhere"])
def test_a_server_that_leads_elsewhere_is_told(api: Api, clock: Clock, goal: str) -> None:
    with pytest.raises(EsteiraError) as caught:
        carried(api.json(GETTING), clock, [httpx.Response(301, headers={"Location": goal})])
    assert (caught.value.code, caught.value.status) == ("unexpected_answer", 301)
    assert f"leads to {goal}:" in caught.value.detail


def test_wrong_fields_are_in_the_error(api: Api, clock: Clock) -> None:
    fields = [{"pointer": "/filename", "detail": "This field is required."}]
    body = {"code": "invalid_request", "detail": "Some fields are wrong.", "status": 422, "errors": fields}
    with pytest.raises(EsteiraError) as caught:
        carried(api.json(GETTING), clock, [httpx.Response(422, json=body)])
    assert caught.value.errors == fields
    assert "/filename: This field is required." in caught.value.detail


def test_what_creates_has_a_name_that_stays_the_same() -> None:
    assert creating("/jobs", key="mine").headers == {"Idempotency-Key": "mine"}
    assert creating("/jobs").headers != creating("/jobs").headers
