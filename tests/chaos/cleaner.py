"""Those who keep house meanwhile: cleanup after cleanup beside the faults, and the doctor in the end."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.chaos.stack import Stack

PAUSE_SECONDS = 2.0
PATIENCE_SECONDS = 120.0
CLEANUPS = """
    SELECT count(*) AS n FROM job_actions WHERE type = 'cleanup' AND status = 'completed'
"""


@dataclass(slots=True, kw_only=True)
class Cleaner:
    """Asks for a cleanup again and again; the server runs one at a time."""

    stack: Stack
    next_at: float = 0.0

    def tend(self) -> None:
        """Ask when it is time, and be content where nobody answers."""
        if time.monotonic() < self.next_at:
            return
        self.next_at = time.monotonic() + PAUSE_SECONDS
        try:
            httpx.post(f"{self.stack.api_url}/api/v1/cleanup/daily", timeout=1)
        except httpx.HTTPError:
            return


def cleanups(stack: Stack) -> int:
    """Count the cleanups that came to their end."""
    return int(stack.query(CLEANUPS)[0].n)


def doctors_findings(stack: Stack) -> list[str]:
    """Return what the doctor has to say of a stack that is at rest."""
    url = f"{stack.api_url}/api/v1/doctor"
    job_id = httpx.post(url, timeout=20).raise_for_status().json()["job_id"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        task: Mapping[str, Any] = httpx.get(f"{url}/{job_id}", timeout=20).raise_for_status().json()
        if task["status"] not in {"pending", "processing"}:
            break
        if time.monotonic() > deadline:
            return [f"the doctor does not end: {task}"]
        time.sleep(PAUSE_SECONDS / 10)
    if task["status"] != "completed":
        return [f"the doctor failed: {task}"]
    return [f"the doctor found {found['count']} {found['code']}" for found in task["result"]["findings"]]
