"""Triggers that fire by themselves: each in the process that owns the partition of its name, so that one does at a time.

For a moment two may, when a partition changes hands: what they start is one execution.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from contracts import triggers as sources
from contracts.errors import RefoldError
from contracts.public_events import SOURCE_DEFAULT
from contracts.triggers import Fired
from infra.server.alone import Alone
from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.parts.running import Running
from infra.server.trigger_firing import Firing
from infra.server.trigger_ground import StepGround
from workers.triggers.directory import Directory
from workers.triggers.events import Events
from workers.triggers.schedules import Schedules

if TYPE_CHECKING:
    from infra.server.cluster.shared import Shared

_log = logging.getLogger("refold.triggers")


class Firings(Running):
    """Moves the triggers that are ours."""

    def __init__(
        self, schedules: Schedules, events: Events, share: Callable[[], object], is_active: Callable[[], bool],
        hear: Callable[[Callable[[], None]], None], wake: Callable[[], None],
    ) -> None:  # fmt: skip
        """`share` is another where other triggers are ours; who is given to `hear` is told when triggers may have changed."""
        self._schedules, self._events, self._share, self._is_active = schedules, events, share, is_active
        self._hear, self._wake = hear, wake
        self._is_over = False

    async def start(self) -> None:
        """From now on what is published and made wakes the process."""
        loop = asyncio.get_running_loop()

        def told() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._wake)

        self._hear(told)

    def step(self) -> bool:
        """Fire what is due."""
        if self._is_over or not self._is_active():
            return False
        share = self._share()
        self._schedules.refresh(share)
        self._events.refresh(share)
        has_fired = self._schedules.step()
        return self._events.step() or has_fired

    def next_due(self) -> int | None:
        """When the next schedule is, or an event is tried again."""
        if self._is_over or not self._is_active():
            return None
        return min((due for due in (self._schedules.next_due(), self._events.next_due()) if due is not None), default=None)

    async def drain(self, stop_s: float) -> None:
        """Nothing new is started any more."""
        self._is_over = True
        self._events.close()

    async def stop(self) -> None:
        """The same, at once."""
        await self.drain(0.0)


class AloneAdvance:
    """Notes how far triggers are in the log that this process has for itself."""

    def __init__(self, alone: Alone) -> None:
        self._alone = alone

    def __call__(self, positions: Mapping[str, int], fired: Sequence[Fired], then: Callable[[bool], None]) -> None:
        """At once."""
        then(_noted(lambda: self._alone.resources.advance(positions, fired)))


class SharedAdvance:
    """The same where the log may be far away: in the thread that publishes."""

    def __init__(self, shared: Shared, wake: Callable[[], None]) -> None:
        self._shared, self._wake = shared, wake
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, positions: Mapping[str, int], fired: Sequence[Fired], then: Callable[[bool], None]) -> None:
        """Later."""
        task = asyncio.ensure_future(self._note(positions, fired, then))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _note(self, positions: Mapping[str, int], fired: Sequence[Fired], then: Callable[[bool], None]) -> None:
        try:
            await self._shared.service.advance_triggers(positions, fired)
        except Exception as error:  # whoever waits has to hear of it, whatever it is
            _tell(error)
            then(False)
        else:
            then(True)
        self._wake()


def _noted(note: Callable[[], None]) -> bool:
    try:
        note()
    except RefoldError as error:
        _tell(error)
        return False
    return True


def _tell(error: Exception) -> None:
    unexpected = None if isinstance(error, RefoldError) else error
    _log.warning("it could not be noted how far triggers are, and is tried again: %s", error, exc_info=unexpected)


def _make(context: Context) -> Running | None:
    if context.alone is not None:
        alone = context.alone
        directory, states = Directory(alone.catalog, alone.resources), alone.resources.triggers
        firing = Firing(alone.catalog, context.send, None if alone.credentials is None else alone.credentials.sealed_values)
        notes, ground = AloneAdvance(alone), context.trigger_ground or StepGround(alone, SOURCE_DEFAULT)
        schedules = Schedules(directory, states, context.clock, firing, notes, lambda name: True)
        events = Events(directory, states, context.clock, context.feed, ground, firing, notes, lambda: (alone.owner.partition,))
        return Firings(schedules, events, lambda: None, lambda: alone.owner.is_current, partial(_hear, alone), context.wake)
    if context.shared is None:
        return None
    shared, owned = context.shared, context.shared.owned
    began_with = shared.began_with
    directory, states = Directory(shared.catalog, shared.resources), shared.resources.triggers
    firing = Firing(shared.catalog, context.send, shared.service.credentials.sealed_values, began_with)
    advance = SharedAdvance(shared, context.wake)
    schedules = Schedules(
        directory, states, context.clock, firing, advance,
        lambda name: owned.is_in_charge(zlib.crc32(name.encode()) % began_with),
    )  # fmt: skip
    events = Events(
        directory, states, context.clock, context.feed, shared.service.trigger_ground, firing, advance, owned.in_charge
    )  # fmt: skip
    return Firings(schedules, events, lambda: tuple(owned.in_charge()), lambda: True, partial(_hear, shared), context.wake)


def _hear(engine: Alone | Shared, then: Callable[[], None]) -> None:
    engine.catalog.hear(then)
    engine.resources.hear(lambda resource: then() if resource.kind in (sources.TRIGGERS, sources.PAUSES) else None)


TRIGGERS: Final = Part("triggers", ("owner",), _make)
