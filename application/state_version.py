"""What tells two states of a document or a job apart."""

from enum import StrEnum
from typing import NamedTuple


class Hindrance(StrEnum):
    """Why nobody takes up what waits."""

    PAUSED = "paused"
    UNSERVED = "unserved"


class StateVersion(NamedTuple):
    """`number` rises with every change of the job. `hindrance` comes and goes under one number, while it waits."""

    number: int
    hindrance: Hindrance | None = None

    def __str__(self) -> str:
        """Write it as clients see it, who compare it as it is."""
        return f"{self.number}-{self.hindrance}" if self.hindrance else str(self.number)
