"""The topics of a log: which settings they are made with, and what is wrong with those that are there.

Nothing may ever be missing from `journal`, `definitions`, `dead-letters` and `blobs`: they are never compacted and never
expire. What waits in `commands` is taken up within its retention, or not at all, so it is longer than the longest outage.
`members`, `cancellations` and `passing` are of use for seconds. Of `snapshots` the owner deletes what a newer one replaces,
and of `journal` what nobody needs any more; so does the owner of partition 0 of `blobs`. All by the offset: what Kafka itself
deletes by age or size would be missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from contracts.ports.log import CLUSTER_TOPICS, TOPICS, Topic
from infra.log.arguments import DIVIDED, partitions_in
from refold.kafka.address import KafkaAddress
from refold.kafka.topic import FOREVER, topic_settings

KAFKA_TOPICS: Final[tuple[Topic, ...]] = (*TOPICS, *CLUSTER_TOPICS)
"""The topics that every log on Kafka has; those of tasks come as they are needed."""
MESSAGE_BYTES_MIN: Final = 64 * 1024
_HOUR_MS: Final = 3600 * 1000
RETENTION_MS: Final[Mapping[Topic, int]] = {
    "commands": 7 * 24 * _HOUR_MS,
    "members": _HOUR_MS,
    "cancellations": _HOUR_MS,
    "passing": 10 * 60 * 1000,
}
"""Other topics never expire."""
DISPOSABLE: Final[tuple[Topic, ...]] = ("members", "cancellations", "snapshots", "passing")
"""What a lost power supply may take: it is said again, or made again."""
_SEGMENTS: Final[Mapping[Topic, Mapping[str, str]]] = {
    "members": {"segment.ms": "600000"},
    "cancellations": {"segment.ms": "600000"},
    "passing": {"segment.ms": "60000"},
    "snapshots": {"segment.bytes": str(64 * 1024 * 1024)},
}
"""Kafka deletes whole segments, and by itself begins a new one once a week or after 1 GiB."""
MADE_WITH: Final[Mapping[Topic, Mapping[str, str]]] = {key: {"segment.bytes": str(128 * 1024 * 1024)} for key in ("journal", "blobs")}
"""What a topic is made with, too, and may be set otherwise: what is removed gives room back a segment at a time."""
PARTITIONS_DEFAULT: Final = 8


class Found(NamedTuple):
    """A topic as it is in the cluster."""

    partitions: int
    replicas: int
    settings: Mapping[str, str]


class TopicProblem(NamedTuple):
    """What is wrong with a topic, and what mends it. One that is not fatal keeps nobody from starting."""

    topic: str
    found: str
    fix: str
    is_fatal: bool = True


def settings_of(topic: Topic, replicas: int) -> dict[str, str]:
    """What a topic is made with."""
    retention = RETENTION_MS.get(topic)
    return topic_settings(replicas, retention, topic not in DISPOSABLE) | dict(_SEGMENTS.get(topic, {}))


def topics_of(address: KafkaAddress) -> list[str]:
    """The names of all topics that a log has from its beginning."""
    return [address.topic(topic) for topic in KAFKA_TOPICS]


def check(address: KafkaAddress, found: Mapping[str, Found]) -> list[TopicProblem]:
    """Everything that is wrong with the topics of a log."""
    problems: list[TopicProblem] = []
    journal = found.get(address.topic("journal"))
    for topic in KAFKA_TOPICS:
        name = address.topic(topic)
        if name not in found:
            problems.append(TopicProblem(name, f"the topic {name} is missing", init_command(address)))
            continue
        one = found[name]
        if journal is not None and one.partitions != (wanted := partitions_in(topic, journal.partitions, KAFKA_TOPICS)):
            fix = f"{init_command(address)} --partitions {max(one.partitions, wanted)}" if topic in DIVIDED else "make it anew with as many"
            problems.append(TopicProblem(name, f"{name} has {one.partitions} partition(s), expected {wanted}", fix))
        for what, is_fatal in _wrong_settings(topic, one):
            problems.append(TopicProblem(name, f"{name} has {what}", init_command(address), is_fatal))
    return problems


def _wrong_settings(topic: Topic, found: Found) -> Iterator[tuple[str, bool]]:
    """What is set so that records can be lost or refused; without a flush it takes a lost power supply."""
    value = found.settings.get
    expected = {"cleanup.policy": "delete", "unclean.leader.election.enable": "false", "retention.bytes": FOREVER}
    retention = RETENTION_MS.get(topic)
    if retention is None:
        expected["retention.ms"] = FOREVER
    elif 0 <= int(value("retention.ms", FOREVER)) < retention:
        yield f"retention.ms={value('retention.ms')}, expected {retention} or more", True
    if topic in ("journal", "members"):
        expected["message.timestamp.type"] = "LogAppendTime"
    for name, wanted in expected.items():
        if value(name) != wanted:
            yield f"{name}={value(name)}, expected {wanted}", True
    in_sync = int(value("min.insync.replicas", "1"))
    if in_sync < found.replicas - 1:
        yield f"min.insync.replicas={in_sync} with {found.replicas} replicas, expected {found.replicas - 1}", True
    if in_sync > found.replicas:
        yield f"min.insync.replicas={in_sync} with {found.replicas} replica(s): nothing could be appended", True
    if int(value("max.message.bytes", "0")) < MESSAGE_BYTES_MIN:
        yield f"max.message.bytes={value('max.message.bytes')}, expected {MESSAGE_BYTES_MIN} or more", True
    if found.replicas == 1 and topic not in DISPOSABLE and value("flush.messages") != "1":
        yield f"one replica and flush.messages={value('flush.messages')}: a lost power supply can lose records; expected 1", False


def init_command(address: KafkaAddress) -> str:
    """The command that makes the topics, and sets what is set otherwise."""
    return f"refold kafka init --log {address}"
