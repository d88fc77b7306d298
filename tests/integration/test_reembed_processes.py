"""`reembed` by real worker processes and real models: the bundled one is live, a tiny random one takes its place."""

import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, text

from domain.embedding_model import REEMBED
from domain.ids import ActionId, JobId
from domain.job import OPERATIONS_QUEUE, PlannedAction, new_job
from infrastructure.embedding.model_folder import BUNDLED_MODEL
from infrastructure.postgres.passage_store import PostgresPassageStore
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.stored_documents import add_document, end_run, indexed
from tests.support.processes import Workers, until
from tests.support.tiny_bert import WORDS, write_tiny_bert

PATIENCE_SECONDS = 120
PASSAGES = 1500


@pytest.fixture
def workers(engine: Engine, redis_url: str, tmp_path: Path) -> Iterator[Workers]:
    url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    workers = Workers(engine=engine, database_url=url, redis_url=redis_url, folder=tmp_path)
    yield workers
    workers.end()


def add_passages(engine: Engine) -> None:
    """Add passages that the bundled model is said to have embedded, each of its own words."""
    random = np.random.default_rng(7)
    words = WORDS[4:]
    document = add_document(engine)
    vectors = random.normal(size=(PASSAGES, 384)).astype(np.float32)
    chunks = [
        indexed(n, f"{words[n % 5]} {words[n // 5 % 5]} {n}", vector=vector / np.linalg.norm(vector))
        for n, vector in enumerate(vectors)
    ]
    PostgresPassageStore(engine).write_chunks(document.run, document.id, BUNDLED_MODEL, chunks)
    end_run(engine, document, publish=True)


def test_a_killed_worker_loses_nothing_and_the_next_goes_on_from_there(
    workers: Workers, engine: Engine, tmp_path: Path
) -> None:
    add_passages(engine)
    write_tiny_bert(tmp_path / "tiny")
    params = {"model": str(tmp_path / "tiny")}
    with PostgresUnitOfWork(engine) as transaction:
        plan = PlannedAction(type=REEMBED, queue=OPERATIONS_QUEUE, params=params, max_attempts=4)
        job = new_job([plan], now=transaction.now())
        transaction.jobs.add(job)
        transaction.commit()
    job_id = JobId(job.id)

    def count(condition: str = "") -> int:
        statement = f"SELECT count(*) FROM embeddings e JOIN embedding_models m ON m.id = e.model {condition}"  # noqa: S608
        with engine.connect() as connection:
            return int(connection.execute(text(statement)).scalar_one())

    first = workers.start("one", command=["worker.py", "--queue", OPERATIONS_QUEUE, "--name", "one"])
    tiny = "WHERE m.name LIKE 'tiny@%'"
    until(lambda: count(tiny) > 0, seconds=PATIENCE_SECONDS)
    first.send_signal(signal.SIGKILL)
    first.wait()
    there = count(tiny)
    assert 0 < there < PASSAGES, "it was done before it was killed"

    workers.start("two", command=["worker.py", "--queue", OPERATIONS_QUEUE, "--name", "two"])

    def ended() -> bool:
        with PostgresUnitOfWork(engine) as transaction:
            return transaction.jobs.lock(job_id).actions[0].is_final

    until(ended, seconds=PATIENCE_SECONDS)
    with PostgresUnitOfWork(engine) as transaction:
        action = transaction.jobs.lock(job_id).action(ActionId(job.actions[0].id))
    assert (action.status, action.error, action.attempt) == ("completed", None, 2)
    assert action.result
    assert action.result["published"]
    done = int(str(action.result["embedded"])) + int(str(action.result["reused"]))
    assert done == PASSAGES - there
    assert count(tiny) == count("JOIN models_in_use s ON s.live = m.id") == PASSAGES
