"""Kafka triggers: each in the process that owns the partition of its name, as schedules are."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final

from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.parts.running import Running
from infra.server.parts.triggers import AloneAdvance, SharedAdvance
from infra.server.trigger_firing import Firing
from workers.triggers.directory import Directory
from workers.triggers.topics import Topics


class Reading(Running):
    """Reads the topics that are ours, from its start on."""

    def __init__(self, topics: Topics, share: Callable[[], object]) -> None:
        """`share` is another where other triggers are ours; None where none is."""
        self._topics, self._share = topics, share
        self._is_on = False

    async def start(self) -> None:
        """Read from now on."""
        self._is_on = True

    def step(self) -> bool:
        """Look whether other triggers are ours."""
        if self._is_on:
            self._topics.refresh(self._share())
        return False

    async def drain(self, stop_s: float) -> None:
        """Nothing new is started any more."""
        self._is_on = False
        await self._topics.close()

    async def stop(self) -> None:
        """The same."""
        await self.drain(0.0)


def _make(context: Context) -> Running | None:
    open_ = context.user_topics
    if open_ is None:
        return None
    if context.alone is not None:
        alone = context.alone
        directory, states = Directory(alone.catalog, alone.resources), alone.resources.triggers
        fire = Firing(alone.catalog, context.send, None if alone.credentials is None else alone.credentials.sealed_values)
        topics = Topics(directory, states, context.clock, open_, fire, AloneAdvance(alone), lambda name: alone.owner.is_current)
        return Reading(topics, lambda: alone.owner.is_current)
    shared = context.shared
    if shared is None:
        return None
    owned, began_with = shared.owned, shared.began_with
    directory, states = Directory(shared.catalog, shared.resources), shared.resources.triggers
    fire = Firing(shared.catalog, context.send, shared.service.credentials.sealed_values, began_with)
    topics = Topics(
        directory, states, context.clock, open_, fire, SharedAdvance(shared, context.wake),
        lambda name: owned.is_in_charge(zlib.crc32(name.encode()) % began_with),
    )  # fmt: skip
    return Reading(topics, lambda: tuple(owned.in_charge()))


TOPICS: Final = Part("topics", ("owner",), _make)
