"""Read models in a file that is deleted, replaced or damaged: nobody takes that for no rows, and they are made again."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from contracts.errors import LogError, RowsGone
from contracts.journal import Checkpoint
from contracts.ports.read_models import ReadModels
from infra.store.postgres import models_in
from infra.store.postgres_database import schema_of
from infra.store.sqlite import SqliteReadModels
from infra.store.sqlite_file import connect, identity_of
from infra.store.statements import stored_name
from projections.executions import EXECUTIONS
from projections.registry import MODEL_OF, READ_MODELS
from tests.workers.harness import Bench
from workers.partition.catalog import Catalog
from workers.reading.projector_pool import ProjectorPool

from .test_read_models import ALL, changes_of, counts, found, record, save, shown, store

GARBAGE = b"this is no database\n" * 1_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows.db"


@pytest.fixture
def models(path: Path) -> Iterator[SqliteReadModels]:
    with closing(SqliteReadModels(path, READ_MODELS)) as opened:
        yield opened


@pytest.fixture
def reader(path: Path) -> Iterator[SqliteReadModels]:
    with closing(SqliteReadModels(path, READ_MODELS, read_only=True)) as opened:
        yield opened


def take_away(path: Path) -> None:
    for one in path.parent.glob(f"{path.name}*"):
        one.unlink()


def damage_pages(path: Path) -> None:
    """All but the first page, which says what the file is."""
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(size)
        file.write(b"\xff" * (path.stat().st_size - size))


def test_a_writer_whose_file_was_taken_away_stores_nothing_and_says_so(models: SqliteReadModels, path: Path) -> None:
    save(models, record(1))
    models.check()
    take_away(path)
    for do in (models.check, models.rest, lambda: store(models, changes_of(record(2)))):
        with pytest.raises(RowsGone, match=r"rows\.db is not there any more.*made again"):
            do()
    assert not path.exists()


def test_a_writer_whose_file_is_another_one_stores_nothing_and_says_so(models: SqliteReadModels, path: Path) -> None:
    save(models, record(1))
    take_away(path)
    with closing(SqliteReadModels(path, READ_MODELS)) as other:
        with pytest.raises(RowsGone, match="is another file than before"):
            models.save(ALL, changes_of(record(2)), Checkpoint("j", 2), 1, is_whole=True)
        assert shown(other) == []


def test_a_reader_whose_rows_were_taken_away_shows_nothing_until_they_are_whole_again(
    models: SqliteReadModels, reader: SqliteReadModels, path: Path
) -> None:
    save(models, record(1), record(2))
    assert shown(reader) == [2, 1]
    take_away(path)
    _refused(reader, "is not there any more")
    with closing(SqliteReadModels(path, READ_MODELS)) as again:
        _refused(reader, "are being made again")
        store(again, changes_of(record(1)), is_whole=False)
        _refused(reader, "are being made again")
        store(again, changes_of(record(2)), is_whole=True)
        assert (shown(reader), counts(reader), found(reader, "x1")) == ([2, 1], {"running": 2}, record(1))


def _refused(reader: ReadModels, why: str) -> None:
    for ask in (lambda: shown(reader), lambda: counts(reader), lambda: found(reader, "x1"), lambda: reader.checkpoint("executions")):
        with pytest.raises(RowsGone, match=why):
            ask()


def test_a_reader_whose_schema_was_dropped_shows_nothing_until_its_rows_are_whole_again(postgres_url: str) -> None:
    prefix = f"test-{secrets.token_hex(6)}"

    def opened(read_only: bool) -> closing[ReadModels]:
        return closing(models_in(postgres_url, prefix, READ_MODELS, read_only)(0))

    with opened(read_only=True) as reader:
        assert shown(reader) == [], "nobody has made any yet"
        with opened(read_only=False) as models:
            save(models, record(1), record(2))
            assert shown(reader) == [2, 1]
        with psycopg.connect(postgres_url) as connection:
            connection.execute(f'DROP SCHEMA "{schema_of(prefix)}" CASCADE'.encode())
        _refused(reader, "are being made again")
        with opened(read_only=False) as again:
            _refused(reader, "are being made again")
            store(again, changes_of(record(1)), is_whole=False)
            _refused(reader, "are being made again")
            assert again.checkpoint("executions").offset == 1, "who makes them reads them"
            store(again, changes_of(record(2)), is_whole=True)
            assert (shown(reader), counts(reader), found(reader, "x1")) == ([2, 1], {"running": 2}, record(1))


def test_an_empty_file_is_filled_where_it_lies_so_that_no_reader_sees_it_go(path: Path, reader: ReadModels) -> None:
    connect(path, read_only=False).close()
    before = identity_of(path)
    assert shown(reader) == []
    with path.open("rb"), closing(SqliteReadModels(path, READ_MODELS)) as models:  # held, so that no other file gets its number
        save(models, record(1))
        assert (identity_of(path), shown(reader)) == (before, [1])


def test_what_a_writer_that_has_died_left_half_done_is_not_there_yet_for_a_reader(path: Path, reader: ReadModels, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "made.db", isolation_level=None)) as dies:
        dies.executescript("PRAGMA cache_size = 1; CREATE TABLE layout (name TEXT); BEGIN IMMEDIATE;")
        dies.executemany("INSERT INTO layout VALUES (?)", [("x" * 1_000,)] * 1_000)
        for end in ("", "-journal"):
            shutil.copy(tmp_path / f"made.db{end}", path.with_name(path.name + end))
    assert shown(reader) == []
    with closing(SqliteReadModels(path, READ_MODELS)) as models:
        save(models, record(1))
        assert shown(reader) == [1]


def test_a_file_that_is_no_database_is_made_again_with_a_warning(path: Path, reader: ReadModels, caplog: pytest.LogCaptureFixture) -> None:
    path.write_bytes(GARBAGE)
    _refused(reader, "not a database")
    with closing(SqliteReadModels(path, READ_MODELS)) as models:
        assert models.standing("executions").checkpoint == Checkpoint()
        save(models, record(1))
        assert shown(models) == shown(reader) == [1]
    assert "is damaged, and is made again: file is not a database" in caplog.text


def test_a_file_whose_pages_are_damaged_is_made_again_at_the_start(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(SqliteReadModels(path, READ_MODELS)) as models:
        save(models, *map(record, range(100)))
    damage_pages(path)
    with closing(SqliteReadModels(path, READ_MODELS)) as models:
        assert models.standing("executions").checkpoint == Checkpoint()
        save(models, record(1))
        assert shown(models) == [1]
    assert "is damaged, and is made again: database disk image is malformed" in caplog.text


@pytest.mark.parametrize("how", ["saving", "reading"])
def test_pages_that_a_writer_finds_damaged_are_made_again(path: Path, caplog: pytest.LogCaptureFixture, how: str) -> None:
    with closing(SqliteReadModels(path, READ_MODELS)) as models:
        save(models, *map(record, range(100)))
        _damage_table(path, stored_name(EXECUTIONS, MODEL_OF[EXECUTIONS].version))
    with closing(SqliteReadModels(path, READ_MODELS)) as models:
        assert models.standing("executions").checkpoint.offset == 1, "what is damaged is not met at the start"
        asked: dict[str, Callable[[], object]] = {
            "saving": lambda: save(models, record(7, status="failed")),
            "reading": lambda: found(models, "x7"),
        }
        with pytest.raises(RowsGone, match="was damaged, and is made again"):
            asked[how]()
        assert models.standing("executions").checkpoint == Checkpoint()
        save(models, record(1))
        assert shown(models) == [1]
    assert "is damaged, and is made again" in caplog.text


def _damage_table(path: Path, table: str) -> None:
    """The first page of a table and of its indexes."""
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        roots = [root for (root,) in connection.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = ? AND rootpage > 0", (table,))]
    with path.open("r+b") as file:
        for root in roots:
            file.seek((root - 1) * size)
            file.write(b"\xff" * size)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN])
def test_what_may_pass_deletes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """A disk that is full, a file that is locked, or may not be opened."""
    with closing(SqliteReadModels(path, READ_MODELS)) as models:
        save(models, record(1))

    def fail(path: Path, read_only: bool) -> sqlite3.Connection:
        error = sqlite3.OperationalError("planted")
        error.sqlite_errorcode = code
        raise error

    with monkeypatch.context() as short:
        short.setattr("infra.store.sqlite.connect", fail)
        with pytest.raises(LogError, match="cannot be opened"):
            SqliteReadModels(path, READ_MODELS)
    with closing(SqliteReadModels(path, READ_MODELS)) as models:
        assert shown(models) == [1]


def test_a_file_that_is_locked_is_not_deleted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(SqliteReadModels(path, READ_MODELS)) as models:
        save(models, record(1))
    monkeypatch.setattr("infra.store.sqlite_file.BUSY_TIMEOUT_S", 0.0)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LogError, match="cannot be opened: database is locked"):
            SqliteReadModels(path, READ_MODELS)
    with closing(SqliteReadModels(path, READ_MODELS)) as models:
        assert shown(models) == [1]


def test_a_projector_says_that_it_is_at_the_beginning_once_its_rows_were_taken_away(path: Path) -> None:
    bench = Bench()
    told: list[tuple[int, int]] = []

    def tell(partition: int, offset: int, _: int) -> None:
        told.append((partition, offset))

    catalog = Catalog(bench.log, bench.clock)
    with closing(ProjectorPool(bench.log, catalog, lambda _: SqliteReadModels(path, READ_MODELS), tell)) as pool:
        pool.look([0])
        assert told[-1][1] > 0
        take_away(path)
        with pytest.raises(RowsGone):
            pool.check()
        assert told[-1] == (0, 0)
        with pytest.raises(RowsGone):
            pool.look([0])
