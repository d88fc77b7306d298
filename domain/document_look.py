"""What is known of a document's bytes by having looked at them: its pages, and what could not be made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Look(StrEnum):
    """What is made of a document when somebody looks at it: the names of the action types."""

    PREVIEW = "preview"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPages:
    """Of some bytes: how many pages they have, None before they were opened, and what became of these.

    `drawn` have pictures; `left_out` could not be drawn, and say why (a failure code).
    """

    page_count: int | None = None
    drawn: frozenset[int] = frozenset()
    left_out: Mapping[int, str] = field(default_factory=dict)
