"""`analytics`: how many executions and nodes began and ended, and how long that took, by hour or by day."""

from __future__ import annotations

from typing import Any, Final

from refold.cli.commands.output import OK, say, say_json, seconds, table
from refold.cli.commands.target import Analysed, Value
from refold.cli.commands.where import target_of
from refold.cli.options import Where

MEASURES: Final = ("STARTED", "ENDED", "P50", "P95", "P99", "RETRIES", "INCIDENTS", "QUEUE P95", "WAITING P95")
NOTHING: Final = "-"


def analytics(where: Where, wanted: Analysed, as_json: bool) -> int:
    """The windows, in the order of time."""
    found = target_of(where).analytics(wanted)
    if as_json:
        say_json(found)
    elif found:
        what = tuple(name for name in ("workflow", "version", "node") if any(one[name] is not None for one in found))
        headers = (
            "FROM",
            *(name.upper() for name in what),
            "STARTED",
            "ENDED",
            "P50",
            "P95",
            "P99",
            "RETRIES",
            "INCIDENTS",
            "QUEUE P95",
            "WAITING P95",
        )
        table(headers, [_line(one, what) for one in found])
    else:
        say("nothing happened in this time")
    return OK


def _line(window: Value, what: tuple[str, ...]) -> tuple[str, ...]:
    at = (window["at"] or "")[:16].replace("T", " ")
    duration = [_time(window["duration"], share) for share in ("p50_ms", "p95_ms", "p99_ms")]
    numbers = str(window["retries"] or ""), str(window["incidents"] or "")
    waits = _time(window["queue"], "p95_ms"), _time(window["waiting"], "p95_ms")
    return (at, *(str(window[name]) for name in what), str(window["started"]), _ended(window), *duration, *numbers, *waits)


def _ended(window: Value) -> str:
    """How many ended well, and how many otherwise."""
    return ", ".join(f"{count} {status}" for status, count in window["ended"].items()) or NOTHING


def _time(spread: dict[str, Any] | None, share: str) -> str:
    return "" if spread is None else seconds(round(spread[share]))
