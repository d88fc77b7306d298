"""Log lines: JSON for machines, aligned and coloured for people, each with what runs at that moment.

Code anywhere logs by the standard library; structlog renders it, and is imported with the first line: it takes a tenth
of a second and brings a drawing library, which commands and supervisors that have nothing to say need not wait for.
"""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import TextIO

from infrastructure.telemetry.scrubbing import scrubbed

JSON, TEXT = "json", "text"


class LateFormatter(logging.Formatter):
    """Renders as `JSON` or `TEXT`, the latter with colours on a terminal."""

    def __init__(self, log_format: str, *, colours: bool) -> None:
        super().__init__()
        self._log_format = log_format
        self._colours = colours
        self._render: Callable[[logging.LogRecord], str] | None = None

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        if self._render is None:
            self._render = _formatter(self._log_format, colours=self._colours).format
        return self._render(record)


def log_handler(log_format: str, stream: TextIO | None = None) -> logging.Handler:
    """Return a handler that writes to standard error, or to `stream`; `auto` is JSON unless a terminal reads it."""
    out = stream or sys.stderr
    if log_format == "auto":
        log_format = TEXT if out.isatty() else JSON
    handler = logging.StreamHandler(out)
    handler.setFormatter(LateFormatter(log_format, colours=out.isatty()))
    return handler


def _formatter(log_format: str, *, colours: bool) -> logging.Formatter:
    import structlog

    if log_format == JSON:
        rendering: list[structlog.typing.Processor] = [
            structlog.processors.format_exc_info,
            _scrub,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(sort_keys=False, ensure_ascii=False),
        ]
    else:
        plain = structlog.dev.plain_traceback
        rendering = [
            structlog.processors.format_exc_info,
            _scrub,
            structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain, timestamp_key="time"),
        ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.ExtraAdder(),
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _drop_colour_twin, *rendering],
    )


def _drop_colour_twin(_logger: object, _method: str, line: MutableMapping[str, object]) -> MutableMapping[str, object]:
    line.pop("color_message", None)  # uvicorn says its lines twice
    return line


def _scrub(_logger: object, _method: str, line: MutableMapping[str, object]) -> MutableMapping[str, object]:
    for key, value in line.items():
        if isinstance(value, str):
            line[key] = scrubbed(value)
    return line
