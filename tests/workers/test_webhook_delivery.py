"""Deliveries to a webhook by a clock that is set: what is refused comes again by the schedule, for three days."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import LogUnreachable, NoCredential
from contracts.ports.feed import Feed, Told
from contracts.public_events import CloudEvent
from contracts.resources import Resource
from contracts.webhooks import (
    DELAYS_S,
    KIND,
    PENDING_MAX,
    SENT_BYTES_MAX,
    SENT_MAX,
    Sent,
    Webhook,
    WebhookState,
    decode_sent,
    encode_json,
    encode_sent,
    secret_key,
    signed,
    written_secret,
)
from projections.public.present import public_events
from tests.workers.feeding import Fed
from tests.workers.harness import Bench, sequence
from workers.reading.webhook_deliveries import WebhookDeliveries
from workers.reading.webhook_delivery import Outcome, WebhookDelivery

SECRET = written_secret(bytes(range(32)))
DAY_MS = 24 * 3600 * 1000


class HeldGround:
    """See `workers.reading.webhook_delivery.Ground`: a real feed and journal, a receiver that answers as told."""

    def __init__(self, fed: Fed) -> None:
        self._fed = fed
        self.feed: Feed = fed.feed
        self.time = 1_000_000
        self.outcome = Outcome(500)
        self.sent: list[str] = []
        self.state: WebhookState | None = None
        self.checkpoints: dict[str, Mapping[int, int]] = {}
        self.notes: dict[str, str] = {}
        self.failing_saves = 0

    def now(self) -> int:
        return self.time

    def present(self, told: Told) -> list[CloudEvent]:
        assert told.origin is not None
        return list(public_events(told.decision, told.origin, told.offset))

    async def told_at(self, partition: int, offset: int) -> Told | None:
        self._fed.project()
        return self._fed.beside.backlog.at(partition, offset)

    def send(self, name: str, url: str, headers: Mapping[str, str], body: bytes) -> Awaitable[Outcome]:
        self.sent.append(headers["webhook-id"])
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        answer.set_result(self.outcome)
        return answer

    async def save_state(self, name: str, state: WebhookState, revision: int) -> int:
        if self.failing_saves:
            self.failing_saves -= 1
            raise LogUnreachable("away")
        self.state = state
        return revision + 1

    async def load_checkpoint(self, name: str) -> Mapping[int, int]:
        return self.checkpoints.get(name, {})

    async def save_checkpoint(self, name: str, checkpoint: Mapping[int, int], note: str) -> None:
        self.checkpoints[name], self.notes[name] = checkpoint, note

    async def secret_of(self, name: str, webhook: Webhook) -> str:
        return webhook.secret

    async def load_note(self, name: str) -> str:
        return self.notes.get(name, "")


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.005)


def tell(folder: Path, story: Callable[[HeldGround, Fed, Bench], Coroutine[Any, Any, None]]) -> None:
    bench = Bench()
    fed = Fed(bench, folder)
    bench.publish(sequence("noop"))
    asyncio.run(story(HeldGround(fed), fed, bench))


def webhook(**more: Any) -> Webhook:
    return Webhook(url="http://x.example", secret=SECRET, begun=1, after={0: 0}, **more)


async def begin(ground: HeldGround, state: WebhookState | None = None, **more: Any) -> WebhookDelivery:
    return await WebhookDelivery.begin("x", webhook(**more), state or WebhookState(begun=1), 0, ground)


class LockedGround(HeldGround):
    """The key is away."""

    async def secret_of(self, name: str, webhook: Webhook) -> str:
        raise NoCredential(name, "the key is away")


def test_that_a_secret_cannot_be_opened_is_said_once_for_each_webhook_that_there_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench()
    kept: dict[str, Resource] = {}

    class Kept:
        def look(self) -> None: ...

        def find(self, kind: str, name: str) -> Resource | None:
            return None

        def all(self, kind: str) -> list[Resource]:
            return list(kept.values())

    async def story() -> None:
        deliveries = WebhookDeliveries(Kept(), LockedGround(Fed(bench, tmp_path)), lambda name: True)
        for is_there in (True, True, False, True):
            kept.update({"x": Resource(KIND, "x", encode_json(webhook()), 1, "ada", 1)} if is_there else {})
            if not is_there:
                kept.clear()
            await deliveries._look()

    asyncio.run(story())
    assert caplog.text.count("nothing is sent to the webhook x") == 2


def test_what_is_refused_comes_again_by_the_schedule_and_after_three_days_the_webhook_is_disabled(tmp_path: Path) -> None:
    async def story(ground: HeldGround, fed: Fed, bench: Bench) -> None:
        delivery = await begin(ground, types=("refold.execution.completed",))
        bench.start(execution="a")
        fed.move()
        await until(lambda: len(ground.sent) == 1)
        began = ground.time
        for tried, delay_s in enumerate(DELAYS_S, 1):
            await until(lambda: delivery.state.pending[0].attempts == tried)  # noqa: B023 - asked at once
            assert not delivery.state.disabled_at
            ground.time += delay_s * 1000
            delivery.merge(WebhookState(begun=1), delivery.revision)  # it looks at once
            await until(lambda: len(ground.sent) == tried + 1)  # noqa: B023 - asked at once
        await until(lambda: delivery.state.disabled_at)
        assert ground.time - began > 3 * DAY_MS
        assert "3 days" in delivery.state.reason
        assert delivery.state.pending, "what was refused is kept"
        await delivery.stop()

    tell(tmp_path, story)


def test_nothing_new_is_sent_while_too_much_is_put_aside_and_all_of_it_once_the_receiver_is_back(tmp_path: Path) -> None:
    async def story(ground: HeldGround, fed: Fed, bench: Bench) -> None:
        delivery = await begin(ground, types=("refold.execution.created",))
        for number in range(PENDING_MAX + 50):
            bench.start(execution=f"e{number}")
        fed.move()
        await until(lambda: len(delivery.state.pending) == PENDING_MAX)
        assert len(set(ground.sent)) < PENDING_MAX + 10
        ground.outcome = Outcome(200)

        def is_through() -> bool:
            ground.time += DELAYS_S[0] * 1000
            fed.beside.turn_all()
            return len(set(ground.sent)) == PENDING_MAX + 50 and not delivery.state.pending

        await until(is_through)
        await delivery.stop()
        assert ground.checkpoints["x.1"][0] > 0

    tell(tmp_path, story)


def test_the_checkpoint_does_not_pass_what_failed_before_that_is_stored(tmp_path: Path) -> None:
    async def story(ground: HeldGround, fed: Fed, bench: Bench) -> None:
        ground.failing_saves = 1_000
        delivery = await begin(ground, types=("refold.execution.created",))
        bench.start(execution="a")
        fed.move()
        await until(lambda: delivery.state.pending)
        await delivery.stop()  # killed before it was stored
        assert ground.state is None
        ground.failing_saves, ground.outcome = 0, Outcome(200)
        again = await begin(ground, types=("refold.execution.created",))
        fed.beside.turn_all()
        await until(lambda: len(ground.sent) == 2)
        assert set(ground.sent) == {"a/1"}
        await again.stop()

    tell(tmp_path, story)


def test_what_was_stored_as_pending_is_sent_by_whoever_comes_next(tmp_path: Path) -> None:
    async def story(ground: HeldGround, fed: Fed, bench: Bench) -> None:
        first = await begin(ground, types=("refold.execution.created",))
        bench.start(execution="a")
        fed.move()
        await until(lambda: ground.state is not None)
        await first.stop()
        ground.outcome = Outcome(200)
        ground.time += DAY_MS
        assert ground.state is not None
        second = await begin(ground, ground.state, types=("refold.execution.created",))
        await until(lambda: not second.state.pending)
        assert ground.sent == ["a/1", "a/1"]
        await second.stop()

    tell(tmp_path, story)


@pytest.mark.parametrize("alphabet", ["-_", "+/"])
@pytest.mark.parametrize("padding", ["", "="])
def test_a_secret_is_read_in_both_alphabets(alphabet: str, padding: str) -> None:
    key = bytes([251, 255, 190] * 10 + [251, 255])
    text = written_secret(key).removeprefix("whsec_").replace("+", alphabet[0]).replace("/", alphabet[1]).rstrip("=") + padding
    assert secret_key(text) == secret_key(f"whsec_{text}") == key


@pytest.mark.parametrize("secret", ["", "whsec_", "short", "%" * 40, "A" * 200])
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        secret_key(secret)


def test_the_id_of_a_child_can_stand_in_a_header() -> None:
    headers = signed(SECRET, "a~per_year(3):ü/4", 7, b"{}")
    assert headers["webhook-id"] == "a~per_year(3):%C3%BC/4"
    headers["webhook-id"].encode("ascii")


def test_so_many_requests_are_remembered_as_have_room_the_last_ones() -> None:
    sent = [Sent("é" * 300 + f"/{number}", 1_700_000_000_000, 500, 15_000, "answered 500") for number in range(60)]
    kept = decode_sent(text := encode_sent(sent))
    assert len(text.encode()) <= SENT_BYTES_MAX
    assert 3 <= len(kept) <= 6
    assert kept == sent[-len(kept) :]
    short = [Sent(f"x/{number}", 1, 200, 1) for number in range(60)]
    assert decode_sent(encode_sent(short)) == short[-SENT_MAX:]
    assert (decode_sent(""), decode_sent("{"), decode_sent(encode_sent([]))) == ([], [], [])
