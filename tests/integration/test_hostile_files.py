"""The short form of the hostile files; the long one is `python -m tests.chaos.hostile_files`."""

import subprocess
import sys
from pathlib import Path

from tests.chaos.hostile_files import case_of, sources
from tests.support.hostile_mutations import MUTATIONS

ROOT = Path(__file__).resolve().parents[2]
SEED = 7
COUNT = 63


def test_hostile_files_end_with_text_or_a_code_and_harm_nobody() -> None:
    # A process of its own: it counts its children and their memory.
    command = [sys.executable, "-m", "tests.chaos.hostile_files", "--count", str(COUNT), "--seed", str(SEED)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Every one ended with text or a code." in ended.stdout


def test_a_seed_makes_the_same_files_again() -> None:
    files = sources()
    # Archives that are made from nothing bear the time of day.
    for number in range(len(MUTATIONS) - len(("nested", "bomb"))):
        assert case_of(number, SEED, files) == case_of(number, SEED, files)
    assert case_of(0, SEED, files) != case_of(0, SEED + 1, files)
