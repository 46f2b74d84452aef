"""Several appends under way at once over one producer: each is answered, and one that fails is no failure of another."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka.structs import TopicPartition

from brokers.cluster import Cluster
from contracts.errors import AppendUnknown, LogError, LogUnreachable, RecordTooLarge
from infra.log.kafka.admin import init
from infra.log.kafka.append import LogAppender
from refold.kafka.address import KafkaAddress, parse_address
from refold.kafka.topic import MESSAGE_BYTES_MAX
from tests.kafka.following import DEADLINE_S, scenario, until
from tests.kafka.test_log import set_on_topic
from tests.kafka.topics import new_address


@asynccontextmanager
async def appending_to(address: KafkaAddress, timeout_s: float = 5.0) -> AsyncIterator[LogAppender]:
    appending = LogAppender(address, MESSAGE_BYTES_MAX, timeout_s)
    try:
        yield appending
    finally:
        await appending.close()


@scenario
async def test_appends_to_many_places_overlap_and_each_has_its_own_offsets(broker: str) -> None:
    address = new_address(broker)
    await init(address, 3)
    async with appending_to(address) as appending:

        async def fill(topic: str, partition: int) -> list[int | LogError]:
            return [(await appending.append(topic, {partition: [b"x"] * 2}))[partition] for _ in range(30)]

        places = [(address.topic(topic), partition) for topic in ("journal", "commands") for partition in range(3)]
        for answers in await asyncio.gather(*(fill(*place) for place in places)):
            assert answers == list(range(0, 60, 2))


@scenario
async def test_places_of_several_topics_go_out_in_one_and_are_answered_each(broker: str) -> None:
    address = new_address(broker)
    await init(address, 2)
    places = [TopicPartition(address.topic(topic), partition) for topic in ("journal", "commands") for partition in range(2)]
    async with appending_to(address) as appending:
        assert await appending.append_all({place: [b"x"] * 3 for place in places}) == dict.fromkeys(places, 0)
        assert await appending.append_all({place: [b"x"] for place in places[:3]}) == dict.fromkeys(places[:3], 3)


@scenario
async def test_a_batch_that_is_too_large_is_refused_unsent_beside_others(broker: str) -> None:
    address = new_address(broker)
    await init(address, 2)
    async with appending_to(address) as appending:
        answers = await appending.append(address.topic("journal"), {0: [bytes(appending.batch_bytes_max)], 1: [b"x"]})
        assert isinstance(answers[0], RecordTooLarge)
        assert answers[1] == 0


@scenario
async def test_appends_that_a_broker_refuses_spoil_none_that_is_under_way(broker: str) -> None:
    address = new_address(broker)
    await init(address, 3)
    await asyncio.to_thread(set_on_topic, address, "journal", max_message_bytes="100000")
    async with appending_to(address) as appending:
        filled: list[list[int | LogError]] = [[], [], []]
        is_over = False

        async def fill(partition: int) -> None:
            while not is_over:
                answer = await appending.append(address.topic("commands"), {partition: [b"x"]})
                filled[partition].append(answer[partition])

        filling = [asyncio.ensure_future(fill(partition)) for partition in range(3)]
        refused: list[int | LogError] = []
        while min(len(refused), *map(len, filled)) < 10 and not any(task.done() for task in filling):
            refused.append((await appending.append(address.topic("journal"), {0: [os.urandom(500_000)]}))[0])
        is_over = True
        await asyncio.gather(*filling)
        assert {type(answer) for answer in refused} == {RecordTooLarge}
        for answers in filled:
            assert answers == list(range(len(answers)))


@scenario
async def test_without_a_broker_all_who_append_are_told_that_nothing_was_sent() -> None:
    async with appending_to(parse_address("kafka://127.0.0.1:1"), 0.5) as appending:
        async with asyncio.timeout(DEADLINE_S):
            answers = await asyncio.gather(*(appending.append("refold.commands", {partition: [b"x"]}) for partition in range(5)))
        assert {type(answer) for one in answers for answer in one.values()} == {LogUnreachable}


@pytest.mark.parametrize("harm", ["kill", "freeze"])
def test_every_append_under_way_is_answered_when_the_broker_goes_and_they_go_on_when_it_is_back(cluster: Cluster, harm: str) -> None:
    asyncio.run(answered(cluster, harm))


async def answered(cluster: Cluster, harm: str) -> None:
    address, node = new_address(cluster.bootstrap), cluster.nodes[0]
    await init(address, 4)
    acknowledged: dict[int, int] = {}
    outcomes: list[int | LogError] = []

    async def fill(appending: LogAppender, partition: int) -> None:
        while True:
            answer = (await appending.append(address.topic("commands"), {partition: [b"x"]}))[partition]
            outcomes.append(answer)
            if isinstance(answer, int):
                assert answer > acknowledged.get(partition, -1)
                acknowledged[partition] = answer

    async with appending_to(address, 1.0) as appending:
        filling = [asyncio.ensure_future(fill(appending, partition)) for partition in range(4)]
        await until(lambda: len(acknowledged) == 4)
        getattr(node, harm)()
        await until(lambda: sum(isinstance(outcome, AppendUnknown) for outcome in outcomes) >= 4)
        before = dict(acknowledged)
        if harm == "kill":
            node.start()
        else:
            node.thaw()
        await until(lambda: all(acknowledged[partition] > before[partition] for partition in before), DEADLINE_S)
        assert not any(task.done() for task in filling)
        for task in filling:
            task.cancel()
        await asyncio.wait(filling)


@scenario
async def test_closed_while_something_is_under_way_it_answers(broker: str) -> None:
    address = new_address(broker)
    await init(address, 1)
    appending = LogAppender(address, MESSAGE_BYTES_MAX, 1.0)
    under_way = [asyncio.ensure_future(appending.append(address.topic("commands"), {0: [b"x"]})) for _ in range(3)]
    await asyncio.sleep(0)
    await appending.close()
    for answers in await asyncio.wait_for(asyncio.gather(*under_way), 5):
        assert isinstance(answers[0], int | LogError)
