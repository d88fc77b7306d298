"""Maps what the database driver raises to our errors, at the line where it is called."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from domain.errors import DatabaseUnavailable


@contextmanager
def database_errors() -> Iterator[None]:
    """Raise DatabaseUnavailable for a lost, refused or overdue connection and a lock not had in time.

    Anything else, a wrong statement say, is a defect and escapes.
    """
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        raise DatabaseUnavailable from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseUnavailable from error
        raise
