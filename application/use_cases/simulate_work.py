"""Handles the action `simulate`: takes its time and does nothing, to try a queue, a proxy or a client with."""

from collections.abc import Mapping
from dataclasses import dataclass

from application.ports.run_context import RunContext
from application.run_action import Outcome
from domain.action import Action
from domain.params import require_known, whole_number
from domain.report import Report

SIMULATE = "simulate"
DURATION = "duration_seconds"
DATA = "data"
# How soon a cancel is obeyed, once the beat has heard of it.
STEP_SECONDS = 0.5


def read_simulation(params: Mapping[str, object]) -> Mapping[str, object]:
    """Return the params: `duration_seconds`, 1 to 300, 35 if left out, and `data` where it is sent.

    Raises InvalidRequest.
    """
    require_known(params, (DURATION, DATA))
    duration = {DURATION: whole_number(params, DURATION, least=1, most=300, default=35)}
    return duration | {DATA: params[DATA]} if DATA in params else duration


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulateWork:
    """`params`: duration_seconds, and data, which the result gives back. Safe to run twice: nothing is made."""

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        """Wait in short steps, which are counted: a clock that is set meanwhile neither shortens nor lengthens it."""
        duration = int(str(action.params[DURATION]))
        report, done = Report(progress=action.report.progress), 0.0
        while done < duration:
            context.check()
            report = report.advance(done / duration, f"{int(done)} of {duration} seconds")
            context.report(report)
            step = min(STEP_SECONDS, duration - done)
            if context.pause(step):
                done += step
        return Outcome(result=action.params, report=report.advance(1.0, f"{duration} of {duration} seconds"))

    def clean_up(self, action: Action) -> None:
        """Nothing is left behind."""
