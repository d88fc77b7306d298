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
