"""Sends events to one webhook: each at least once, whatever dies. What fails is put aside, durably, and tried again for three days.

    feed ─► wanted? ─► queue ─► send ──► done ─► checkpoint (about once a second)
                                  │ fails
                                  └─► pending, stored ─► sent again when it is due ─► done, or the webhook is disabled

The checkpoint stays below what is neither sent nor pending, so whoever goes on from it leaves nothing out. Events are sent side by side:
their order is told by their ids.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from contracts.errors import RefoldError, Rejected, UnknownRecord
from contracts.ports.feed import Feed, Selector, Told
from contracts.public_events import CloudEvent, encode_event
from contracts.webhooks import (
    DELAYS_S,
    ERROR_LENGTH_MAX,
    PENDING_MAX,
    SENT_MAX,
    Pending,
    Sent,
    Webhook,
    WebhookState,
    checkpoint_name,
    decode_sent,
    encode_sent,
    signed,
)
from domain.event_filter import EventFilter
from projections.public.present import PUBLIC

PARALLEL: Final = 4
"""So many requests are under way to one webhook."""
QUEUE_MAX: Final = 200
RETRY_PAUSE_S: Final = 0.5
LOOK_EVERY_S: Final = 1.0
SENT_ERROR_MAX: Final = 100
"""So much of why a request failed is remembered with it."""
GONE: Final = 410
RETRY_AFTER_MAX_S: Final = 24 * 3600

_log = logging.getLogger("refold.webhooks")


class Outcome(NamedTuple):
    """What came of a request: the status, None without an answer; why it failed; after how many seconds the receiver wants it again;
    how long it took."""

    status: int | None
    error: str = ""
    retry_after_s: int = 0
    duration_ms: int = 0

    @property
    def is_done(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


class Ground(Protocol):
    """What deliveries stand on. All methods belong to the event loop's thread; those about what is stored raise RefoldError."""

    @property
    def feed(self) -> Feed:
        """Tells of decisions."""

    def now(self) -> int:
        """Milliseconds since 1970."""

    def present(self, told: Told) -> list[CloudEvent]:
        """The public events of a decision."""

    async def told_at(self, partition: int, offset: int) -> Told | None:
        """The decision at an offset; None where there is none any more."""

    def send(self, name: str, url: str, headers: Mapping[str, str], body: bytes) -> Awaitable[Outcome]:
        """Send a request to the webhook of this name; it raises nothing."""

    async def save_state(self, name: str, state: WebhookState, revision: int) -> int:
        """Store the state, on top of this revision; the new one. Raises Rejected where it is another by now."""

    async def load_checkpoint(self, name: str) -> Mapping[int, int]:
        """By partition the offset up to which all is sent or pending."""

    async def save_checkpoint(self, name: str, checkpoint: Mapping[int, int], note: str) -> None:
        """All below is; a note is kept with it, as long as there is no other one."""

    async def secret_of(self, name: str, webhook: Webhook) -> str:
        """The secret of a webhook as its requests are signed with. Raises NoCredential where it cannot be opened just now."""

    async def load_note(self, name: str) -> str:
        """The note; empty where there is none."""


