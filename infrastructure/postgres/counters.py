"""Sums that never fall. Each transaction appends what it counts, so no two wait for each other; a duty adds it up."""

import json
from collections.abc import Iterable

from sqlalchemy import Connection, Engine, insert, text

from application.ports.figures import Counted
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.tables import counter_increments

# "tell", as any number below the migrations' would do.
FOLD_LOCK = 0x74656C6C
FOLDED_AT_ONCE = 50_000
# In one statement, so that a reader sees an increment in one of the two tables, never in both or in none. Sorted: one
# who restores rows by hand at the same time is waited for, never in a circle.
FOLD = text("""
    WITH taken AS (
        DELETE FROM counter_increments
        WHERE id IN (SELECT id FROM counter_increments ORDER BY id LIMIT :limit)
        RETURNING name, labels, bound, count, amount
    ), summed AS (
        SELECT name, labels, bound, sum(count) AS count, sum(amount) AS amount, count(*) AS increments FROM taken
        GROUP BY name, labels, bound ORDER BY name, labels, bound
    ), added AS (
        INSERT INTO counters AS c (name, labels, bound, count, amount)
        SELECT name, labels, bound, count, amount FROM summed
        ON CONFLICT (name, labels, bound)
            DO UPDATE SET count = c.count + excluded.count, amount = c.amount + excluded.amount
    )
    SELECT coalesce(sum(increments), 0)::bigint FROM summed
""")


def append(connection: Connection, counted: Iterable[Counted]) -> None:
    """Count within the caller's transaction."""
    sums: dict[tuple[str, str, float], tuple[int, float]] = {}
    for each in counted:
        key = (each.figure, json.dumps(dict(each.labels), sort_keys=True), each.bound)
        count, amount = sums.get(key, (0, 0.0))
        sums[key] = (count + each.count, amount + each.amount)
    rows = [
        {"name": name, "labels": json.loads(labels), "bound": bound, "count": count, "amount": amount}
        for (name, labels, bound), (count, amount) in sums.items()
    ]
    if rows:
        connection.execute(insert(counter_increments).values(rows))


class PostgresCounterFold:
    """Keeps reading the sums cheap. Safe at once in many processes, which each call it now and then."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def fold(self) -> int:
        """Add up what was appended, unless another process does; return how many rows. Raises DatabaseUnavailable."""
        with database_errors(), self._engine.begin() as connection:
            free = connection.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": FOLD_LOCK}).scalar_one()
            return int(connection.execute(FOLD, {"limit": FOLDED_AT_ONCE}).scalar_one()) if free else 0
