"""Callbacks over real connections: what receivers get, what they may do to us, and where none is let go."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address, ip_network
from pathlib import Path
from uuid import UUID

import pytest

from application.ports.callback_sender import Callback
from domain.callback import CallbackRules, IpAddress
from domain.errors import CallbackFailed, CallbackGone, CallbackRefused
from domain.ids import JobId
from infrastructure.callbacks.http_callback_sender import HttpCallbackSender
from infrastructure.callbacks.standard_webhooks import read_secret
from tests.support.callback_receiver import SECRET, Receiver, a_receiver, certificate_for, status

HERE = CallbackRules(networks=(ip_network("127.0.0.0/8"), ip_network("::1/128")))
JOB_ID = JobId(UUID(int=7))
BODY = json.dumps({"type": "job.completed", "data": {"name": "ação"}}).encode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as receiver:
        yield receiver


def a_callback(url: str) -> Callback:
    return Callback(job_id=JOB_ID, url=url, message_id="0190-a", sent_at=datetime(2026, 1, 2, tzinfo=UTC), body=BODY)


def sender(rules: CallbackRules = HERE, **parts: object) -> HttpCallbackSender:
    return HttpCallbackSender(rules=rules, load_keys=lambda: [read_secret(SECRET)], **parts)  # type: ignore[arg-type]


def names(**addresses: str) -> Callable[[str], Sequence[IpAddress]]:
    """A resolver that knows these names."""
    known = {f"{name}.example": [ip_address(each) for each in text.split()] for name, text in addresses.items()}
    return lambda host: known.get(host) or [ip_address(host)]


def test_a_callback_arrives_signed_and_whole(receiver: Receiver) -> None:
    assert sender().send(a_callback(f"{receiver.url};v=1?token=a%20b&x")) == 204
    [received] = receiver.received
    assert received.is_signed()
    assert not received.is_signed("whsec_" + "A" * 32)
    assert (received.path, received.body, received.message_id) == ("/done;v=1?token=a%20b&x", BODY, "0190-a")
    assert received.headers["webhook-timestamp"] == str(int(datetime(2026, 1, 2, tzinfo=UTC).timestamp()))
    assert received.headers["content-type"] == "application/json"
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"


def test_a_url_without_a_path_calls_the_root(receiver: Receiver) -> None:
    sender().send(a_callback(f"http://127.0.0.1:{receiver.port}?a=1"))
    assert receiver.received[0].path == "/?a=1"


@pytest.mark.parametrize("code", [400, 401, 404, 429, 500, 502, 503])
def test_what_is_not_taken_is_tried_again(receiver: Receiver, code: int) -> None:
    receiver.answer = status(code)
    with pytest.raises(CallbackFailed) as failed:
        sender().send(a_callback(receiver.url))
    assert (failed.value.retryable, failed.value.retry_after_seconds) == (True, 0)
    assert failed.value.detail == f"127.0.0.1 answered {code} to the callback of job {JOB_ID}."


@pytest.mark.parametrize(
    ("said", "seconds"), [("120", 120), ("999999", 86400), ("soon", 0), ("Fri, 31 Dec 2027 23:59:59 GMT", 0), ("-5", 0)]
)
def test_a_receiver_may_ask_for_time(receiver: Receiver, said: str, seconds: float) -> None:
    receiver.answer = status(503, Retry_After=said)
    with pytest.raises(CallbackFailed) as failed:
        sender().send(a_callback(receiver.url))
    assert failed.value.retry_after_seconds == seconds


def test_a_receiver_that_is_gone_is_not_called_again(receiver: Receiver) -> None:
    receiver.answer = status(410)
    with pytest.raises(CallbackGone) as gone:
        sender().send(a_callback(receiver.url))
    assert not gone.value.retryable


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_not_followed(receiver: Receiver, code: int) -> None:
    with a_receiver() as elsewhere:
        receiver.answer = status(code, Location=elsewhere.url)
        with pytest.raises(CallbackFailed):
            sender().send(a_callback(receiver.url))
        assert elsewhere.received == []


def test_a_receiver_that_is_not_there_is_told_without_the_url(receiver: Receiver) -> None:
    with a_receiver() as gone:
        port = gone.port
    assert port != receiver.port
    with pytest.raises(CallbackFailed) as failed:
        sender().send(a_callback(f"http://127.0.0.1:{port}/secret?token=hunter2"))
    assert failed.value.detail == f"127.0.0.1 could not be reached for the callback of job {JOB_ID}."


def test_a_receiver_that_says_nothing_is_left(receiver: Receiver) -> None:
    ended = threading.Event()
    receiver.answer = lambda _handler: ended.wait(60) and None
    try:
        with pytest.raises(CallbackFailed, match="in time"):
            sender(total_seconds=0.3).send(a_callback(receiver.url))
    finally:
        ended.set()


def test_a_receiver_that_sends_a_byte_now_and_then_is_left_as_well(receiver: Receiver) -> None:
    ended = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(1000):
            handler.wfile.write(b"a")
            if ended.wait(0.02):
                return

    receiver.answer = drip
    try:
        with pytest.raises(CallbackFailed, match="in time"):
            sender(total_seconds=0.5).send(a_callback(receiver.url))
    finally:
        ended.set()


def test_an_answer_without_an_end_is_not_read(receiver: Receiver) -> None:
    sent = threading.Event()

    def flood(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65536)
        except OSError:
            sent.set()

    receiver.answer = flood
    assert sender().send(a_callback(receiver.url)) == 200
    assert sent.wait(30), "the connection was not closed"


@pytest.mark.parametrize("said", [b"220 mail.example ESMTP\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 500_000, b""])
def test_what_speaks_no_http_is_a_failure(receiver: Receiver, said: bytes) -> None:
    receiver.answer = lambda handler: handler.wfile.write(said) and None
    with pytest.raises(CallbackFailed):
        sender(total_seconds=5).send(a_callback(receiver.url))


def test_nothing_private_is_connected_to_unless_a_setting_allows(receiver: Receiver) -> None:
    with pytest.raises(CallbackRefused, match="ESTEIRA_CALLBACK_PRIVATE_NETWORKS"):
        sender(CallbackRules()).send(a_callback(receiver.url))
    assert receiver.received == []


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]", "[::1]"])
def test_no_other_way_of_writing_it_gets_around_that(receiver: Receiver, host: str) -> None:
    """The URL is checked when it is asked for; here it has got past that."""
    with pytest.raises(CallbackRefused):
        sender(CallbackRules()).send(a_callback(f"http://{host}:{receiver.port}/"))
    assert receiver.received == []


def test_a_name_that_leads_inside_is_refused_when_it_is_called(receiver: Receiver) -> None:
    resolve = names(inside="127.0.0.1", metadata="169.254.169.254 fd00:ec2::254")
    for name in ("inside", "metadata"):
        with pytest.raises(CallbackRefused):
            sender(CallbackRules(), resolve=resolve).send(a_callback(f"http://{name}.example:{receiver.port}/"))
    assert receiver.received == []


def test_of_several_addresses_those_that_are_not_allowed_are_left_out(receiver: Receiver) -> None:
    resolve = names(both="10.255.255.1 fe80::1 127.0.0.1")
    assert sender(resolve=resolve).send(a_callback(f"http://both.example:{receiver.port}/")) == 204


def test_of_several_addresses_the_next_is_tried(receiver: Receiver) -> None:
    # Nobody listens on the first.
    resolve = names(two="::1 127.0.0.1")
    assert sender(resolve=resolve).send(a_callback(f"http://two.example:{receiver.port}/")) == 204


def test_a_name_that_changes_after_the_check_changes_nothing(receiver: Receiver) -> None:
    """DNS rebinding: whoever asks twice is sent inside the second time."""
    asked: list[str] = []

    def rebinding(host: str) -> Sequence[IpAddress]:
        asked.append(host)
        return [ip_address("127.0.0.1" if len(asked) == 1 else "127.0.0.2")]

    rules = CallbackRules(networks=(ip_network("127.0.0.1/32"),))
    rebound = sender(rules, resolve=rebinding)
    url = f"http://rebinding.example:{receiver.port}/"
    assert rebound.send(a_callback(url)) == 204
    assert (asked, receiver.received[0].headers["host"]) == (
        ["rebinding.example"],
        f"rebinding.example:{receiver.port}",
    )
    with pytest.raises(CallbackRefused):
        rebound.send(a_callback(url))
    assert len(receiver.received) == 1


def test_a_name_that_nobody_knows_is_tried_again() -> None:
    def nobody(_host: str) -> Sequence[IpAddress]:
        raise OSError("Name or service not known")

    with pytest.raises(CallbackFailed, match="could not be reached"):
        sender(resolve=nobody).send(a_callback("http://nobody.example/"))


def test_a_resolver_that_hangs_is_left() -> None:
    ended = threading.Event()

    def hangs(_host: str) -> Sequence[IpAddress]:
        ended.wait(60)
        return []

    try:
        with pytest.raises(CallbackFailed, match="in time"):
            sender(resolve=hangs, total_seconds=0.2).send(a_callback("http://slow.example/"))
    finally:
        ended.set()


def test_the_certificate_must_be_of_the_name_and_not_of_the_address(tmp_path: Path) -> None:
    shown, trusting = certificate_for("receiver.example", tmp_path)
    resolve = names(receiver="127.0.0.1", other="127.0.0.1")
    with a_receiver(tls=shown) as receiver:
        trusts = sender(resolve=resolve, tls=trusting)
        assert trusts.send(a_callback(f"https://receiver.example:{receiver.port}/")) == 204
        assert receiver.received[0].is_signed()
        for url in (f"https://other.example:{receiver.port}/", receiver.url):
            with pytest.raises(CallbackFailed, match="could not be reached"):
                trusts.send(a_callback(url))
        with pytest.raises(CallbackFailed):
            sender(resolve=resolve).send(a_callback(f"https://receiver.example:{receiver.port}/"))
        assert len(receiver.received) == 1


def test_a_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_receiver() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        sender().send(a_callback(receiver.url))
        assert (len(receiver.received), proxy.received) == (1, [])
