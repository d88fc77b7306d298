"""Become a server: leave root, tie the process's life to its parent's, then exec.

Run as a script by its path (`python -I -S tether.py ORDERS COMMAND...`, with the parent's pid in TETHER_PARENT), so it
may import the standard library only. It is a process of its own because none of this can be done safely between fork
and exec in a program that has threads.
"""

import ctypes
import json
import os
import signal
import struct
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2  # linux/prctl.h
CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h


def main(arguments: Sequence[str]) -> None:
    """Carry out the orders and become the command; on failure say why on standard error and exit 126."""
    orders, command = json.loads(arguments[0]), list(arguments[1:])
    parent = int(os.environ.pop("TETHER_PARENT"))
    os.umask(0o077)
    for inherited in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(inherited, signal.SIG_DFL)
    try:
        if orders["uid"] is not None:
            become(orders["uid"], orders["gid"], orders["groups"], orders["capability"])
        if sys.platform == "linux":
            prctl(PR_SET_PDEATHSIG, orders["death_signal"])  # after the change of user, which clears it
            if os.getppid() != parent:
                sys.exit(126)
        os.execv(command[0], command)  # noqa: S606 (a fixed argument list, and no shell is wanted)
    except OSError as error:
        print(f"{command[0]}: {error}", file=sys.stderr)  # noqa: T201 (the server's log)
        sys.exit(126)


def become(uid: int, gid: int, groups: Sequence[int], capability: int | None) -> None:
    """Change from root to a user, who keeps at most one capability, also over exec (an ambient one)."""
    if capability is not None:
        prctl(PR_SET_KEEPCAPS, 1)
    os.setgroups(groups)
    os.setgid(gid)
    os.setuid(uid)
    if capability is not None:
        header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
        sets = struct.pack("=6I", *(1 << capability,) * 3, 0, 0, 0)  # effective, permitted, inheritable; high halves
        if ctypes.CDLL(None, use_errno=True).capset(header, sets) != 0:
            raise OSError(ctypes.get_errno(), "capset was refused")
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def prctl(option: int, *values: int) -> None:
    """Ask the kernel for a change of this process. Raises OSError."""
    padded = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    if ctypes.CDLL(None, use_errno=True).prctl(option, *padded) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option} was refused")


if __name__ == "__main__":
    main(sys.argv[1:])
