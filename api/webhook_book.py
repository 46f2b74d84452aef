"""What the API needs to know of webhooks, besides what is a resource, as a protocol; a part of `api.service.Service`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from contracts.webhooks import Sent


class WebhookBook(Protocol):
    """What was sent to webhooks."""

    async def sent_to(self, checkpoint: str) -> Sequence[Sent]:
        """The last requests to one, by the name of its checkpoint, the oldest first; it may lack those of the last two seconds."""
