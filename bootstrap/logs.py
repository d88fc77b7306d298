"""Where log lines go, and from which level on."""

import logging

from infrastructure.telemetry.logs import log_handler


def configure_logs(level: str, log_format: str = "auto") -> None:
    """Write to standard error from `level` on; libraries only when they warn."""
    logging.basicConfig(level=logging.WARNING, handlers=[log_handler(log_format)], force=True)
    for package in ("application", "bootstrap", "infrastructure", "interface"):
        logging.getLogger(package).setLevel(level)
