"""Carries out flows for threads."""

import socket
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar
from weakref import WeakSet

import httpx

from esteira_client.connections import arguments
from esteira_client.errors import stopped
from esteira_client.steps import Feed, Flow, Open, Pause, Read, Request, Send, Step, Tell, Walk, Work

T = TypeVar("T")


class ThreadCarrier:
    """Shared by threads."""

    def __init__(self, http: httpx.Client, held: httpx.Client, store: httpx.Client) -> None:
        self._http = http
        self._held = held
        self._store = store
        self._stopped = threading.Event()
        self._held_by: WeakSet[Any] = WeakSet()
        self._noting = threading.Lock()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()
        self._held.close()
        self._store.close()

    def stop(self) -> None:
        """End all pauses, and all answers that are held, in other threads."""
        self._stopped.set()
        with self._noting:
            for stream in self._held_by:
                _end(stream)

    def run(self, flow: Flow[T]) -> T:
        """Carry out a flow and return its result."""
        walk = Walk(flow)
        for _ in self._carry(walk):
            pass
        return walk.result

    def tell(self, feed: Feed[T]) -> Iterator[T]:
        """Carry out a feed and yield what it tells."""
        return self._carry(Walk(feed))

    def _carry(self, walk: Walk[Any]) -> Generator[Any, None, None]:
        opened = _Opened()
        try:
            while (step := walk.step) is not None:
                if isinstance(step, Tell):
                    yield step.item
                    walk.answer(None)
                    continue
                try:
                    value = self._perform(step, opened)
                except Exception as error:  # noqa: BLE001 (the flow decides; what it lets pass is raised)
                    walk.fail(error)
                else:
                    walk.answer(value)
        finally:
            opened.close()
            walk.close()

    def _perform(self, step: Step, opened: "_Opened") -> object:
        match step:
            case Send(request):
                opened.close()
                return self._send(request, stream=False)
            case Open(request):
                # Before it asks for another connection: there may be none but its own.
                opened.close()
                return opened.replace(self._send(request, stream=True))
            case Read():
                return opened.read()
            case Pause(seconds):
                opened.close()
                return self._stopped.wait(seconds)
            case Work(call):
                return call()

    def _send(self, request: Request, *, stream: bool) -> httpx.Response:
        if request.held:
            return self._send_held(request, stream=stream)
        client = self._store if request.to_store else self._http
        content = _body(request) if request.body else None
        return client.send(client.build_request(**arguments(request), content=content), stream=stream)

    def _send_held(self, request: Request, *, stream: bool) -> httpx.Response:
        asked = self._held.build_request(**arguments(request), extensions={"trace": self._note})
        try:
            if not self._stopped.is_set():
                return self._held.send(asked, stream=stream)
        except httpx.TransportError:
            if not self._stopped.is_set():
                raise
        raise stopped()

    def _note(self, event: str, told: Mapping[str, Any]) -> None:
        """Keep each connection that is made for held answers: closing the client wakes nobody who reads of one."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            with self._noting:
                self._held_by.add(told["return_value"])
            if self._stopped.is_set():
                _end(told["return_value"])


class _Opened:
    """The answer whose body a flow reads."""

    def __init__(self) -> None:
        self._response: httpx.Response | None = None
        self._blocks: Iterator[bytes] = iter(())

    def replace(self, response: httpx.Response) -> httpx.Response:
        self._response = response
        if response.is_success:
            self._blocks = response.iter_bytes()
        else:
            response.read()
        return response

    def read(self) -> bytes | None:
        return next(self._blocks, None)

    def close(self) -> None:
        if self._response:
            self._response.close()


def _end(stream: Any) -> None:  # noqa: ANN401 (httpcore's)
    with suppress(OSError):  # it has ended
        # Not by the method of SSLSocket: it lets who is about to send do so in plain text first.
        socket.socket.shutdown(stream.get_extra_info("socket"), socket.SHUT_RDWR)


def _body(request: Request) -> Iterator[bytes]:
    for block in request.body() if request.body else ():
        yield block
        if request.sent:
            request.sent(len(block))
