"""Tasks that begin before their records are in their topic: which records go out, and when; in time that passes by itself."""

from __future__ import annotations

import asyncio

from contracts.errors import LogError
from tests.cluster.world import run
from workers.tasks.eager import HOLD_S, EagerTasks

TOPIC = "activities.default.step"


class Hand:
    """A process with room for some tasks, and what it sends."""

    def __init__(self, room: int = 100) -> None:
        self.begun: list[str] = []
        self.sent: list[str] = []
        self.out: list[str] = []
        self.room = room
        self.ahead = EagerTasks(self._begin, self._send)

    def _begin(self, topic: str, partition: int, content: bytes) -> str | None:
        if len(self.begun) >= self.room:
            return None
        self.begun.append(content.decode())
        return content.decode()

    def _send(self, topic: str, partition: int, content: bytes, then: object) -> None:
        assert callable(then)
        self.sent.append(content.decode())
        asyncio.get_running_loop().call_later(0.01, then, None)

    def put(self, task: str, topic: str = TOPIC, partition: int = 0) -> None:
        def then(error: LogError | None) -> None:
            assert error is None
            self.out.append(task)

        self.ahead.put(topic, partition, task.encode(), then)


def test_a_task_that_ends_soon_needs_no_record_and_is_out_when_it_has_ended() -> None:
    async def story() -> None:
        hand = Hand()
        hand.put("one")
        await asyncio.sleep(HOLD_S / 2)
        assert (hand.begun, hand.out) == (["one"], [])
        hand.ahead.ended("one")
        assert hand.out == ["one"]
        await asyncio.sleep(3 * HOLD_S)
        assert hand.sent == []

    run(story)


def test_the_record_of_a_task_that_takes_longer_goes_out_once() -> None:
    async def story() -> None:
        hand = Hand()
        hand.put("one")
        await asyncio.sleep(HOLD_S / 2)
        hand.put("two")
        await asyncio.sleep(HOLD_S * 0.6)
        assert (hand.sent, hand.out) == (["one"], ["one"])
        await asyncio.sleep(HOLD_S)
        hand.ahead.ended("one")
        assert hand.sent == hand.out == ["one", "two"]

    run(story)


def test_what_nobody_here_has_room_for_and_what_is_no_task_is_sent_at_once() -> None:
    async def story() -> None:
        hand = Hand(room=0)
        hand.put("one")
        assert hand.sent == ["one"]
        hand.room = 1
        hand.put("stop", "cancellations")
        assert (hand.sent, hand.begun) == (["one", "stop"], [])

    run(story)


def test_tasks_of_a_partition_that_goes_elsewhere_are_sent_at_once_so_that_its_next_owner_does_not() -> None:
    async def story() -> None:
        hand = Hand()
        hand.put("here", partition=1)
        hand.put("there", partition=2)
        hand.ahead.let_out_of(2)
        assert hand.sent == ["there"]
        hand.ahead.let_out("here")
        hand.ahead.ended("here")
        await asyncio.sleep(0.02)
        assert hand.out == ["there", "here"]

    run(story)
