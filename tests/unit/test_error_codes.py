"""docs/errors.md lists the codes that users see."""

import re
from pathlib import Path

from domain import errors, failure
from domain.errors import EsteiraError
from domain.failure import FailureCode
from infrastructure.extraction.sandbox.process import ParserUnavailable
from interface.api.errors import STATUS_OF

LISTED = set(re.findall(r"`([a-z_0-9]+)`", (Path(__file__).parents[2] / "docs" / "errors.md").read_text("utf-8")))
# What a run is told, and what never leaves it.
INSIDE = {
    *("models_changed", "lease_lost", "cancelled", "worker_stopping", "illegal_transition", "unreadable"),
    *("action_failed", "overtaken", "attachments_changed"),
}


def kinds_of(module: object) -> list[type[EsteiraError]]:
    return [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, EsteiraError)]


def test_every_code_that_users_see_is_listed() -> None:
    codes = {kind.code for kind in [*kinds_of(errors), *kinds_of(failure), *STATUS_OF, ParserUnavailable]}
    assert (codes | set(FailureCode)) - INSIDE - LISTED == set()
