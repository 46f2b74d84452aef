"""Being a member of a cluster: heartbeats, assignments, and the farewell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.parts.running import Running

if TYPE_CHECKING:
    from infra.server.cluster.participation import Participation


class Member(Running):
    """Takes part, as long as it runs."""

    def __init__(self, participation: Participation) -> None:
        self._participation = participation

    async def start(self) -> None:
        """Say that we are there, and hear who else is. Raises LogUnreachable where no broker answers for long."""
        await self._participation.start()

    async def drain(self, stop_s: float) -> None:
        """Hand over what is owned."""
        await self._participation.leave()

    async def stop(self) -> None:
        """Say nothing any more."""
        await self._participation.close()


def _make(context: Context) -> Running | None:
    return None if context.shared is None else Member(context.shared.participation)


MEMBERSHIP: Final = Part("membership", (), _make)
