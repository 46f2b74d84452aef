"""Every store of read models keeps what the port promises: SQLite of the only partition and of one among others, PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import Overtaken
from contracts.journal import Checkpoint
from contracts.ports.read_models import Changes, ExecutionRecord, IncidentRecord, Place, ReadModels, Wanted
from infra.store.postgres import models_in
from infra.store.projection import SqliteReadModels

Open = Callable[..., ReadModels]


def sqlite(path: Path, is_divided: bool) -> Open:
    def open_(read_only: bool = False, partition: int = 0) -> ReadModels:
        return SqliteReadModels(path / f"rows-{partition}.db", read_only, is_divided)

    return open_


def postgres(url: str) -> Open:
    prefix = f"test-{secrets.token_hex(6)}"

    def open_(read_only: bool = False, partition: int = 0) -> ReadModels:
        return models_in(url, prefix, read_only)(partition)

    return open_


@pytest.fixture(params=["sqlite", "sqlite of many partitions", "postgres"])
def open_(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens views of one new store."""
    opened: list[ReadModels] = []
    is_postgres = request.param == "postgres"
    make = postgres(request.getfixturevalue("postgres_url")) if is_postgres else sqlite(tmp_path, request.param != "sqlite")

    def open_one(**more: Any) -> ReadModels:
        opened.append(make(**more))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def record(number: int, **more: Any) -> ExecutionRecord:
    """A row that was created at its number, unless said otherwise."""
    given = ExecutionRecord(number, f"x{number}", "w", 1, "running", None, None, number, 5, 0, 3, number + 1, None, None, "[]", None)
    return given._replace(**more)


def save(models: ReadModels, *changes: Changes, offset: int | None = None) -> None:
    after = models.checkpoint().offset
    models.save(changes, Checkpoint("j", after + 1 if offset is None else offset, b"nonce", {0: 7, -1: 3}, 1, 2), after)


def test_an_empty_store_is_at_the_beginning_and_shows_nothing(open_: Open) -> None:
    for models in (open_(read_only=True), open_(), open_(read_only=True)):
        assert models.checkpoint() == Checkpoint()
        assert (models.find("x"), models.offsets(3), list(models.select(Wanted()))) == (None, [], [])
        assert (list(models.incidents(None, False)), dict(models.counts())) == ([], {})


def test_rows_and_checkpoint_come_back_as_they_were_stored(open_: Open) -> None:
    models, reader = open_(), open_(read_only=True)
    full = ExecutionRecord(
        2, "ü-1", "w", 3, "failed", "no", "x1", 2**41, 6, 7, 2**31, 2**45, "type", "it's ☂", '[{"a":1}]', '{"b":"\\u0000"}'
    )
    save(models, Changes(full, offsets=[2, 5, 2**44]))
    assert reader.find("ü-1") == full
    assert reader.offsets(2) == [2, 5, 2**44]
    assert reader.checkpoint() == models.checkpoint() == Checkpoint("j", 1, b"nonce", {0: 7, -1: 3}, 1, 2)


def test_a_row_that_comes_again_is_changed_and_what_never_changes_stays(open_: Open) -> None:
    models = open_()
    save(models, Changes(record(1, status="created"), offsets=[1]))
    changed = record(1, status="completed", outcome="ok", started_at=8, ended_at=9, events=11, position=40, search='{"a":1}')
    save(models, Changes(changed))
    assert models.find("x1") == changed
    assert models.offsets(1) == [1]
    assert models.counts() == {"completed": 1}


def test_offsets_come_in_pieces_each_stored_once(open_: Open) -> None:
    models = open_()
    save(models, Changes(record(4), offsets=[9], pieces={0: [4, 5], 1: [6, 8]}))
    assert models.offsets(4) == [4, 5, 6, 8, 9]
    save(models, Changes(record(4), offsets=[], pieces={2: [9, 10]}))
    assert models.offsets(4) == [4, 5, 6, 8, 9, 10]


def test_a_batch_after_another_checkpoint_is_refused_and_nothing_of_it_is_stored(open_: Open) -> None:
    models, other = open_(), open_()
    save(models, Changes(record(1)))
    with pytest.raises(Overtaken, match="at offset 1, expected 0"):
        other.save([Changes(record(2))], Checkpoint("j", 9), 0)
    assert [one.execution for one in other.select(Wanted())] == ["x1"]
    save(other, Changes(record(2)))
    assert len(models.select(Wanted())) == 2


def test_incidents_are_raised_and_resolved(open_: Open) -> None:
    models = open_()
    first, second = IncidentRecord("a", "p", '{"type":"x"}', 20), IncidentRecord("b", "p", "{}", 10)
    save(models, Changes(record(1), raised=[first]), Changes(record(2), raised=[second]))
    assert models.incidents(None, True) == [("x2", second), ("x1", first)]
    save(models, Changes(record(1), resolved=[IncidentRecord("a", "", "", 0, 30, "retry")]))
    assert models.incidents(None, True) == [("x2", second)]
    assert models.incidents(1, False) == [("x1", first._replace(resolved_at=30, action="retry"))]
    assert models.incidents(1, True) == []


