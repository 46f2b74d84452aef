"""Rounds, and what is asked between them: only what is durable is seen, and whoever asks wrongly stops nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

from contracts.commands import CompleteActivity, CreateExecution, Envelope, RunActivity
from contracts.errors import LogError
from tests.cluster.world import run
from tests.workers.harness import Bench, sequence
from workers.cluster.held_blobs import HeldBlobs
from workers.cluster.locality import DOUBT_S, Locality
from workers.cluster.owned import Owned, OwnedTable
from workers.cluster.rounds import Rounds

UNUSED = cast(Any, None)
TASK = RunActivity("one", "n0", 1, "slow", b"{}", b"null")


class World:
    """One partition that is owned here, or not yet; its appends go on when a test lets them."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.bench.publish(sequence("slow"))
        self.bench.engine.worker.run = lambda activity: None  # type: ignore[method-assign]  # it has gone to a worker elsewhere
        self.gate = asyncio.Event()
        self.owned, held = OwnedTable(), HeldBlobs(self.bench.blobs, self.bench.sealed_blobs)
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.rounds = Rounds(cast(Any, self), self.owned, self.bench.clock, self.failed, held)
        self.here = Locality(self.owned, self.rounds, lambda execution: 0, lambda partition: self.is_held_elsewhere)
        self.said: list[bool] = []
        self.is_held_elsewhere = False

    def take(self) -> None:
        self.owned[0] = Owned(self.bench.engine.owner, UNUSED, UNUSED, cast(Any, self))

    def acted(self, owned: Owned) -> None: ...

    async def append_round(self, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        await self.gate.wait()
        return self.bench.log.append("journal", batches)

    def begin(self, command: CreateExecution | CompleteActivity) -> None:
        """A round is under way from the next turn of the loop on."""
        self.gate.clear()
        self.bench.engine.owner.submit(Envelope("x", "one", command))
        self.rounds.wake()

    async def end(self) -> None:
        self.gate.set()
        await self.rounds.settled(lambda: None)

    async def created(self) -> None:
        version, definition = self.bench.engine.catalog.resolve("w")
        self.begin(CreateExecution("w", version, definition, b"{}"))
        await asyncio.sleep(0.01)
        await self.end()


def test_an_activity_is_looked_up_when_its_end_is_durable_and_not_before() -> None:
    async def story() -> None:
        world = World()
        world.take()
        await world.created()
        world.here.look_up(TASK, world.said.append)
        assert world.said == [True]
        world.begin(CompleteActivity("n0", 1, b"1"))
        await asyncio.sleep(0.01)
        world.here.look_up(TASK, world.said.append)
        assert world.said == [True], "memory is ahead of the journal"
        await world.end()
        assert world.said == [True, False]

    run(story)


def test_while_nobody_owns_the_partition_an_activity_waits_for_whoever_will() -> None:
    async def story() -> None:
        world = World()
        world.take()
        await world.created()
        world.begin(CompleteActivity("n0", 1, b"1"))
        await asyncio.sleep(0.01)
        await world.end()
        owned = world.owned.pop(0)
        world.here.look_up(TASK, world.said.append)
        await asyncio.sleep(DOUBT_S / 2)
        assert world.said == []
        world.owned[0] = owned
        await asyncio.sleep(1.0)
        assert world.said == [False]

    run(story)


def test_of_a_partition_that_others_own_or_nobody_takes_an_activity_is_to_be_run() -> None:
    async def story() -> None:
        world = World()
        world.here.look_up(TASK, world.said.append)
        await asyncio.sleep(DOUBT_S - 1)
        assert world.said == []
        await asyncio.sleep(2.0)
        assert world.said == [True]
        world.is_held_elsewhere = True
        world.here.look_up(TASK, world.said.append)
        assert world.said == [True, True]

    run(story)


def test_a_mistake_of_whoever_reads_between_two_rounds_stops_neither_the_others_nor_the_rounds() -> None:
    async def story() -> None:
        world = World()
        world.take()
        await world.created()
        seen: list[str] = []

        def fail() -> None:
            raise ZeroDivisionError

        world.begin(CompleteActivity("n0", 1, b"1"))
        await asyncio.sleep(0.01)
        world.rounds.between(fail)
        world.rounds.between(lambda: seen.append(world.bench.status("one")))
        await world.end()
        assert seen == ["completed"]
        assert not world.failed.done()

    run(story)
