"""Maps what the database driver raises to our errors, at the line where it is called."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import exc

from domain.errors import DatabaseUnavailable

# A server that is read-only waits to take over from another, or protects a disk that is full.
HEALED_BY_TIME = (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.IdleInTransactionSessionTimeout)


@contextmanager
def database_errors() -> Iterator[None]:
    """Raise DatabaseUnavailable for what time may heal: no connection, a deadlock, a timeout, no room left, read-only.

    Anything else, a wrong statement say, is a defect and escapes.
    """
    try:
        yield
    except (
        exc.OperationalError,
        exc.InterfaceError,
        exc.TimeoutError,
        psycopg.OperationalError,
        psycopg.InterfaceError,
        *HEALED_BY_TIME,
    ) as error:
        raise DatabaseUnavailable from error
    except exc.DBAPIError as error:
        if error.connection_invalidated or isinstance(error.orig, HEALED_BY_TIME):
            raise DatabaseUnavailable from error
        raise
