"""What deliveries to webhooks stand on in a server: its feed, its journal, its resources, and requests that go out as `http_request` does.

A webhook has threads of its own for its requests: one that answers slowly holds up no other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

import httpx2

from contracts.caller import ENGINE
from contracts.ports.clock import Clock
from contracts.ports.credentials import Use
from contracts.ports.feed import Feed, Told
from contracts.public_events import CloudEvent
from contracts.webhooks import STATE, Webhook, WebhookState, encode_json, secret_place
from infra.server.common_service import CommonService
from infra.server.reader_wiring import positions_of
from infra.server.webhook_book import Notes
from infra.settings.model import EngineSettings
from projections.public.present import public_events
from workers.reading.webhook_delivery import PARALLEL, Outcome
from workers.running.activity_error import ActivityError, Cancelled, failure_of
from workers.running.egress.addresses import is_any, is_public, resolve
from workers.running.egress.exchange import Answer, Question, exchange
from workers.running.egress.plain_request import PlainRequest

TIMEOUT_S: Final = 15.0
ANSWER_BYTES_MAX: Final = 64 * 1024


class Checkpoints(Notes, Protocol):
    """Where checkpoints are kept."""

    async def load(self, name: str, partitions: int) -> Mapping[int, int]:
        """What was saved under a name."""

    async def save(self, name: str, checkpoint: Mapping[int, int], note: str) -> None:
        """Save it, and a note with it."""

    async def close(self) -> None:
        """Let go of everything."""


class WebhookGround:
    """See `workers.reading.webhook_delivery.Ground`."""

    def __init__(self, service: CommonService, feed: Feed, clock: Clock, engine: EngineSettings, checkpoints: Checkpoints) -> None:
        self.feed, self._service, self._clock, self._checkpoints = feed, service, clock, checkpoints
        self._positions, self._source = positions_of(engine), engine.event_source
        self._is_allowed = is_any if engine.allow_private_addresses else is_public
        self._pools: dict[str, ThreadPoolExecutor] = {}

    def now(self) -> int:
        """Milliseconds since 1970."""
        return self._clock.now()

    def present(self, told: Told) -> list[CloudEvent]:
        """The public events of a decision."""
        assert told.origin is not None, f"the origin of execution {told.decision.execution} is not told"
        return list(public_events(told.decision, told.origin, self._positions.of(told.partition, told.offset), self._source))

    async def told_at(self, partition: int, offset: int) -> Told | None:
        """The decision at an offset."""
        return await self._service.told_at(partition, offset)

    def send(self, name: str, url: str, headers: Mapping[str, str], body: bytes) -> Awaitable[Outcome]:
        """In a thread of the webhook's own."""
        pool = self._pools.setdefault(name, ThreadPoolExecutor(PARALLEL + 1, f"refold-webhook-{name}"))
        return asyncio.get_running_loop().run_in_executor(pool, self._send, url, dict(headers), body)

    def _send(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        began = time.monotonic()
        outcome = self._outcome(url, headers, body)
        return outcome._replace(duration_ms=int((time.monotonic() - began) * 1000))

    def _outcome(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        try:
            question = Question(
                method="POST", url=httpx2.URL(url), headers=headers, content=body, timeout_s=TIMEOUT_S, follow_redirects=False,
                response_bytes_max=ANSWER_BYTES_MAX,
            )  # fmt: skip
            return _outcome(exchange(PlainRequest(), question, resolve, self._is_allowed))
        except ActivityError as error:
            return Outcome(None, f"{(said := failure_of(error)).type}: {said.message}")
        except (Cancelled, OSError, httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            return Outcome(None, f"{type(error).__name__}: {error}")

    async def save_state(self, name: str, state: WebhookState, revision: int) -> int:
        """As a resource."""
        return (await self._service.write_resource(STATE, name, encode_json(state), ENGINE, revision)).revision

    async def load_checkpoint(self, name: str) -> Mapping[int, int]:
        """What was saved."""
        return await self._checkpoints.load(name, len(await self._service.ends()))

    async def save_checkpoint(self, name: str, checkpoint: Mapping[int, int], note: str) -> None:
        """Save it."""
        await self._checkpoints.save(name, checkpoint, note)

    async def secret_of(self, name: str, webhook: Webhook) -> str:
        """In a thread, as it may wait for a disk."""
        place = secret_place(name)
        return await asyncio.to_thread(self._service.credentials.kept_secret, webhook.secret, place, Use(purpose=f"requests to {place}"))

    async def load_note(self, name: str) -> str:
        """What was saved with it."""
        return await self._checkpoints.note(name)

    async def close(self) -> None:
        """Let go of everything; requests that are under way end by themselves."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        await self._checkpoints.close()


def _outcome(answer: Answer) -> Outcome:
    after = answer.headers.get("retry-after", "")
    return Outcome(answer.status, "", int(after) if after.isdecimal() and len(after) < 10 else 0)
