"""What the child takes from itself before it opens anything: rights, memory, files, network. Linux and macOS.

Everything that a system refuses is left out: best effort, with the parent's time limits always on top. What is *not*
taken away is reading files that the worker's user may read.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
MAX_OPEN_FILES = 64
# LibreOffice needs more than a parser: its own libraries, a profile, threads, and a file to write.
OFFICE_BYTES = 512 * 1024 * 1024
MAX_OFFICE_FILES = 256
MAX_OFFICE_FILE_BYTES = 1024 * 1024 * 1024


def confine(*, parent_pid: int, memory_bytes: int, programs: bool) -> None:
    """Give up what a parser does not need, and die with the parent from now on.

    `programs` says whether others may be started, which then have the same limits: Linux counts processes by user, not
    by parent, so there is no number between none and any.
    """
    _separate(parent_pid)
    base = _limit_memory(memory_bytes)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)
    if base and not programs:
        _limit(resource.RLIMIT_NPROC, 0)


def confine_office(*, parent_pid: int, memory_bytes: int) -> None:
    """Give up what LibreOffice does not need, and die with the parent from now on."""
    _separate(parent_pid)
    _limit_memory(OFFICE_BYTES + memory_bytes)
    _limit(resource.RLIMIT_FSIZE, MAX_OFFICE_FILE_BYTES)
    _limit(resource.RLIMIT_NOFILE, MAX_OFFICE_FILES)


def die_with_parent() -> None:
    """Ask the system to end this process when its parent ends. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def allow_cpu_seconds(seconds: float) -> None:
    """Let the process use so much processor time from now on; then the kernel ends it with SIGXCPU."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    until = int(usage.ru_utime + usage.ru_stime + seconds) + 2
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (until, hard))


def peak_bytes() -> int:
    """Return the largest resident size so far. On Linux getrusage would count the parent's, from before exec, too."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return rusage_peak_bytes(resource.getrusage(resource.RUSAGE_SELF))
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)


def rusage_peak_bytes(usage: resource.struct_rusage) -> int:
    """Return a usage's largest resident size: the system's unit is 1 KiB on Linux, bytes on macOS."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _separate(parent_pid: int) -> None:
    if sys.platform == "linux":
        _leave_the_network()
        _linux_process_flags()
    if os.getppid() != parent_pid:
        sys.exit(0)


def _limit_memory(memory_bytes: int) -> int:
    """Limit what may be taken above the present size, which is returned; 0 where the system does not tell it."""
    base = _address_space_bytes()
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_DATA, base + memory_bytes)
    if base:
        _limit(resource.RLIMIT_AS, base + memory_bytes)
    return base


def _leave_the_network() -> None:
    # Root keeps its user namespace: without its capabilities it could not enter other people's folders.
    flags = CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWUSER | CLONE_NEWNET
    ctypes.CDLL(None).unshare(flags)


def _linux_process_flags() -> None:
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    die_with_parent()  # after unshare, which clears it
    with contextlib.suppress(OSError):  # if the machine runs out of memory, the kernel should take this process first
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _address_space_bytes() -> int:
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _limit(what: int, value: int) -> None:
    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(what)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(what, (value, value))
