"""Durations and times: what people write, in milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.definition.shape_words import duration_problem
from domain.expressions import DURATION_MS_MAX, parse_duration, parse_time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500ms", 500),
        ("30s", 30_000),
        ("5m", 300_000),
        ("2h", 7_200_000),
        ("3d", 259_200_000),
        ("1h30m", 5_400_000),
        ("1m500ms", 60_500),
        ("1d2h3m4s5ms", 93_784_005),
        ("1.5s", 1_500),
        ("0s", 0),
        ("PT1H30M", 5_400_000),
        ("P1DT2H", 93_600_000),
        ("PT0.5S", 500),
        ("P2W", 1_209_600_000),
        ("5400.25s", 5_400_250),
    ],
)
def test_a_duration_is_read_in_milliseconds(text: str, expected: int) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "s",
        "1",
        "1x",
        "1h 30m",
        " 1h",
        "1h\n",
        "30m1h",
        "1s1s",
        "-5s",
        "P",
        "PT",
        "P1H",
        "P1M",
        "1M",
        "1y",
        "P1Y",
        "1w",
        "١s",
        None,
        True,
        [],
        {},
    ],
)
def test_anything_else_is_refused_and_told_what_was_expected(text: object) -> None:
    with pytest.raises(ValueError, match='expected a duration like "500ms"'):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("3 days", "3d"),
        ("1h 30m", "1h30m"),
        ("90 sec", "90s"),
        ("1 hour and 30 minutes", "1h30m"),
        ("2 weeks", "14d"),
        ("10S", "10s"),
        ("1m30", "1m30s"),
        ("PT1M30", "PT1M30S"),
        ("PT1H30", "PT1H30M"),
        ("P3", "P3D"),
        ("P1H", "PT1H"),
        ("pt1h", "PT1H"),
    ],
)
def test_what_is_nearly_a_duration_is_refused_with_the_one_that_is_meant(text: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f'found .*: write "{meant}"$'):
        parse_duration(text)
    parse_duration(meant)
    problem = duration_problem("settings.timeout", text)
    assert problem is not None
    assert problem.fix == f"write `{meant}`"


@pytest.mark.parametrize("text", ["3 days later", "30m1h", "1x", "P1M", "1 month", "3 apples"])
def test_what_nobody_can_read_is_not_guessed_at(text: str) -> None:
    problem = duration_problem("settings.timeout", text)
    assert problem is not None
    assert problem.fix.startswith("write a number with a unit")


@pytest.mark.parametrize("number", [30, 1.5, 0])
def test_a_number_is_refused_with_advice(number: float) -> None:
    with pytest.raises(ValueError, match=f'write "{number}s"'):
        parse_duration(number)


def test_a_duration_has_a_longest_length_and_a_smallest_unit() -> None:
    assert parse_duration("36600d") == DURATION_MS_MAX
    with pytest.raises(ValueError, match="a hundred years"):
        parse_duration("36601d")
    with pytest.raises(ValueError, match="whole number of milliseconds"):
        parse_duration("0.5ms")


@given(st.integers(0, 300), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99), st.integers(0, 999))
def test_the_parts_of_a_duration_add_up(d: int, h: int, m: int, s: int, ms: int) -> None:
    assert parse_duration(f"{d}d{h}h{m}m{s}s{ms}ms") == (((d * 24 + h) * 60 + m) * 60 + s) * 1000 + ms
    assert parse_duration(f"P{d}DT{h}H{m}M{s}.{ms:03d}S") == (((d * 24 + h) * 60 + m) * 60 + s) * 1000 + ms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T01:00:00.5+01:00", 500),
        ("1969-12-31T23:59:59Z", -1_000),
        ("2024-02-29T12:00:00.123456Z", 1_709_208_000_123),
        ("2024-02-29t12:00:00z", 1_709_208_000_000),
    ],
)
def test_a_time_is_read_in_milliseconds_since_1970(text: str, expected: int) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    "text", ["", "2024-02-29", "2024-02-29T12:00:00", "2023-02-29T12:00:00Z", "2024-02-29T25:00:00Z", "2024-02-29T12:00:00+25:00", 12, None]
)
def test_a_time_without_offset_or_that_does_not_exist_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected an RFC 3339 time"):
        parse_time(text)


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))
def test_any_time_is_read_as_python_reads_it(time: datetime) -> None:
    moment = time.replace(tzinfo=UTC, microsecond=time.microsecond // 1000 * 1000)
    assert parse_time(moment.isoformat()) == (moment - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)
