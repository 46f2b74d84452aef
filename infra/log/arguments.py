"""What every log asks of its callers, in one place, so that all adapters refuse the same mistakes.

A wrong topic, partition or offset is a bug of the caller: it raises ValueError and nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from contracts.errors import RecordTooLarge
from contracts.ports.log import TOPICS, Topic, batch_bytes

PARTITIONS_MAX = 1024
"""As many as an execution id can name (`contracts/ids.py`)."""


DIVIDED: Final[tuple[Topic, ...]] = ("journal", "commands", "snapshots")
"""What executions live in has a partition for each of the journal's, the others have one."""


def partitions_in(topic: Topic, partitions: int, topics: Sequence[Topic] = TOPICS) -> int:
    """How many partitions a topic has in a log of that many, which has these topics."""
    if topic not in topics:
        raise ValueError(f"there is no topic {topic!r}; topics are {', '.join(topics)}")
    return partitions if topic in DIVIDED else 1


def check_partitions(partitions: int) -> None:
    """Refuse a partition count that no log can have."""
    if not 1 <= partitions <= PARTITIONS_MAX:
        raise ValueError(f"a log has 1 to {PARTITIONS_MAX} partitions, not {partitions}")


def check_partition(topic: Topic, partition: int, partitions: int, offset: int = 0, topics: Sequence[Topic] = TOPICS) -> None:
    """Refuse a partition, or an offset, that no record can have in a log of that many partitions."""
    count = partitions_in(topic, partitions, topics)
    if not 0 <= partition < count:
        raise ValueError(f"{topic} has partitions 0 to {count - 1}, not {partition}")
    if offset < 0:
        raise ValueError(f"offsets count from 0; {offset} was asked for")


def check_batches(topic: Topic, batches: Mapping[int, Sequence[bytes]], partitions: int, topics: Sequence[Topic] = TOPICS) -> None:
    """Refuse an append that cannot be meant: an unknown partition, or a batch without records."""
    for partition, records in batches.items():
        check_partition(topic, partition, partitions, topics=topics)
        if not records:
            raise ValueError(f"the batch for partition {partition} of {topic} is empty")


def too_large(records: Sequence[bytes], record_bytes_max: int) -> RecordTooLarge | None:
    """The reason not to take the batch, when one of its records is longer than the log allows."""
    for index, record in enumerate(records):
        if len(record) > record_bytes_max:
            return RecordTooLarge(f"record {index} of the batch has {len(record):,} bytes; the log takes {record_bytes_max:,} at most")
    return None


def batch_too_large(records: Sequence[bytes], batch_bytes_max: int) -> RecordTooLarge | None:
    """The reason not to take the batch, when its records are together more than the log takes at once."""
    if (size := batch_bytes(records)) > batch_bytes_max:
        return RecordTooLarge(
            f"the batch of {len(records)} records has {size:,} bytes; the log takes {batch_bytes_max:,} in one batch at most"
        )
    return None
