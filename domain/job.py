"""A job: one or more actions that run on their own; its status is worked out from theirs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from domain.action import SEALED_PASSWORD, Action, ActionStatus
from domain.errors import AlreadyFinal, CallbackTaken, NotFailed
from domain.ids import DEFAULT_TENANT, ActionId, DocumentId, JobId, TenantId, new_uuid7

INDEX = "index"
DOCUMENT_QUEUE = "document_processing"
OPERATIONS_QUEUE = "long_operations"
ARTIFACTS_QUEUE = "artifacts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Actions of one request. `version` rises with every change that a reader can see."""

    id: JobId
    tenant_id: TenantId
    document_id: DocumentId | None
    version: int = 1
    actions: tuple[Action, ...]
    # Where its end is told.
    callback_url: str | None = None
    created_at: datetime

    @property
    def status(self) -> ActionStatus:
        """Processing while anything moves; then failed if one failed, cancelled if one was, else completed."""
        states = {action.status for action in self.actions}
        if states == {ActionStatus.PENDING}:
            return ActionStatus.PENDING
        if states & {ActionStatus.PENDING, ActionStatus.PROCESSING}:
            return ActionStatus.PROCESSING
        for status in (ActionStatus.FAILED, ActionStatus.CANCELLED):
            if status in states:
                return status
        return ActionStatus.COMPLETED

    @property
    def ended(self) -> int:
        """How many actions have ended, however they did."""
        return sum(action.is_final for action in self.actions)

    @property
    def progress(self) -> int:
        """The mean of the actions' progress, where what has ended counts whole. It falls when one is tried again."""
        return sum(100 if action.is_final else action.report.progress for action in self.actions) // len(self.actions)

    @property
    def document_version(self) -> int:
        """Which version of its document it processes; jobs from before there were versions, the first."""
        return next((int(str(a.params.get("version", 1))) for a in self.actions if a.type == INDEX), 1)

    @property
    def started_at(self) -> datetime | None:
        """When the first action started."""
        return min((a.started_at for a in self.actions if a.started_at), default=None)

    @property
    def completed_at(self) -> datetime | None:
        """When the last action ended; None while one has not."""
        ends = [a.completed_at for a in self.actions]
        return None if None in ends else max(end for end in ends if end)

    @property
    def is_final(self) -> bool:
        """True once every action has ended."""
        return all(action.is_final for action in self.actions)

    def action(self, action_id: ActionId) -> Action:
        """Return the action of that id."""
        return next(action for action in self.actions if action.id == action_id)

    def change(self, action_id: ActionId, transition: Callable[[Action], Action]) -> Self:
        """Return the job with one action after `transition`."""
        changed = tuple(transition(a) if a.id == action_id else a for a in self.actions)
        return replace(self, version=self.version + 1, actions=changed)

    def request_cancel(self, *, now: datetime) -> Self:
        """Cancel what waits and ask the workers of what runs. Raises AlreadyFinal when all has ended."""
        if self.is_final:
            raise AlreadyFinal
        return self._change_unfinished(lambda action: action.request_cancel(now=now))

    def cancel(self, *, now: datetime) -> Self:
        """Cancel at once, also what runs: its workers lose their leases."""
        return self._change_unfinished(lambda action: action.cancel(now=now))

    def cancel_waiting(self, is_unwanted: Callable[[Action], bool], *, now: datetime) -> Self:
        """Cancel those that wait and nobody wants; what runs, and all others, go on. Raises AlreadyFinal if none."""
        unwanted = {a.id for a in self.actions if a.status is ActionStatus.PENDING and is_unwanted(a)}
        if not unwanted:
            raise AlreadyFinal
        changed = tuple(a.cancel(now=now) if a.id in unwanted else a for a in self.actions)
        return replace(self, version=self.version + 1, actions=changed)

    def retry(self, *, now: datetime) -> Self:
        """Start anew what failed, and nothing else. Raises NotFailed when nothing has."""
        if not any(action.status is ActionStatus.FAILED for action in self.actions):
            raise NotFailed
        retried = tuple(a.retry(now=now) if a.status is ActionStatus.FAILED else a for a in self.actions)
        return replace(self, version=self.version + 1, actions=retried)

    def with_callback(self, url: str) -> Self:
        """Return the job whose end is told there. Raises CallbackTaken where it is told elsewhere."""
        if self.callback_url not in {None, url}:
            raise CallbackTaken
        return replace(self, callback_url=url)

    def has_failure_before(self, moment: datetime) -> bool:
        """Tell whether something of it failed before then, and has not been started anew since."""
        failed = (action for action in self.actions if action.status is ActionStatus.FAILED)
        return any(action.completed_at is not None and action.completed_at < moment for action in failed)

    def _change_unfinished(self, transition: Callable[[Action], Action]) -> Self:
        changed = tuple(a if a.is_final else transition(a) for a in self.actions)
        return replace(self, version=self.version + 1, actions=changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAction:
    """What an action shall be."""

    type: str
    queue: str
    params: Mapping[str, object]
    max_attempts: int


def new_job(
    planned: Sequence[PlannedAction],
    *,
    now: datetime,
    tenant_id: TenantId = DEFAULT_TENANT,
    callback_url: str | None = None,
) -> Job:
    """Return a job of these actions, in this order, that is about no document."""
    job_id = JobId(new_uuid7())
    # Actions are read back in order of their ids, which within a millisecond come in any order.
    action_ids = sorted(ActionId(new_uuid7()) for _ in planned)
    actions = tuple(
        Action(
            id=action_id,
            job_id=job_id,
            type=plan.type,
            queue=plan.queue,
            params=plan.params,
            max_attempts=plan.max_attempts,
            due_at=now,
            created_at=now,
        )
        for action_id, plan in zip(action_ids, planned, strict=True)
    )
    return Job(
        id=job_id,
        tenant_id=tenant_id,
        document_id=None,
        actions=actions,
        callback_url=callback_url,
        created_at=now,
    )


def new_task_job(
    *, action_type: str, queue: str, params: Mapping[str, object], max_attempts: int, now: datetime
) -> Job:
    """Return a job of one action that is about no document."""
    planned = PlannedAction(type=action_type, queue=queue, params=params, max_attempts=max_attempts)
    return new_job([planned], now=now)


def new_index_job(
    *,
    document_id: DocumentId,
    tenant_id: TenantId,
    version: int = 1,
    etag: str,
    max_attempts: int,
    now: datetime,
    sealed_password: str | None = None,
    callback_url: str | None = None,
    previous: Job | None = None,
) -> Job:
    """Return a job that indexes a version of a document. `etag` pins the bytes that were checked.

    Its version goes on from that of the document's `previous` job: readers know a document's state by it.
    """
    job_id = JobId(new_uuid7())
    password = {SEALED_PASSWORD: sealed_password} if sealed_password else {}
    action = Action(
        id=ActionId(new_uuid7()),
        job_id=job_id,
        type=INDEX,
        queue=DOCUMENT_QUEUE,
        params={"document_id": str(document_id), "version": version, "etag": etag} | password,
        max_attempts=max_attempts,
        due_at=now,
        created_at=now,
    )
    return Job(
        id=job_id,
        tenant_id=tenant_id,
        document_id=document_id,
        version=previous.version + 1 if previous else 1,
        actions=(action,),
        callback_url=callback_url,
        created_at=now,
    )
