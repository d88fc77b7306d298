"""The whole stack as its users start it: `esteira dev` in a process of its own, spoken to by HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from infrastructure.embedded.stack import StackAddresses, attach
from tests.support.program import DEV, Program, running_program

AT = r"Esteira is at (http://\S+)"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningStack:
    """A stack that answers at `url`."""

    url: str
    data_dir: Path
    program: Program

    @property
    def addresses(self) -> StackAddresses:
        """Where its servers are."""
        return attach(self.data_dir)

    def workers(self) -> set[str]:
        """Return the names of the workers that live, which end in their process ids unless they were given names."""
        url = self.addresses.redis_url
        assert url is not None
        with redis.Redis.from_url(url, decode_responses=True) as client:
            return {str(key).removeprefix("rq:worker:") for key in client.smembers("rq:workers")}


@contextmanager
def running_stack(
    data_dir: Path, *, folder: Path | None = None, user: int | None = None, **settings: str
) -> Iterator[RunningStack]:
    """Run `esteira dev` on a free port, and stop it by Ctrl-C on leaving."""
    with running_program(DEV, data_dir, folder=folder, user=user, **settings) as program:
        yield RunningStack(url=program.said(AT).group(1), data_dir=data_dir, program=program)
