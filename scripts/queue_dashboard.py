"""rq-dashboard for Esteira's queues: `.venv/bin/python scripts/queue_dashboard.py --redis-url redis://…` (port 9181).

All options are rq-dashboard's own. Its `--json` is not enough: version 0.9 reads what a busy worker is at as a pickle,
whatever it was told, and its page of workers fails.
"""

import sys
from typing import Any

from rq import Worker
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker

try:
    from rq_dashboard import cli, web
except ImportError:
    sys.exit("rq-dashboard is not installed here: .venv/bin/pip install rq-dashboard==0.9.0, or make setup-test.")


class JsonWorker(Worker):
    """Reads messages as ours are written."""

    @classmethod
    def all(cls, *arguments: Any, **named: Any) -> list[BaseWorker]:  # noqa: ANN401
        """Return the workers."""
        return super().all(*arguments, **{"serializer": JSONSerializer} | named)


def main() -> None:
    """Serve until Ctrl-C."""
    web.config.serializer = JSONSerializer
    web.Worker = JsonWorker
    cli.main()


if __name__ == "__main__":
    main()