def test_lists_are_filtered(open_: Open) -> None:
    models = open_()
    save(
        models,
        *(Changes(record(number, workflow="a" if number % 2 else "b")) for number in range(4)),
        Changes(record(5, status="completed", ended_at=9, parent="x1")),
        Changes(record(6, status="incident")),
    )

    def found(**wanted: Any) -> list[int]:
        return [one.number for one in models.select(Wanted(**wanted))]

    assert found() == [6, 5, 3, 2, 1, 0]
    assert found(workflow="a") == [3, 1]
    assert found(statuses=("running", "incident")) == [6, 3, 2, 1, 0]
    assert found(statuses=("completed", "incident")) == [6, 5]
    save(models, Changes(record(7, status="quarantined")), Changes(record(8, status="quarantined", ended_at=9)))
    assert found(statuses=("quarantined",)) == [8, 7]
    assert found(statuses=("quarantined", "failed")) == [8, 7]
    assert found(parent="x1") == [5]
    assert found(created_after=2, created_before=6) == [5, 3, 2]
    assert found(limit=2) == [8, 7]
    assert found(workflow="a", limit=1, after=Place(3, 3)) == [1]


def test_pages_follow_on_each_other(open_: Open) -> None:
    models = open_()
    save(models, *(Changes(record(number, created_at=number // 3)) for number in range(10)))
    shown: list[int] = []
    after: Place | None = None
    while page := models.select(Wanted(limit=4, after=after)):
        shown += [one.number for one in page]
        after = Place(page[-1].number, page[-1].created_at)
    assert shown == list(range(9, -1, -1))


def test_forgetting_is_of_one_partition(open_: Open) -> None:
    models, other = open_(partition=0), open_(partition=1)
    for one in (models, other):
        save(one, Changes(record(1), offsets=[1], pieces={0: [1]}, raised=[IncidentRecord("a", "p", "{}", 20)]))
    models.reset()
    assert models.checkpoint() == Checkpoint()
    assert (models.find("x1"), models.offsets(1), list(models.incidents(None, False)), dict(models.counts())) == (None, [], [], {})
    assert other.find("x1") == record(1)
    save(models, Changes(record(7)))
    assert [one.number for one in models.select(Wanted())] == [7]


def test_a_reader_sees_whole_transactions_also_after_everything_was_made_anew(open_: Open) -> None:
    models, reader = open_(), open_(read_only=True)
    save(models, Changes(record(1)))
    assert reader.counts() == {"running": 1}
    models.reset()
    save(models, Changes(record(2)), Changes(record(3)))
    assert reader.counts() == {"running": 2}


def test_no_text_of_a_user_keeps_a_batch_from_being_stored(open_: Open) -> None:
    models = open_()
    save(models, Changes(record(1, error_message="a\0b ' \" % \\ ☂ 𝄞")))
    found = models.find("x1")
    assert found is not None
    assert str(found.error_message).startswith("a")
    assert str(found.error_message).endswith("b ' \" % \\ ☂ 𝄞")


def test_resting_changes_nothing_and_closing_twice_is_once(open_: Open) -> None:
    models = open_()
    save(models, Changes(record(1)))
    models.rest()
    assert models.counts() == {"running": 1}
    models.close()
    models.close()


def test_counts_follow_every_change_of_a_status(open_: Open) -> None:
    models = open_()
    save(models, *(Changes(record(number)) for number in range(5)))
    save(models, Changes(record(1, status="completed", ended_at=9)), Changes(record(2, status="failed", ended_at=9)), Changes(record(3)))
    save(models, Changes(record(5, status="failed", ended_at=9)), Changes(record(0, status="completed", ended_at=9)))
    assert dict(models.counts()) == {"running": 2, "completed": 2, "failed": 2}
    save(models, Changes(record(3, status="completed", ended_at=9)), Changes(record(4, status="completed", ended_at=9)))
    assert dict(models.counts()) == {"completed": 4, "failed": 2}


@pytest.mark.parametrize("is_divided", [False, True])
def test_neither_a_list_of_failed_ones_nor_the_counts_look_through_all_rows(tmp_path: Path, is_divided: bool) -> None:
    models = SqliteReadModels(tmp_path / "rows.db", is_divided=is_divided)
    save(models, *(Changes(record(n, status="failed" if n % 50 == 0 else "completed", ended_at=9)) for n in range(1_000)))
    asked: list[str] = []
    models._connection.set_trace_callback(asked.append)
    assert len(models.select(Wanted(statuses=("failed",), limit=10))) == 10
    assert dict(models.counts()) == {"failed": 20, "completed": 980}
    models._connection.set_trace_callback(None)
    plans = [str(row[3]) for statement in asked for row in models._connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert any("USING INDEX executions_seldom" in plan for plan in plans), plans
    assert not any(plan.startswith("SCAN executions") for plan in plans), plans
    models.close()
