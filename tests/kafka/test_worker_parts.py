"""The parts of a worker on Kafka, without a broker: offsets, shares, what goes first, and who says so."""

from __future__ import annotations

import base64
import random
import re
import zlib

import pytest
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from hypothesis import given
from hypothesis import strategies as st

import refold
from contracts.worker_topics import task_topic
from refold.kafka.assignor import KeepingAssignor, Wish, share
from refold.kafka.buffer import WAITING_MAX, Buffer, PartitionTasks, TakenTask
from refold.kafka.offsets import METADATA_MAX, Offsets, read_bitmap, write_bitmap
from refold.kafka.topic import task_topics
from refold.worker.command import Wanted, WorkerTarget
from refold.worker.command import worker as worker_command

# Offsets.

EVENTS = st.lists(st.integers(0, 60), max_size=80)


@given(EVENTS, st.integers(0, 10))
def test_a_commit_says_what_is_done_and_no_more(finished: list[int], first: int) -> None:
    offsets = Offsets(first)
    read = range(first, 61)
    assert all(offsets.take(offset) for offset in read)
    for offset in finished:
        offsets.finish(offset)
    done = set(finished) | set(range(first))
    assert offsets.lowest == next(offset for offset in range(62) if offset not in done)
    taken_over = Offsets(offsets.lowest, offsets.metadata())
    assert [offset for offset in read if not taken_over.take(offset)] == sorted(done & set(read))


@given(EVENTS, EVENTS, st.integers(0, 60), st.integers(0, 60))
def test_what_two_have_done_is_done(one: list[int], other: list[int], first: int, second: int) -> None:
    left, right = Offsets(first), Offsets(second)
    for offsets, finished in ((left, one), (right, other)):
        for offset in finished:
            offsets.finish(offset)
    expected = {offset for offset in range(100) if left.is_done(offset) or right.is_done(offset)}
    left.merge(right.lowest, right.metadata())
    assert {offset for offset in range(100) if left.is_done(offset)} == expected
    assert not left.is_done(left.lowest)
    assert left.next >= left.lowest


def test_what_is_not_there_any_more_counts_as_done() -> None:
    offsets = Offsets(5)
    assert offsets.take(5)
    assert offsets.take(100)
    offsets.finish(5)
    assert (offsets.lowest, offsets.metadata()) == (100, "")
    assert Offsets().take(10**12)


def test_an_offset_that_is_done_twice_is_done_once() -> None:
    offsets = Offsets()
    offsets.finish(0)
    changes = offsets.changes
    offsets.finish(0)
    assert (offsets.lowest, offsets.changes) == (1, changes)


def test_a_bitmap_is_written_as_the_reference_says() -> None:
    offsets = Offsets(3)
    for offset in (4, 5, 8, 13):
        offsets.finish(offset)
    version, _, text = offsets.metadata().partition(":")
    assert version == "1"
    assert zlib.decompress(base64.b85decode(text)) == bytes([0b0001_0011, 0b0000_0010])


@given(st.sets(st.integers(0, 20_000), max_size=500))
def test_a_bitmap_comes_back(numbers: set[int]) -> None:
    bits = sum(1 << number for number in numbers)
    assert read_bitmap(write_bitmap(bits)) == bits


@pytest.mark.parametrize("metadata", ["", "x", "1:", "1:é", "1:not zlib", "2:" + "0" * 10, write_bitmap(1 << 50)[:-3]])
def test_a_bitmap_that_cannot_be_read_says_nothing(metadata: str) -> None:
    assert read_bitmap(metadata) in (0, 1 << 50)


def test_of_a_bitmap_that_is_too_long_what_fits_is_kept() -> None:
    offsets = Offsets()
    done = sorted(set(random.Random(1).choices(range(1, 60_000), k=20_000)))
    for offset in done:
        offsets.finish(offset)
    metadata = offsets.metadata()
    assert 1_000 < len(metadata) <= METADATA_MAX
    kept = Offsets(0, metadata)
    found = {offset for offset in range(1, 60_001) if kept.is_done(offset)}
    assert found
    assert found <= set(done)
    assert found == {offset for offset in done if offset <= max(found)}, "from the lowest on, without a gap"


# Shares.

MEMBERS = st.dictionaries(st.sampled_from("abcde"), st.sets(st.sampled_from(["t", "u", "v"])), min_size=1)


