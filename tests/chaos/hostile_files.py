"""Reads thousands of hostile files by the sandbox: no parent dies, none outlives its limit, memory stays under its cap.

`python -m tests.chaos.hostile_files --count 2000 --seed 1`; `--only N` makes and reads one of them again.
"""

import argparse
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from domain.errors import DeadlineExceeded
from domain.extracted_page import ExtractedPage, UnreadablePage
from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.limits import MIB, ExtractionLimits
from infrastructure.extraction.sandbox.confinement import rusage_peak_bytes
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from tests.support.hostile_mutations import MUTATIONS, SourceFile

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "documents"
LIMITS = ExtractionLimits(
    max_pages=500,
    max_unpacked_bytes=64 * MIB,
    memory_bytes=384 * MIB,
    open_seconds=8,
    page_seconds=4,
)
# What the deadline of an action is in production. It is noticed twice a second; the rest is for a busy machine.
DEADLINE_SECONDS = 30.0
NOTICED_SECONDS = 5.0
# A child's own size at its start, on top of which the limit counts.
CHILD_BYTES = 192 * MIB
TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One hostile file; number and seed make it again."""

    number: int
    kind: str
    filename: str
    data: bytes


@dataclass(slots=True, kw_only=True)
class Findings:
    """What became of the files."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0
    slowest: str = ""
    peak_bytes: int = 0

    def note(self, case: Case, outcome: str, seconds: float) -> None:
        """Count an end."""
        self.outcomes[case.kind, outcome] += 1
        if seconds > self.slowest_seconds:
            self.slowest_seconds, self.slowest = seconds, f"{case.number} ({case.kind}, {case.filename}, {outcome})"
        if seconds > DEADLINE_SECONDS + NOTICED_SECONDS:
            self.wrong.append(f"case {case.number}: took {seconds:.1f} s")


def sources(folder: Path = SAMPLES) -> Sequence[SourceFile]:
    """Return the files that are mutated, always in the same order."""
    return [SourceFile(name=path.name, data=path.read_bytes()) for path in sorted(folder.iterdir()) if path.is_file()]


def case_of(number: int, seed: int, files: Sequence[SourceFile]) -> Case:
    """Make one hostile file."""
    rng = random.Random(f"{seed}-{number}")
    kind = list(MUTATIONS)[number % len(MUTATIONS)]
    source = rng.choice(files)
    data = MUTATIONS[kind](rng, source, files)
    return Case(number=number, kind=kind, filename=source.name, data=data)


def read_all(cases: Iterator[Case], folder: Path) -> Findings:
    """Read each by a child that the one before may have left to it."""
    findings = Findings()
    with SandboxedExtractor(LIMITS) as extractor:
        for case in cases:
            path = folder / "hostile"
            path.write_bytes(case.data)
            began_at = time.monotonic()
            try:
                outcome = read(extractor, path, case, findings)
            except Exception as error:  # noqa: BLE001 - whatever escapes is a finding
                outcome = "escaped"
                findings.wrong.append(f"case {case.number} ({case.kind}): {type(error).__name__} escaped: {error}")
            findings.note(case, outcome, time.monotonic() - began_at)
    findings.peak_bytes = rusage_peak_bytes(resource.getrusage(resource.RUSAGE_CHILDREN))
    if findings.peak_bytes > LIMITS.memory_bytes + CHILD_BYTES:
        findings.wrong.append(f"a child took {findings.peak_bytes // MIB} MiB")
    if left := psutil.Process().children():
        findings.wrong.append(f"processes are left: {left}")
    return findings


def read(extractor: SandboxedExtractor, path: Path, case: Case, findings: Findings) -> str:
    """Read one file to its end; return "text" or the code that says why there is none."""
    deadline = time.monotonic() + DEADLINE_SECONDS

    def check() -> None:
        if time.monotonic() > deadline:
            raise DeadlineExceeded

    try:
        with extractor.open(path, filename=case.filename, check=check) as stream:
            texts = [page.text for page in stream if is_text(page, findings)]
    except DocumentUnreadable as unreadable:
        return FailureCode(unreadable.failure_code).value
    except DeadlineExceeded:
        return FailureCode.TIMEOUT.value
    "".join(texts).encode()
    if "\0" in "".join(texts) or not "".join(texts).strip():
        findings.wrong.append(f"case {case.number} ({case.kind}): completed without clean text")
    return TEXT


def is_text(page: ExtractedPage | UnreadablePage, findings: Findings) -> bool:
    """Count a page that was left out, under a code that is documented."""
    if isinstance(page, UnreadablePage):
        findings.unreadable[FailureCode(page.code).value] += 1
        return False
    return True


def report(findings: Findings, *, count: int, seed: int, seconds: float) -> str:
    """Return the report in Markdown."""
    outcomes = sorted({outcome for _, outcome in findings.outcomes})
    rows = [
        f"| {kind} | {' | '.join(str(findings.outcomes[kind, outcome]) for outcome in outcomes)} |"
        for kind in MUTATIONS
    ]
    lines = [
        "# Hostile files",
        "",
        "Written by `make chaos`: real documents, changed at random, read by the sandbox that a worker reads with.",
        "",
        f"{count} hostile files, seed {seed}, in {seconds:.0f} s; {sum(findings.unreadable.values())} pages left out.",
        f"Slowest: {findings.slowest_seconds:.1f} s, case {findings.slowest}.",
        f"Largest child: {findings.peak_bytes // MIB} MiB.",
        "",
        f"| made by | {' | '.join(outcomes)} |",
        f"|---|{'---|' * len(outcomes)}",
        *rows,
        "",
        f"{len(findings.wrong)} broke a promise." if findings.wrong else "Every one ended with text or a code.",
        *(f"- {wrong}" for wrong in findings.wrong),
    ]
    return "\n".join(lines) + "\n"


def run(count: int, seed: int, *, only: int | None = None) -> tuple[Findings, str]:
    """Make and read the files; return what was found, and the report."""
    files, began_at = sources(), time.monotonic()
    numbers = range(count) if only is None else [only]
    with tempfile.TemporaryDirectory() as folder:
        findings = read_all((case_of(number, seed, files) for number in numbers), Path(folder))
    return findings, report(findings, count=len(numbers), seed=seed, seconds=time.monotonic() - began_at)


def main() -> int:
    """Run the long form."""
    parser = argparse.ArgumentParser(description="Read hostile files by the sandbox.")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="make and read this one alone")
    parser.add_argument("--report", type=Path, help="where to write the report, besides standard output")
    options = parser.parse_args()
    findings, text = run(options.count, options.seed, only=options.only)
    sys.stdout.write(text)
    if options.report:
        options.report.write_text(text)
    return 1 if findings.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
