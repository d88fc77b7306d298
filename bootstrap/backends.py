"""Where PostgreSQL and Redis are: configured, or the embedded ones, started here or found running."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bootstrap.settings import Settings
from infrastructure.embedded.errors import StackNotRunning
from infrastructure.embedded.stack import EmbeddedStack, StackAddresses, attach


@dataclass(frozen=True, slots=True, kw_only=True)
class Backends:
    """Addresses of the parts that run; `stack` is set in the process that owns the embedded ones."""

    database_url: str
    redis_url: str
    stack: EmbeddedStack | None = None


@contextmanager
def own_backends(settings: Settings) -> Iterator[Backends]:
    """Start what is not configured, and stop it on leaving. Raises the errors of infrastructure/embedded/errors.py."""
    want_postgres, want_redis = settings.database_url is None, settings.redis_url is None
    with EmbeddedStack.own(settings.absolute_data_dir, want_postgres=want_postgres, want_redis=want_redis) as stack:
        yield _backends(settings, stack.addresses, stack)


def find_backends(settings: Settings) -> Backends:
    """Return what is configured, and the running embedded stack for the rest. Raises StackNotRunning."""
    if settings.database_url and settings.redis_url:
        return _backends(settings, StackAddresses(), None)
    return _backends(settings, attach(settings.absolute_data_dir), None)


@contextmanager
def found_or_own_database(settings: Settings) -> Iterator[str]:
    """Give the URL of the database: configured, running, else started here for as long as the context lasts.

    Raises the errors of infrastructure/embedded/errors.py.
    """
    if settings.database_url:
        yield settings.database_url
        return
    try:
        running = attach(settings.absolute_data_dir)
    except StackNotRunning:
        with EmbeddedStack.own(settings.absolute_data_dir, want_redis=False) as stack:
            yield _running("PostgreSQL", stack.addresses.database_url)
    else:
        yield _running("PostgreSQL", running.database_url)


def _backends(settings: Settings, addresses: StackAddresses, stack: EmbeddedStack | None) -> Backends:
    return Backends(
        database_url=settings.database_url or _running("PostgreSQL", addresses.database_url),
        redis_url=settings.redis_url or _running("Redis", addresses.redis_url),
        stack=stack,
    )


def _running(name: str, url: str | None) -> str:
    if url is None:
        raise StackNotRunning(
            f"The running stack has no embedded {name}: set the same ESTEIRA_* as the process that owns it."
        )
    return url
