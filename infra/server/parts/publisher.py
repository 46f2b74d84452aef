"""The publisher of public events: a process of a cluster that has the role writes them to their topic, an owner says how far they lag.

Embedded nobody else reads a topic: there events are heard from the server itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.parts.running import Running

if TYPE_CHECKING:
    from workers.cluster.publisher import Publisher
    from workers.cluster.publishing_lag import PublishingLag

ROLE: Final = "publisher"


class Publishing(Running):
    """Writes what falls to this process, if anything does."""

    def __init__(self, publisher: Publisher | None, lag: PublishingLag) -> None:
        self._publisher, self._lag = publisher, lag

    async def start(self) -> None:
        """Publish from now on."""
        self._lag.start()
        if self._publisher is not None:
            self._publisher.start()

    async def drain(self, stop_s: float) -> None:
        """Say how far it came, so that others go on there."""
        if self._publisher is not None:
            await self._publisher.stop()

    async def stop(self) -> None:
        """Publish nothing more."""
        if self._publisher is not None:
            await self._publisher.stop()
        await self._lag.stop()


def _make(context: Context) -> Running | None:
    shared = context.shared
    if shared is None:
        return None
    return Publishing(shared.publisher() if ROLE in context.roles else None, shared.publishing_lag)


PUBLISHER: Final = Part("publisher", ("publisher", "owner"), _make)
