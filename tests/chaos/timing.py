"""The settings of a soak, as short as the machine allows, and what they promise."""

from collections.abc import Mapping
from dataclasses import dataclass

# Starting a Python process with its libraries, on a machine that is busy.
START_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """`ESTEIRA_*` of every process of a soak."""

    lease_seconds: float = 5.0
    beat_seconds: float = 1.0
    hang_seconds: float = 4.0
    grace_seconds: float = 3.0
    relay_seconds: float = 0.5
    reap_seconds: float = 1.0
    reconcile_seconds: float = 2.0
    retry_delay_seconds: float = 1.5
    redis_outage_seconds: float = 3.0
    store_outage_seconds: float = 1.5
    store_stall_seconds: float = 3.0
    # After these an object is old enough to be taken for an orphan.
    upload_url_seconds: int = 60
    upload_margin_seconds: float = 1.0
    # Beyond what the settings promise, before a recovery counts as too slow: others may use the same processors.
    slack_seconds: float = 10.0

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the settings as variables."""
        names = ("lease", "beat", "hang", "grace", "relay", "reap", "reconcile", "retry_delay", "upload_url")
        names += ("upload_margin",)
        return {f"ESTEIRA_{name.upper()}_SECONDS": str(getattr(self, f"{name}_seconds")) for name in names}

    @property
    def taken_back_seconds(self) -> float:
        """How long a run whose worker is gone may look alive: a beat just before, then the reaper's turn."""
        return self.lease_seconds + self.reap_seconds

    @property
    def delivered_seconds(self) -> float:
        """How long a lost message may stay lost: old enough to be missed, the reconciler's turn, the relay's turn."""
        return 2 * self.reconcile_seconds + self.relay_seconds


SHORT = Timing()
LONG = Timing(
    lease_seconds=10.0,
    beat_seconds=2.0,
    hang_seconds=8.0,
    grace_seconds=5.0,
    relay_seconds=1.0,
    reap_seconds=2.0,
    reconcile_seconds=5.0,
    retry_delay_seconds=3.0,
    redis_outage_seconds=20.0,
    # No run meets it three times: the wait after a second one is longer.
    store_outage_seconds=12.0,
    store_stall_seconds=12.0,
    slack_seconds=20.0,
)
