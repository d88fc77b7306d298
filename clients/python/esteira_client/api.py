"""A server as flows see it: requests are sent with patience, and answers that are problems are raised."""

import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from esteira_client.errors import MODEL_NOT_USABLE, SERVER_UNREACHABLE, STORAGE_UNREACHABLE, EsteiraError, error_of
from esteira_client.patience import IN_FLIGHT, STALLED, Patience
from esteira_client.steps import Flow, Open, Pause, Request, Send

MULTIPART_ABOVE_BYTES = 64 * 1024**2
# What httpx says of it shows the key.
NOT_SENT = "The request cannot be sent: the address begins with http:// or https://, and the API key is one line."


@dataclass(slots=True)
class _Peer:
    """The server or the object store, as far as it is known."""

    code: str
    silence: str
    answered_at: float | None = None


@dataclass(slots=True, kw_only=True)
class Api:
    """Shared by all calls of a client. `clock` gives seconds, `chance` a number from 0 to 1."""

    url: str
    patience: Patience = field(default_factory=Patience)
    multipart_above_bytes: int = MULTIPART_ABOVE_BYTES
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    _server: _Peer = field(init=False)
    _store: _Peer = field(init=False)

    def __post_init__(self) -> None:
        """Know nobody yet."""
        silence = f"The server at {urlsplit(self.url).netloc} does not answer"
        self._server = _Peer(SERVER_UNREACHABLE, silence)
        self._store = _Peer(STORAGE_UNREACHABLE, "The object store does not answer")

    def sent(self, request: Request, *, accept: Collection[int] = ()) -> Flow[httpx.Response]:
        """Return the answer: a success, a redirection, 304, or one of the statuses in `accept`. Raises EsteiraError."""
        return (yield from self._tried(Send(request), accept))

    def opened(self, request: Request) -> Flow[httpx.Response]:
        """Return the head of a success, whose body is to be read. Raises EsteiraError."""
        response = yield from self._tried(Open(request), ())
        if not response.is_success:  # a redirection has a body as well, which is not what was asked for
            raise self._refused(request, response).problem
        return response

    def json(self, request: Request, *, accept: Collection[int] = ()) -> Flow[Any]:
        """Return the JSON of an answer. Raises EsteiraError."""
        response = yield from self.sent(request, accept=accept)
        self.refuse_detour(response)
        with self.understood():
            return response.json()

    def refuse_detour(self, response: httpx.Response) -> None:
        """Raise EsteiraError where the server leads elsewhere, such as from http to https: keys must not follow."""
        if response.has_redirect_location:
            sentence = f"{self.url} leads to {response.headers['Location']}: give the client the address that answers."
            raise EsteiraError("unexpected_answer", sentence, status=response.status_code)

    @contextmanager
    def understood(self) -> Iterator[None]:
        """Turn what is not as Esteira answers into an error that says so."""
        try:
            yield
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise self._not_understood() from error

    def _tried(self, step: Send | Open, accept: Collection[int]) -> Flow[httpx.Response]:
        peer = self._store if step.request.to_store else self._server
        began, failures = self.clock(), 0
        while True:
            came = yield from self._once(step, peer, accept)
            if isinstance(came, httpx.Response):
                return came
            failures += 1
            if failures == 1:
                # A large part takes longer to send than patience lasts, and so may the wait for a free connection.
                began = self.clock() if step.request.body else max(began, peer.answered_at or began)
            wait = self.patience.pause(
                came.problem,
                failures=failures,
                elapsed=self.clock() - began,
                has_answered=peer.answered_at is not None,
                chance=self.chance(),
            )
            if not came.may_repeat or wait is None or (yield Pause(wait)):
                raise came.problem

    def _once(self, step: Send | Open, peer: _Peer, accept: Collection[int]) -> Flow["httpx.Response | _Failure"]:
        try:
            response: httpx.Response = yield step
        except httpx.InvalidURL as error:
            raise EsteiraError("not_sent", f"The request cannot be sent: {error}.") from error
        except httpx.DecodingError as error:
            raise self._not_understood() from error
        except httpx.TransportError as error:
            if step.request.read_seconds and isinstance(error, httpx.ReadTimeout):
                raise
            return _unanswered(step.request, peer, error)
        if not response.is_server_error:
            peer.answered_at = self.clock()
        if response.status_code < httpx.codes.BAD_REQUEST or response.status_code in accept:
            return response
        return self._refused(step.request, response)

    def _not_understood(self) -> EsteiraError:
        sentence = f"{self.url} gave an answer that this client does not understand. Is it an Esteira server?"
        return EsteiraError("unexpected_answer", sentence)

    def _refused(self, request: Request, response: httpx.Response) -> "_Failure":
        parts = urlsplit(request.url if request.to_store else self.url)
        problem = error_of(response, where=f"{parts.hostname}:{parts.port or parts.scheme}")
        may_pass = response.is_server_error or problem.is_outage or problem.code == IN_FLIGHT
        has_stalled = request.to_store and response.status_code == STALLED
        is_lasting = problem.code == MODEL_NOT_USABLE
        return _Failure(problem, request.repeatable and (may_pass or has_stalled) and not is_lasting)


@dataclass(frozen=True, slots=True)
class _Failure:
    """What came of a sending, and if it may be sent again."""

    problem: EsteiraError
    may_repeat: bool


def _unanswered(request: Request, peer: _Peer, error: httpx.TransportError) -> _Failure:
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return _Failure(EsteiraError("not_sent", NOT_SENT), may_repeat=False)
    reason = " in time" if isinstance(error, httpx.TimeoutException) else ""
    problem = EsteiraError(peer.code, f"{peer.silence}{reason}. Is it running?")
    never_left = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
    return _Failure(problem, request.repeatable or never_left)


def call(
    api: Api,
    method: str,
    path: str,
    *,
    params: Mapping[str, str | int | None] | None = None,
    json: Any = None,  # noqa: ANN401
    headers: Mapping[str, str] | None = None,
    repeatable: bool = False,
    accept: Collection[int] = (),
) -> Flow[Any]:
    """Return the JSON of any other call of the API. `accept` are statuses of 400 and above that are no problem here.

    `repeatable`: it may be sent again where it is not known if it arrived; a GET always may.
    """
    known = {name: value for name, value in (params or {}).items() if value is not None}
    request = Request(
        method=method,
        url=path,
        params=known,
        json=json,
        headers=headers or {},
        repeatable=repeatable or method == "GET",
    )
    return (yield from api.json(request, accept=accept))
