"""Carries out flows for event loops: files are read and written in threads."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any, TypeVar

import httpx

from esteira_client.connections import arguments
from esteira_client.steps import Feed, Flow, Open, Pause, Read, Request, Send, Step, Tell, Walk, Work

T = TypeVar("T")


class LoopCarrier:
    """For one event loop. A task that is cancelled leaves its flow where it is."""

    def __init__(self, http: httpx.AsyncClient, held: httpx.AsyncClient, store: httpx.AsyncClient) -> None:
        self._http = http
        self._held = held
        self._store = store

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()
        await self._held.aclose()
        await self._store.aclose()

    async def run(self, flow: Flow[T]) -> T:
        """Carry out a flow and return its result."""
        walk = Walk(flow)
        async for _ in self._carry(walk):
            pass
        return walk.result

    def tell(self, feed: Feed[T]) -> AsyncGenerator[T, None]:
        """Carry out a feed and yield what it tells."""
        return self._carry(Walk(feed))

    async def _carry(self, walk: Walk[Any]) -> AsyncGenerator[Any, None]:
        opened = _Opened()
        try:
            while (step := walk.step) is not None:
                if isinstance(step, Tell):
                    yield step.item
                    walk.answer(None)
                    continue
                try:
                    value = await self._perform(step, opened)
                except Exception as error:  # noqa: BLE001 (the flow decides; what it lets pass is raised)
                    walk.fail(error)
                else:
                    walk.answer(value)
        finally:
            walk.close()
            await opened.close()

    async def _perform(self, step: Step, opened: "_Opened") -> object:
        match step:
            case Send(request):
                return await self._send(request, stream=False)
            case Open(request):
                return await opened.replace(await self._send(request, stream=True))
            case Read():
                return await opened.read()
            case Pause(seconds):
                await asyncio.sleep(seconds)
                return False
            case Work(call):
                return await _worked(call)

    async def _send(self, request: Request, *, stream: bool) -> httpx.Response:
        client = self._store if request.to_store else self._held if request.held else self._http
        content = _body(request) if request.body else None
        return await client.send(client.build_request(**arguments(request), content=content), stream=stream)


async def _worked(call: Callable[[], Any]) -> object:
    """Call it in a thread; whoever is cancelled leaves nothing running, which could make a file after all."""
    working = asyncio.create_task(asyncio.to_thread(call))
    try:
        return await asyncio.shield(working)
    finally:
        await asyncio.wait([working])


class _Opened:
    """The answer whose body a flow reads."""

    def __init__(self) -> None:
        self._response: httpx.Response | None = None
        self._blocks: AsyncIterator[bytes] | None = None

    async def replace(self, response: httpx.Response) -> httpx.Response:
        await self.close()
        self._response = response
        if response.is_success:
            self._blocks = response.aiter_bytes()
        else:
            await response.aread()
        return response

    async def read(self) -> bytes | None:
        return await anext(self._blocks, None) if self._blocks else None

    async def close(self) -> None:
        if self._response:
            await self._response.aclose()


async def _body(request: Request) -> AsyncIterator[bytes]:
    blocks = iter(request.body() if request.body else ())
    while (block := await asyncio.to_thread(next, blocks, None)) is not None:
        yield block
        if request.sent:
            request.sent(len(block))
