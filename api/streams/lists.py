"""Lists that are watched: whoever watches the same is told the same rows, anew when they have changed.

something is decided ─► in a moment the list is asked for ─► other rows? ─► all who watch it
                              ▲             │
                              ├─────────────┘ the rows do not go up to what was decided
                              └── under load later, so that asking takes a small share of the process

However much goes on, a list is asked for within `LATE_S`; and it comes to rest only once its rows show the last that was decided.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from api.streams.reader import Loop
from api.streams.watching import Changed, Found
from contracts.errors import Overloaded, RefoldError

AGAIN_S: Final = 0.25
"""So long after something has happened a list is asked for; what happens meanwhile is in it."""
LATE_S: Final = 2.0
"""So long it takes at most until it is asked for, however much happens."""
LOAD_FROM: Final = 50
"""So many decisions within `AGAIN_S` are load,"""
SHARE: Final = 0.01
"""under which lists are asked for as long as that takes this share of the CPU that the process takes."""
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


Find: TypeAlias = Callable[[Listed], Awaitable[Found]]
"""Gives the rows of a list. Raises RefoldError."""
OnChange: TypeAlias = Callable[[str | None, Changed], Callable[[], None]]
"""See `Watching.on_change`."""
Ends: TypeAlias = Callable[[], Awaitable[Mapping[int, int]]]
"""Gives by partition the offset at which the journal ends. Raises RefoldError."""


class Lists:
    """All lists that are watched. Lives in the event loop's thread."""

    def __init__(
        self,
        find: Find,
        on_change: OnChange,
        ends: Ends,
        lists_max: int = LISTS_MAX,
        loop: Loop | None = None,
        cpu_s: Callable[[], float] = time.process_time,
    ) -> None:
        """`cpu_s` says how much CPU the process has taken."""
        self.find, self.on_change, self._ends, self._lists_max, self.cpu_s = find, on_change, ends, lists_max, cpu_s
        self.loop: Loop = asyncio.get_running_loop() if loop is None else loop
        self.cost_s = 0.0
        """What it takes to ask for each of them once."""
        self._watched: dict[Listed, _Watched] = {}

    async def watch(self, listed: Listed, tell: Tell) -> Callable[[], None]:
        """Tell of its rows now, and whenever they are others; what is given back ends that. Raises RefoldError."""
        found = await self.find(listed)
        watched = self._watched.get(listed)
        is_new = watched is None
        if watched is None:
            self._check_room()
            watched = self._watched[listed] = _Watched(self, listed, found)
        tell(found.rows)
        end = watched.add(tell, lambda: self._watched.pop(listed, None))
        if is_new:  # what was decided before it was heard may not have been in the rows
            await self._look_at_ends(watched)
        elif found.rows != watched.rows:
            watched.ask_again()
        return end

    async def _look_at_ends(self, watched: _Watched) -> None:
        try:
            ends = await self._ends()
        except RefoldError as error:
            _log.warning("nobody says how far the journals are, so a list is asked for once more: %s", error)
            watched.ask_again()
        else:
            for partition, offset in ends.items():
                watched.changed(partition, offset)

    def _check_room(self) -> None:
        if len(self._watched) >= self._lists_max:
            raise Overloaded(f"{len(self._watched)} lists are being watched; the limit is {self._lists_max}", retry_after_s=5.0)


class _Watched:
    """One list."""

    def __init__(self, lists: Lists, listed: Listed, found: Found) -> None:
        self.rows = found.rows
        self._lists, self._loop, self._listed = lists, lists.loop, listed
        self._telling: dict[object, Tell] = {}
        self._timer: Any = None
        self._asking: asyncio.Task[None] | None = None
        self._reached: Mapping[int, int] = found.reached
        self._wanted: dict[int, int] = {}
        """By partition the offset that the rows have to go up to."""
        self._heard = 0
        """How many decisions since it was looked at last."""
        self._pause_s = AGAIN_S
        self._cost_s = 0.0
        self._note_cost(found.cost_s)
        self._asked_at, self._asked_cpu_s = self._loop.time(), lists.cpu_s()
        self._stop = lists.on_change(listed.workflow, self.changed)

    def add(self, tell: Tell, on_empty: Callable[[], object]) -> Callable[[], None]:
        """Tell this one, too."""
        key = object()
        self._telling[key] = tell

        def end() -> None:
            if self._telling.pop(key, None) is not None and not self._telling:
                self._stop()
                self._note_cost(0.0)
                if self._timer is not None:
                    self._timer.cancel()
                on_empty()

        return end

    def _note_cost(self, cost_s: float) -> None:
        self._lists.cost_s += cost_s - self._cost_s
        self._cost_s = cost_s

    def changed(self, partition: int, offset: int) -> None:
        """The rows have to go up to this offset; see `Watching.on_change`."""
        before = max(self._wanted.get(partition, 0), self._reached.get(partition, 0))
        if offset > before:
            self._wanted[partition] = offset
            self._heard += offset - before
            self._pause_s = AGAIN_S
            self.ask_again()

    def ask_again(self) -> None:
        """Ask for it in a moment."""
        if self._timer is None and self._asking is None and self._telling:
            self._timer = self._loop.call_later(self._pause_s, self._look)

    def _look(self) -> None:
        """Ask for it, unless there is load, and asking would take too much."""
        self._timer = None
        is_load, self._heard = self._heard >= LOAD_FROM, 0
        taken_s = self._lists.cpu_s() - self._asked_cpu_s
        if is_load and taken_s * SHARE < self._lists.cost_s and self._loop.time() - self._asked_at < LATE_S:
            self.ask_again()
        else:
            self._asking = asyncio.ensure_future(self._ask())

    async def _ask(self) -> None:
        self._asked_at, self._asked_cpu_s = self._loop.time(), self._lists.cpu_s()
        is_behind = True
        try:
            is_behind = self._take(await self._lists.find(self._listed))
        except RefoldError as error:  # it is asked again
            _log.warning("a list that is watched could not be asked for: %s", error)
        finally:
            self._asking = None
        if is_behind:
            self.ask_again()

    def _take(self, found: Found) -> bool:
        """Tell of these rows where they are others; whether they do not show yet what was decided."""
        is_further = found.reached != self._reached
        self._pause_s = AGAIN_S if is_further else min(2 * self._pause_s, LATE_S)
        self._reached = found.reached
        began = time.thread_time()
        if found.rows != self.rows:
            self.rows = found.rows
            for tell in list(self._telling.values()):
                tell(found.rows)
        self._note_cost(found.cost_s + time.thread_time() - began if self._telling else 0.0)
        return any(found.reached.get(partition, 0) < offset for partition, offset in self._wanted.items())
