"""What setting up an object store tells, step by step."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a step went."""

    DONE = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupStep:
    """One step: what it is about, and a sentence for whoever set it going."""

    subject: str
    outcome: Outcome
    sentence: str


def done(subject: str, sentence: str) -> SetupStep:
    """Tell what is well."""
    return SetupStep(subject=subject, outcome=Outcome.DONE, sentence=sentence)


def warning(subject: str, sentence: str) -> SetupStep:
    """Tell what works, but should not stay so."""
    return SetupStep(subject=subject, outcome=Outcome.WARNING, sentence=sentence)


def failed(subject: str, sentence: str) -> SetupStep:
    """Tell what does not work, and the way out."""
    return SetupStep(subject=subject, outcome=Outcome.FAILED, sentence=sentence)
