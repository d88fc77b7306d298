"""The calls of the API for those who run it: queues, workers, jobs and dead letters."""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from esteira_client import Json
from interface.cli.client import ApiClient

QUEUE = "/api/v1/queue"


@dataclass(frozen=True, slots=True)
class QueueCalls:
    """Raises ApiProblem."""

    api: ApiClient

    def info(self) -> Json:
        """Return what each queue holds."""
        return self._get("info")

    def health(self) -> Json:
        """Return the health, good or bad."""
        return self.api.ask("GET", f"{QUEUE}/health", answers={HTTPStatus.SERVICE_UNAVAILABLE})

    def workers(self) -> Json:
        """Return the workers."""
        return self._get("workers")

    def pause(self, name: str) -> Json:
        """Pause a queue."""
        return self.api.ask("POST", f"{QUEUE}/{quote(name, safe='')}/pause", repeatable=True)

    def resume(self, name: str) -> Json:
        """Let a queue go on."""
        return self.api.ask("POST", f"{QUEUE}/{quote(name, safe='')}/resume", repeatable=True)

    def jobs(self, **filters: str | int | None) -> Json:
        """Return a page of jobs, newest first."""
        return self._get("jobs", **filters)

    def job(self, job_id: str) -> Json:
        """Return a job with its timeline."""
        return self._get(f"jobs/{job_id}")

    def cancel(self, job_id: str) -> Json:
        """Cancel a job."""
        return self.api.ask("POST", f"{QUEUE}/jobs/{job_id}/cancel")

    def retry(self, job_id: str) -> Json:
        """Try a failed job again."""
        return self.api.ask("POST", f"{QUEUE}/jobs/{job_id}/retry")

    def dead_letters(self, **filters: str | int | None) -> Json:
        """Return a page of dead letters."""
        return self._get("dead-letters", **filters)

    def replay(self, *, code: str | None, failed_before: str | None) -> Json:
        """Try again a batch of what failed; sent twice, the second takes what the first left."""
        body = {"code": code, "failed_before": failed_before}
        return self.api.ask("POST", f"{QUEUE}/dead-letters/retry", repeatable=True, json=body)

    def _get(self, path: str, **filters: str | int | None) -> Json:
        query = {name: value for name, value in filters.items() if value is not None}
        return self.api.ask("GET", f"{QUEUE}/{path}", params=query)
