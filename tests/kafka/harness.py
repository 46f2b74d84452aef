"""Real owners on a real broker: engines moved by hand, each on a connection of its own, and what the journal says in the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from contracts import codec
from contracts.errors import LogError
from contracts.journal import Checkpoint, Decided, judge
from contracts.ports.log import Log, Topic
from infra.log.kafka.log import KafkaLog
from refold.kafka.address import KafkaAddress
from tests.workers.harness import Bench

DEADLINE_S = 60.0


class GatedLog(KafkaLog):
    """A Kafka log that does something else first, or afterwards, once, when the journal is next appended to."""

    before: Callable[[], None] | None = None
    after: Callable[[], LogError | None] | None = None

    def append(self, topic: Topic, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        before, after = (self.before, self.after) if topic == "journal" else (None, None)
        if before is not None:
            self.before = None
            before()
        answers = super().append(topic, batches)
        if after is not None:
            self.after = None
            if error := after():
                return dict.fromkeys(answers, error)
        return answers


class KafkaBench(Bench):
    """One engine on a log of its own; others share its journal."""

    log: GatedLog  # type: ignore[assignment]  # not one in memory

    def __init__(self, address: KafkaAddress, **settings: Any) -> None:
        super().__init__(GatedLog(address, **settings))  # type: ignore[arg-type]  # not one in memory

    def until(self, done: Callable[[], bool]) -> None:
        """Move, time too, until something holds."""
        deadline = time.monotonic() + DEADLINE_S
        while not done():
            assert time.monotonic() < deadline, f"it does not come about; last stand-down: {self.engine.owner.metrics.last_stand_down}"
            self.clock.advance(200)
            self.engine.step()

    def until_ended(self, *executions: str) -> None:
        self.until(lambda: all(self.status(name) == "completed" for name in executions))


class Journal:
    """A partition's journal, judged by the readers' rule: what counts, and what does not."""

    def __init__(self, log: Log, partition: int = 0) -> None:
        self.checkpoint = Checkpoint()
        self.verdicts: Counter[str] = Counter()
        self.counting: list[tuple[str, str]] = []
        for offset, content in log.read("journal", partition):
            record = codec.decode_record(content)
            verdict = judge(self.checkpoint, offset, record)
            self.verdicts[verdict] += 1
            if verdict == "counts":
                assert isinstance(record, Decided)
                decision = codec.decode_decision(record.body)
                self.counting += [(decision.execution, type(event).__name__) for event in decision.events]

    def events_of(self, execution: str) -> list[str]:
        return [event for name, event in self.counting if name == execution]
