"""What a service knows of webhooks: how they stand, by their resources, and what was sent, by the notes kept with their checkpoints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from contracts.webhooks import KIND, STATE, Sent, decode_sent, decode_webhook, state_of, status_of
from workers.partition.resources import Resources


class Notes(Protocol):
    """What is noted with the checkpoints of webhooks."""

    async def note(self, name: str) -> str:
        """The note of a checkpoint; empty where there is none. Raises LogError."""


class WebhookBook:
    """See `api.webhook_book`. Without notes nothing is sent here."""

    def __init__(self, resources: Resources, notes: Notes | None) -> None:
        self._resources, self._notes = resources, notes

    async def sent_to(self, checkpoint: str) -> list[Sent]:
        """The last requests to a webhook, the oldest first."""
        return [] if self._notes is None else decode_sent(await self._notes.note(checkpoint))

    def standing(self) -> Mapping[str, int]:
        """How many webhooks stand how."""
        states = {one.name: one.value for one in self._resources.all(STATE)}
        webhooks = ((one.name, decode_webhook(one.value or b"")) for one in self._resources.all(KIND))
        return Counter(status_of(state_of(webhook, states.get(name))) for name, webhook in webhooks)
