"""Handles the action `doctor`: all checks, one after the other, and a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from application.call_in_turn import answer_of
from application.check import Check
from application.ports.run_context import RunContext
from application.run_action import Outcome
from domain.action import Action
from domain.audit import Finding
from domain.errors import EsteiraError
from domain.failure import failed_parts
from domain.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditInstallation:
    """`params`: fix. Safe to run twice: what is mended is found no more."""

    checks: Sequence[Check]

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        """Check; the report is the result. A check that fails keeps no other from being made.

        Raises ActionFailed with the first one's error once all were tried, and at once as `context.check` does.
        """
        fix = bool(action.params["fix"])
        report, findings, failed = Report(progress=action.report.progress), list[Finding](), list[EsteiraError]()
        for number, check in enumerate(self.checks):
            context.check()
            report = report.advance(number / len(self.checks), f"Check {number + 1} of {len(self.checks)}")
            context.report(report)
            answer = answer_of(partial(check, fix=fix, context=context))
            if isinstance(answer, EsteiraError):
                failed.append(answer)
            else:
                findings += answer
        if failed:
            raise failed_parts(failed, _made(len(self.checks) - len(failed), len(self.checks), findings))
        found = sum(finding.count for finding in findings)
        repaired = sum(finding.repaired for finding in findings)
        result = {
            "fix": fix,
            "findings": [finding.as_json() for finding in findings],
            "found": found,
            "repaired": repaired,
            "healthy": found == repaired,
        }
        return Outcome(result=result, report=report.advance(1.0, f"{found} found, {repaired} repaired"))

    def clean_up(self, action: Action) -> None:
        """Nothing is left behind: each repair is whole by itself."""


def _made(made: int, checks: int, findings: Sequence[Finding]) -> str:
    """Say what the other checks found: there is no report where one failed."""
    told = [f"{finding.code} {finding.count}, {finding.repaired} repaired" for finding in findings]
    return f"{made} of {checks} checks were made and found: {'; '.join(told) or 'nothing'}."
