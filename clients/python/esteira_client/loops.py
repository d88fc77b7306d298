"""Carries out flows for event loops: files are read and written in threads."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

import httpx

from esteira_client.connections import CONNECTIONS, arguments
from esteira_client.steps import Feed, Flow, Open, Pause, Read, Request, Send, Step, Tell, Walk, Work

T = TypeVar("T")


class LoopCarrier:
    """For one event loop. A task that is cancelled leaves its flow where it is."""

    def __init__(self, http: httpx.AsyncClient, held: httpx.AsyncClient, store: httpx.AsyncClient) -> None:
        self._http = _Line(http)
        self._held = _Line(held)
        self._store = _Line(store)

    async def close(self) -> None:
        """Close all connections."""
        for line in (self._http, self._held, self._store):
            await line.client.aclose()

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
                await opened.close()
                async with self._turn(request) as client:
                    return await client.send(_built(client, request))
            case Open(request):
                return await opened.replace(self._turn(request), request)
            case Read():
                return await opened.read()
            case Pause(seconds):
                await opened.close()
                await asyncio.sleep(seconds)
                return False
            case Work(call):
                return await _worked(call)

    @asynccontextmanager
    async def _turn(self, request: Request) -> AsyncIterator[httpx.AsyncClient]:
        line = self._store if request.to_store else self._held if request.held else self._http
        async with line.turns:
            yield line.client


class _Line:
    """A client and those who wait for a connection of it; its own waiting costs time by the square of their number."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.turns = asyncio.Semaphore(CONNECTIONS)


def _built(client: httpx.AsyncClient, request: Request) -> httpx.Request:
    return client.build_request(**arguments(request), content=_body(request) if request.body else None)


async def _worked(call: Callable[[], Any]) -> object:
    """Call it in a thread; whoever is cancelled leaves nothing running, which could make a file after all."""
    working = asyncio.create_task(asyncio.to_thread(call))
    try:
        return await asyncio.shield(working)
    finally:
        await asyncio.wait([working])
        working.cancelled() or working.exception()  # taken note of, also where nobody waits any more


class _Opened:
    """The answer whose body a flow reads."""

    def __init__(self) -> None:
        self._response: httpx.Response | None = None
        self._blocks: AsyncIterator[bytes] | None = None
        self._turn = AsyncExitStack()

    async def replace(self, turn: AbstractAsyncContextManager[httpx.AsyncClient], request: Request) -> httpx.Response:
        await self.close()
        client = await self._turn.enter_async_context(turn)
        response = self._response = await client.send(_built(client, request), stream=True)
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
        await self._turn.aclose()


async def _body(request: Request) -> AsyncIterator[bytes]:
    blocks = iter(request.body() if request.body else ())
    while (block := await asyncio.to_thread(next, blocks, None)) is not None:
        yield block
        if request.sent:
            request.sent(len(block))
