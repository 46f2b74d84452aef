"""Where one stands who comes again: found from the last claim on, or a little below, where somebody was looked for before."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.errors import LogCorrupt, LogUnreachable
from contracts.journal import Checkpoint
from contracts.ports.feed import Selector
from contracts.ports.log import Topic
from contracts.ports.read_models import ReadModels
from tests.workers.harness import Bench, FaultyLog, another_claim, sequence
from workers.reading.backlog import Backlog
from workers.reading.waypoint import LAST_RECORDS, NEAR_RECORDS, WAYPOINTS_MAX, Waypoints


class CountingLog(FaultyLog):
    """Counts the records that are read, and fails as a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.count, self.fails_at = 0, -1

    def read(self, topic: Topic, partition: int = 0, start: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        if start == self.fails_at:
            raise LogCorrupt("it begins elsewhere")
        for one in super().read(topic, partition, start, end):
            self.count += 1
            yield one


def journal(executions: int, taken: int = -1) -> CountingLog:
    """A journal of so many executions; at one of them somebody else claims the partition in between."""
    bench = Bench(log := CountingLog())
    bench.publish(sequence("noop"))
    for number in range(executions):
        if number == taken:
            log.faults = [another_claim, None]
        bench.start()
        bench.move()
        bench.clock.advance(10_000)
    bench.move()
    return log


def backlog(log: CountingLog) -> Backlog:
    def none(_: int) -> ReadModels:
        raise LogUnreachable("nobody asks for an origin")

    return Backlog(log, none)


def end_of(log: CountingLog) -> int:
    return log.end("journal", 0)


def told(one: Backlog, start: int, end: int) -> list[int]:
    return [found.offset for found in one.read(0, start, end, Selector()).told]


def test_whoever_comes_again_after_others_is_told_the_same() -> None:
    log = journal(120, taken=60)
    end = end_of(log)
    warm = backlog(log)
    for start in (*range(end, 0, -7), *range(0, end, 5)):
        assert told(warm, start, end) == told(backlog(log), start, end)


def test_only_the_first_of_many_who_come_again_looks_for_the_claim() -> None:
    log = journal(2_000)
    end = end_of(log)
    one = backlog(log)
    assert end > LAST_RECORDS
    counts = []
    for start in range(end, end - 1_000, -50):
        log.count = 0
        one.checkpoint_at(0, start)
        counts.append(log.count)
    assert counts[0] > end
    assert max(counts[1:]) <= NEAR_RECORDS


def test_a_waypoint_from_which_the_journal_cannot_be_read_is_not_believed() -> None:
    log = journal(20)
    end = end_of(log)
    one, expected = backlog(log), backlog(log).checkpoint_at(0, end)
    one.checkpoint_at(0, end)
    waypoint = one._waypoints.near(0, end)
    assert waypoint is not None
    one._waypoints.note(0, Checkpoint(offset=end - 1))
    log.fails_at = end - 1
    assert one.checkpoint_at(0, end) == expected


def test_so_many_waypoints_are_kept_and_none_far_below() -> None:
    waypoints = Waypoints()
    for offset in range(1, 2 * WAYPOINTS_MAX + 1):
        waypoints.note(0, Checkpoint(offset=offset))
    assert waypoints.near(0, WAYPOINTS_MAX) is None
    found = waypoints.near(0, 10 * WAYPOINTS_MAX)
    assert found is not None
    assert found.offset == 2 * WAYPOINTS_MAX
    assert waypoints.near(0, 2 * WAYPOINTS_MAX + NEAR_RECORDS + 1) is None
    assert waypoints.near(1, WAYPOINTS_MAX) is None
