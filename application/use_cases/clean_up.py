"""Handles the action `cleanup`: the sweeps of one task, one after the other, and a receipt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from application.call_in_turn import answer_of
from application.ports.run_context import RunContext
from application.run_action import Outcome
from application.sweep import Sweep
from domain.action import Action
from domain.cleanup import CleanupTask, Orders, Swept
from domain.errors import EsteiraError
from domain.failure import failed_parts
from domain.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanUp:
    """`params`: task, dry_run, force. Safe to run twice, also at once: the second finds nothing left."""

    sweeps: Mapping[CleanupTask, Sequence[Sweep]]

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        """Sweep; the receipt is the result. A step that fails keeps no other from being done.

        Raises ActionFailed with the first step's error once all were tried, and at once as `context.check` does.
        """
        task = CleanupTask(str(action.params["task"]))
        orders = Orders(dry_run=bool(action.params["dry_run"]), force=bool(action.params["force"]))
        report, swept, failed = Report(progress=action.report.progress), list[Swept](), list[EsteiraError]()
        sweeps = self.sweeps[task]
        for number, sweep in enumerate(sweeps):
            context.check()
            report = report.advance(number / len(sweeps), f"Step {number + 1} of {len(sweeps)}")
            context.report(report)
            answer = answer_of(partial(sweep, orders, context))
            if isinstance(answer, EsteiraError):
                failed.append(answer)
            else:
                swept += answer
        receipt = _receipt(task, orders, swept)
        summary = f"{receipt['count']} {'would be removed' if orders.dry_run else 'removed'}, {receipt['left']} left"
        if failed:
            done = len(sweeps) - len(failed)
            raise failed_parts(failed, f"{done} of {len(sweeps)} steps are done: {summary}.")
        return Outcome(result=receipt, report=report.advance(1.0, summary))

    def clean_up(self, action: Action) -> None:
        """Nothing is left behind: each step is whole by itself."""


def _receipt(task: CleanupTask, orders: Orders, swept: Sequence[Swept]) -> Mapping[str, object]:
    return {
        "task": task,
        "dry_run": orders.dry_run,
        "swept": [each.as_json() for each in swept],
        "count": sum(each.amount.count for each in swept),
        "bytes": sum(each.amount.size_bytes for each in swept),
        "left": sum(each.left for each in swept),
    }
