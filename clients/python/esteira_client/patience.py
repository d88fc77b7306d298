"""When a call that failed is tried again, and when that has lasted long enough."""

from dataclasses import dataclass

from esteira_client.errors import EsteiraError

# Request Timeout: the bytes stood still on their way to the store. Each time takes a minute to be noticed, so that the
# attempts are counted and not the time.
STALLED = 408
MOST_STALLED = 4
# A float ends where a patience of hours does not.
MOST_DOUBLINGS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long calls are tried again, all in seconds.

    A name that was mistyped should be told soon, so `before_first_answer` is short; a server that restarts deserves
    the patience of `outage`. An error of the server's own, as against its being away, seldom heals: `error`.
    """

    outage: float = 60.0
    before_first_answer: float = 5.0
    error: float = 2.0
    first_pause: float = 0.25
    longest_pause: float = 8.0

    def pause(
        self,
        problem: EsteiraError,
        *,
        failures: int,
        elapsed: float,
        has_answered: bool,
        chance: float,
    ) -> float | None:
        """Return how long to wait after this many `failures`, None to give up.

        `chance`, from 0 to 1, spreads clients that failed together: up to half of the pause is cut off. What the
        server asks for by Retry-After is waited for at least.
        """
        usual = min(self.first_pause * 2 ** min(failures - 1, MOST_DOUBLINGS), self.longest_pause) * (1 - chance / 2)
        wait = max(usual, problem.retry_after + chance * self.first_pause) if problem.retry_after else usual
        if problem.status == STALLED:
            return wait if failures < MOST_STALLED else None
        return wait if elapsed + wait <= self._limit(problem, has_answered=has_answered) else None

    def _limit(self, problem: EsteiraError, *, has_answered: bool) -> float:
        if not problem.is_outage and problem.code != IN_FLIGHT:
            return self.error
        return self.outage if has_answered else self.before_first_answer


# The same request, by its Idempotency-Key, is being carried out: its answer is there soon.
IN_FLIGHT = "request_in_flight"
