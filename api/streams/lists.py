"""Lists that are watched: whoever watches the same is told the same rows, anew when they have changed.

a decision that counts ─► feed ─► the list is asked for again, in a moment ─► other rows? ─► all who watch it
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from api.streams.reader import Loop
from contracts.errors import Overloaded, RefoldError
from contracts.ports.feed import Feed, Selector, Told

AGAIN_S: Final = 0.25
"""So long after something has happened a list is asked for; what happens meanwhile is in it."""
UNTIL_S: Final = 1.0
"""So long after the last it is asked for once more: rows follow the journal a little later."""
LISTS_MAX: Final = 1_000
"""So many different lists may be watched at a server: each is asked for again whenever something happens."""
_log: Final = logging.getLogger("refold.streams")

Tell: TypeAlias = Callable[[bytes], None]


What: TypeAlias = Literal["executions", "tasks"]


class Listed(NamedTuple):
    """Which list: as `GET /v1/executions` takes it, or `GET /v1/tasks` those that are open."""

    workflow: str | None
    status: tuple[str, ...]
    filter: str | None
    limit: int
    what: What = "executions"
    sort: str | None = None


Find: TypeAlias = Callable[[Listed], Awaitable[bytes]]
"""Gives the rows of a list as JSON. Raises RefoldError."""


class Lists:
    """All lists that are watched. Lives in the event loop's thread."""

    def __init__(self, feed: Feed, find: Find, lists_max: int = LISTS_MAX, loop: Loop | None = None) -> None:
        self._feed, self._find, self._lists_max = feed, find, lists_max
        self._loop: Loop = asyncio.get_running_loop() if loop is None else loop
        self._watched: dict[Listed, _Watched] = {}

    async def watch(self, listed: Listed, tell: Tell) -> Callable[[], None]:
        """Tell of its rows now, and whenever they are others; what is given back ends that. Raises RefoldError."""
        rows = await self._find(listed)
        watched = self._watched.get(listed)
        is_new = watched is None
        if watched is None:
            self._check_room()
            watched = self._watched[listed] = _Watched(self._feed, self._find, self._loop, listed, rows)
        tell(rows)
        end = watched.add(tell, lambda: self._watched.pop(listed, None))
        if is_new or rows != watched.rows:  # what was decided before it was heard may not have been in the rows
            watched.may_have_changed()
        return end

    def _check_room(self) -> None:
        if len(self._watched) >= self._lists_max:
            raise Overloaded(f"{len(self._watched)} lists are being watched; the limit is {self._lists_max}", retry_after_s=5.0)


class _Watched:
    """One list."""

    def __init__(self, feed: Feed, find: Find, loop: Loop, listed: Listed, rows: bytes) -> None:
        self.rows = rows
        self._find, self._loop, self._listed = find, loop, listed
        self._telling: dict[object, Tell] = {}
        self._timer: Any = None
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
        self.may_have_changed()

    def may_have_changed(self) -> None:
        """Ask for it in a moment, and until its rows have had the time to follow."""
        self._changed_at = self._loop.time()
        self._ask_again()

    def _ask_again(self) -> None:
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
            self._ask_again()
