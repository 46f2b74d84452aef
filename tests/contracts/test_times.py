"""Times as people read them."""

from __future__ import annotations

import pytest

from contracts.times import rfc3339


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_763_712_000_000, "2025-11-21T08:00:00.000Z"),
        (1_763_712_000_007, "2025-11-21T08:00:00.007Z"),
        (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
    ],
)
def test_a_time_is_told_to_the_millisecond_in_utc(time_ms: int, text: str) -> None:
    assert rfc3339(time_ms) == text
