"""The door of the worker process: `python worker.py` serves `document_processing`; `--help` lists the rest."""

import sys

from bootstrap.worker_command import main

if __name__ == "__main__":
    sys.exit(main())
