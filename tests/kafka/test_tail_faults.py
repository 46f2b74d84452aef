"""A tail whose brokers die, freeze and come back: everything comes once and in order."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from functools import partial

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection
from aiokafka.structs import TopicPartition

from brokers.cluster import Cluster
from brokers.finding import own_cluster
from brokers.jars import NoBroker
from contracts.errors import LogError
from infra.log.kafka.admin import init
from infra.log.kafka.client import Client
from infra.log.kafka.fetch import LATEST, Fetcher
from infra.log.kafka.log import KafkaLog
from infra.log.kafka.poll import EXPECTED
from refold.kafka.client import is_away
from tests.conftest import no_broker
from tests.kafka.following import DEADLINE_S, Follower, following, until
from tests.kafka.topics import new_address


@pytest.mark.parametrize("harm", ["kill", "freeze"])
def test_after_its_only_broker_was_away_the_tail_goes_on_with_the_next_record(cluster: Cluster, harm: str) -> None:
    asyncio.run(outlived(cluster, harm))


async def outlived(cluster: Cluster, harm: str) -> None:
    address, node = new_address(cluster.bootstrap), cluster.nodes[0]
    await init(address, 2)
    async with following(address) as one:
        log = await asyncio.to_thread(KafkaLog, address)
        await asyncio.to_thread(log.append, "journal", {0: [b"before"], 1: [b"before"]})
        one.follow("journal", 0)
        await until(lambda: one.records("journal", 0))
        getattr(node, harm)()
        one.follow("journal", 1)
        await until(lambda: any(place.tries > 1 for place in one.tail._unsettled))
        if harm == "kill":
            node.start()
        else:
            node.thaw()
        await asyncio.to_thread(node.wait)
        await asyncio.to_thread(append_until_it_lands, log, {0: [b"after"], 1: [b"after"]})
        for partition in (0, 1):
            await until(partial(ends_with, one, partition, b"after"))
            assert [offset for offset, _ in one.records("journal", partition)] == list(range(len(one.records("journal", partition))))
        assert one.problems == []
        await asyncio.to_thread(log.close)


def ends_with(one: Follower, partition: int, content: bytes) -> bool:
    return [found for _, found in one.records("journal", partition)][-1:] == [content]


def has_all(one: Follower, partition: int, count: int) -> bool:
    return len(one.records("journal", partition)) >= count


def all_of(log: KafkaLog, partition: int) -> list[tuple[int, bytes]]:
    return list(log.read("journal", partition))


def append_until_it_lands(log: KafkaLog, batches: dict[int, list[bytes]]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    for partition, records in batches.items():
        while isinstance(answer := log.append("journal", {partition: records})[partition], LogError):
            assert time.monotonic() < deadline, answer


@pytest.mark.parametrize("harm", ["kill", "freeze"])
def test_closed_while_its_broker_is_away_it_ends_and_raises_nothing(cluster: Cluster, harm: str) -> None:
    async def run() -> None:
        address = new_address(cluster.bootstrap)
        await init(address, 1)
        one = Follower(address)
        one.follow("journal", 0)
        await until(lambda: one.tail.end(address.topic("journal"), 0) is not None)
        getattr(cluster.nodes[0], harm)()
        async with asyncio.timeout(DEADLINE_S):
            await one.tail.close()

    asyncio.run(run())


def test_while_each_of_three_brokers_dies_everything_comes_once_and_in_order() -> None:
    try:
        with own_cluster(3) as cluster:
            asyncio.run(leaders_move(cluster))
    except NoBroker as error:
        no_broker(error)


async def leaders_move(cluster: Cluster) -> None:
    """Appends go on while brokers die and come back; the tail has in the end what a reader finds, and nothing twice."""
    address = new_address(cluster.bootstrap)
    await init(address, 6)
    log = await asyncio.to_thread(KafkaLog, address, append_timeout_s=3)
    async with following(address) as one:
        for partition in range(6):
            one.follow("journal", partition)
        for round_number, node in enumerate(cluster.nodes):
            await asyncio.to_thread(log.append, "journal", {p: [b"%d" % round_number] * 3 for p in range(6)})
            node.kill()
            for partition in range(6):
                await asyncio.to_thread(append_until_it_lands, log, {partition: [b"%d without" % round_number]})
                await until(partial(ends_with, one, partition, b"%d without" % round_number))
            node.start()
            await asyncio.to_thread(node.wait)
        for partition in range(6):
            found = await asyncio.to_thread(all_of, log, partition)
            await until(partial(has_all, one, partition, len(found)))
            assert one.records("journal", partition) == found
        assert one.problems == []
    await asyncio.to_thread(log.close)


def test_a_connection_that_has_just_broken_is_not_written_on(cluster: Cluster) -> None:
    """Under uvloop that is a RuntimeError, for as long as aiokafka has not noticed."""

    async def run() -> None:
        address = new_address(cluster.bootstrap)
        await init(address, 1)
        key = TopicPartition(address.topic("journal"), 0)
        client, fetcher = Client(address), Fetcher(address)
        await client.refresh([key.topic])
        for connections, ask in (
            (await client.ready(), partial(client.refresh, [key.topic])),
            (await fetcher.client(), partial(fetcher.offset, key, LATEST)),
            (await client.ready(), (await client.ready()).fetch_all_metadata),
        ):
            await ask()
            for one in connections._conns.values():
                shut(one)
            asked = []
            for _ in range(6):  # the first breaks it, and those that come before the loop says so to whoever reads find it broken
                asked.append(asyncio.ensure_future(ask()))
                await asyncio.sleep(0)
            answers = await asyncio.gather(*asked, return_exceptions=True)
            assert [answer for answer in answers if isinstance(answer, Exception) and not isinstance(answer, EXPECTED)] == []
            await ask()
        await client.close()
        await fetcher.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


def shut(connection: AIOKafkaConnection) -> None:
    """Nothing can be written on it any more, which shows when somebody does."""
    with socket.socket(fileno=os.dup(connection._writer.get_extra_info("socket").fileno())) as again:
        again.shutdown(socket.SHUT_WR)


def test_what_uvloop_says_of_a_closed_connection_is_known_as_one_that_is_gone() -> None:
    async def run() -> None:
        one, other = socket.socketpair()
        with other:
            _, writer = await asyncio.open_connection(sock=one)
            writer.transport.abort()
            await asyncio.sleep(0)
            with pytest.raises(RuntimeError) as raised:
                writer.write(b"anything")
            assert is_away(raised.value)
        assert not is_away(RuntimeError("a mistake of ours"))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())
