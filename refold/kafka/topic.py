"""The topics of tasks, `PREFIX.activities.QUEUE.KIND` with `.high` and `.low` beside it: their names; and what topics are made with.

A consumer of a group gets all records of a topic, so each queue has a topic for each kind: workers that offer different kinds
share a queue.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

LEVELS: Final = (".high", "", ".low")
"""How the topics of a queue and kind end, the most urgent first."""
TASK_RETENTION_MS: Final = 7 * 24 * 3600 * 1000
MESSAGE_BYTES_MAX: Final = 8 * 1024 * 1024
"""The largest batch, and so twice the largest record."""
FOREVER: Final = "-1"
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+\Z")
_OTHER: Final = re.compile(r"[^A-Za-z0-9_-]")


def topic_part(name: str) -> str:
    """A name as a part of a topic's: one that Kafka would not take is written otherwise, and marked with a digest."""
    if _PLAIN.match(name):
        return name
    return f"{_OTHER.sub('-', name)}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def task_topics(queue: str, kind: str) -> tuple[str, ...]:
    """The topics of a queue and kind without the prefix, by level."""
    return tuple(f"activities.{topic_part(queue)}.{topic_part(kind)}{level}" for level in LEVELS)


def topic_settings(replicas: int, retention_ms: int | None, must_last: bool) -> dict[str, str]:
    """What a topic of a log is made with; without a retention nothing of it expires."""
    settings = {
        "cleanup.policy": "delete",
        "retention.ms": FOREVER if retention_ms is None else str(retention_ms),
        "retention.bytes": FOREVER,
        "message.timestamp.type": "LogAppendTime",
        "compression.type": "producer",
        "max.message.bytes": str(MESSAGE_BYTES_MAX),
        "unclean.leader.election.enable": "false",
        "min.insync.replicas": str(max(1, replicas - 1)),
    }
    if replicas == 1 and must_last:  # nobody else has it: it must be on the disk before it is acknowledged
        settings["flush.messages"] = "1"
    return settings


def task_topic_settings(replicas: int) -> dict[str, str]:
    """What a topic of tasks is made with."""
    return topic_settings(replicas, TASK_RETENTION_MS, must_last=True)
