"""Slack, as whoever answers its requests needs it: proofs that a request is Slack's, and questions to its Web API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class SlackFailed(Exception):
    """Slack could not be asked, or has refused; the message says why, for logs."""


class Slack(Protocol):
    """Slack from an event loop."""

    @property
    def is_set(self) -> bool:
        """Whether the settings say that Slack is used."""

    async def secrets(self) -> Sequence[Mapping[str, str]]:
        """Those that count by which Slack signs its requests. Raises NoCredential, LogError."""

    async def ask(self, method: str, **given: Any) -> dict[str, Any]:
        """What a method of the Web API answers. Raises SlackFailed, NoCredential, LogError."""
