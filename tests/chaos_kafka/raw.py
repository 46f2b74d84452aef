"""The topics as they are, and what counts in them: read with a consumer, msgpack and JSON alone, none of the engine's own readers.

    [1, journal, partition, partitions]     [3, nonce, source partition, source offset, body, digest]
    [2, nonce, node, generation]            [4, nonce, source partition, source offset, command, execution, status, version, …]

body = [[source partition, source offset, command id], execution, first, now, command, events, dispatched to, rejection, schema,
        actor, correlation id]
command and events = [tag, fields…]
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

OPENED, CLAIMED, DECIDED, ANSWERED = 1, 2, 3, 4
READ_S: Final = 120.0


class Raw(NamedTuple):
    """A record: its place, the broker's time of it (milliseconds), its bytes."""

    partition: int
    offset: int
    at: int
    content: bytes


Topics = dict[str, list[Raw]]
"""By their names without the prefix; in each partition in order."""


class RawReader:
    """Reads all topics of a log from their beginnings, and on from where it was."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self._bootstrap, self._prefix = bootstrap, f"{prefix}."
        self._runner = asyncio.Runner()
        self.topics: Topics = defaultdict(list)
        self._next: dict[TopicPartition, int] = {}

    def read_on(self, *names: str) -> Topics:
        """Read up to the ends that the topics have now; without names all of them."""
        self._runner.run(self._read_on(names))
        return self.topics

    async def _read_on(self, names: tuple[str, ...]) -> None:
        async with asyncio.timeout(READ_S):
            while True:
                consumer = AIOKafkaConsumer(
                    bootstrap_servers=self._bootstrap, enable_auto_commit=False, auto_offset_reset="earliest", request_timeout_ms=10_000
                )
                try:
                    await consumer.start()
                    await self._read_with(consumer, names)
                    return
                except (KafkaError, OSError):
                    await asyncio.sleep(0.5)
                finally:
                    await asyncio.wait({asyncio.ensure_future(consumer.stop())}, timeout=5)

    async def _read_with(self, consumer: Any, names: tuple[str, ...]) -> None:
        cluster = await consumer._client.fetch_all_metadata()
        found = sorted(name for name in cluster.topics() if name.startswith(self._prefix))
        wanted = [name for name in found if not names or name.removeprefix(self._prefix) in names]
        places = [TopicPartition(name, number) for name in wanted for number in sorted(cluster.partitions_for_topic(name))]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        starts = await consumer.beginning_offsets(places)
        for place in places:
            consumer.seek(place, self._next.setdefault(place, starts[place]))
        while any(self._next[place] < ends[place] for place in places):
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    self._take(place, record)

    def _take(self, place: TopicPartition, record: Any) -> None:
        self._next[place] = record.offset + 1
        name = place.topic.removeprefix(self._prefix)
        self.topics[name].append(Raw(place.partition, record.offset, record.timestamp, record.value or b""))

    def close(self) -> None:
        """Let go of the loop."""
        self._runner.close()


# What counts.


class RawDecision(NamedTuple):
    """A decision, in its parts as they lie in the journal."""

    partition: int
    offset: int
    at: int
    source: tuple[int, int, str]
    execution: str
    first: int
    now: int
    command: list[Any]
    events: list[list[Any]]
    rejection: str | None
    body: bytes
    digest: bytes


class RawAnswer(NamedTuple):
    """What came of a command that somebody waited for."""

    partition: int
    offset: int
    source: tuple[int, int]
    command: str
    execution: str


class RawClaim(NamedTuple):
    """A claim of a partition."""

    partition: int
    offset: int
    at: int
    node: str


@dataclass
class Journal:
    """All partitions, told apart by the rule.

    A record counts under the nonce of the last claim, a decision only with a source above all before.
    """

    claims: list[RawClaim] = field(default_factory=list)
    decisions: list[RawDecision] = field(default_factory=list)
    answers: list[RawAnswer] = field(default_factory=list)
    foreign: list[RawDecision] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def judge(records: Iterable[Raw]) -> Journal:
    """The journal, by the rule."""
    journal = Journal()
    partitions: dict[int, list[Raw]] = defaultdict(list)
    for record in records:
        partitions[record.partition].append(record)
    for partition in sorted(partitions):
        _Rule(journal).follow(partitions[partition])
    journal.decisions.sort(key=lambda decision: (decision.partition, decision.offset))
    return journal


class _Rule:
    """Follows one partition."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._nonce = b""
        self._highest: dict[int, int] = {}

    def follow(self, records: list[Raw]) -> None:
        expected = 0
        for record in records:
            if record.offset != expected:
                self._journal.problems.append(f"partition {record.partition} goes on at offset {record.offset}, expected {expected}")
            expected = record.offset + 1
            try:
                self._take(record, msgspec.msgpack.decode(record.content))
            except (msgspec.MsgspecError, ValueError, IndexError, TypeError) as error:
                self._journal.problems.append(f"partition {record.partition}, offset {record.offset} cannot be read: {error}")

    def _take(self, record: Raw, fields: list[Any]) -> None:
        journal, tag = self._journal, fields[0]
        if tag == OPENED:
            journal.counts["opened" if record.offset == 0 else "foreign opened"] += 1
        elif tag == CLAIMED:
            self._nonce = fields[1]
            journal.claims.append(RawClaim(record.partition, record.offset, record.at, fields[2]))
        elif tag == DECIDED:
            self._decided(record, fields)
        elif tag == ANSWERED:
            self._answered(record, fields)
        else:
            journal.problems.append(f"partition {record.partition}, offset {record.offset} is of the unknown sort {tag}")

    def _decided(self, record: Raw, fields: list[Any]) -> None:
        _, nonce, source_partition, source_offset, body, digest = fields
        decision = _decision(record, body, digest)
        if decision.source[:2] != (source_partition, source_offset):
            self._journal.problems.append(f"partition {record.partition}, offset {record.offset}: two sources")
        if nonce != self._nonce:
            self._journal.foreign.append(decision)
            self._journal.counts["foreign decisions"] += 1
        elif source_offset <= self._highest.get(source_partition, -1):
            self._journal.counts["doubled decisions"] += 1
        else:
            self._highest[source_partition] = source_offset
            self._journal.decisions.append(decision)

    def _answered(self, record: Raw, fields: list[Any]) -> None:
        _, nonce, source_partition, source_offset, command, execution, *_ = fields
        if nonce != self._nonce:
            self._journal.counts["foreign answers"] += 1
            return
        self._highest[source_partition] = max(source_offset, self._highest.get(source_partition, -1))
        self._journal.answers.append(RawAnswer(record.partition, record.offset, (source_partition, source_offset), command, execution))


def _decision(record: Raw, body: bytes, digest: bytes) -> RawDecision:
    source, execution, first, now, command, events, _, rejection, *_ = msgspec.msgpack.decode(body)
    place = (source[0], source[1], source[2])
    return RawDecision(record.partition, record.offset, record.at, place, execution, first, now, command, events, rejection, body, digest)


def chained(previous: bytes, body: bytes) -> bytes:
    """The digest of a decision that follows on another one."""
    return hashlib.sha256(previous + body).digest()[:16]
