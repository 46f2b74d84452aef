"""The deliveries of a process: to each webhook that falls to it by itself, so a slow one holds up no other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

from contracts.errors import NoCredential, RefoldError
from contracts.resources import Resource
from contracts.webhooks import KIND, STATE, decode_state, decode_webhook, state_of
from workers.reading.webhook_delivery import Ground, WebhookDelivery

LOOK_EVERY_S: Final = 0.5

_log = logging.getLogger("refold.webhooks")


class Kept(Protocol):
    """The resources of the log, as they are known here."""

    def look(self) -> None:
        """See whether others have written."""

    def find(self, kind: str, name: str) -> Resource | None:
        """The resource of a name."""

    def all(self, kind: str) -> list[Resource]:
        """All of a kind."""


class WebhookDeliveries:
    """Lives in the event loop. `is_mine` says whether a webhook falls to this process."""

    def __init__(self, kept: Kept, ground: Ground, is_mine: Callable[[str], bool]) -> None:
        self._kept, self._ground, self._is_mine = kept, ground, is_mine
        self._running: dict[str, tuple[int, WebhookDelivery]] = {}
        self._task: asyncio.Task[None] | None = None
        self._locked: dict[str, str] = {}
        """Webhooks whose secret cannot be opened, and why; it is said once."""

    def start(self) -> None:
        """Deliver from now on."""
        self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        while True:
            try:
                await self._look()
            except RefoldError as error:
                _log.warning("webhooks wait: %s", error)
            except Exception:
                _log.exception("webhooks could not be looked at")
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self) -> None:
        webhooks = {one.name: one for one in self._kept.all(KIND) if self._is_mine(one.name)}
        for name, (revision, delivery) in list(self._running.items()):
            wanted = webhooks.get(name)
            if wanted is None or wanted.revision != revision or delivery.has_failed or delivery.state.disabled_at:
                del self._running[name]
                await delivery.stop()
        self._locked = {name: why for name, why in self._locked.items() if name in webhooks}
        for name, resource in webhooks.items():
            stored = self._kept.find(STATE, name)
            if name not in self._running:
                await self._try_to_begin(resource, stored)
            elif stored is not None and stored.revision > (delivery := self._running[name][1]).revision:
                delivery.merge(decode_state(stored.value or b""), stored.revision)

    async def _try_to_begin(self, resource: Resource, stored: Resource | None) -> None:
        """Begin it, unless its secret cannot be opened; that keeps no other."""
        try:
            await self._begin(resource, stored)
        except NoCredential as error:
            if self._locked.get(resource.name) != str(error):
                self._locked[resource.name] = str(error)
                _log.warning("nothing is sent to the webhook %s: %s", resource.name, error)
        else:
            self._locked.pop(resource.name, None)

    async def _begin(self, resource: Resource, stored: Resource | None) -> None:
        webhook = decode_webhook(resource.value or b"")
        state = state_of(webhook, None if stored is None else stored.value)
        if state.disabled_at:
            return
        revision = 0 if stored is None else stored.revision
        delivery = await WebhookDelivery.begin(resource.name, webhook, state, revision, self._ground)
        self._running[resource.name] = (resource.revision, delivery)

    async def stop(self) -> None:
        """Deliver nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for _, delivery in self._running.values():
            await delivery.stop()
        self._running.clear()
