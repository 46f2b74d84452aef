"""Durations and times as users write them, read into milliseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

DURATION_MS_MAX: Final = 100 * 366 * 86_400_000
"""A duration longer than a hundred years is refused: it is a slip of the pen, and due times must stay dates."""

_MS: Final = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_NUMBER: Final = r"(\d{1,15}(?:\.\d{1,9})?)"
_SHORT = re.compile("".join(f"(?:{_NUMBER}{unit})?" for unit in ("d", "h", "m(?!s)", "s", "ms")), re.ASCII)
_ISO = re.compile(f"P(?:{_NUMBER}W)?(?:{_NUMBER}D)?(?:T(?=\\d)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?", re.ASCII)
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EXPECTED: Final = 'expected a duration like "500ms", "30s", "5m", "2h", "3d", "1h30m" or "PT1H30M"'


def parse_duration(text: object) -> int:
    """The milliseconds of `"500ms"`, `"1h30m"`, `"PT1H30M"` …

    Raises ValueError, which says what was expected. Numbers are refused: nobody can tell whether 30 means seconds.
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        raise ValueError(f'{_EXPECTED}, found the number {text}: write "{text}s" if you mean seconds')
    if not isinstance(text, str):
        raise ValueError(f"{_EXPECTED}, found {type(text).__name__}")
    total = _sum(text)
    if total is None:
        raise ValueError(f"{_EXPECTED}, found {text[:80]!r}{_hint(text)}")
    if total != int(total):
        raise ValueError(f"{text!r} is not a whole number of milliseconds")
    if total > DURATION_MS_MAX:
        raise ValueError(f"{text!r} is longer than a hundred years")
    return int(total)


def parse_time(text: object) -> int:
    """The milliseconds since 1970 UTC of an RFC 3339 time; smaller fractions are cut off. Raises ValueError."""
    expected = 'expected an RFC 3339 time like "2026-01-31T12:00:00Z" or "2026-01-31T12:00:00+01:00"'
    if not isinstance(text, str):
        raise ValueError(f"{expected}, found {type(text).__name__}")
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError(f"{expected}, found {text[:80]!r}")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"{expected}, found {text!r}: {error}") from None
    fraction, sign, offset_h, offset_m = found.groups()[6:]
    seconds = (local - _EPOCH).days * 86_400 + (local - _EPOCH).seconds
    if sign:
        if int(offset_h) > 23 or int(offset_m) > 59:
            raise ValueError(f"{expected}, found {text!r}: no such offset")
        seconds -= int(f"{sign}1") * (int(offset_h) * 3600 + int(offset_m) * 60)
    return seconds * 1000 + int(((fraction or "") + "000")[:3])


def _sum(text: str) -> Decimal | None:
    for pattern, units in ((_SHORT, ("d", "h", "m", "s", "ms")), (_ISO, ("w", "d", "h", "m", "s"))):
        found = pattern.fullmatch(text)
        if found and any(found.groups()):
            return sum((Decimal(part) * _MS[unit] for part, unit in zip(found.groups(), units, strict=True) if part), Decimal(0))
    return None


def _hint(text: str) -> str:
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return f': write "{text}s" if you mean seconds'
    if text.startswith("-"):
        return ": a duration is not negative"
    if re.fullmatch(r"P.*\d[YM](?:T.*|\d.*)?", text):
        return ": years and months differ in length, write days"
    if re.fullmatch(r"\d+w", text):
        return f': write "{7 * int(text[:-1])}d"'
    if re.search(r"\s", text):
        return ": write it without blanks"
    return ""
