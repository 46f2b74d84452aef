"""Times as people write them: RFC 3339 in UTC, from milliseconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(time_ms: int) -> str:
    """`2026-11-21T08:00:00.000Z` for a time in milliseconds since 1970."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
