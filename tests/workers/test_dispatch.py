"""TaskOutbox: what is out, what a new owner sends again, and cancellations that are not about what came after them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

from contracts.codec import decode_envelope
from contracts.commands import Caching, CancelActivity, CompleteActivity, Limits, RunActivity
from contracts.errors import LogError, RecordTooLarge
from contracts.journal import Decision, Source
from infra.clock import ManualClock
from infra.files.blobs import MemoryBlobs
from workers.partition.round import Made
from workers.partition.task_outbox import TaskOutbox
from workers.running.memory_result_cache import MemoryResultCache


class Topics:
    """Takes records, and says that they are durable when a test wants it."""

    def __init__(self) -> None:
        self.records: list[tuple[str, int, Any]] = []
        self.waiting: list[Any] = []

    def put(self, topic: str, partition: int, content: bytes, then: Any) -> None:
        self.records.append((topic, partition, json.loads(content) if content[:1] == b"{" else content))
        self.waiting.append(then)

    def acknowledge(self, count: int, error: LogError | None = None) -> None:
        for _ in range(count):
            self.waiting.pop(0)(error)


def activity(path: str, attempt: int = 1, **more: Any) -> RunActivity:
    return RunActivity("e", path, attempt, "charge", b"{}", b"1", limits=Limits(), **more)


def dispatch(topics: Topics) -> TaskOutbox:
    made = TaskOutbox(3, topics.put, MemoryBlobs(), ManualClock(1_000), built_in={"noop"})
    made.begins_at(3, 10, 12)
    made.calls_for(3, 12)
    return made


def test_decisions_are_out_once_all_that_they_call_for_is_durable() -> None:
    topics = Topics()
    made = dispatch(topics)
    made.run(activity("a"))
    made.calls_for(3, 13)
    made.run(activity("b"))
    made.calls_for(3, 14)
    made.calls_for(3, 15)
    assert made.is_out_to(3, 15) == 12
    topics.acknowledge(1)
    assert made.is_out_to(3, 15) == 13
    assert not made.is_empty
    topics.acknowledge(1)
    assert made.is_out_to(3, 15) == 15
    assert made.is_empty


def test_topics_are_by_queue_kind_and_priority_and_built_in_kinds_share_one() -> None:
    topics = Topics()
    made = dispatch(topics)
    made.run(activity("a", priority=9))
    made.run(activity("b", queue="heavy", priority=1))
    made.run(RunActivity("e", "c", 1, "noop", b"{}", b"1"))
    assert [topic for topic, _, _ in topics.records] == [
        "activities.default.charge.high",
        "activities.heavy.charge.low",
        "activities.default._builtin",
    ]
    assert {partition for _, partition, _ in topics.records} == {3}


def test_a_cancellation_is_about_earlier_tasks_only_whoever_owns_the_partition() -> None:
    topics = Topics()
    made = dispatch(topics)
    made.run(activity("a"))
    made.cancel(CancelActivity("e", "a", 0))
    made.run(activity("a", 2))
    made.calls_for(3, 13)
    successor = TaskOutbox(3, topics.put, MemoryBlobs(), ManualClock(2_000))
    successor.begins_at(3, 12, 14)
    successor.take_over([activity("a", 2)])
    first, cancelled, second, again = (record["sequence"] for _, _, record in topics.records)
    assert first < cancelled < second < again


def test_a_task_that_is_too_large_fails_by_the_way_of_every_result() -> None:
    topics = Topics()
    made = dispatch(topics)
    made.run(activity("a"))
    made.calls_for(3, 13)
    topics.acknowledge(1, RecordTooLarge("a record of 9 MB"))
    assert topics.records[-1][:2] == ("commands", 3)
    assert made.is_out_to(3, 13) == 12, "its failure is not durable yet"
    topics.acknowledge(1)
    assert made.is_out_to(3, 13) == 13


def test_an_attempt_counts_as_seen_when_its_partition_was_taken_over() -> None:
    topics = Topics()
    clock = ManualClock(1_000)
    made = TaskOutbox(0, topics.put, MemoryBlobs(), clock)
    made.begins_at(0, 0, 0)
    made.take_over([])
    assert made.last_heartbeat("e", "a", 1) == 1_000
    clock.set(5_000)
    made.note_sign("e/a@1")
    assert (made.last_heartbeat("e", "a", 1), made.last_heartbeat("e", "b", 1)) == (5_000, 1_000)


def test_a_result_that_is_to_be_used_again_is_kept_once_it_is_decided() -> None:
    clock = ManualClock(1_000)
    cache = MemoryResultCache(clock)
    topics = Topics()
    made = TaskOutbox(0, topics.put, MemoryBlobs(), clock, cache)
    made.begins_at(0, 0, 0)
    wish = activity("a", caching=Caching(60_000))
    made.run(wish)
    assert [topic for topic, _, _ in topics.records] == ["activities.default.charge"]
    decided = Decision(Source(0, 0), "e", 1, 1_000, CompleteActivity("a", 1, b"42"), ())
    made.note_decided(0, [cast(Made, SimpleNamespace(decision=decided))])
    made.run(activity("b", caching=Caching(60_000)))
    assert topics.records[-1][:2] == ("commands", 0)
    assert decode_envelope(topics.records[-1][2]).command == CompleteActivity("b", 1, b"42", True)
