"""The check of a run that nobody cancels."""

from datetime import UTC, datetime

from domain.action import Run
from domain.ids import ActionId, new_uuid7
from domain.report import Report


def unhurried() -> None:
    pass


class Unhurried:
    """The context of a run that nobody cancels, and that nobody follows."""

    def __init__(self) -> None:
        self.run = Run(action_id=ActionId(new_uuid7()), run_lease=1)

    def check(self) -> None:
        pass

    def pause(self, _seconds: float) -> bool:
        return True

    def report(self, _report: Report) -> None:
        pass

    def now(self) -> datetime:
        return datetime.now(UTC)
