"""A worker process wired like the real one, but for its work: an action does what its `etag` says.

Usage: scripted_worker.py NAME; settings come from the environment. Words: `fine`, `hang` (the main thread is gone),
`until-told` (asks and waits), `until PATH` (waits for the file), `die` (kills the process), `parse PATH` (reads a file
by the sandbox), `once FOLDER WORD` (does the word the first time it runs), `store-away FOLDER` (the object store is
away while there is no folder).
"""

import os
import signal
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from application.ports.run_context import RunContext
from application.run_action import ActionType, Outcome
from bootstrap.backends import find_backends
from bootstrap.logs import configure_logs
from bootstrap.parts import extraction_limits, wire_parts
from bootstrap.settings import Settings
from bootstrap.working import serve_queue
from domain.action import Action
from domain.errors import StorageUnavailable
from domain.job import DOCUMENT_QUEUE, INDEX
from domain.report import Report
from domain.retry_policy import RetryPolicy
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from infrastructure.lifeline import follow_parent
from infrastructure.pulse import start_pulse
from tests.support.misbehaving_child import COMMAND


class ScriptedWork:
    def __init__(self, settings: Settings) -> None:
        self._extractor = SandboxedExtractor(extraction_limits(settings), child_command=COMMAND)

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        self.perform(str(action.params["etag"]), context)
        return Outcome(result={"attempt": action.attempt, "lease": action.run_lease}, report=Report(message="done"))

    def clean_up(self, action: Action) -> None:
        """Leave nothing."""

    def perform(self, script: str, context: RunContext) -> None:  # noqa: C901 - one case a word
        word, _, rest = script.partition(" ")
        match word:
            case "hang":
                while True:
                    time.sleep(60)
            case "until-told":
                while True:
                    context.check()
                    time.sleep(0.01)
            case "until":
                while not Path(rest).exists():
                    context.check()
                    time.sleep(0.01)
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "once":
                marker, _, deed = rest.partition(" ")
                if not Path(marker).exists():
                    Path(marker).mkdir()
                    self.perform(deed, context)
            case "parse":
                with self._extractor.open(Path(rest), filename="a", check=context.check) as stream:
                    list(stream)
            case "store-away" if not Path(rest).exists():
                raise StorageUnavailable


def main(name: str) -> int:
    follow_parent()
    start_pulse()
    settings = Settings()
    configure_logs("INFO")
    backends = find_backends(settings)
    parts = wire_parts(settings, backends, public_url="", application_name=name)
    kind = ActionType(
        name=INDEX,
        queue=DOCUMENT_QUEUE,
        timeout=timedelta(seconds=settings.index_timeout_seconds),
        retry=RetryPolicy(first_delay_seconds=settings.retry_delay_seconds),
        handler=ScriptedWork(settings),
    )
    parts = replace(parts, action_types={INDEX: kind})
    return serve_queue(parts, backends, queue=DOCUMENT_QUEUE, worker_name=name, burst=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
