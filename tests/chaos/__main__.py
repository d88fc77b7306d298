"""`python -m tests.chaos`: the long form of the soak."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.documents import long_samples, short_samples
from tests.chaos.faults import all_faults
from tests.chaos.report import report_of
from tests.chaos.soak import Outcome, Plan, run_soak
from tests.chaos.timing import LONG, SHORT

NAMES = (*all_faults(), "owner_cancel", "owner_delete", "operator_kill")
PATIENCE_SECONDS = 3600.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a soak for each seed; return 0 if all passed."""
    options = _parser().parse_args(arguments)
    # So that what was started is stopped, as on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    names = NAMES if options.faults == "all" else tuple(options.faults.split(","))
    if unknown := set(names) - set(NAMES):
        print(f"There is no fault {', '.join(sorted(unknown))}. There are: {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    outcomes = []
    for seed in options.seed:
        outcomes.append(_soak(seed, names, options))
        if options.report:
            options.report.write_text(report_of(outcomes), encoding="utf-8")
    print(report_of(outcomes))
    return int(any(outcome.problems for outcome in outcomes))


def _soak(seed: int, names: Sequence[str], options: argparse.Namespace) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="esteira-chaos-") as folder:
        plan = Plan(
            seed=seed,
            documents=options.documents,
            samples=short_samples(seed) if options.short else long_samples(seed),
            faults=names,
            rounds=options.rounds,
            gap_seconds=options.gap,
            timing=SHORT if options.short else LONG,
            folder=Path(folder),
            patience_seconds=PATIENCE_SECONDS,
        )
        return run_soak(plan)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Break everything, lose nothing.")
    parser.add_argument("--seed", type=int, nargs="+", default=[1], help="a soak for each (%(default)s)")
    parser.add_argument("--documents", type=int, default=300, help="how many to ingest at least (%(default)s)")
    parser.add_argument("--faults", default="all", help=f"names with commas between, or all: {', '.join(NAMES)}")
    parser.add_argument("--rounds", type=int, default=3, help="how often each fault strikes (%(default)s)")
    parser.add_argument("--gap", type=float, default=5.0, help="seconds from fault to fault (%(default)s)")
    parser.add_argument("--report", type=Path, help="write the report to this file too")
    parser.add_argument("--short", action="store_true", help="short settings and the repository's own documents only")
    return parser


if __name__ == "__main__":
    sys.exit(main())
