"""Which processes belong to a stack, by /proc: Linux alone."""

import contextlib
import os
import threading
import time
from pathlib import Path

PATIENCE_SECONDS = 60.0


def processes_of(data_dir: Path) -> dict[int, str]:
    """Return the command lines of all that were started with this data directory, or by one of those, by their ids."""
    mark = os.fsencode(data_dir)
    lines, parents, found = {}, {}, set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            pid = int(process.name)
            state, parent = process.joinpath("stat").read_text().rpartition(")")[2].split()[:2]
            lines[pid], parents[pid] = process.joinpath("cmdline").read_bytes(), int(parent)
            if state == "Z" or pid == os.getpid():
                del lines[pid], parents[pid]
            elif mark in lines[pid] or mark in process.joinpath("environ").read_bytes():
                found.add(pid)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {pid: lines[pid].replace(b"\0", b" ").decode(errors="replace") for pid in found}


def wait_until_gone(data_dir: Path, pids: set[int]) -> None:
    """Wait until neither these processes nor others of the stack are left."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while left := [f"{pid} {line}" for pid, line in every_process().items() if pid in pids] or [
        *processes_of(data_dir).values()
    ]:
        assert time.monotonic() < deadline, f"they live on: {left}"
        threading.Event().wait(0.05)


def every_process() -> dict[int, str]:
    """Return the states and names of all processes that run, zombies left out."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            name, _, rest = process.joinpath("stat").read_text().rpartition(")")
            if rest.split()[0] != "Z":
                found[int(process.name)] = name
    return found
