"""Executions that wait for others: each process looks after those in its partitions, and hears of what completes in all."""

from __future__ import annotations

from typing import Final

from contracts.public_events import SOURCE_DEFAULT
from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.parts.running import Running
from infra.server.trigger_ground import StepGround
from workers.triggers.dependents import Dependents


class Looking(Running):
    """Moves them."""

    def __init__(self, dependents: Dependents) -> None:
        self._dependents = dependents
        self._is_over = False

    def step(self) -> bool:
        """Look who waits, and for what."""
        return not self._is_over and self._dependents.step()

    def next_due(self) -> int | None:
        """When something is tried again."""
        return None if self._is_over else self._dependents.next_due()

    async def drain(self, stop_s: float) -> None:
        """Nobody is told any more."""
        self._is_over = True
        self._dependents.close()

    async def stop(self) -> None:
        """The same."""
        await self.drain(0.0)


def _make(context: Context) -> Running | None:
    if context.alone is not None:
        alone = context.alone
        ground, owner = context.trigger_ground or StepGround(alone, SOURCE_DEFAULT), alone.owner
        mine = {owner.partition: owner}
        return Looking(
            Dependents(
                alone.catalog, context.clock, context.feed, ground, context.send, lambda: mine if owner.is_in_charge else {}, context.wake
            )
        )
    shared = context.shared
    if shared is None:
        return None
    owned = shared.owned
    return Looking(
        Dependents(
            shared.catalog, context.clock, context.feed, shared.service.trigger_ground, context.send,
            lambda: {partition: owned[partition].owner for partition in owned.in_charge()}, context.wake,
        )
    )  # fmt: skip


DEPENDENTS: Final = Part("dependents", ("owner",), _make)
