"""Times as people write them: RFC 3339 in UTC, from milliseconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


def rfc3339(time_ms: int) -> str:
    """`2026-11-21T08:00:00.000Z` for a time in milliseconds since 1970."""
    seconds, milliseconds = divmod(time_ms, 1000)
    return f"{_second(seconds)}.{milliseconds:03d}Z"


@lru_cache(maxsize=256)
def _second(seconds: int) -> str:
    """The text up to the second, which most answers of a moment share."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00")
