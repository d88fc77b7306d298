"""Sends a request; tries again with backoff while the other side is away or overloaded, for a bounded time."""

import threading
import time
from collections.abc import Callable, Collection

import httpx

from interface.cli.answers import retry_after_seconds
from interface.cli.problem import SERVER_UNREACHABLE, ApiProblem, problem_of

# A name that was mistyped should be told at once; a server that restarts deserves patience.
PATIENCE_BEFORE_FIRST_ANSWER_SECONDS = 2.0
PATIENCE_SECONDS = 20.0
# An error of the server's own, as against its being away, seldom heals.
PATIENCE_WITH_ERRORS_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 4.0


class PatientSender:
    """Shared by threads. `silence` begins the sentence for when no answer comes."""

    def __init__(self, silence: str, *, code: str = SERVER_UNREACHABLE) -> None:
        self._silence = silence
        self._code = code
        self._has_answered = False
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End all waiting: whoever waits gets the last problem."""
        self._stopped.set()

    def send(
        self, request: Callable[[], httpx.Response], *, repeatable: bool, answers: Collection[int] = ()
    ) -> httpx.Response:
        """Return the answer, also one below 500 that is a problem, and those of a status in `answers`.

        Raises ApiProblem after trying for a while.
        """
        began = time.monotonic()
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                response = request()
            except httpx.TransportError as error:
                was_sent = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                problem, wanted_pause = self._silent(error), None
                may_repeat = repeatable or not was_sent
            else:
                is_away = response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS
                if not is_away or response.status_code in answers:
                    self._has_answered = True
                    return response
                problem, wanted_pause = problem_of(response), retry_after_seconds(response)
                may_repeat = repeatable
            wait = max(pause, wanted_pause or 0)
            waited_long = time.monotonic() + wait - began > self._patience_seconds(problem)
            if not may_repeat or waited_long or self._stopped.wait(wait):
                raise problem
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _patience_seconds(self, problem: ApiProblem) -> float:
        if not problem.outage:
            return PATIENCE_WITH_ERRORS_SECONDS
        return PATIENCE_SECONDS if self._has_answered else PATIENCE_BEFORE_FIRST_ANSWER_SECONDS

    def _silent(self, error: httpx.TransportError) -> ApiProblem:
        reason = " in time" if isinstance(error, httpx.TimeoutException) else ""
        return ApiProblem(self._code, f"{self._silence}{reason}. Is it running?", outage=True)
