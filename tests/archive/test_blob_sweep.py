"""Sweeping the topic of blobs: nothing that is needed is ever gone, and the topic does not grow for ever."""

from __future__ import annotations

from random import Random

import pytest

from contracts.errors import LogUnreachable
from contracts.ports.blob_topic import BlobId, Marked, Standing, Stored
from infra.clock import ManualClock
from tests.archive.blob_world import GRACE, HOUR, MINUTE, MemoryBlobTopic, References, World
from workers.archive.blob_plan import BlobIndex, plan
from workers.archive.blob_sweep import BlobSweep, Needed


def blob(name: str) -> BlobId:
    return BlobId(name * 64)


def index_of(*records: str) -> BlobIndex:
    """A letter is a blob of one record, a piece of a larger one in brackets, and `|` a mark of what is old."""
    index = BlobIndex()
    first: dict[str, int] = {}
    for offset, what in enumerate(records):
        if what == "|":
            index.take([Standing(offset, 1, Marked(offset, 0))])
        elif what.startswith("("):
            first.setdefault(what[1], offset)
            index.take([Standing(offset, 10, None)])
        else:
            begun = first.pop(what, offset)
            index.take([Standing(offset, 10, Stored(blob(what), begun, offset, 10 if begun == offset else 20))])
    return index


def planned(index: BlobIndex, dead: str, old_before: int | None = None) -> tuple[int, str] | None:
    found = plan(index, {blob(name) for name in dead}, index.old_before(0) if old_before is None else old_before, 1)
    return None if found is None else (found.before, "".join(one.id.name[0] for one in found.carried))


def test_what_is_dead_goes_up_to_a_mark_of_what_is_old() -> None:
    assert planned(index_of("a", "b", "|", "c"), "abc") == (2, "")
    assert planned(index_of("a", "b", "|", "c", "|"), "abc") == (4, "")
    assert planned(index_of("a", "b", "|", "c", "|"), "abc", old_before=3) == (2, "")
    assert planned(index_of("a", "b", "|", "c", "|"), "abc", old_before=1) is None
    assert planned(index_of("a", "b", "c"), "abc", old_before=3) is None


def test_what_is_needed_moves_along_where_that_gains_more_than_it_costs() -> None:
    assert planned(index_of("a", "b", "c", "|"), "ac") == (3, "b")
    assert planned(index_of("a", "b", "|"), "a") is None
    assert planned(index_of("a", "b", "c", "|", "d", "e", "|"), "cd") is None
    assert planned(index_of("a", "|", "b", "c", "d", "|"), "ab") == (1, "")


def test_of_copies_the_last_one_stays() -> None:
    assert planned(index_of("a", "a", "a", "|"), "") == (3, "a")
    assert planned(index_of("a", "|", "a", "|"), "") == (1, "")


def test_what_began_before_the_place_and_ends_behind_it_moves_along_and_so_does_what_is_dead_of_it() -> None:
    assert planned(index_of("w", "x", "y", "z", "(b", "|", "b", "|"), "wxyzb", old_before=5) == (5, "b")


def test_what_is_only_marks_is_marked_no_more() -> None:
    index = index_of("a")
    assert index.wants_mark
    index.take([Standing(1, 1, Marked(1, 0))])
    assert not index.wants_mark
    index.take([Standing(2, 1, Marked(1, 0))])  # of another sweeper, that saw less
    assert index.wants_mark


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_what_is_referred_to_is_there(seed: int) -> None:
    world = World(Random(seed), names=(12, 60, 300)[seed % 3])
    for _ in range(1_000):
        world.move()
    assert world.topic.first, "nothing was ever deleted"


class Steady:
    """A payload a minute, which is referred to for six hours, and one in a hundred for ever; looks every minute."""

    def __init__(self) -> None:
        self.clock, self.topic = ManualClock(1_700_000_000_000), MemoryBlobTopic()
        self.journal: dict[BlobId, int] = {}
        self.minutes = 0
        self.fails = False
        self.sweep = BlobSweep(self.topic, self.needs, self.clock, GRACE, gain_min=1)

    def needs(self) -> Needed:
        if self.fails:
            raise LogUnreachable("no broker answers")
        return References({blob for blob, until in self.journal.items() if until > self.clock.now()})

    def run(self, hours: int, stores: bool = True) -> None:
        for _ in range(60 * hours):
            self.clock.set(self.clock.now() + MINUTE)
            self.minutes += 1
            if stores:
                name = BlobId(f"{self.minutes:064}")
                self.topic.append(name)
                self.journal[name] = self.clock.now() + (10**6 if self.minutes % 100 == 0 else 6) * HOUR
            self.sweep.look()


def test_under_a_steady_load_the_topic_is_as_long_as_what_is_young_and_twice_what_is_needed() -> None:
    steady = Steady()
    steady.run(39)
    young = steady.topic.size
    for _ in range(4):
        steady.run(24)
        kept = steady.minutes // 100 * 100
        assert steady.topic.size <= young + 2 * kept
        assert steady.sweep.swept.size <= steady.topic.size


def test_in_the_end_nothing_is_left_but_a_mark() -> None:
    steady = Steady()
    steady.run(10)
    steady.journal.clear()
    steady.run(100, stores=False)
    assert steady.topic.there() == set()
    assert steady.topic.size == 1


def test_while_the_log_cannot_be_read_nothing_goes_and_nothing_is_believed_of_before(caplog: pytest.LogCaptureFixture) -> None:
    steady = Steady()
    steady.run(30)
    steady.fails = True
    steady.run(30)
    assert steady.topic.first == 0
    assert caplog.messages == ["payloads that nobody needs stay for now: no broker answers"]
    steady.fails = False
    steady.run(3)
    assert steady.topic.first > 0


@pytest.mark.parametrize("late", [0, 1, 30, 59])
def test_a_reference_that_comes_within_an_hour_after_the_machine_woke_is_heard_of(late: int) -> None:
    """The record is old by the clock, and was unneeded before; only who has been awake for an hour may say so again."""
    steady = Steady()
    steady.topic.append(blob("a"))
    steady.run(2, stores=False)
    steady.clock.set(steady.clock.now() + 100 * HOUR)
    for _ in range(late):
        steady.sweep.look()
        steady.clock.set(steady.clock.now() + MINUTE)
    steady.journal[blob("a")] = 10**15
    steady.run(80, stores=False)
    assert blob("a") in steady.topic.there()


def test_a_clock_that_is_set_makes_no_two_sweeps_of_one_moment() -> None:
    steady = Steady()
    steady.topic.append(blob("a"))
    steady.journal[blob("a")] = 10**15
    steady.run(40, stores=False)
    steady.journal.clear()
    for hours in (-1, 1, -100, 200):
        steady.clock.set(steady.clock.now() + hours * HOUR)
        steady.sweep.look()
        steady.sweep.look()
        assert blob("a") in steady.topic.there()
    steady.run(3, stores=False)
    assert blob("a") not in steady.topic.there()
