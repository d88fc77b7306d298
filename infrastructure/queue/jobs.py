"""The functions that RQ calls, by name. The message says which action; everything else is in PostgreSQL."""

from typing import Protocol
from uuid import UUID

from domain.ids import ActionId


class RunsActions(Protocol):
    """What the worker process does with a message (application/run_action.py)."""

    def __call__(self, action_id: ActionId, dispatch_no: int) -> None:
        """Run the action unless the message is stale."""
        ...


class _Process:
    """What this worker process was wired with. RQ calls module functions, so there is one place to find it."""

    run_action: RunsActions | None = None


def bind(run_action: RunsActions) -> None:
    """Wire this process; called once, before the first job."""
    _Process.run_action = run_action


def process_document_job(action_id: str, dispatch_no: int) -> None:
    """Run an action of the queue `document_processing`."""
    _run(action_id, dispatch_no)


def cleanup_task_job(action_id: str, dispatch_no: int) -> None:
    """Run an action of the queue `cleanup_tasks`."""
    _run(action_id, dispatch_no)


def operation_job(action_id: str, dispatch_no: int) -> None:
    """Run an action of the queue `long_operations`."""
    _run(action_id, dispatch_no)


def artifact_job(action_id: str, dispatch_no: int) -> None:
    """Run an action of the queue `artifacts`."""
    _run(action_id, dispatch_no)


def callback_job(action_id: str, dispatch_no: int) -> None:
    """Run an action of the queue `callbacks`."""
    _run(action_id, dispatch_no)


def _run(action_id: str, dispatch_no: int) -> None:
    if _Process.run_action is None:
        raise RuntimeError("this process was not wired: start workers by worker.py, not by `rq worker`")
    _Process.run_action(ActionId(UUID(action_id)), dispatch_no)
