"""Projectors of many partitions: which they keep up changes at any time, one that fails holds up no other, two at once do no harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import LogError, LogUnreachable
from contracts.ports.read_models import ReadModels
from infra.store.sqlite import SqliteReadModels
from projections.executions import executions_where
from tests.workers.harness import rewrite
from tests.workers.partitioned import Partitioned
from workers.reading.projector_pool import ProjectorPool


class Kept:
    """Projectors and what they have told."""

    def __init__(self, made: Partitioned) -> None:
        self.told: list[tuple[int, int]] = []
        self.projectors = ProjectorPool(
            made.log, made.catalog, made.models_of, lambda partition, offset, _: self.told.append((partition, offset))
        )

    def look_at_all(self) -> dict[int, int]:
        """How far each partition is, as it was told."""
        self.told.clear()
        self.projectors.look_at_all()
        return dict(self.told)


@pytest.fixture
def made(tmp_path: Path) -> Partitioned:
    log = Partitioned(3, tmp_path)
    for partition in range(3):
        log.start(partition, "chain", f"x{partition}")
    return log


def names(models: ReadModels) -> list[str]:
    try:
        return [record.execution for record in models.select(executions_where())]
    finally:
        models.close()


def test_all_partitions_are_kept_up_also_those_that_are_added(made: Partitioned) -> None:
    kept = Kept(made)
    assert kept.look_at_all() == {partition: made.log.end("journal", partition) for partition in range(3)}
    made.log.there = 4
    assert kept.look_at_all().get(3) == 0
    made.start(3, "waits", "x3")
    kept.projectors.look([3])
    assert kept.told[-1] == (3, made.log.end("journal", 3))
    assert [names(made.readers_of(partition)) for partition in range(4)] == [["x0"], ["x1"], ["x2"], ["x3"]]
    kept.projectors.close()


def test_being_told_of_a_partition_that_was_added_is_enough(made: Partitioned) -> None:
    kept = Kept(made)
    made.log.there = 4
    kept.projectors.look([3, 900])
    assert kept.told == [(3, 0)]


def test_of_partitions_that_others_keep_it_is_told_how_far_they_are(made: Partitioned) -> None:
    ends = {partition: made.log.end("journal", partition) for partition in range(3)}
    one, other = Kept(made), Kept(made)
    one.projectors.own([0])
    other.projectors.own([1, 2])
    assert one.look_at_all() == {0: ends[0], 1: 0, 2: 0}
    assert other.look_at_all() == ends
    assert one.look_at_all() == ends
    one.projectors.own([])
    made.start(0, "chain", "later")
    assert one.look_at_all() == ends
    one.projectors.own(None)
    assert one.look_at_all() == {**ends, 0: made.log.end("journal", 0)}


def test_two_at_once_on_one_partition_add_up_to_the_same_rows(made: Partitioned) -> None:
    one, other = Kept(made), Kept(made)
    one.look_at_all()
    other.look_at_all()
    for number in range(5):
        made.start(1, "chain", f"more{number}")
        (one if number % 2 else other).look_at_all()
    made.start(1, "waits", "last")
    assert one.look_at_all() == other.look_at_all() == {partition: made.log.end("journal", partition) for partition in range(3)}
    assert sorted(names(made.readers_of(1))) == ["last", *(f"more{number}" for number in range(5)), "x1"]


def test_a_journal_that_cannot_be_read_holds_no_other_partition_up(made: Partitioned) -> None:
    rewrite(made.log, 2, lambda fields: [*fields[:4], b"\xc1", *fields[5:]])
    kept = Kept(made)
    with pytest.raises(LogError):
        kept.projectors.look_at_all()
    assert dict(kept.told) == {partition: made.log.end("journal", partition) for partition in (1, 2)}


def test_rows_that_could_not_be_stored_are_made_again(made: Partitioned, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database was away in the middle of it: what had been folded must not be taken for stored."""
    kept = Kept(made)
    kept.look_at_all()
    made.start(0, "waits", "waiting")
    with monkeypatch.context() as away:

        def fail(*_: object) -> None:
            raise LogUnreachable("the database is away")

        away.setattr(SqliteReadModels, "save", fail)
        with pytest.raises(LogUnreachable):
            kept.projectors.look([0])
    assert kept.look_at_all()[0] == made.log.end("journal", 0)
    assert sorted(names(made.readers_of(0))) == ["waiting", "x0"]
