"""How far times go that others may send."""

from datetime import UTC, datetime

# Later ones may lie beyond the year 9999 in another zone, where Python and its drivers have no times any more.
LATEST_INSTANT = datetime(9999, 12, 31, tzinfo=UTC)
