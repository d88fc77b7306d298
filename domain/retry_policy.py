"""When a failed action is tried again, and how long it waits."""

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

# A part that is away comes back within seconds or minutes: waits of 2, 20 and 200 seconds reach over both.
OUTAGE_GROWTH = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Exponential backoff with full jitter (Brooker 2015, "Exponential Backoff And Jitter").

    An action that took its worker with it `max_crashes` times is buried, whatever attempts it has left: it is poison.
    """

    max_crashes: int = 3
    first_delay_seconds: float = 2.0
    longest_delay_seconds: float = 300.0
    growth: float = 2.0
    # A schedule in place of the doubling, for work that may wait for hours.
    delays_seconds: tuple[float, ...] = ()
    least_delay_seconds: float = 0.0

    def delay(self, attempt: int) -> timedelta:
        """Return the wait after the `attempt`-th run (from 1): between half and the whole of a growing span.

        By a schedule, between its delay and a tenth more.
        """
        if self.delays_seconds:
            scheduled = max(self.least_delay_seconds, self.delays_seconds[min(attempt, len(self.delays_seconds)) - 1])
            return timedelta(seconds=random.uniform(scheduled, scheduled * 1.1))  # noqa: S311 - jitter is no secret
        span = min(self.longest_delay_seconds, self.first_delay_seconds * self.growth ** min(attempt - 1, 30))
        return timedelta(seconds=random.uniform(span / 2, span))  # noqa: S311 - jitter is no secret

    def for_outages(self) -> Self:
        """Return the policy for work that failed because a part is away: the same runs, spread over minutes."""
        return replace(self, growth=OUTAGE_GROWTH)
