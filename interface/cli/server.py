"""Finds the server that a command talks to: the one that is named, the one that runs, or one of its own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from interface.cli.services import CliServices
from interface.cli.terminal import note


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs. A `temporary` one stops when the command ends."""

    url: str
    temporary: bool


class ServerLauncher(Protocol):
    """Gives a running server for as long as the context is open."""

    def __call__(self, address: str | None) -> AbstractContextManager[Server]:
        """Return `address` if it is given, else what runs here, else start one. Raises EsteiraError."""
        ...


def server_launcher(services: CliServices, *, say: Callable[[str], None] = note) -> ServerLauncher:
    """Return the launcher over what bootstrap gives; `say` tells what takes time."""

    @contextmanager
    def launch(address: str | None) -> Iterator[Server]:
        if found := address or services.find_running():
            yield Server(found.rstrip("/"), temporary=False)
            return
        say("No server is running here: starting one for this command …")
        with services.start_temporary() as url:
            yield Server(url.rstrip("/"), temporary=True)

    return launch
