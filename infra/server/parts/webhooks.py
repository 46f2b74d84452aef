"""The deliveries to webhooks, in servers that are asked over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.parts.running import Running

if TYPE_CHECKING:
    from infra.server.webhook_ground import WebhookGround
    from workers.reading.webhook_deliveries import WebhookDeliveries


class Delivering(Running):
    """Sends what falls to this process."""

    def __init__(self, deliveries: WebhookDeliveries, ground: WebhookGround) -> None:
        self._deliveries, self._ground = deliveries, ground

    async def start(self) -> None:
        """Send from now on."""
        self._deliveries.start()

    async def drain(self, stop_s: float) -> None:
        """Say how far it came."""
        await self._deliveries.stop()

    async def stop(self) -> None:
        """Send nothing more."""
        await self._deliveries.stop()
        await self._ground.close()


def _make(context: Context) -> Running | None:
    return None if context.webhooks is None else Delivering(*context.webhooks)


WEBHOOKS: Final = Part("webhooks", ("api",), _make)
