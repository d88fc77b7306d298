"""Log lines: JSON for machines, text for people, named by what runs, and without what must not stand there."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.action import Action, Run
from infrastructure.queue.heartbeat import Shutdown, ThreadHeartbeat
from infrastructure.telemetry.logs import log_handler
from infrastructure.telemetry.run_lines import RunLines
from infrastructure.telemetry.scrubbing import scrubbed
from tests.support.document_factory import a_document, a_job
from tests.unit.test_heartbeat import LEASE, PATIENCE_SECONDS, RUN, ScriptedLedger

Written = Callable[[], list[dict[str, Any]]]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def action() -> Action:
    return replace(a_job(a_document()).actions[0], attempt=2, worker="w1")


@pytest.fixture
def written() -> Iterator[Written]:
    """Log to a stream that is no terminal; give what was written."""
    stream = io.StringIO()
    handler = log_handler("auto", stream)
    root = logging.getLogger()
    before, root.handlers = root.handlers, [handler]
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers = before


def test_a_line_for_a_machine_is_json_with_the_fields_it_was_given(written: Written) -> None:
    logging.getLogger("infrastructure.queue").warning("%s waits", "relay", extra={"queue": "q", "ms": 1.5})
    (line,) = written()
    assert (line["message"], line["level"], line["logger"]) == ("relay waits", "warning", "infrastructure.queue")
    assert (line["queue"], line["ms"]) == ("q", 1.5)
    assert line["time"].endswith("Z")


def test_an_error_is_one_line_with_its_whole_cause(written: Written) -> None:
    error = ValueError("outer")
    error.__cause__ = KeyError("inner")
    try:
        raise error
    except ValueError:
        logging.getLogger("application").exception("failed")
    (line,) = written()
    assert "inner" in line["exception"]
    assert "outer" in line["exception"]


@pytest.mark.parametrize(("stream", "coloured"), [(Terminal(), True), (io.StringIO(), False)])
def test_text_is_coloured_on_a_terminal_alone(stream: io.StringIO, coloured: bool) -> None:
    handler = log_handler("auto" if coloured else "text", stream)
    handler.handle(logging.LogRecord("application", logging.WARNING, "a.py", 1, "hello", None, None))
    assert "hello" in stream.getvalue()
    assert ("\x1b[" in stream.getvalue()) is coloured


def test_every_line_of_a_run_names_it_those_of_libraries_and_of_its_threads_too(
    action: Action, written: Written
) -> None:
    class Talking(ScriptedLedger):
        def beat(self, run: Run, *, lease: timedelta) -> bool:
            logging.getLogger("a.library").warning("from a thread")
            return super().beat(run, lease=lease)

    ledger = Talking(False)
    heartbeat = ThreadHeartbeat(
        ledger=ledger, shutdown=Shutdown(0), beat_seconds=0.001, lease=LEASE, hang_seconds=PATIENCE_SECONDS
    )
    with RunLines().running(action), heartbeat.keep(RUN):
        logging.getLogger("a.library").warning("from the work")
        assert ledger.all_given.wait(PATIENCE_SECONDS)
    logging.getLogger("a.library").warning("from the next")
    *during, after = written()
    assert {line["message"] for line in during} == {"from a thread", "from the work"}
    for line in during:
        assert (line["job"], line["document"]) == (str(action.job_id), action.params["document_id"])
        assert (line["attempt"], line["worker"]) == (2, "w1")
    assert "job" not in after


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("no answer of postgresql://esteira:hunter2@db/x", "no answer of postgresql://esteira:***@db/x"),
        ("redis://:hunter2@host", "redis://:***@host"),
        (
            "GET https://s3/b/k?X-Amz-Credential=AKIA%2F1&X-Amz-Expires=9&X-Amz-Signature=hunter2",
            "GET https://s3/b/k?X-Amz-Credential=***&X-Amz-Expires=9&X-Amz-Signature=***",
        ),
        ("/store/a?expires=1&signature=hunter2 refused", "/store/a?expires=1&signature=*** refused"),
        ("Authorization: Bearer hunter2", "Authorization: Bearer ***"),
        (f"/api/v1/keys/est_{'0a' * 16}_{'1b' * 32}", f"/api/v1/keys/est_{'0a' * 16}_***"),
        ("no row\nDETAIL:  Failing row contains (hunter2,\nhunter2).\n[SQL: INSERT]", "no row\n[SQL: INSERT]"),
        ("bad\nCONTEXT:  COPY chunks, line 1: hunter2\n\nThe above exception was", "bad\nThe above exception was"),
        ("nothing to hide: 12 pages, token_count 3", "nothing to hide: 12 pages, token_count 3"),
    ],
)
def test_secrets_and_quoted_rows_are_taken_out(said: str, kept: str) -> None:
    assert scrubbed(said) == kept


def test_a_program_that_has_nothing_to_say_does_not_load_structlog() -> None:
    program = (
        "import sys, bootstrap.worker_command as c; c.configure_logs('INFO'); import bootstrap.supervising;"
        "sys.exit('structlog' in sys.modules or 'rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
