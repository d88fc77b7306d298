"""Port: sends a callback to whoever asked for it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.ids import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """What is sent. `message_id` is the same each time that it is tried, `sent_at` is not; `body` is JSON.

    `job_id` is for the sentences of errors: the URL itself may be a secret.
    """

    job_id: JobId
    url: str
    message_id: str
    sent_at: datetime
    body: bytes


class CallbackSender(Protocol):
    """Signs and posts."""

    def send(self, callback: Callback) -> int:
        """Return the HTTP status with which it was taken, one of 2xx. Blocks for some seconds at most.

        It may have arrived also where this raises. Raises CallbackFailed (retryable), CallbackGone, and CallbackRefused
        where the name leads to no address that is allowed: then nothing was connected to.
        """
        ...
