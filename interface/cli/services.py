"""What the command line needs of the rest; the composition root fills it in."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from domain.api_key import ApiKey, KeyScope, PlainKey
from domain.ids import ApiKeyId


class KeyRing(Protocol):
    """The API keys of this installation. Raises EsteiraError."""

    def create(self, *, name: str, scopes: Iterable[KeyScope], expires_at: datetime | None) -> tuple[ApiKey, PlainKey]:
        """Return what is kept, and the key itself, for the only time."""
        ...

    def all_keys(self) -> Iterable[ApiKey]:
        """Return all that were made, newest first."""
        ...

    def revoke(self, key_id: ApiKeyId) -> ApiKey:
        """Take it out of use; return it as it is now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CliServices:
    """Ways to a server, and the long-running programs. The `run_…` return an exit code; all may raise EsteiraError."""

    # The base URL of the server of this data directory, None if there is none.
    find_running: Callable[[], str | None]
    # Starts the embedded stack with workers; it is stopped when the context ends, also by Ctrl-C.
    start_temporary: Callable[[], AbstractContextManager[str]]
    run_dev: Callable[[], int]
    run_api: Callable[[], int]
    # Takes the arguments of `worker.py`, which has the one parser of them.
    run_worker: Callable[[Sequence[str]], int]
    run_migrate: Callable[[], int]
    # Takes `dry_run` and `skip_public_check`.
    run_storage_setup: Callable[[bool, bool], int]
    run_storage_copy: Callable[[], int]
    # Holds `documents/` and `queries.json`.
    samples_folder: Path
    # What the commands show a server that asks for one.
    api_key: str | None = field(default=None, repr=False)
    # Reaches the database itself: the first key is needed before the API starts.
    open_keys: Callable[[], AbstractContextManager[KeyRing]]
    # Those that callbacks are signed with, as their receivers are given them.
    webhook_secrets: Callable[[], Sequence[str]]
