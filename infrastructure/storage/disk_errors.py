"""Maps what the disk raises to our errors, at the line where it is used."""

from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import StorageUnavailable


@contextmanager
def disk_errors() -> Iterator[None]:
    """Raise StorageUnavailable for every OSError."""
    try:
        yield
    except OSError as exc:
        raise StorageUnavailable from exc