class WebhookDelivery:
    """Lives in the event loop. It is made by `begin`, and ended by `stop`."""

    def __init__(
        self,
        name: str,
        webhook: Webhook,
        state: WebhookState,
        revision: int,
        ground: Ground,
        checkpoint: Mapping[int, int],
        sent: Sequence[Sent],
    ) -> None:
        self.name, self.webhook, self.state, self._ground = name, webhook, state, ground
        self.revision = revision
        """Of the state, as far as it is known here."""
        self._filter = EventFilter(webhook.filter) if webhook.filter else None
        self._types = frozenset(webhook.types)
        self._open: dict[tuple[int, int], int] = {}
        self._queue: deque[tuple[tuple[int, int], CloudEvent]] = deque()
        self._has_queued, self._has_changed, self._has_room = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._saving = asyncio.Lock()
        self._is_held = False
        self._sent = deque(sent, SENT_MAX)
        self._saved: tuple[Mapping[int, int], str] = {}, ""
        self._after = {**webhook.after, **checkpoint}
        selector = Selector(events=PUBLIC, with_origin=True, workflow=webhook.workflow)
        self._subscription = ground.feed.subscribe(selector, self._take, self._after)
        works = [self._deliver() for _ in range(PARALLEL)]
        self._tasks = [asyncio.ensure_future(work) for work in (*works, self._send_again(), self._save_checkpoints())]

    @classmethod
    async def begin(cls, name: str, webhook: Webhook, state: WebhookState, revision: int, ground: Ground) -> WebhookDelivery:
        """Go on where the checkpoint stands."""
        kept = checkpoint_name(name, webhook)
        webhook = msgspec.structs.replace(webhook, secret=await ground.secret_of(name, webhook))
        sent = decode_sent(await ground.load_note(kept))
        return cls(name, webhook, state, revision, ground, await ground.load_checkpoint(kept), sent)

    @property
    def has_failed(self) -> bool:
        """Whether it has come upon a bug, and does nothing more; what it was is logged."""
        failed = [task for task in self._tasks if task.done() and not task.cancelled() and task.exception() is not None]
        for task in failed:
            _log.error("deliveries to the webhook %s have failed, they begin anew", self.name, exc_info=task.exception())
        return bool(failed)

    # What comes.

    def _take(self, told: Sequence[Told]) -> None:
        for one in told:
            events = [event for event in self._ground.present(one) if self._wants(event)]
            if events:
                place = (one.partition, one.offset)
                self._open[place] = len(events)
                self._queue.extend((place, event) for event in events)
        self._has_queued.set()
        if len(self._queue) >= QUEUE_MAX and not self._is_held:
            self._is_held = True
            self._subscription.hold()

    def _wants(self, event: CloudEvent) -> bool:
        return (not self._types or event.type in self._types) and (self._filter is None or self._filter.takes(event))

    async def _deliver(self) -> None:
        while True:
            if not self._queue:
                self._has_queued.clear()
                await self._has_queued.wait()
                continue
            place, event = self._queue.popleft()
            if self._is_held and len(self._queue) < QUEUE_MAX // 2:
                self._is_held = False
                self._subscription.go_on()
            outcome = await self._send(event)
            if not outcome.is_done:
                await self._put_aside(place, event, outcome)
            self._open[place] -= 1
            if not self._open[place]:
                del self._open[place]

    async def _send(self, event: CloudEvent) -> Outcome:
        body = encode_event(event)
        headers = signed(self.webhook.secret, event.id, self._ground.now() // 1000, body)
        headers["content-type"] = "application/cloudevents+json"
        outcome = await self._ground.send(self.name, self.webhook.url, headers, body)
        error = "" if outcome.is_done else _why(outcome)[:SENT_ERROR_MAX]
        self._sent.append(Sent(event.id, self._ground.now(), outcome.status, outcome.duration_ms, error))
        return outcome

    # What failed.

    async def _put_aside(self, place: tuple[int, int], event: CloudEvent, outcome: Outcome) -> None:
        while len(self.state.pending) >= PENDING_MAX:
            self._has_room.clear()
            await self._has_room.wait()
        if any(one.event == event.id for one in self.state.pending):
            return
        now = self._ground.now()
        pending = Pending(event=event.id, partition=place[0], offset=place[1], since=now, due=now)
        self.state.pending.append(pending)
        self._note_failure(pending, outcome)
        await self._save()
        self._has_changed.set()

    def _note_failure(self, pending: Pending, outcome: Outcome) -> None:
        """It is due later, or it was the last time."""
        now = self._ground.now()
        pending.attempts += 1
        pending.error = _why(outcome)
        if outcome.status == GONE or pending.attempts > len(DELAYS_S):
            why = "the receiver says that it is gone (410)" if outcome.status == GONE else f"event {pending.event} was refused for 3 days"
            self.state.disabled_at, self.state.reason = now, f"{why}: {pending.error}"
            _log.warning("the webhook %s is disabled: %s", self.name, self.state.reason)
            return
        delay_s = max(DELAYS_S[pending.attempts - 1], min(outcome.retry_after_s, RETRY_AFTER_MAX_S))
        pending.due = now + delay_s * 1000

    async def _send_again(self) -> None:
        while True:
            now = self._ground.now()
            due = [one for one in self.state.pending if one.due <= now]
            if not due or self.state.disabled_at:
                self._has_changed.clear()
                waiting = asyncio.ensure_future(self._has_changed.wait())
                try:
                    await asyncio.wait({waiting}, timeout=LOOK_EVERY_S)
                finally:
                    waiting.cancel()
                continue
            for one in due:
                await self._try_again(one)

    async def _try_again(self, pending: Pending) -> None:
        try:
            told = await self._ground.told_at(pending.partition, pending.offset)
        except UnknownRecord as error:
            self._note_failure(pending, Outcome(None, str(error)))
            await self._save()
            return
        except RefoldError as error:
            _log.warning("event %s cannot be read for the webhook %s: %s", pending.event, self.name, error)
            await asyncio.sleep(RETRY_PAUSE_S)
            return
        event = None if told is None else next((one for one in self._ground.present(told) if one.id == pending.event), None)
        if event is None:
            _log.warning("event %s is not there any more, and goes to the webhook %s no more", pending.event, self.name)
        outcome = Outcome(200) if event is None else await self._send(event)
        if outcome.is_done:
            self.state.pending = [one for one in self.state.pending if one.event != pending.event]
            self._has_room.set()
        else:
            self._note_failure(pending, outcome)
        await self._save()

    # What is stored.

    def merge(self, state: WebhookState, revision: int) -> None:
        """Somebody else has written the state: what is to be sent besides, or at once, is taken from it."""
        self.revision = revision
        known = {one.event: one for one in self.state.pending}
        for one in state.pending:
            if one.event not in known:
                self.state.pending.append(one)
            elif one.attempts == 0:
                known[one.event].attempts, known[one.event].due = 0, one.due
        self._has_changed.set()

    async def _save(self) -> None:
        """Store the state, however long that takes; several that wait are stored at once."""
        async with self._saving:
            while True:
                try:
                    self.revision = await self._ground.save_state(self.name, self.state, self.revision)
                    return
                except Rejected as overtaken:
                    _log.info("the state of the webhook %s was written elsewhere: %s", self.name, overtaken)
                except RefoldError as error:
                    _log.warning("the state of the webhook %s waits to be stored: %s", self.name, error)
                await asyncio.sleep(RETRY_PAUSE_S)

    @property
    def checkpoint(self) -> dict[int, int]:
        """By partition the offset up to which all is sent or pending."""
        found = {**self._after, **self._subscription.after()}
        for partition, offset in self._open:
            found[partition] = min(found.get(partition, offset), offset)
        return found

    async def _save_checkpoints(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self._save_checkpoint()

    async def _save_checkpoint(self) -> None:
        kept = self.checkpoint, encode_sent(list(self._sent))
        if kept == self._saved:
            return
        try:
            await self._ground.save_checkpoint(checkpoint_name(self.name, self.webhook), *kept)
            self._saved = kept
        except RefoldError as error:
            _log.warning("the checkpoint of the webhook %s waits to be stored: %s", self.name, error)

    async def stop(self) -> None:
        """Send nothing more; what was being sent is sent again by whoever goes on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._save_checkpoint()
        self._subscription.end()


def _why(outcome: Outcome) -> str:
    return outcome.error[:ERROR_LENGTH_MAX] or f"answered {outcome.status}"
