"""Slack for the API: what Slack signs with, and its Web API, by the engine's settings and credentials."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from contracts.ports.credentials import Credentials, Secret, Use
from contracts.ports.slack import SlackFailed
from infra.settings.model import EngineSettings
from workers.running.activity_error import ActivityError
from workers.running.channels.slack_api import ask
from workers.running.egress.plain_request import PlainRequest

SECRETS_S: Final = 2.0
"""So long a secret is remembered."""
TIMEOUT_S: Final = 2.0
"""Who asks has three seconds in all to answer Slack."""
_USE: Final = Use(purpose="slack")


class SlackDesk:
    """See `contracts.ports.slack`."""

    def __init__(self, settings: EngineSettings, credentials: Callable[[], Credentials]) -> None:
        self._settings, self._credentials = settings, credentials
        self._known: dict[str, tuple[float, Secret]] = {}

    @property
    def is_set(self) -> bool:
        """With both credentials named."""
        return self._settings.slack_signing is not None and self._settings.slack_token is not None

    async def secrets(self) -> Sequence[Mapping[str, str]]:
        """The newest first; two where one is being rotated."""
        assert self._settings.slack_signing is not None
        return [one.values for one in (await self._secret(self._settings.slack_signing)).valid]

    async def ask(self, method: str, **given: Any) -> dict[str, Any]:
        """One request, in a thread of its own."""
        assert self._settings.slack_token is not None
        token = (await self._secret(self._settings.slack_token)).values.get("token", "")
        try:
            return await asyncio.to_thread(ask, PlainRequest(), self._settings.slack_url, token, method, given, False, TIMEOUT_S, False)
        except ActivityError as error:
            raise SlackFailed(str(error)) from None

    async def _secret(self, name: str) -> Secret:
        known = self._known.get(name)
        if known is None or time.monotonic() - known[0] > SECRETS_S:
            known = self._known[name] = time.monotonic(), await self._credentials().resolve(name, _USE)
        return known[1]
