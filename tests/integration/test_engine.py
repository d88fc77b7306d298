"""What errors of the database tell, as they end in the log."""

import traceback

import pytest
from sqlalchemy import Engine, text

from domain.errors import DatabaseUnavailable
from infrastructure.postgres.errors import database_errors

IN_THE_DOCUMENT = "confidential"


def test_an_error_of_the_database_names_the_statement_but_not_what_was_in_it(engine: Engine) -> None:
    statement = text("SELECT pg_sleep(10), CAST(:word AS text)")
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = '50ms'"))
        with pytest.raises(DatabaseUnavailable) as caught, database_errors():
            connection.execute(statement, {"word": IN_THE_DOCUMENT})
    told = "".join(traceback.format_exception(caught.value))
    assert "pg_sleep" in told
    assert IN_THE_DOCUMENT not in told
