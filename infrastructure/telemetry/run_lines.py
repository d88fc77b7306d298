"""Names the run on every log line that is written while it lasts."""

from contextlib import AbstractContextManager, nullcontext

from structlog.contextvars import bound_contextvars

from domain.action import Action


class RunLines:
    """Implements application/ports/run_watch.py."""

    def claiming(self) -> AbstractContextManager[None]:
        """Do nothing: there is no run yet."""
        return nullcontext()

    def running(self, action: Action) -> AbstractContextManager[None]:
        """Bind what a person searches for; ids and names alone."""
        document_id = action.params.get("document_id")
        document = {"document": str(document_id)} if document_id else {}
        return bound_contextvars(
            job=str(action.job_id),
            **document,
            action=str(action.id),
            attempt=action.attempt,
            worker=action.worker,
        )

    def publishing(self) -> AbstractContextManager[None]:
        """Do nothing: the run is named already."""
        return nullcontext()
