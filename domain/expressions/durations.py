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
_WORDED = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([A-Za-z]{1,12})", re.ASCII)
_WORDS: Final = {
    "w": "w wk week weeks",
    "d": "d day days",
    "h": "h hr hrs hour hours",
    "m": "m min mins minute minutes",
    "s": "s sec secs second seconds",
    "ms": "ms msec msecs millisecond milliseconds",
}
_UNITS_IN_WORDS: Final = {word: unit for unit, words in _WORDS.items() for word in words.split()}
_SMALLER: Final = {"H": "M", "M": "S", "T": "S", "P": "D", "d": "h", "h": "m", "m": "s"}
"""The unit that is meant by a number without one, after this letter."""
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
    if re.fullmatch(r"P[^T]*\d[YM].*", text):
        return ": years and months differ in length, write days"
    meant = _meant(text)
    return "" if meant is None else f': write "{meant}"'


def _meant(text: str) -> str | None:
    """What somebody means who writes `3 days`, `1h 30m`, `90 sec` or `PT1M30`; None where nobody can tell."""
    parts = [(number, _UNITS_IN_WORDS.get(word.lower())) for number, word in _WORDED.findall(text)]
    if parts and not _WORDED.sub("", text).strip(" ,\tand") and all(unit for _, unit in parts):
        short = "".join(f"{7 * int(number)}d" if unit == "w" and number.isdigit() else f"{number}{unit}" for number, unit in parts)
        return short if _sum(short) is not None else None
    written = text.strip().upper() if text.strip()[:1] in ("P", "p") else text.strip()
    last = next((letter for letter in reversed(written) if letter.isalpha()), "")
    candidates = (written, written + _SMALLER.get(last, ""), written.replace("P", "PT", 1))
    return next((candidate for candidate in candidates if _sum(candidate) is not None), None)
