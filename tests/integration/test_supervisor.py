"""The supervisor over real processes: who ends or freezes is replaced, who gives signs of life is left alone."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.processes import ROOT, family, until

SILENCE_SECONDS = 3
SUPERVISOR = f"""
import sys
from infrastructure.queue.supervisor import supervise
child = [sys.executable, "-c", sys.argv[1]]
sys.exit(supervise({{"one": child}}, stop_seconds=5, silence_seconds={SILENCE_SECONDS}))
"""
LIVING = """
import pathlib, time
from infrastructure.pulse import PULSE_SECONDS, start_pulse
start_pulse()
time.sleep(PULSE_SECONDS)
pathlib.Path("gave a sign").touch()
time.sleep(600)
"""
SILENT = "import os, time; os.write(int(os.environ['ESTEIRA_PULSE_FD']), b'.'); time.sleep(600)"
SLOW_TO_START = f"import time; time.sleep({2 * SILENCE_SECONDS}){LIVING}"


@pytest.fixture
def supervisors() -> Iterator[list["subprocess.Popen[bytes]"]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        for child in family(process.pid):
            child.kill()
        process.kill()
        process.wait()


def supervised(started: list["subprocess.Popen[bytes]"], child: str, folder: Path) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", SUPERVISOR, child], cwd=folder, env=environment)
    started.append(process)
    return process


def child_of(supervisor: "subprocess.Popen[bytes]", *, other_than: int = 0) -> psutil.Process:
    """Wait for the child."""
    until(lambda: [c for c in family(supervisor.pid) if c.pid != other_than], seconds=30)
    return next(c for c in family(supervisor.pid) if c.pid != other_than)


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_a_child_that_froze_or_died_is_replaced(
    supervisors: list["subprocess.Popen[bytes]"], tmp_path: Path, number: signal.Signals
) -> None:
    supervisor = supervised(supervisors, LIVING, tmp_path)
    first = child_of(supervisor)
    until((tmp_path / "gave a sign").exists, seconds=30)
    first.send_signal(number)
    child_of(supervisor, other_than=first.pid)
    assert not first.is_running()


def test_a_child_that_gives_signs_of_life_is_left_alone_and_one_that_gives_none_is_not(
    supervisors: list["subprocess.Popen[bytes]"], tmp_path: Path
) -> None:
    living, silent = (supervised(supervisors, child, tmp_path) for child in (LIVING, SILENT))
    left_alone, replaced = child_of(living), child_of(silent)
    for _ in range(2):
        replaced = child_of(silent, other_than=replaced.pid)
    assert left_alone.is_running()
    assert left_alone.status() != psutil.STATUS_ZOMBIE


def test_a_child_that_takes_long_to_start_is_left_alone(
    supervisors: list["subprocess.Popen[bytes]"], tmp_path: Path
) -> None:
    slow, silent = (supervised(supervisors, child, tmp_path) for child in (SLOW_TO_START, SILENT))
    starting, replaced = child_of(slow), child_of(silent)
    for _ in range(3):
        replaced = child_of(silent, other_than=replaced.pid)
    assert starting.is_running()
    assert starting.status() != psutil.STATUS_ZOMBIE


def test_a_frozen_child_does_not_keep_its_supervisor_from_stopping(
    supervisors: list["subprocess.Popen[bytes]"], tmp_path: Path
) -> None:
    supervisor = supervised(supervisors, LIVING, tmp_path)
    child = child_of(supervisor)
    child.send_signal(signal.SIGSTOP)
    supervisor.terminate()
    assert supervisor.wait(15) == 0
    assert not child.is_running()
