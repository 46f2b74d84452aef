"""What a server tells of itself: with which settings it was started, and which parts of it are installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple


class SettingRow(NamedTuple):
    """A setting as it counts: what says so (`origin`, `place`), and what it means. Passwords in addresses are hidden."""

    name: str
    value: Any
    origin: str
    place: str
    meaning: str


class ExtraRow(NamedTuple):
    """An extra, and the libraries that it needs: each with its version, None of one that is not there."""

    name: str
    libraries: Mapping[str, str | None]


class About(NamedTuple):
    """A server. `data` is its folder, `log` where its log is if not there; times are in milliseconds since 1970."""

    started_at: int = 0
    data: str | None = None
    log: str | None = None
    settings: Sequence[SettingRow] = ()
    extras: Callable[[], Sequence[ExtraRow]] = list
    """Looks which are installed: it reads files."""
