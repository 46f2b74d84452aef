"""Taking tasks, as the gateway of an engine does: what it takes changes, and partitions come to where their tasks arise."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from contextlib import suppress

import pytest

from refold.kafka.address import parse_address
from refold.kafka.buffer import TakenTask
from refold.kafka.tasks import KafkaTasks
from tests.kafka.following import scenario, until
from tests.kafka.played_engine import PlayedEngine
from tests.kafka.topics import new_topics


@pytest.fixture
def engine(broker: str) -> Iterator[PlayedEngine]:
    played = PlayedEngine(new_topics(broker, 4), 4)
    yield played
    played.close()


class Taking:
    """Takes tasks, and does nothing with them."""

    def __init__(self, engine: PlayedEngine, *kinds: str) -> None:
        self.local: Collection[int] = ()
        self.taken: list[TakenTask] = []
        routes = [("default", kind) for kind in kinds]
        self.tasks = KafkaTasks(parse_address(engine.url), routes, self.taken.append, lambda kind: True, local=lambda: self.local)
        self.tasks.start()

    def kinds(self) -> list[str]:
        return [taken.kind for taken in self.taken]

    def partitions(self) -> set[int]:
        return {place.partition for place in self.tasks.partitions}

    async def close(self) -> None:
        await self.tasks.close()
        with suppress(asyncio.CancelledError):
            await self.tasks.failed


@scenario
async def test_other_kinds_are_taken_by_the_same_member_of_the_group(engine: PlayedEngine) -> None:
    """If a consumer went and another one came, everybody would wait for the first until its session is over."""
    one = Taking(engine, "note")
    await asyncio.to_thread(engine.send, 4, None, "note")
    await until(lambda: one.kinds() == ["note"] * 4)
    member = one.tasks._consumer._coordinator.member_id
    one.tasks.change([("default", "note"), ("default", "other")])
    await asyncio.to_thread(engine.send, 4, None, "other")
    await until(lambda: one.kinds() == ["note"] * 4 + ["other"] * 4)
    assert one.tasks._consumer._coordinator.member_id == member
    for taken in one.taken:
        one.tasks.done(taken.task)
    one.tasks.change([("default", "other")])
    await until(lambda: {place.topic.split(".")[3] for place in one.tasks.partitions} == {"other"})
    assert await asyncio.to_thread(engine.is_all_committed, "note")
    await one.close()


@scenario
async def test_partitions_come_to_where_their_tasks_arise_and_follow_when_that_changes(engine: PlayedEngine) -> None:
    here, there = Taking(engine, "note"), Taking(engine, "note")
    here.local, there.local = {0, 3}, {1, 2}

    def is_near() -> bool:
        for one in (here, there):
            one.tasks.look_at_local()
        return here.partitions() == set(here.local) and there.partitions() == set(there.local)

    await until(is_near)
    here.local, there.local = {1, 2}, {0, 3}
    await until(is_near)
    tasks = await asyncio.to_thread(engine.send, 40, None)
    await until(lambda: len(here.taken) + len(there.taken) == 40)
    assert {taken.partition for taken in here.taken} == {1, 2}
    assert sorted(taken.task for taken in here.taken + there.taken) == sorted(tasks)
    await here.close()
    await there.close()
