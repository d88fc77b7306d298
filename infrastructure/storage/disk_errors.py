"""Maps what the disk raises to our errors, at the line where it is used."""

from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import StorageRefused, StorageUnavailable


@contextmanager
def disk_errors() -> Iterator[None]:
    """Raise StorageRefused where a permission is missing, StorageUnavailable for every other OSError."""
    try:
        yield
    except PermissionError as exc:
        raise StorageRefused from exc
    except OSError as exc:
        raise StorageUnavailable from exc
