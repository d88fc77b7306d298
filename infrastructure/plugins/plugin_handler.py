"""Runs an action of another package, and holds what comes back against what can be stored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

import esteira_actions
from application.ports.run_context import RunContext
from application.run_action import Outcome
from domain.action import Action
from domain.errors import UnexpectedError
from domain.failure import ActionFailed, Failure
from domain.report import Report
from infrastructure.plugins.entry_points import OfferedAction
from infrastructure.plugins.json_objects import written

MOST_RESULT_BYTES = 1 << 20
MOST_CHARACTERS = 500
LONGEST_STEP_SECONDS = 0.5


@dataclass(slots=True)
class PluginRun:
    """Implements esteira_actions.Run over the run's context."""

    action: Action
    context: RunContext
    report: Report = field(init=False)

    def __post_init__(self) -> None:
        # A run that was given back keeps its attempt, within which progress never falls.
        self.report = Report(progress=self.action.report.progress, message=self.action.report.message)

    @property
    def action_id(self) -> str:
        """The action's id."""
        return str(self.action.id)

    @property
    def attempt(self) -> int:
        """Which attempt this is."""
        return self.action.attempt

    def progress(self, share: float, message: str) -> None:
        """Show it, and check."""
        self.context.check()
        self.report = self.report.advance(min(1.0, max(0.0, share)), storable(message))
        self.context.report(self.report)

    def check(self) -> None:
        """Check."""
        self.context.check()

    def pause(self, seconds: float) -> None:
        """Wait in short steps, and check at each, so that a long wait is as soon cancelled as a short one."""
        self.context.check()
        left = seconds
        while left > 0:
            self.context.pause(min(left, LONGEST_STEP_SECONDS))
            self.context.check()
            left -= LONGEST_STEP_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginHandler:
    """Implements ActionHandler of application/run_action.py. Safe to run twice as far as the package's code is."""

    offered: OfferedAction

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        """Run it. What it raises besides Failed and TryAgain is unexpected."""
        run = PluginRun(action, context)
        plugin = self.offered.action
        try:
            params = plugin.params.model_validate(dict(action.params))
        except ValidationError as error:
            sentence = f"These params are not those of {self.offered.package}, which is installed now: start it anew."
            raise failed("params_outdated", sentence) from error
        try:
            result = plugin.run(params, run)
        except esteira_actions.Failed as error:
            raise failed(error.code, error.sentence, retryable=error.retryable) from error
        except Exception:
            raise
        except BaseException as error:  # an exit, asyncio's cancel, a panic in Rust: the action would look busy
            raise UnexpectedError from error
        return Outcome(result=self._checked(result), report=run.report)

    def clean_up(self, action: Action) -> None:
        """What it leaves behind is the package's own matter."""

    def _checked(self, result: Mapping[str, object] | None) -> Mapping[str, object]:
        """Return the result as it will be read. Raises ActionFailed for what is no JSON object, or too large."""
        try:
            text = written({} if result is None else result)
        except ValueError as error:
            raise self._no_result() from error
        if len(text) > MOST_RESULT_BYTES:
            raise failed(
                "result_too_large",
                f"The result has {len(text)} bytes of JSON, and {MOST_RESULT_BYTES} are the most: {self._mend}",
            )
        read: Mapping[str, object] = json.loads(text)
        return read

    def _no_result(self) -> ActionFailed:
        return failed("invalid_result", f"The result is no JSON object that can be stored: {self._mend}")

    @property
    def _mend(self) -> str:
        return f"the package {self.offered.package} has to be mended."


def failed(code: str, sentence: str, *, retryable: bool = False) -> ActionFailed:
    """Return the error that ends a run so."""
    return ActionFailed(Failure(code=code, message=storable(sentence), retryable=retryable))


def storable(message: str) -> str:
    """Return a text of somebody else's as PostgreSQL can store it, and as people can read it."""
    return str(message).encode(errors="replace").decode().replace("\0", "")[:MOST_CHARACTERS]
