"""The table of the reference about daylight saving, made by running the library: what cron lines do on the days of the transitions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from domain.triggers.cron import cron_after

ZONES: Final = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago")
LINES: Final = ("30 2 * * *", "30 1 * * *", "*/30 1 * * *", "0 * * * *", "0 30 1 * * *")
BEGIN, END = datetime(2027, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)


def transitions(zone: ZoneInfo) -> Iterator[tuple[datetime, timedelta]]:
    """The moments at which the clock is set, and by how much."""
    at, step = BEGIN, timedelta(minutes=30)
    while at < END:
        change = (at + step).astimezone(zone).utcoffset() or timedelta()
        change -= at.astimezone(zone).utcoffset() or timedelta()
        if change:
            yield at + step, change
        at += step if change else timedelta(minutes=30)


def fired(line: str, zone: ZoneInfo, at: datetime) -> list[str]:
    """When a line is due on the day of a transition, between midnight and four, in the time of the place."""
    begin = (at.astimezone(zone) - timedelta(minutes=1)).replace(hour=0, minute=0, second=0)
    found, due = [], cron_after(line, zone, round(begin.timestamp() * 1000) - 1)
    while (
        due is not None and (local := datetime.fromtimestamp(due / 1000, zone)) and (local.date(), local.hour < 4) == (begin.date(), True)
    ):
        found.append(f"{local:%H:%M}{'²' if local.fold else ''}")
        due = cron_after(line, zone, due)
    return found


def rows() -> Iterator[str]:
    """The lines of the table."""
    yield "| zone | the clock is set | " + " | ".join(f"`{line}`" for line in LINES) + " |"
    yield "|---|---|" + "---|" * len(LINES)
    for name in ZONES:
        zone = ZoneInfo(name)
        for at, change in transitions(zone):
            local, minutes = (at - timedelta(seconds=1)).astimezone(zone) + timedelta(seconds=1), round(change.total_seconds() / 60)
            cells = [", ".join(fired(line, zone, at)) or "–" for line in LINES]
            yield f"| {name} | {local:%Y-%m-%d %H:%M}, {minutes:+d} min | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    print("\n".join(rows()))
