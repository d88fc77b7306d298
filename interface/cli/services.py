"""What the command line needs of the rest; the composition root fills it in."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path


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
