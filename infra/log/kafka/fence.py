"""The fence of a log that was put back: a topic that is there as long as nothing may run, and says what the log is a copy of.

It is made before any other topic of the copy, and says in the end that the copy is whole. Taking it down is to delete it.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, Final, TypeVar

import msgspec
from aiokafka.admin import NewTopic
from aiokafka.structs import TopicPartition

from contracts.errors import LogError, LogFenced
from contracts.ports.log import Topic
from infra.files.fence import Fence
from infra.log.kafka.admin import init
from infra.log.kafka.administration import administering, asked
from infra.log.kafka.append import LogAppender
from infra.log.kafka.fetch import LATEST, Fetcher, records_in
from infra.log.kafka.log import KafkaLog
from infra.log.kafka.loop import LoopThread
from infra.log.kafka.topics import topics_of
from refold.kafka.address import KafkaAddress
from refold.kafka.admin import create, described
from refold.kafka.task_topics import replicas_wanted
from refold.kafka.topic import MESSAGE_BYTES_MAX, topic_settings

T = TypeVar("T")
TIMEOUT_S: Final = 10.0


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Do it in an event loop of its own, as there may be one here."""
    loop = LoopThread()
    try:
        return loop.call(work)
    finally:
        loop.stop()


async def fence_of(address: KafkaAddress) -> Fence | None:
    """What the log is a copy of, None where it is none, or was let run. Raises LogError where that cannot be read."""
    name = address.topic("fence")
    if name not in await asked(address, lambda admin: described(admin, [name])):
        return None
    fetcher = Fetcher(address, TIMEOUT_S)
    try:
        key = TopicPartition(name, 0)
        end = await fetcher.offset(key, LATEST)
        said = [content for offset, content in records_in(await fetcher.fetch(key, end - 1, 1), end - 1) if offset < end] if end else []
    finally:
        await fetcher.close()
    try:
        return msgspec.json.decode(said[-1], type=Fence) if said else Fence(backup="", position=0, at=0)
    except msgspec.MsgspecError as error:
        raise LogError(f"the fence {name} cannot be read: {error}") from None


def check_whole(address: KafkaAddress) -> None:
    """Raise LogError where the log is half a copy."""
    _check_is_whole(address, _run(fence_of(address)))


def is_up(address: KafkaAddress, may_look: bool) -> bool:
    """Whether nothing may run on the log. Raises LogFenced then, unless it is only looked at; LogError where it is half a copy."""
    found = _run(fence_of(address))
    _check_is_whole(address, found)
    if found is not None and not may_look:
        raise LogFenced(f"{address} is a copy of the backup {found.backup}, and the original may live", str(address))
    return found is not None


def _check_is_whole(address: KafkaAddress, found: Fence | None) -> None:
    if found is not None and not found.is_whole:
        raise LogError(
            f"{address} is half a copy of the backup {found.backup}: putting it back was not finished; do it again under another prefix"
        )


async def set_up(address: KafkaAddress, fence: Fence) -> None:
    """From now on nothing runs on the log. Raises LogError."""
    name = address.topic("fence")
    async with administering(address) as admin:
        if name not in await described(admin, [name]):
            replicas = await replicas_wanted(admin)
            await create(admin, [NewTopic(name, 1, replicas, topic_configs=topic_settings(replicas, None, True))])
    appender = LogAppender(address, MESSAGE_BYTES_MAX)
    try:
        answer = (await appender.append(name, {0: [msgspec.json.encode(fence)]}))[0]
    finally:
        await appender.close()
    if isinstance(answer, LogError):
        raise answer


def take_down(address: KafkaAddress) -> Fence | None:
    """From now on the copy is like any other log; what it was. None where there was no fence. Raises LogError for half a copy."""

    async def take() -> Fence | None:
        found = await fence_of(address)
        _check_is_whole(address, found)
        if found is not None:
            async with administering(address) as admin:
                await admin.delete_topics([address.topic("fence")])
        return found

    return _run(take())


class EmptyTopics:
    """Where a log is put back into. See `infra.backup.restore_log.EmptyLog`."""

    def __init__(self, address: KafkaAddress) -> None:
        self._address = address
        self._log: KafkaLog | None = None

    def begin(self, partitions: int, fence: Fence) -> None:
        """See EmptyLog."""
        if there := _run(self._there()):
            raise LogError(f"{there[0]} is there already: a backup is put back under a prefix of its own, kafka://HOST:PORT/PREFIX")
        _run(set_up(self._address, fence))
        _run(init(self._address, partitions))
        self._log = KafkaLog(self._address)

    async def _there(self) -> list[str]:
        async with administering(self._address) as admin:
            return list(await described(admin, [self._address.topic("fence"), *topics_of(self._address)]))

    @property
    def log(self) -> KafkaLog:
        """The log, once it was begun."""
        assert self._log is not None
        return self._log

    @property
    def batch_bytes_max(self) -> int:
        """See EmptyLog."""
        return self.log.batch_bytes_max

    def append(self, topic: Topic, partition: int, records: Sequence[bytes]) -> int:
        """See EmptyLog."""
        answer = self.log.append(topic, {partition: records})[partition]
        if isinstance(answer, LogError):
            raise answer
        return answer

    def keep(self, partition: int, journal: str, before: int, records: Iterable[tuple[int, bytes]]) -> None:
        """See EmptyLog."""
        self.log.kept().save(partition, journal, before, records)

    def delete_before(self, topic: Topic, partition: int, offset: int) -> None:
        """See EmptyLog."""
        self.log.delete_before(topic, partition, offset)

    def finish(self, fence: Fence) -> None:
        """See EmptyLog."""
        _run(set_up(self._address, fence))

    def close(self) -> None:
        """Let go of the log."""
        if self._log is not None:
            self._log.close()
