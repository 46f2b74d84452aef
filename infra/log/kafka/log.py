"""The log on Apache Kafka, behind the synchronous port. Nothing here believes more than a broker has said."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from aiokafka.structs import TopicPartition

from contracts.errors import LogCorrupt, LogError, RecordTooLarge
from contracts.ports.log import RECORD_FRAME_BYTES, Topic
from infra.log.arguments import batch_too_large, check_batches, check_partition, check_partitions, too_large
from infra.log.kafka.admin import KEPT, ensure_kept, is_there, look
from infra.log.kafka.administration import delete_before
from infra.log.kafka.append import BATCH_HEAD_BYTES, LogAppender
from infra.log.kafka.fetch import EARLIEST, LATEST, READ_TIMEOUT_S, Fetcher, records_in
from infra.log.kafka.kept import KafkaKept, KeptCopy, KeptTopic, find_kept
from infra.log.kafka.loop import LoopThread
from infra.log.kafka.poll import Stamped, stamped_in
from infra.log.kafka.topics import KAFKA_TOPICS, Found, check, topics_of
from refold.kafka.address import KafkaAddress, parse_address
from refold.kafka.client import CONNECT_TIMEOUT_S
from refold.kafka.producer import APPEND_TIMEOUT_S

BEHIND_TIMEOUT_S: Final = 2.0
"""So long a new leader may show an older end than the one that was acknowledged to us."""
MISSING_TIMEOUT_S: Final = 2.0
_log = logging.getLogger("refold.log")


class KafkaLog:
    """A `Log` in the topics of a Kafka cluster. One thread uses an instance at a time.

    Raises LogError where the topics are missing or set otherwise than they must be, LogUnreachable without a broker.
    """

    def __init__(
        self,
        address: KafkaAddress | str,
        partitions: int | None = None,
        record_bytes_max: int | None = None,
        append_timeout_s: float = APPEND_TIMEOUT_S,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        check_partitions(1 if partitions is None else partitions)
        self.address = parse_address(address) if isinstance(address, str) else address
        self._ends: dict[TopicPartition, int] = {}
        self._starts: dict[int, int] = {}
        self._copies: dict[int, KeptCopy] = {}
        """Of journals that are known to be cut: where they begin, and what was kept."""
        self._loop = LoopThread()
        self._is_closed = False
        self._fetcher = Fetcher(self.address, read_timeout_s)
        try:
            self._open(partitions, record_bytes_max, append_timeout_s, min(CONNECT_TIMEOUT_S, read_timeout_s))
        except BaseException:
            self._stop(self._fetcher)
            raise

    def _open(self, partitions: int | None, record_bytes_max: int | None, append_timeout_s: float, connect_timeout_s: float) -> None:
        found = self._look(connect_timeout_s)
        if wrong := [problem for problem in check(self.address, found) if problem.is_fatal]:
            raise LogError(f"the log {self.address} cannot be used: " + "; ".join(f"{one.found}: {one.fix}" for one in wrong))
        self._partitions = found[self.address.topic("journal")].partitions
        if partitions not in (None, self._partitions):
            raise LogError(f"the log {self.address} has {self._partitions} partition(s); {partitions} were asked for")
        self._message_bytes_max = message_bytes_max = min(_message_bytes_max(one) for one in found.values())
        self._batch_bytes_max = message_bytes_max - BATCH_HEAD_BYTES
        half = self._batch_bytes_max // 2 - RECORD_FRAME_BYTES
        self._record_bytes_max = record_bytes_max or half
        if self._record_bytes_max > half:
            raise ValueError(f"record_bytes_max is at most {half:,} for these topics, not {self._record_bytes_max:,}")
        self._journal = LogAppender(self.address, message_bytes_max, append_timeout_s)
        self._others = LogAppender(self.address, message_bytes_max, append_timeout_s)

    def _look(self, timeout_s: float) -> Mapping[str, Found]:
        """The topics as they are. A broker may not know yet of one that was made a moment ago, so what is missing is asked for again."""
        deadline = time.monotonic() + MISSING_TIMEOUT_S
        while True:
            found = self._loop.call(look(self.address, timeout_s))
            if all(name in found for name in topics_of(self.address)) or time.monotonic() > deadline:
                return found

    @property
    def partitions(self) -> int:
        """How many partitions `journal`, `commands` and `snapshots` had when the log was opened."""
        return self._partitions

    def look_again(self) -> int:
        """Take notice of partitions that were added; how many both topics have by now. Raises LogUnreachable where no broker answers."""
        found = [self._loop.call(self._fetcher.partitions(self.address.topic(topic))) for topic in ("journal", "commands")]
        self._partitions = max(self._partitions, min(found))
        return self._partitions

    @property
    def message_bytes_max(self) -> int:
        """How large a batch may be with all that belongs to it, for whoever appends in an event loop (`LogAppender`)."""
        return self._message_bytes_max

    @property
    def record_bytes_max(self) -> int:
        """The longest record that `append` takes: half of a batch."""
        return self._record_bytes_max

    @property
    def batch_bytes_max(self) -> int:
        """How much `append` takes for one partition at once."""
        return self._batch_bytes_max

    def keep_out(self) -> None:
        """From now on it is a mistake to ask it in the thread that calls this: an event loop lives there. It is told, with the stack."""
        self._loop.keep_out()

    def append(self, topic: Topic, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        """Append one batch to each named partition, all in one request; answer the first offset of each, or why it failed."""
        check_batches(topic, batches, self._partitions, KAFKA_TOPICS)
        answers: dict[int, int | LogError] = {}
        fitting: dict[int, Sequence[bytes]] = {}
        for partition, records in batches.items():
            if refusal := self._refusal(records):
                answers[partition] = refusal
            else:
                fitting[partition] = records
        if fitting:
            appending = self._journal if topic == "journal" else self._others
            answers |= self._loop.call(appending.append(self.address.topic(topic), fitting))
        for partition, records in fitting.items():
            if isinstance(first := answers[partition], int):
                self._ends[self._key(topic, partition)] = first + len(records)
        return answers

    def _refusal(self, records: Sequence[bytes]) -> RecordTooLarge | None:
        return too_large(records, self._record_bytes_max) or batch_too_large(records, self._batch_bytes_max)

    def read(self, topic: Topic, partition: int, offset: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        """The records from `offset` up to `end` (exclusive; by default what is there when the call begins), with their offsets.

        Raises LogCorrupt where one is missing or its batch is damaged, LogUnreachable where no broker answers in time.
        """
        check_partition(topic, partition, self._partitions, offset, KAFKA_TOPICS)
        there = self.end(topic, partition)
        stop = there if end is None else min(end, there)
        return self._read_journal(partition, offset, stop) if topic == "journal" else self._read(self._key(topic, partition), offset, stop)

    def _read_journal(self, partition: int, offset: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """The journal, where it was cut off what was kept of it; it may be cut at any time."""
        while offset < stop:
            copy = self._copies.get(partition)
            try:
                if copy is not None and offset < self._starts[partition]:
                    for at, record in copy.read(offset, min(stop, copy.before)):
                        yield at, record
                        offset = at + 1
                    offset = max(offset, copy.before)
                for at, record in self._read(self._key("journal", partition), offset, stop):
                    yield at, record
                    offset = at + 1
                return
            except LogCorrupt:
                if not self._was_cut(partition):
                    raise

    def _was_cut(self, partition: int) -> bool:
        """Whether the journal has been cut further than was known; then it is known, and the copy of what was kept."""
        start = self.start("journal", partition)
        if start <= self._starts.get(partition, 0):
            return False
        is_kept = self._loop.call(is_there(self.address, KEPT))
        copy = find_kept(self._kept_topic(partition), start) if is_kept else None
        if copy is None:
            return False
        self._starts[partition], self._copies[partition] = start, copy
        return True

    def kept_to(self, partition: int, asks: bool = False) -> int:
        """See Log."""
        if asks:
            self._was_cut(partition)
        return self._starts.get(partition, 0)

    def kept(self) -> KafkaKept:
        """Where copies are kept of what is needed before a cut."""
        return KafkaKept(self._kept_topic, self._trim_kept, lambda: self._loop.call(ensure_kept(self.address, self._partitions)))

    def _kept_topic(self, partition: int) -> KeptTopic:
        return _KeptTopic(self, TopicPartition(self.address.topic(KEPT), partition))

    def _trim_kept(self, partition: int, offset: int) -> None:
        self._loop.call(delete_before(self.address, TopicPartition(self.address.topic(KEPT), partition), offset))

    def _read(self, key: TopicPartition, offset: int, stop: int) -> Iterator[tuple[int, bytes]]:
        expected = offset
        while expected < stop:
            fetched = self._loop.call(self._fetcher.fetch(key, expected, stop - expected))
            for found, record in self._records_in(key, fetched, expected):
                if found >= stop:
                    return
                if found != expected:
                    raise self._fetcher.lacks(key, expected, f"the next one is {found}")
                yield found, record
                expected = found + 1

    def _records_in(self, key: TopicPartition, fetched: bytes, offset: int) -> list[tuple[int, bytes]]:
        try:
            records = list(records_in(fetched, offset))
        except LogError as error:
            raise LogCorrupt(f"the log {self.address} is damaged at {key.topic}, partition {key.partition}: {error}") from None
        if not records:
            raise self._fetcher.lacks(key, offset, "what was fetched there holds no record")
        return records

    def read_stamped(self, topic: Topic, partition: int, offset: int, end: int) -> Iterator[Stamped]:
        """The same with the time at which the log has appended each. `end` is not beyond what is there."""
        check_partition(topic, partition, self._partitions, offset, KAFKA_TOPICS)
        key, expected = self._key(topic, partition), offset
        while expected < end:
            fetched = self._loop.call(self._fetcher.fetch(key, expected, end - expected))
            try:
                records, following = stamped_in(fetched, expected)
            except LogError as error:
                raise LogCorrupt(f"the log {self.address} is damaged at {key.topic}, partition {key.partition}: {error}") from None
            if following == expected:
                raise self._fetcher.lacks(key, expected, "what was fetched there holds no record")
            yield from (record for record in records if record.offset < end)
            expected = following

    def end(self, topic: Topic, partition: int) -> int:
        """The offset that the next record would get, as its leader knows it.

        It is never below what was acknowledged here, unless acknowledged records are lost; that is said loudly.
        """
        check_partition(topic, partition, self._partitions, topics=KAFKA_TOPICS)
        key = self._key(topic, partition)
        known = self._ends.get(key, 0)
        deadline = time.monotonic() + BEHIND_TIMEOUT_S
        while (found := self._loop.call(self._fetcher.offset(key, LATEST))) < known:
            if time.monotonic() > deadline:
                _log.critical("%s, partition %d ends at %d; %d was acknowledged: records are lost", *key, found, known)
                del self._ends[key]
                break
        return found

    def start(self, topic: Topic, partition: int) -> int:
        """The offset of the first record that is still there; of an empty partition, of the next one."""
        check_partition(topic, partition, self._partitions, topics=KAFKA_TOPICS)
        return self._loop.call(self._fetcher.offset(self._key(topic, partition), EARLIEST))

    def delete_before(self, topic: Topic, partition: int, offset: int) -> None:
        """Delete the records before an offset. Raises LogUnreachable; then nobody knows how many are deleted."""
        check_partition(topic, partition, self._partitions, offset, KAFKA_TOPICS)
        self._loop.call(delete_before(self.address, self._key(topic, partition), offset))

    def _key(self, topic: Topic, partition: int) -> TopicPartition:
        return TopicPartition(self.address.topic(topic), partition)

    def close(self) -> None:
        """Let go of everything, be the brokers there or not."""
        if not self._is_closed:
            self._stop(self._journal, self._others, self._fetcher)

    def _stop(self, *parts: LogAppender | Fetcher) -> None:
        self._is_closed = True
        self._loop.let_in()
        for part in parts:
            self._loop.call(part.close())
        self._loop.stop()


class _KeptTopic:
    """The topic of copies in a partition, by the connections of a log. See KeptTopic."""

    def __init__(self, log: KafkaLog, key: TopicPartition) -> None:
        self._log, self._key = log, key

    def append(self, record: bytes) -> int:
        answer = self._log._loop.call(self._log._others.append(self._key.topic, {self._key.partition: [record]}))[self._key.partition]
        if isinstance(answer, LogError):
            raise answer
        return answer

    def read(self, offset: int, end: int) -> Iterator[tuple[int, bytes]]:
        return self._log._read(self._key, offset, end)

    def start(self) -> int:
        return self._offset(EARLIEST)

    def end(self) -> int:
        return self._offset(LATEST)

    def _offset(self, which: int) -> int:
        return self._log._loop.call(self._log._fetcher.offset(self._key, which))


def _message_bytes_max(found: Found) -> int:
    return int(found.settings["max.message.bytes"])
