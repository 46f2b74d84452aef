"""The topics of a log: which settings they are made with, and what is wrong with those that are there.

Nothing may ever be missing from `journal`, `definitions` and `dead-letters`: they are never compacted and never expire.
What waits in `commands` is taken up within its retention, or not at all, so it is longer than the longest outage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from contracts.ports.log import TOPICS, Topic
from infra.log.arguments import partitions_in
from infra.log.kafka.address import KafkaAddress

MESSAGE_BYTES_MAX: Final = 8 * 1024 * 1024
"""The largest batch, and so twice the largest record."""
MESSAGE_BYTES_MIN: Final = 64 * 1024
COMMANDS_RETENTION_MS: Final = 7 * 24 * 3600 * 1000
PARTITIONS_DEFAULT: Final = 8
FOREVER: Final = "-1"


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
    settings = {
        "cleanup.policy": "delete",
        "retention.ms": str(COMMANDS_RETENTION_MS) if topic == "commands" else FOREVER,
        "retention.bytes": FOREVER,
        "message.timestamp.type": "LogAppendTime",
        "compression.type": "producer",
        "max.message.bytes": str(MESSAGE_BYTES_MAX),
        "unclean.leader.election.enable": "false",
        "min.insync.replicas": str(max(1, replicas - 1)),
    }
    if replicas == 1:  # nobody else has it: it must be on the disk before it is acknowledged
        settings["flush.messages"] = "1"
    return settings


def check(address: KafkaAddress, found: Mapping[str, Found]) -> list[TopicProblem]:
    """Everything that is wrong with the topics of a log."""
    problems: list[TopicProblem] = []
    journal = found.get(address.topic("journal"))
    for topic in TOPICS:
        name = address.topic(topic)
        if name not in found:
            problems.append(TopicProblem(name, f"the topic {name} is missing", init_command(address)))
            continue
        one = found[name]
        if journal is not None and one.partitions != (wanted := partitions_in(topic, journal.partitions)):
            fix = "make it anew with as many, or give it more with Kafka's own tools"
            problems.append(TopicProblem(name, f"{name} has {one.partitions} partition(s), expected {wanted}", fix))
        for what, is_fatal in _wrong_settings(topic, one):
            problems.append(TopicProblem(name, f"{name} has {what}", init_command(address), is_fatal))
    return problems


def _wrong_settings(topic: Topic, found: Found) -> Iterator[tuple[str, bool]]:
    """What is set so that records can be lost or refused; without a flush it takes a lost power supply."""
    value = found.settings.get
    expected = {"cleanup.policy": "delete", "unclean.leader.election.enable": "false", "retention.bytes": FOREVER}
    if topic != "commands":
        expected["retention.ms"] = FOREVER
    elif 0 <= int(value("retention.ms", FOREVER)) < COMMANDS_RETENTION_MS:
        yield f"retention.ms={value('retention.ms')}, expected {COMMANDS_RETENTION_MS} or more", True
    if topic == "journal":
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
    if found.replicas == 1 and value("flush.messages") != "1":
        yield f"one replica and flush.messages={value('flush.messages')}: a lost power supply can lose records; expected 1", False


def init_command(address: KafkaAddress) -> str:
    """The command that makes the topics, and sets what is set otherwise."""
    return f"refold kafka init --log {address}"
