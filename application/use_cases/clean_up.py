"""Handles the action `cleanup`: the sweeps of one task, one after the other, and a receipt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from application.ports.run_context import RunContext
from application.run_action import Outcome
from application.sweep import Sweep
from domain.action import Action
from domain.cleanup import CleanupTask, Orders, Swept
from domain.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanUp:
    """`params`: task, dry_run, force. Safe to run twice, also at once: the second finds nothing left."""

    sweeps: Mapping[CleanupTask, Sequence[Sweep]]

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        """Sweep; the receipt is the result."""
        task = CleanupTask(str(action.params["task"]))
        orders = Orders(dry_run=bool(action.params["dry_run"]), force=bool(action.params["force"]))
        report, swept = Report(progress=action.report.progress), list[Swept]()
        sweeps = self.sweeps[task]
        for number, sweep in enumerate(sweeps):
            context.check()
            report = report.advance(number / len(sweeps), f"Step {number + 1} of {len(sweeps)}")
            context.report(report)
            swept += sweep(orders, context)
        count = sum(each.amount.count for each in swept)
        size_bytes = sum(each.amount.size_bytes for each in swept)
        left = sum(each.left for each in swept)
        verb = "would be removed" if orders.dry_run else "removed"
        receipt = {
            "task": task,
            "dry_run": orders.dry_run,
            "swept": [each.as_json() for each in swept],
            "count": count,
            "bytes": size_bytes,
            "left": left,
        }
        return Outcome(result=receipt, report=report.advance(1.0, f"{count} {verb}, {left} left"))

    def clean_up(self, action: Action) -> None:
        """Nothing is left behind: each step is whole by itself."""
