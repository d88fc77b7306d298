"""A worker process wired like the real one, with more action types beside the built-in ones.

Usage: actions_worker.py QUEUE NAME; settings come from the environment. `meet` (long_operations) and `draw` (artifacts)
wait until COUNT of them run at once, each with a file in FOLDER; `break` fails for good; `die` kills its process the
first time it runs.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from application.ports.run_context import RunContext
from bootstrap.backends import find_backends
from bootstrap.logs import configure_logs
from bootstrap.parts import wire_parts
from bootstrap.settings import Settings
from bootstrap.working import serve_queue
from domain.action import Action
from domain.failure import DocumentUnreadable, FailureCode
from domain.job import ARTIFACTS_QUEUE
from infrastructure.lifeline import follow_parent
from infrastructure.pulse import start_pulse
from tests.support.action_stage import Work
from tests.support.action_types import an_action_type


def meet(action: Action, context: RunContext) -> None:
    folder = Path(str(action.params["folder"]))
    (folder / str(action.id)).touch()
    while len(list(folder.iterdir())) < int(str(action.params["count"])):
        context.check()
        time.sleep(0.01)


def break_down(_action: Action, _context: RunContext) -> None:
    raise DocumentUnreadable(FailureCode.CORRUPT)


def die(action: Action, _context: RunContext) -> None:
    if action.run_lease == 1:
        os.kill(os.getpid(), signal.SIGKILL)


def main(queue: str, name: str) -> int:
    follow_parent()
    start_pulse()
    settings = Settings()
    configure_logs("INFO")
    backends = find_backends(settings)
    parts = wire_parts(settings, backends, public_url="", application_name=name)
    deeds: dict[str, Callable[[Action, RunContext], None]] = {"meet": meet, "break": break_down, "die": die}
    types = [an_action_type(word, handler=Work(act=deed)) for word, deed in deeds.items()]
    types.append(an_action_type("draw", queue=ARTIFACTS_QUEUE, handler=Work(act=meet)))
    parts = replace(parts, action_types={**parts.action_types, **{kind.name: kind for kind in types}})
    return serve_queue(parts, backends, queue=queue, worker_name=name, burst=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
