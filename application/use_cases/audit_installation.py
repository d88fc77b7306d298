"""Handles the action `doctor`: all checks, one after the other, and a report."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.check import Check
from application.ports.run_context import RunContext
from application.run_action import Outcome
from domain.action import Action
from domain.audit import Finding
from domain.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditInstallation:
    """`params`: fix. Safe to run twice: what is mended is found no more."""

    checks: Sequence[Check]

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        """Check; the report is the result."""
        fix = bool(action.params["fix"])
        report, findings = Report(progress=action.report.progress), list[Finding]()
        for number, check in enumerate(self.checks):
            context.check()
            report = report.advance(number / len(self.checks), f"Check {number + 1} of {len(self.checks)}")
            context.report(report)
            findings += check(fix=fix, context=context)
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
