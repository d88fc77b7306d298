"""Logging: one line an event, with the fields that were given, never a document's text."""

import logging
import sys

STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class FieldFormatter(logging.Formatter):
    """Appends what was passed as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = " ".join(f"{key}={value}" for key, value in vars(record).items() if key not in STANDARD_FIELDS)
        line = super().format(record)
        return f"{line} {fields}" if fields else line


def configure_logs(level: str) -> None:
    """Write to standard error from `level` on; libraries only when they warn."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FieldFormatter("%(asctime)s %(levelname)-7s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for package in ("application", "bootstrap", "infrastructure", "interface"):
        logging.getLogger(package).setLevel(level)
