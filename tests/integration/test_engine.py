"""What errors of the database tell, as they end in the log."""

import traceback

import psycopg
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


def test_a_database_that_is_read_only_for_a_while_is_one_that_does_not_answer(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        with pytest.raises(DatabaseUnavailable), database_errors():
            connection.execute(text("UPDATE jobs SET version = version"))


def test_a_copy_into_a_database_that_is_read_only_is_mapped_too(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        driver_connection = connection.connection.driver_connection
        assert isinstance(driver_connection, psycopg.Connection)
        with pytest.raises(DatabaseUnavailable), database_errors():
            driver_connection.execute("COPY pages FROM STDIN")


def test_a_server_that_vanishes_without_a_word_is_missed_within_seconds(engine: Engine) -> None:
    with engine.connect() as connection:
        driver_connection = connection.connection.driver_connection
        assert isinstance(driver_connection, psycopg.Connection)
        said = driver_connection.info.get_parameters()
    assert (said["keepalives_idle"], said["tcp_user_timeout"]) == ("5", "20000")
