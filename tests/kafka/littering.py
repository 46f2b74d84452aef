"""Junk in the topics of a real log, put there as any client of the broker may; and the dead letters that come of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from contextlib import closing

import msgspec
from aiokafka import AIOKafkaProducer

from contracts.dead_letter import DeadLetter
from infra.log.kafka.log import KafkaLog
from refold.kafka.address import KafkaAddress
from tests.cluster.junk import junk_for
from workers.tasks.dead_letters import origin_of

DIVIDED = ("journal", "commands", "snapshots")


def litter(address: KafkaAddress, partitions: int, topics: Iterable[str], records: Iterable[bytes | None] | None = None) -> Counter[str]:
    """Put junk, or these records, into all partitions of topics; the origins."""

    async def put() -> Counter[str]:
        found: Counter[str] = Counter()
        producer = AIOKafkaProducer(bootstrap_servers=list(address.servers), linger_ms=5)
        await producer.start()
        try:
            for topic in topics:
                for partition in range(partitions if topic in DIVIDED or topic.startswith("activities") else 1):
                    several = junk_for(topic) if records is None else records
                    sent = [await producer.send(address.topic(topic), content, key=b"a key", partition=partition) for content in several]
                    for one in sent:
                        found[origin_of(topic, partition, (await one).offset)] += 1
        finally:
            await producer.stop()
        return found

    return asyncio.run(put())


def letters(address: KafkaAddress) -> Counter[str]:
    """The origins of all dead letters that are one."""
    found: Counter[str] = Counter()
    with closing(KafkaLog(address)) as log:
        for _, content in log.read("dead-letters", 0):
            try:
                found[msgspec.msgpack.decode(content, type=DeadLetter).origin] += 1
            except msgspec.MsgspecError:
                continue
    return found
