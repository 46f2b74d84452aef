"""Kafka logs for the wiring and the command line. aiokafka is an extra of the package: only who names such a log needs it."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from contracts.errors import LogCorrupt, LogError
from contracts.journal import NONCE_BYTES
from contracts.ports.blob_topic import BlobTopic
from contracts.ports.event_topic import EventTopic
from contracts.ports.snapshots import Snapshots
from contracts.ports.user_topic import UserTopic
from contracts.positions import Positions
from infra.backup.folder import BackupFolder
from infra.backup.log import LogReport, back_up_log
from infra.backup.restore_log import RestoredLog, restore_log
from infra.log.kafka.topics import TopicProblem, check
from refold.kafka.address import KafkaAddress, check_installed, parse_address
from workers.cluster.ports import ClusterLog
from workers.partition.standing import journal_of
from workers.tasks.dead_letters import DeadLetters
from workers.tasks.gateway import LocalPartitions, Taken, TaskRoute, TaskSource

if TYPE_CHECKING:
    from infra.log.kafka.blobs import KafkaBlobs
    from infra.log.kafka.group_offsets import GroupCheckpoints
    from infra.log.kafka.log import KafkaLog


Told: TypeAlias = Callable[[int, int], None]
"""Hears how many records of how many are done."""


def address_of(url: str) -> KafkaAddress:
    """The address that a URL says. Raises LogError where it says none, or aiokafka is missing."""
    try:
        check_installed()
        return parse_address(url)
    except ValueError as error:
        raise LogError(str(error)) from None


def open_kafka_log(url: str) -> KafkaLog:
    """A log on Kafka. Raises LogError where its topics are not in order, LogUnreachable without a broker."""
    address = address_of(url)
    from infra.log.kafka.log import KafkaLog

    return KafkaLog(address)


def shared_log(log: KafkaLog, on_problem: Callable[[str, int, LogError], None]) -> ClusterLog:
    """The same log as the processes of a cluster use it from their event loops."""
    from infra.log.kafka.shared import SharedKafkaLog

    return SharedKafkaLog(log.address, log, on_problem)


def event_topic(log: KafkaLog, retention_h: float, positions: Positions) -> EventTopic:
    """The topic of public events of a log."""
    from infra.log.kafka.event_topic import KafkaEventTopic

    return KafkaEventTopic(log.address, log.message_bytes_max, retention_h, positions)


def webhook_checkpoints(log: KafkaLog) -> GroupCheckpoints:
    """Checkpoints as offsets of groups."""
    from infra.log.kafka.group_offsets import GroupCheckpoints

    return GroupCheckpoints(log.address)


def user_topic(address: KafkaAddress, topic: str, group: str, since: int | None) -> UserTopic:
    """A topic of the users' own, as a group reads it; where that is nowhere, from a time (milliseconds since 1970) or the beginning on."""
    from infra.log.kafka.user_topic import KafkaUserTopic

    return KafkaUserTopic(address, topic, group, since)


class KafkaTaskTopics:
    """The topics of tasks of a log, taken from as a worker on Kafka takes from them. See `workers.tasks.gateway.TaskTopics`."""

    def __init__(self, address: KafkaAddress) -> None:
        self._address = address

    def take(
        self,
        routes: Iterable[TaskRoute],
        on_task: Callable[[Taken], None],
        has_room: Callable[[str], bool],
        local: LocalPartitions,
        letters: DeadLetters,
    ) -> TaskSource:
        """See TaskTopics."""
        from refold.kafka.tasks import KafkaTasks

        return KafkaTasks(self._address, routes, on_task, has_room, local=local, on_unreadable=letters.bury, on_newer=letters.leave)


