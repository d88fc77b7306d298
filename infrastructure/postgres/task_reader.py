"""What becomes of a task that is about no document."""

from sqlalchemy import Engine, select

from application.ports.task_reader import TaskState
from domain.errors import JobNotFound
from domain.ids import JobId
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.rows import action_of, job_of
from infrastructure.postgres.tables import job_actions, jobs
from infrastructure.postgres.waiting import NOBODY, queues_waited_for


class PostgresTaskReader:
    """Implements application/ports/task_reader.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, job_id: JobId, *, action_type: str) -> TaskState:
        """Read the job and its action, and count workers."""
        query = select(job_actions).where(job_actions.c.job_id == job_id, job_actions.c.type == action_type)
        with database_errors(), self._engine.connect() as connection:
            action = connection.execute(query).one_or_none()
            if action is None:
                raise JobNotFound
            job = connection.execute(select(jobs).where(jobs.c.id == job_id)).one()
            waited_for = queues_waited_for(connection, [action.queue])
        return TaskState(job=job_of(job, (action_of(action),)), workers=waited_for.get(action.queue, NOBODY).workers)
