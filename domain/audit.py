"""What a doctor finds: faults between objects, rows, vectors and jobs."""

from collections.abc import Mapping
from dataclasses import dataclass

DOCTOR = "doctor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A kind of fault, and how often it was found. `repair` says what mends it, None where only a person can.

    `repaired` of them are mended; `advice` is for the rest.
    """

    code: str
    sentence: str
    count: int
    repair: str | None
    advice: str
    repaired: int = 0
    examples: tuple[str, ...] = ()

    def as_json(self) -> Mapping[str, object]:
        """Return it as the report keeps it."""
        return {
            "code": self.code,
            "sentence": self.sentence,
            "count": self.count,
            "repaired": self.repaired,
            "repair": self.repair,
            "advice": self.advice,
            "examples": list(self.examples),
        }
