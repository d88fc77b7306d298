"""The Python client's two forms under one face, so that each case is written once."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from esteira_client import AsyncEsteira, Esteira


class InLoop:
    """An AsyncEsteira whose calls block, each carried out by an event loop of its own."""

    def __init__(self, client: AsyncEsteira, runner: asyncio.Runner) -> None:
        self._client = client
        self._runner = runner

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: object, **named: object) -> Any:  # noqa: ANN401
            promised = getattr(self._client, name)(*arguments, **named)
            return self._runner.run(promised) if inspect.iscoroutine(promised) else self._each(promised)

        return call

    def _each(self, items: AsyncIterator[Any]) -> Iterator[Any]:
        nothing = object()

        async def following() -> Any:  # noqa: ANN401
            return await anext(items, nothing)

        while (item := self._runner.run(following())) is not nothing:
            yield item


@contextmanager
def opened(form: str, url: str, **options: Any) -> Iterator[Esteira]:  # noqa: ANN401
    """Open a client of the form `sync` or `async`."""
    if form == "sync":
        with Esteira(url, **options) as client:
            yield client
        return
    with asyncio.Runner() as runner:

        async def made() -> AsyncEsteira:
            return AsyncEsteira(url, **options)

        made_client = runner.run(made())
        try:
            yield cast("Esteira", InLoop(made_client, runner))
        finally:
            runner.run(made_client.close())