@given(MEMBERS, MEMBERS, st.integers(0, 9))
def test_each_topic_is_shared_evenly_and_who_has_a_partition_keeps_it(
    before: dict[str, set[str]], after: dict[str, set[str]], count: int
) -> None:
    partitions = dict.fromkeys(("t", "u", "v"), count)
    had = share(partitions, {member: Wish(frozenset(topics), set()) for member, topics in before.items()})
    has = share(partitions, {member: Wish(frozenset(topics), had.get(member, set())) for member, topics in after.items()})
    given_out = [key for keys in has.values() for key in keys]
    assert len(given_out) == len(set(given_out)), "nobody shares a partition"
    for topic in partitions:
        wanting = [member for member, topics in after.items() if topic in topics]
        if not wanting:
            continue
        counts = [sum(key[0] == topic for key in has[member]) for member in wanting]
        assert sum(counts) == count
        assert max(counts) - min(counts) <= 1
        most = -(-count // len(wanting))
        for member in wanting:
            mine = {key for key in had.get(member, set()) if key[0] == topic}
            kept = mine & has[member]
            assert len(kept) >= min(len(mine), most - 1), "no more is taken away than evenness asks for"


def test_what_is_near_to_a_member_is_its_own_as_far_as_its_share_goes() -> None:
    wishes = {
        "a": Wish(frozenset({"t"}), {("t", 0), ("t", 1)}, local={1, 3}),
        "b": Wish(frozenset({"t"}), {("t", 2), ("t", 3)}, local={0, 2}),
    }
    assert share({"t": 4}, wishes) == {"a": {("t", 1), ("t", 3)}, "b": {("t", 0), ("t", 2)}}
    wishes["c"] = Wish(frozenset({"t"}), set())
    shared = share({"t": 4}, wishes)
    assert sorted(map(len, shared.values())) == [1, 1, 2], "who has nothing near is not left without"
    assert shared["a"] <= {("t", 1), ("t", 3)}
    assert shared["b"] <= {("t", 0), ("t", 2)}
    alone = {"a": Wish(frozenset({"t"}), set(), local={7})}
    assert share({"t": 4}, alone) == {"a": {("t", partition) for partition in range(4)}}


def assigned(assignor: KeepingAssignor, *partitions: int) -> None:
    assignor.metadata(["t"])
    assignor.on_assignment(ConsumerProtocolMemberAssignment(0, [("t", list(partitions))], b""))


def test_a_member_joins_again_when_other_partitions_have_come_near_and_stay_so() -> None:
    local = {0, 1}
    assignor = KeepingAssignor(lambda: local)
    assigned(assignor, 0, 1)
    assert not assignor.is_outdated()
    local = {2, 3}
    assert [assignor.is_outdated() for _ in range(3)] == [False, True, True], "not at the first look"
    local = {0, 1, 2}
    assert [assignor.is_outdated() for _ in range(2)] == [False, False], "it has nothing to give for what it lacks"
    local = {1}
    assert [assignor.is_outdated() for _ in range(2)] == [False, False], "it has all that is near"
    local = {2, 3}
    assigned(assignor, 0, 1)
    assert [assignor.is_outdated() for _ in range(2)] == [False, False], (
        "it has said so, and got others: nothing would come of asking again"
    )


def test_whoever_stays_keeps_all_when_another_one_goes() -> None:
    members = {name: Wish(frozenset({"t"}), set()) for name in "abc"}
    had = share({"t": 8}, members)
    del members["b"]
    has = share({"t": 8}, {name: Wish(frozenset({"t"}), had[name]) for name in members})
    assert had["a"] <= has["a"]
    assert had["c"] <= has["c"]


# What waits.


class TaskEndpoint:
    """A buffer with partitions, and what it has given out."""

    def __init__(self, *keys: tuple[str, int, int], room: int = 0, keeps: bool = True) -> None:
        self.given: list[str] = []
        self.unreadable: list[int] = []
        self.newer: list[str] = []
        self.room = room
        self.buffer = Buffer(
            self._on_task,
            lambda kind: len(self.buffer.running) < self.room,
            None if keeps else lambda key, offset, content, why: self.unreadable.append(offset),
            lambda key, offset, content, what: self.newer.append(what),
        )
        self.partitions = {key: PartitionTasks(key, "default", key[0], key[1], key[2]) for key in keys}
        self.buffer.set_partitions(dict(self.partitions))

    def _on_task(self, taken: TakenTask) -> None:
        self.given.append(taken.task)

    def read(self, key: tuple[str, int, int], *names: str) -> None:
        for name in names:
            tasks = self.partitions[key]
            self.buffer.read(tasks, tasks.offsets.next, task_of(name))

    def give(self, room: int) -> list[str]:
        """What is given out when there is room for so many more."""
        before = len(self.given)
        self.room = len(self.buffer.running) + room
        self.buffer.give_out()
        return [task.partition("/")[0] for task in self.given[before:]]


HIGH, PLAIN, LOW = ("k", 0, 0), ("k", 1, 0), ("k", 2, 0)


def task_of(name: str) -> bytes:
    """A record of its own execution."""
    return b'{"protocol":1,"task":"%s/n@1","execution":"%s","path":"n","attempt":1}' % (name.encode(), name.encode())


def ready(*keys: tuple[str, int, int], keeps: bool = True) -> TaskEndpoint:
    """A task endpoint that reads; unless it keeps what is no task, that is only noted."""
    reader = TaskEndpoint(*keys, keeps=keeps)
    for tasks in reader.partitions.values():
        tasks.is_ready = True
    return reader


@pytest.mark.parametrize("ends_before", [True, False])
def test_a_task_that_began_before_its_record_came_runs_once_and_its_record_is_done(ends_before: bool) -> None:
    reader = ready(PLAIN)
    assert reader.buffer.begin(PLAIN, task_of("a"), lambda kind: True) == "a/n@1"
    if ends_before:
        reader.buffer.done("a/n@1")
    reader.read(PLAIN, "a", "b")
    assert reader.give(5) == ["b"]
    reader.buffer.done("a/n@1")
    assert (reader.given, reader.partitions[PLAIN].offsets.lowest) == (["a/n@1", "b/n@1"], 1)


def test_a_task_begins_before_its_record_only_where_that_would_come_here_and_nothing_waits_before_it() -> None:
    reader = ready(PLAIN)

    def begin(key: tuple[str, int, int] = PLAIN, room: bool = True) -> str | None:
        return reader.buffer.begin(key, task_of("a"), lambda kind: room)

    assert begin(LOW) is None, "that partition is somebody else's"
    assert begin(room=False) is None
    reader.read(PLAIN, "b")
    assert begin() is None, "another one waits"
    reader.give(1)
    reader.partitions[PLAIN].is_ready = False
    assert begin() is None, "the consumer has broken down"
    reader.partitions[PLAIN].is_ready = True
    assert begin() == "a/n@1"
    assert begin() is None, "it runs already"
    reader.buffer.done("a/n@1")
    assert begin() is None, "it has run already"


def test_high_goes_before_plain_before_low_however_they_came() -> None:
    task_endpoint = TaskEndpoint(LOW, PLAIN, HIGH)
    task_endpoint.read(LOW, "l1", "l2")
    task_endpoint.read(PLAIN, "p1", "p2")
    task_endpoint.read(HIGH, "h1", "h2")
    assert task_endpoint.give(3) == ["h1", "h2", "p1"]
    task_endpoint.read(HIGH, "h3")
    assert task_endpoint.give(10) == ["h3", "p2", "l1", "l2"]


def test_the_partitions_of_a_level_take_turns() -> None:
    one, other = ("k", 1, 0), ("k", 1, 1)
    task_endpoint = TaskEndpoint(one, other)
    task_endpoint.read(one, *(f"a{number}" for number in range(100)))
    task_endpoint.read(other, "b1", "b2")
    assert task_endpoint.give(4) == ["a0", "b1", "a1", "b2"]


def test_a_kind_without_room_holds_up_no_other() -> None:
    slow, fast = ("slow", 1, 0), ("fast", 1, 0)
    task_endpoint = TaskEndpoint(slow, fast)
    task_endpoint.buffer._has_room = lambda kind: kind == "fast"
    task_endpoint.read(slow, "s1")
    task_endpoint.read(fast, "f1", "f2")
    assert task_endpoint.give(9) == ["f1", "f2"]


def test_enough_waits_at_a_bound_of_records_or_of_bytes() -> None:
    task_endpoint = TaskEndpoint(PLAIN)
    task_endpoint.read(PLAIN, *(f"a{number}" for number in range(WAITING_MAX)))
    tasks = task_endpoint.partitions[PLAIN]
    assert tasks.must_pause
    task_endpoint.give(WAITING_MAX // 2)
    assert not tasks.must_pause
    assert tasks.may_resume
    task_endpoint.buffer.read(
        tasks, tasks.offsets.next, b'{"protocol":1,"task":"z/n@1","execution":"z","path":"n","attempt":1,"input":"%s"}' % (b"x" * 2**20)
    )
    assert tasks.must_pause


def test_what_runs_goes_on_where_its_partition_comes_again() -> None:
    task_endpoint = TaskEndpoint(PLAIN)
    task_endpoint.read(PLAIN, "a", "b")
    assert task_endpoint.give(1) == ["a"]
    task_endpoint.buffer.set_partitions({})  # it went elsewhere
    back = task_endpoint.partitions[PLAIN] = PartitionTasks(PLAIN, "default", "k", 1, 0)
    task_endpoint.buffer.set_partitions({PLAIN: back})
    task_endpoint.read(PLAIN, "a", "b")
    assert task_endpoint.give(9) == ["b"]
    assert back.offsets.lowest == 0, "it runs, so it is not done"
    task_endpoint.buffer.done("a/n@1")
    assert back.offsets.lowest == 1
    task_endpoint.read(PLAIN, "a")
    assert task_endpoint.give(9) == []
    task_endpoint.buffer.done("b/n@1")
    assert back.offsets.lowest == 3, "what has run here lately is done when it comes again"


def test_a_cancellation_is_about_what_was_there_before_it() -> None:
    task_endpoint = TaskEndpoint(PLAIN)
    task_endpoint.read(PLAIN, "a", "b", "c")
    assert task_endpoint.give(1) == ["a"]
    assert task_endpoint.buffer.cancel("a", "", 0) == ["a/n@1"]
    assert task_endpoint.buffer.cancel("b", "n", 1) == []
    assert task_endpoint.buffer.cancel("c", "other", 0) == []
    assert task_endpoint.give(9) == ["c"]
    assert task_endpoint.partitions[PLAIN].offsets.is_done(1)


def test_nothing_is_begun_while_partitions_may_go_elsewhere() -> None:
    task_endpoint = TaskEndpoint(PLAIN)
    task_endpoint.read(PLAIN, "a", "b", "c")
    assert task_endpoint.give(1) == ["a"]
    task_endpoint.buffer.is_held = True
    assert task_endpoint.give(9) == []
    assert not task_endpoint.buffer.is_at_rest
    task_endpoint.buffer.done("a/n@1")
    assert task_endpoint.buffer.is_at_rest
    task_endpoint.buffer.is_held = False
    assert task_endpoint.give(1) == ["b"]
    task_endpoint.buffer.hand_over("b/n@1")
    assert task_endpoint.buffer.is_at_rest, "nobody would begin again what was handed over"


def test_what_is_handed_back_is_not_done() -> None:
    task_endpoint = TaskEndpoint(PLAIN)
    task_endpoint.read(PLAIN, "a")
    task_endpoint.give(1)
    task_endpoint.buffer.forget("a/n@1")
    assert task_endpoint.partitions[PLAIN].offsets.lowest == 0
    assert not task_endpoint.buffer.running


# Names.


@pytest.mark.parametrize(("queue", "kind"), [("default", "charge"), ("my queue", "a.b"), ("ü", "-"), ("A_b-9", "x/y")])
def test_workers_and_the_engine_name_topics_alike(queue: str, kind: str) -> None:
    assert task_topics(queue, kind) == tuple(task_topic(queue, kind, priority) for priority in (9, 5, 0))


# Where to.


def test_a_worker_works_for_a_server_or_for_a_log(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("REFOLD_SERVER", raising=False)
    monkeypatch.delenv("REFOLD_LOG", raising=False)
    activity = refold.activity(name="a")(lambda: None)
    both = "not for both: http://s:1 and kafka://b:9092"
    with pytest.raises(ValueError, match=re.escape(both)):
        refold.Worker([activity], "http://s:1", log="kafka://b:9092")
    wanted = Wanted(target="tests.kafka.noting", where=WorkerTarget(server="http://s:1", log="kafka://b:9092"))
    assert worker_command(wanted) == 2
    assert both in capsys.readouterr().err
    monkeypatch.setenv("REFOLD_SERVER", "http://s:1")
    assert str(refold.Worker([activity], log="kafka://b:9092")._transport) == "kafka://b:9092/refold"
    assert str(refold.Worker([activity])._transport) == "http://s:1"
    monkeypatch.setenv("REFOLD_LOG", "kafka://b:9092")
    assert str(refold.Worker([activity], "http://t:1")._transport) == "http://t:1"
    with pytest.raises(ValueError, match=re.escape(both)):
        refold.Worker([activity])


def test_a_log_that_cannot_be_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert worker_command(Wanted(target="tests.kafka.noting", where=WorkerTarget(log="localhost:9092"))) == 2
    assert "a Kafka log is named kafka://HOST:PORT" in capsys.readouterr().err
