"""Every store of read models keeps what the port promises: SQLite of the only partition and of one among others, PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from contracts.errors import Overtaken
from contracts.journal import Checkpoint
from contracts.ports.read_models import Changes, Condition, Cursor, Model, Query, ReadModels, Table
from contracts.ports.where import all_of
from infra.store.postgres import models_in
from infra.store.sqlite import SqliteReadModels
from projections.execution_columns import execution_filter
from projections.executions import EXECUTIONS, PIECES, USERS_ONLY, ExecutionRecord, PieceRecord, executions_where
from projections.incidents import INCIDENTS, IncidentRecord, incidents_where
from projections.registry import READ_MODELS

Open = Callable[..., ReadModels]
ALL = [model.name for model in READ_MODELS]


def sqlite(path: Path, is_divided: bool) -> Open:
    def open_(read_only: bool = False, partition: int = 0, models: Sequence[Model] = READ_MODELS) -> ReadModels:
        return SqliteReadModels(path / f"rows-{partition}.db", models, read_only, is_divided)

    return open_


def postgres(url: str) -> Open:
    prefix = f"test-{secrets.token_hex(6)}"

    def open_(read_only: bool = False, partition: int = 0, models: Sequence[Model] = READ_MODELS) -> ReadModels:
        return models_in(url, prefix, models, read_only)(partition)

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


def save(models: ReadModels, *rows: tuple[Any, ...]) -> None:
    """Store these rows."""
    store(models, changes_of(*rows))


def changes_of(*rows: tuple[Any, ...]) -> Changes:
    changes = Changes()
    tables: dict[type, Any] = {table.row: table for model in READ_MODELS for table in model.tables}
    for row in rows:
        changes.put(tables[type(row)], row)
    return changes


def store(
    models: ReadModels, changes: Changes, offset: int | None = None, names: Sequence[str] = tuple(ALL), is_whole: bool = True
) -> None:
    after = models.standing(names[0]).checkpoint.offset
    models.save(names, changes, Checkpoint("j", after + 1 if offset is None else offset, b"nonce", {0: 7, -1: 3}, 1, 2), after, is_whole)


def found(models: ReadModels, execution: str) -> ExecutionRecord | None:
    return models.find(EXECUTIONS, "execution", execution)


def counts(models: ReadModels) -> dict[str, int]:
    return dict(models.counts(EXECUTIONS))


def shown(models: ReadModels, **wanted: Any) -> list[int]:
    return [one.number for one in models.select(executions_where(**wanted))]


def incidents(models: ReadModels, is_open: bool = True, number: int | None = None) -> list[IncidentRecord]:
    of_it = () if number is None else (Condition("number", "=", number),)
    return list(models.select(incidents_where(is_open)._replace(conditions=of_it)))


def test_an_empty_store_is_at_the_beginning_and_shows_nothing(open_: Open) -> None:
    for models in (open_(read_only=True), open_(), open_(read_only=True)):
        assert [models.checkpoint(name) for name in ALL] == [Checkpoint()] * len(ALL)
        assert [models.standing(name) for name in ALL] == [(Checkpoint(), False)] * len(ALL)
        assert (found(models, "x"), list(models.belonging(PIECES, 3)), shown(models)) == (None, [], [])
        assert (incidents(models, is_open=False), counts(models)) == ([], {})


def test_rows_and_checkpoint_come_back_as_they_were_stored(open_: Open) -> None:
    models, reader = open_(), open_(read_only=True)
    full = ExecutionRecord(
        2, "ü-1", "w", 3, "failed", "no", "x1", 2**41, 6, 7, 2**31, 2**45, "type", "it's ☂", '[{"a":1}]', '{"b":"\\u0000"}', b"\0\xff"
    )
    save(models, full)
    assert found(reader, "ü-1") == full
    expected = Checkpoint("j", 1, b"nonce", {0: 7, -1: 3}, 1, 2)
    assert reader.checkpoint("executions") == models.checkpoint("executions") == models.standing("incidents").checkpoint == expected


def test_a_row_that_comes_again_is_changed_and_what_never_changes_stays(open_: Open) -> None:
    models = open_()
    save(models, record(1, status="created", offsets=b"1", search='{"a":1}'))
    changed = record(1, status="completed", outcome="ok", started_at=8, ended_at=9, events=11, position=40, search='{"a":1}', offsets=b"2")
    save(models, changed._replace(workflow="never"))
    assert found(models, "x1") == changed
    assert counts(models) == {"completed": 1}


def test_some_columns_of_a_row_are_changed_and_of_one_that_is_not_there_none(open_: Open) -> None:
    models = open_()
    save(models, record(1), record(2))
    changes = changes_of(record(3))
    changes.change(EXECUTIONS, (1,), status="completed", ended_at=9)
    changes.change(EXECUTIONS, (2,), error="e")
    changes.change(EXECUTIONS, (3,), error="of the same batch")
    changes.change(EXECUTIONS, (4,), error="e")
    store(models, changes)
    assert [found(models, f"x{number}") for number in range(1, 5)] == [
        record(1, status="completed", ended_at=9), record(2, error="e"), record(3, error="of the same batch"), None,
    ]  # fmt: skip
    assert counts(models) == {"running": 2, "completed": 1}


def test_rows_with_a_longer_key_are_stored_each_once(open_: Open) -> None:
    models = open_()
    save(models, record(4), PieceRecord(4, 1, b"b"), PieceRecord(4, 0, b"a"), PieceRecord(5, 0, b"other"))
    save(models, PieceRecord(4, 2, b"c"), PieceRecord(4, 1, b"B"))
    assert [(one.piece, one.offsets) for one in models.belonging(PIECES, 4)] == [(0, b"a"), (1, b"B"), (2, b"c")]


def test_a_batch_after_another_checkpoint_is_refused_and_nothing_of_it_is_stored(open_: Open) -> None:
    models, other = open_(), open_()
    save(models, record(1))
    with pytest.raises(Overtaken, match="at offset 1, expected 0"):
        other.save(ALL, changes_of(record(2)), Checkpoint("j", 9), 0, is_whole=False)
    assert [one.execution for one in other.select(executions_where())] == ["x1"]
    save(other, record(2))
    assert len(shown(models)) == 2


def test_models_that_do_not_stand_together_are_not_stored_together(open_: Open) -> None:
    models = open_()
    store(models, changes_of(record(1)), names=["executions"])
    with pytest.raises(Overtaken, match="at offset 0, expected 1"):
        models.save(ALL, changes_of(record(2)), Checkpoint("j", 2), 1, is_whole=True)
    assert shown(models) == [1]
    assert [models.standing(name).checkpoint.offset for name in ALL] == [1, *[0] * (len(ALL) - 1)]


def test_incidents_are_raised_and_resolved(open_: Open) -> None:
    models = open_()
    first, second = IncidentRecord(1, "a", "x1", "p", '{"type":"x"}', 20), IncidentRecord(2, "b", "x2", "p", "{}", 10)
    save(models, first, second)
    assert incidents(models) == [second, first]
    changes = Changes()
    changes.change(INCIDENTS, (1, "a"), resolved_at=30, action="retry")
    store(models, changes)
    assert incidents(models) == [second]
    assert incidents(models, is_open=False, number=1) == [first._replace(resolved_at=30, action="retry")]
    assert incidents(models, number=1) == []


def test_lists_are_filtered(open_: Open) -> None:
    models = open_()
    save(
        models,
        *(record(number, workflow="a" if number % 2 else "b") for number in range(4)),
        record(5, status="completed", ended_at=9, parent="x1"),
        record(6, status="incident"),
    )
    assert shown(models) == [6, 5, 3, 2, 1, 0]
    assert shown(models, workflow="a") == [3, 1]
    assert shown(models, statuses=("running", "incident")) == [6, 3, 2, 1, 0]
    assert shown(models, statuses=("completed", "incident")) == [6, 5]
    save(models, record(7, status="quarantined"), record(8, status="quarantined", ended_at=9))
    assert shown(models, statuses=("quarantined",)) == [8, 7]
    assert shown(models, statuses=("quarantined", "failed")) == [8, 7]
    assert shown(models, parent="x1") == [5]
    assert shown(models, created_after=2, created_before=6) == [5, 3, 2]
    assert shown(models, limit=2) == [8, 7]
    assert shown(models, workflow="a", limit=1, after=Cursor(3, 3)) == [1]


def test_of_a_list_only_some_columns_are_given_in_its_order(open_: Open) -> None:
    models = open_()
    save(models, record(1, workflow="a"), record(3, workflow="b"), record(5, workflow="refold.bulk"))
    query = executions_where(filter_=execution_filter("status == 'running' || status == 'failed' || version == 1", 0))
    query = query._replace(where=all_of(query.where, USERS_ONLY), only=("execution", "workflow"))
    rows: Sequence[tuple[Any, ...]] = models.select(query)  # type: ignore[arg-type]  # tuples, as `only` asks
    assert [row[:2] for row in rows] == [("x3", "b"), ("x1", "a")]


def test_pages_follow_on_each_other(open_: Open) -> None:
    models = open_()
    save(models, *(record(number, created_at=number // 3) for number in range(10)))
    found_on_pages: list[int] = []
    after: Cursor | None = None
    while page := models.select(executions_where(limit=4, after=after)):
        found_on_pages += [one.number for one in page]
        after = Cursor(page[-1].number, page[-1].created_at)
    assert found_on_pages == list(range(9, -1, -1))


def test_forgetting_is_of_one_partition(open_: Open) -> None:
    models, other = open_(partition=0), open_(partition=1)
    for one in (models, other):
        save(one, record(1), PieceRecord(1, 0, b"a"), IncidentRecord(1, "a", "x1", "p", "{}", 20))
    models.reset()
    assert [models.standing(name).checkpoint for name in ALL] == [Checkpoint()] * len(ALL)
    assert (found(models, "x1"), list(models.belonging(PIECES, 1)), incidents(models, is_open=False), counts(models)) == (None, [], [], {})
    assert found(other, "x1") == record(1)
    save(models, record(7))
    assert shown(models) == [7]


def test_a_reader_sees_whole_transactions_also_after_everything_was_made_anew(open_: Open) -> None:
    models, reader = open_(), open_(read_only=True)
    save(models, record(1))
    assert counts(reader) == {"running": 1}
    models.reset()
    save(models, record(2), record(3))
    assert counts(reader) == {"running": 2}


def test_no_text_of_a_user_keeps_a_batch_from_being_stored(open_: Open) -> None:
    models = open_()
    changes = changes_of(record(1, error_message="a\0b ' \" % \\ ☂ 𝄞"), IncidentRecord(1, "i\0", "x1", "p", "{}", 1))
    store(models, changes)
    changes = Changes()
    changes.change(INCIDENTS, (1, "i\0"), action="a\0")
    store(models, changes)
    there = found(models, "x1")
    assert there is not None
    assert str(there.error_message).startswith("a")
    assert str(there.error_message).endswith("b ' \" % \\ ☂ 𝄞")
    assert [(one.action or "")[0] for one in incidents(models, is_open=False)] == ["a"]


@pytest.mark.parametrize("asked", ["\0", "x\0", "'; --", "😀", "\n"])
def test_whatever_text_is_asked_for_is_found_or_not_and_never_a_failure(open_: Open, asked: str) -> None:
    models = open_()
    save(models, record(1))
    assert found(models, asked) is None
    assert shown(models, workflow=asked) == shown(models, parent=asked) == []


def test_resting_changes_nothing_and_closing_twice_is_once(open_: Open) -> None:
    models = open_()
    save(models, record(1))
    models.rest()
    assert counts(models) == {"running": 1}
    models.close()
    models.close()


def test_counts_follow_every_change_of_a_status(open_: Open) -> None:
    models = open_()
    save(models, *(record(number) for number in range(5)))
    save(models, record(1, status="completed", ended_at=9), record(2, status="failed", ended_at=9), record(3))
    save(models, record(5, status="failed", ended_at=9), record(0, status="completed", ended_at=9))
    assert counts(models) == {"running": 2, "completed": 2, "failed": 2}
    save(models, record(3, status="completed", ended_at=9), record(4, status="completed", ended_at=9))
    assert counts(models) == {"completed": 4, "failed": 2}


def test_counts_follow_rows_that_go(open_: Open) -> None:
    models = open_()
    save(models, *(record(number) for number in range(5)), record(7, status="failed"))
    changes = changes_of(record(8, status="failed"))
    for number in (1, 2, 7, 9):
        changes.remove(EXECUTIONS, (number,))
    store(models, changes)
    assert (shown(models), counts(models)) == ([8, 4, 3, 0], {"running": 3, "failed": 1})


def test_rows_go_before_others_are_stored_in_their_place(open_: Open) -> None:
    models = open_()
    save(models, *(PieceRecord(number, piece, b"a") for number in (1, 2) for piece in (0, 1, 2)))
    changes = Changes()
    changes.clear(PIECES, 1)
    changes.put(PIECES, PieceRecord(1, 1, b"b"))
    changes.put(PIECES, PieceRecord(2, 2, b"b"))
    changes.remove(PIECES, (2, 2))
    changes.remove(PIECES, (2, 0))
    changes.put(PIECES, PieceRecord(2, 0, b"c"))
    store(models, changes)
    found_ = [(one.number, one.piece, one.offsets) for number in (1, 2) for one in models.belonging(PIECES, number)]
    assert found_ == [(1, 1, b"b"), (2, 0, b"c"), (2, 1, b"a")]


# A version that was raised.


class RecordWithMore(NamedTuple):
    """The rows of a second version, which has columns that the first has not."""

    number: int
    execution: str
    created_at: int
    colour: str
    size: int
    mood: str | None


THINGS = Table(name="things", row=RecordWithMore, key=("number",), time="created_at", unique=("execution",), filters=frozenset({"colour"}))


class Record(NamedTuple):
    """Those of the first, with one that the second has not."""

    number: int
    execution: str
    created_at: int
    old: int


OLD_THINGS = Table(name="things", row=Record, key=("number",), time="created_at", unique=("execution",), counted="execution")
FIRST = Model(name="things", version=1, tables=(OLD_THINGS,))
SECOND = Model(name="things", version=2, tables=(THINGS,))
NEWER = [*READ_MODELS, SECOND]


def things(models: ReadModels) -> list[tuple[Any, ...]]:
    return [tuple(one) for one in models.select(Query(THINGS))]


def put(models: ReadModels, table: Table[Any], row: tuple[Any, ...], is_whole: bool) -> None:
    changes = Changes()
    changes.put(table, row)
    store(models, changes, names=["things"], is_whole=is_whole)


def test_a_raised_version_is_built_beside_the_one_before_and_lists_are_answered_from_that_until_it_is_whole(open_: Open) -> None:
    older = open_(models=[*READ_MODELS, FIRST])
    save(older, record(1))
    put(older, OLD_THINGS, Record(1, "x1", 5, 7), is_whole=True)
    older.close()
    newer, reader = open_(models=NEWER), open_(models=NEWER, read_only=True)
    for models in (newer, reader):
        assert models.standing("things") == (Checkpoint(), False)
        assert (models.checkpoint("things").offset, things(models)) == (1, [(1, "x1", 5, "", 0, None)])
        assert models.select(Query(THINGS, (Condition("colour", "=", "red"),))) == []
    assert (shown(reader), newer.standing("executions").checkpoint.offset) == ([1], 1)
    put(newer, THINGS, RecordWithMore(1, "x1", 5, "red", 9, "good"), is_whole=False)
    assert things(reader) == [(1, "x1", 5, "", 0, None)]
    assert newer.find(THINGS, "execution", "x1", is_own=True) == (1, "x1", 5, "red", 9, "good")
    put(newer, THINGS, RecordWithMore(2, "x2", 6, "red", 9, None), is_whole=True)
    for models in (newer, reader):
        assert (models.checkpoint("things").offset, things(models)) == (2, [(1, "x1", 5, "red", 9, "good"), (2, "x2", 6, "red", 9, None)])
    assert shown(reader) == [1]


def test_a_model_that_is_new_shows_what_it_has_so_far(open_: Open) -> None:
    save(open_(), record(1))
    newer, reader = open_(models=NEWER), open_(models=NEWER, read_only=True)
    put(newer, THINGS, RecordWithMore(1, "x1", 5, "red", 9, None), is_whole=False)
    assert (len(things(reader)), reader.checkpoint("things").offset, reader.checkpoint("executions").offset) == (1, 1, 1)
    newer.reset()
    assert (things(newer), shown(newer)) == ([], [])


def test_a_reader_of_a_build_whose_tables_nobody_has_made_shows_nothing(open_: Open) -> None:
    save(open_(), record(1))
    reader = open_(models=NEWER, read_only=True)
    assert (things(reader), reader.checkpoint("things"), shown(reader)) == ([], Checkpoint(), [1])


def test_a_list_is_asked_for_by_what_it_declares(open_: Open) -> None:
    with pytest.raises(AssertionError, match="things cannot be asked for by mood"):
        open_(models=NEWER).select(Query(THINGS, (Condition("mood", "=", "good"),)))
