"""Makes database engines whose every connection says who it is and lets go of locks when its program hangs."""

import re
from uuid import UUID

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool, QueuePool

SETTINGS = {
    "idle_in_transaction_session_timeout": "10s",
    "lock_timeout": "5s",
    "statement_timeout": "60s",
    "timezone": "UTC",
}
# A server that vanishes without a word (its machine is gone, the network drops all) counts as gone after this, not
# after the hours that TCP would wait.
REACHABILITY = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
APPLICATION_NAME_BYTES = 63
# Before every id there is: where a list by id begins.
LEAST_ID = UUID(int=0)
# Said in a transaction that builds an index or deletes a large document, with its postings by the million.
TAKE_LONG = text("SET LOCAL statement_timeout = '30min'")
# Said in a transaction that only reads, and writes what it has read to a disk that may be slow: it holds no lock that
# anybody waits for.
LET_WAIT = text("SET LOCAL idle_in_transaction_session_timeout = '5min'")


def make_engine(database_url: str, *, application_name: str, pool_size: int = 5) -> Engine:
    """Return an engine for a `postgresql://` URL. With `pool_size` 0 each use opens a connection of its own."""
    url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", database_url)
    options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    arguments = {
        "options": options,
        "application_name": application_name[:APPLICATION_NAME_BYTES],
        **REACHABILITY,
    }
    # Parameters are file names, questions and documents' words, and errors are logged.
    if pool_size == 0:
        return create_engine(url, poolclass=NullPool, connect_args=arguments, hide_parameters=True)
    return create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=10,
        pool_pre_ping=True,
        connect_args=arguments,
        hide_parameters=True,
    )
