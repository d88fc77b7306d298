"""Cleanup for cron: `python scripts/cleanup_scheduler.py s3|expired|orphans|jobs|daily [--dry-run]`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bootstrap.cleanup_command import main

if __name__ == "__main__":
    sys.exit(main())