@contextmanager
def shared_stores(url: str, blobs: Path, grace_h: float) -> Iterator[tuple[KafkaBlobs, Snapshots, KafkaLog]]:
    """Blobs, mirrored into a folder, and snapshots, as topics of the log; each on a view of its own, as threads of their own use them.

    The third is the view of the snapshots, which has to take notice of partitions that are added. `grace_h` is the least time that a
    blob stays there which nothing refers to.
    """
    from infra.log.kafka.blobs import KafkaBlobs
    from infra.log.kafka.lately import Lately
    from infra.log.kafka.snapshots import KafkaSnapshots

    with closing(open_kafka_log(url)) as of_blobs, closing(open_kafka_log(url)) as of_snapshots:
        lately = Lately(lasts_s=grace_h * 3600 / 3)
        yield KafkaBlobs(of_blobs, blobs, lately), KafkaSnapshots(of_snapshots), of_snapshots


@contextmanager
def blobs_to_sweep(url: str) -> Iterator[tuple[BlobTopic, KafkaLog]]:
    """The topic of blobs for whoever sweeps it, and the view of the log that it stands on."""
    from infra.log.kafka.blob_topic import KafkaBlobTopic

    with closing(open_kafka_log(url)) as log:
        yield KafkaBlobTopic(log), log


@contextmanager
def blobs_to_read(url: str) -> Iterator[KafkaBlobs]:
    """The blobs of a log, mirrored into a folder that is gone in the end."""
    from infra.log.kafka.blobs import KafkaBlobs

    with tempfile.TemporaryDirectory(prefix="refold-blobs-") as folder, closing(open_kafka_log(url)) as log:
        yield KafkaBlobs(log, Path(folder))


def back_up_topics(url: str, folder: BackupFolder, now: int, version: str, told: Told) -> LogReport:
    """Bring a backup of a log up to date, beside the processes that share it. Raises LogError."""
    with closing(open_kafka_log(url)) as log:
        return back_up_log(log, folder, now, version, told)


def restore_topics(folder: BackupFolder, url: str, at: int | None, now: int, told: Told) -> RestoredLog:
    """Put a backup of a log back, under a prefix where nothing is yet. Raises LogError."""
    address = address_of(url)
    from infra.log.kafka.fence import EmptyTopics

    with closing(EmptyTopics(address)) as log:
        return restore_log(folder, log, at, now, lambda: secrets.token_bytes(NONCE_BYTES), told)


def resume_log(url: str) -> bool:
    """From now on a log that was put back may run; False where it was none, or did already. Raises LogError."""
    address = address_of(url)
    from infra.log.kafka.fence import take_down

    return take_down(address) is not None


def is_fenced(url: str, may_look: bool) -> bool:
    """Whether the log was put back and nothing may run on it yet. Raises LogFenced then, unless it is only looked at; LogError."""
    address = address_of(url)
    from infra.log.kafka.fence import is_up

    return is_up(address, may_look)


def check_is_whole(url: str) -> None:
    """Raise LogError where the log is half a copy."""
    address = address_of(url)
    from infra.log.kafka.fence import check_whole

    check_whole(address)


def init_topics(url: str, partitions: int | None, replicas: int | None) -> list[str]:
    """Make the topics that are missing and set what is set otherwise; what was done, a line each. Raises LogError."""
    address = address_of(url)
    from infra.log.kafka.admin import init

    try:
        return asyncio.run(init(address, partitions, replicas))
    except ValueError as error:
        raise LogError(str(error)) from None


def check_topics(url: str) -> list[TopicProblem]:
    """Everything that is wrong with the topics and journals of a log, and what mends it. Raises LogError without a broker."""
    address = address_of(url)
    from infra.log.kafka.admin import look

    problems = check(address, asyncio.run(look(address)))
    return problems if any(problem.is_fatal for problem in problems) else [*problems, *_check_journals(address)]


def _check_journals(address: KafkaAddress) -> Iterator[TopicProblem]:
    from infra.log.kafka.log import KafkaLog

    with closing(KafkaLog(address)) as log:
        for partition in range(log.partitions):
            try:
                journal_of(log, partition)
            except LogCorrupt as error:
                fix = "put back the topic that was there, or begin a new log under another prefix"
                yield TopicProblem(address.topic("journal"), str(error), fix)
