"""Carries out flows for threads."""

import threading
from collections.abc import Generator, Iterator
from typing import Any, TypeVar

import httpx

from esteira_client.connections import arguments
from esteira_client.steps import Feed, Flow, Open, Pause, Read, Request, Send, Step, Tell, Walk, Work

T = TypeVar("T")


class ThreadCarrier:
    """Shared by threads. What `stopped` says ends all pauses."""

    def __init__(self, http: httpx.Client, store: httpx.Client) -> None:
        self._http = http
        self._store = store
        self.stopped = threading.Event()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()
        self._store.close()

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
                return self._send(request, stream=False)
            case Open(request):
                return opened.replace(self._send(request, stream=True))
            case Read():
                return opened.read()
            case Pause(seconds):
                return self.stopped.wait(seconds)
            case Work(call):
                return call()

    def _send(self, request: Request, *, stream: bool) -> httpx.Response:
        client = self._store if request.to_store else self._http
        content = _body(request) if request.body else None
        return client.send(client.build_request(**arguments(request), content=content), stream=stream)


class _Opened:
    """The answer whose body a flow reads."""

    def __init__(self) -> None:
        self._response: httpx.Response | None = None
        self._blocks: Iterator[bytes] = iter(())

    def replace(self, response: httpx.Response) -> httpx.Response:
        self.close()
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


def _body(request: Request) -> Iterator[bytes]:
    for block in request.body() if request.body else ():
        yield block
        if request.sent:
            request.sent(len(block))
