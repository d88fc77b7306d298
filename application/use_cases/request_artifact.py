"""Starts a job that makes one artifact."""

from collections.abc import Mapping
from dataclasses import dataclass

from application.reports.params import KIND, PARAMS, REPORT, read_artifact
from application.run_action import ActionType
from application.started_job import StartedJob
from application.use_cases.start_job import StartJob, plan
from domain.idempotent_request import IdempotentRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestArtifact:
    """A job of one action of the type `artifact`."""

    action_type: ActionType
    start_job: StartJob

    def __call__(
        self, *, kind: str, report: str, params: Mapping[str, object], request: IdempotentRequest | None = None
    ) -> StartedJob:
        """Return the job. Raises InvalidRequest, and what StartJob.start raises."""
        read = read_artifact({KIND: kind, REPORT: report, PARAMS: params})
        return self.start_job.start([plan(self.action_type, read)], request=request)
