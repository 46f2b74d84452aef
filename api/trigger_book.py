"""What the API needs to know of triggers, as a protocol; a part of `api.service.Service`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from api.hooks.deliveries import Deliveries
from contracts.definitions import WorkflowDefinition
from contracts.errors import Problem
from contracts.ports.credentials import Credentials
from contracts.triggers import Trigger, TriggerPaused, TriggerStatus
from domain.dependencies import Found


class TriggerBook(Protocol):
    """The triggers that are in force."""

    def triggers(self) -> Collection[str]:
        """Their names."""

    def trigger(self, name: str) -> TriggerStatus:
        """One of them, and how it stands. Raises Rejected where there is none."""

    def webhook(self, path: str) -> tuple[Trigger, TriggerPaused | None] | None:
        """The one that waits for requests at a path, and why it is paused where it is; None where there is none."""

    def taken(self, definition: WorkflowDefinition) -> Sequence[Problem]:
        """Of the paths of a definition those at which triggers of others wait."""

    @property
    def hooks(self) -> Deliveries:
        """What came to webhooks lately, at this process."""

    @property
    def secrets(self) -> Credentials:
        """What requests are checked with."""

    def dependencies(self) -> Found:
        """What leads from one workflow to another: calls, events, and the cycles among them."""

    def endless(self, name: str, workflow: str, filter_: str) -> list[Problem]:
        """What a trigger of this name that is made by hand would bring about that never ends."""

    @property
    def triggers_stand(self) -> int:
        """How far this process has read what is written about triggers that are made, deleted, paused and resumed."""

    async def know_triggers(self, stand: int) -> None:
        """Read on until that is known here. Raises Rejected for a stand that there is not yet."""

    def next_times(self, name: str, most: int) -> Sequence[int]:
        """When a schedule is due next (milliseconds since 1970), its jitter included; none of another kind, or of one that is over."""
