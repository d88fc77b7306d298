"""Databases for tests, on an embedded stack of the test session's own."""

import secrets
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from infrastructure.embedded.stack import StackAddresses


def fresh_database(addresses: StackAddresses, *, template: str = "template1") -> str:
    """Create a database as a copy of another one on that server, to which nobody is connected; return its URL."""
    if addresses.database_url is None:
        raise ValueError("this stack has no PostgreSQL")
    name = f"test_{secrets.token_hex(8)}"
    with psycopg.connect(addresses.database_url, autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    return urlsplit(addresses.database_url)._replace(path=f"/{name}").geturl()


def drop_database(addresses: StackAddresses, url: str) -> None:
    """Drop what fresh_database made, whoever is still connected to it."""
    if addresses.database_url is None:
        raise ValueError("this stack has no PostgreSQL")
    name = urlsplit(url).path.removeprefix("/")
    with psycopg.connect(addresses.database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
