"""Lists that are watched: whoever watches the same is told the same rows, anew when they have changed.

a decision that counts ─► feed ─► the list is asked for again, in a moment ─► other rows? ─► all who watch it
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

from contracts.errors import RefoldError
from contracts.ports.feed import Feed, Selector, Told

AGAIN_S: Final = 0.25
"""So long after something has happened a list is asked for; what happens meanwhile is in it."""
UNTIL_S: Final = 1.0
"""So long after the last it is asked for once more: rows follow the journal a little later."""
_log: Final = logging.getLogger("refold.streams")

Tell: TypeAlias = Callable[[bytes], None]


class Listed(NamedTuple):
    """Which list: as `GET /v1/executions` takes it."""

    workflow: str | None
    status: tuple[str, ...]
    filter: str | None
    limit: int


Find: TypeAlias = Callable[[Listed], Awaitable[bytes]]
"""Gives the rows of a list as JSON. Raises RefoldError."""


class Lists:
    """All lists that are watched. Lives in the event loop's thread."""

    def __init__(self, feed: Feed, find: Find) -> None:
        self._feed, self._find = feed, find
        self._watched: dict[Listed, _Watched] = {}

    async def watch(self, workflow: str | None, status: tuple[str, ...], filter: str | None, limit: int, tell: Tell) -> Callable[[], None]:
        """Tell of its rows now, and whenever they are others; what is given back ends that. Raises RefoldError."""
        listed = Listed(workflow, status, filter, limit)
        rows = await self._find(listed)
        watched = self._watched.get(listed)
        if watched is None:
            watched = self._watched[listed] = _Watched(self._feed, self._find, listed, rows)
        tell(rows)
        if rows != watched.rows:
            watched.ask_again()
        return watched.add(tell, lambda: self._watched.pop(listed, None))


class _Watched:
    """One list."""

    def __init__(self, feed: Feed, find: Find, listed: Listed, rows: bytes) -> None:
        self.rows = rows
        self._find, self._listed = find, listed
        self._loop = asyncio.get_running_loop()
        self._telling: dict[object, Tell] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._asking: asyncio.Task[None] | None = None
        self._changed_at = self._loop.time()
        self._subscription = feed.subscribe(Selector(workflow=listed.workflow), self._heard)

    def add(self, tell: Tell, on_empty: Callable[[], object]) -> Callable[[], None]:
        """Tell this one, too."""
        key = object()
        self._telling[key] = tell

        def end() -> None:
            if self._telling.pop(key, None) is not None and not self._telling:
                self._subscription.end()
                if self._timer is not None:
                    self._timer.cancel()
                on_empty()

        return end

    def _heard(self, told: Sequence[Told]) -> None:
        self._changed_at = self._loop.time()
        self.ask_again()

    def ask_again(self) -> None:
        """Ask for it in a moment."""
        if self._timer is None and self._asking is None and self._telling:
            self._timer = self._loop.call_later(AGAIN_S, self._begin)

    def _begin(self) -> None:
        self._timer = None
        self._asking = asyncio.ensure_future(self._ask())

    async def _ask(self) -> None:
        asked_at = self._loop.time()
        try:
            rows = await self._find(self._listed)
            if rows != self.rows:
                self.rows = rows
                for tell in list(self._telling.values()):
                    tell(rows)
        except RefoldError as error:  # it is asked again
            _log.warning("a list that is watched could not be asked for: %s", error)
            self._changed_at = self._loop.time()
        finally:
            self._asking = None
        if asked_at < self._changed_at + UNTIL_S:
            self.ask_again()
