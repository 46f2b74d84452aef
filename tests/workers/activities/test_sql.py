"""`sql`, in a real PostgreSQL and in files of SQLite: bound values, one transaction, bounded rows, and what failures say."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import psycopg
import pytest

from contracts.commands import CompleteActivity, FailActivity, RunActivity
from contracts.ports.credentials import NO_USE, NoCredentials, Secret, Use
from contracts.values import decode, written
from domain.definition.validate import check
from infra.clock import ManualClock
from tests.postgres import Postgres
from workers.running.activities import load_kinds
from workers.running.activities.sql import Sql
from workers.running.activity_error import ActivityError, Cancelled
from workers.running.activity_settings import ActivitySettings
from workers.running.attempt import Attempt
from workers.running.performance import Performance

Run = Callable[..., Any]


class Kept(NoCredentials):
    """A credential at hand."""

    def __init__(self, secret: Secret) -> None:
        super().__init__()
        self.kept = secret

    def secret(self, name: str, use: Use = NO_USE) -> Secret:
        return self.kept


@pytest.fixture(scope="module")
def database() -> Iterator[tuple[str, Secret]]:
    """A real PostgreSQL that is reached over TCP: the URL of a database, and the credential."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Postgres(port)
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute("CREATE USER shop PASSWORD 's3cr3t-w0rd'")
        admin.execute("CREATE DATABASE shop OWNER shop")
    yield f"postgresql://127.0.0.1:{port}/shop", Secret({"username": "shop", "password": "s3cr3t-w0rd"}, kind="basic")
    server.close()


@pytest.fixture(params=["postgres", "sqlite"])
def run(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Run:
    """Runs statements with an empty table `t` (id, name)."""
    settings = ActivitySettings(allow_private_addresses=True, files=tmp_path)
    secret = Secret({"username": "x", "password": "y"}, kind="basic")
    url = "sqlite:///shop.db"
    if request.param == "postgres":
        url, secret = request.getfixturevalue("database")
    kind = Sql(settings)

    def run(sql: Any, attempt: Attempt | None = None, **more: Any) -> Any:
        if sql == "secret":
            return Kept(secret)
        activity = RunActivity("order-1", "pay", 2, "sql", b"{}", b"null")
        made = attempt or Attempt(activity, lambda *_: None, clock, credentials=Kept(secret))
        given = {"statement": sql} if isinstance(sql, str) else {"statements": sql}
        return kind.run(made, {"url": url, "credential": "shop" if request.param == "postgres" else None, **given, **more}, None)

    run("DROP TABLE IF EXISTS t")
    run("CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT)")
    return run


def failure(run: Run, *args: Any, **more: Any) -> ActivityError:
    with pytest.raises(ActivityError) as caught:
        run(*args, **more)
    return caught.value


INSERT = "INSERT INTO t (id, name) VALUES (:id, :name)"


def test_values_are_bound_whatever_they_say(run: Run) -> None:
    name = "x'); DROP TABLE t; -- :id 100% \\"
    assert run(INSERT, parameters={"id": 1, "name": name}) == {"rows": [], "row_count": 1}
    assert run(INSERT, parameters={"id": 2, "name": None})["row_count"] == 1
    found = run("SELECT id, name FROM t WHERE name = :name AND name LIKE '%100%'", parameters={"name": name})
    assert found == {"rows": [{"id": 1, "name": name}], "row_count": 1}
    assert run("SELECT CAST(:v AS TEXT) AS v", parameters={"v": {"a": [1]}})["rows"] == [{"v": '{"a":[1]}'}]


def test_several_statements_are_done_all_or_none(run: Run) -> None:
    rows = [{"statement": INSERT, "parameters": {"id": number, "name": "n"}} for number in (1, 2)]
    assert [one["row_count"] for one in run([*rows, {"statement": "SELECT * FROM t"}])["results"]] == [1, 1, 2]
    error = failure(run, [{"statement": INSERT, "parameters": {"id": 3, "name": "n"}}, rows[0]])
    assert (error.error_type, error.retryable) == ("sql.integrity", False)
    assert run("SELECT count(*) AS n FROM t")["rows"] == [{"n": 2}]


def test_an_attempt_more_can_tell_that_it_was_done_by_the_key_that_is_always_there(run: Run) -> None:
    run("DROP TABLE IF EXISTS done")
    run("CREATE TABLE done (key TEXT PRIMARY KEY)")
    once = "INSERT INTO done (key) VALUES (:idempotency_key) ON CONFLICT DO NOTHING"
    assert [run(once)["row_count"] for _ in range(2)] == [1, 0]
    assert run("SELECT key FROM done")["rows"] == [{"key": "order-1/pay"}]


def test_rows_are_bounded_in_number_and_in_bytes(run: Run) -> None:
    run([{"statement": INSERT, "parameters": {"id": number, "name": "x" * 100}} for number in range(10)])
    assert run("SELECT * FROM t", rows_max=10)["row_count"] == 10
    for limits, said in (({"rows_max": 9}, "more than 9 rows (rows_max)"), ({"bytes_max": 500}, "more than 500 bytes (bytes_max)")):
        error = failure(run, "SELECT * FROM t", **limits)
        assert (error.error_type, error.retryable, said in str(error)) == ("sql.too_large", False, True)
    several = [{"statement": "SELECT * FROM t"}] * 2
    assert failure(run, several, bytes_max=1_500).error_type == "sql.too_large"


@pytest.mark.parametrize(
    ("sql", "parameters", "said"),
    [
        ("SELECT :a", {}, "`:a` is not among `parameters`"),
        ("SELECT 1", {"b": 1}, "`parameters` has `b`, and no `:b` stands there"),
    ],
)
def test_what_is_bound_is_what_the_statement_names(run: Run, sql: str, parameters: Any, said: str) -> None:
    error = failure(run, sql, parameters=parameters)
    assert (error.error_type, error.retryable, said in str(error)) == ("input.invalid", False, True)


def test_what_is_wrong_with_a_statement_is_told_and_not_tried_again(run: Run) -> None:
    for sql in ("SELEC 1", "SELECT * FROM nowhere", "SELECT 1 AS a, 2 AS a"):
        error = failure(run, sql)
        assert (error.error_type, error.retryable) == ("sql.statement", False), sql
    error = failure(run, "DELETE FROM t", read_only=True)
    assert (error.error_type, error.retryable) == ("sql.statement", False)


def test_a_statement_that_takes_too_long_is_stopped(run: Run) -> None:
    error = failure(run, ENDLESS, timeout="200ms")
    assert (error.error_type, error.retryable) == ("sql.timeout", True)


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n WHERE i < 0"


def test_a_cancelled_statement_ends_at_once(run: Run, clock: ManualClock, in_thread: Callable[..., Future[Any]]) -> None:
    begun = threading.Event()

    class Noting(Attempt):
        def on_cancel(self, stop: Callable[[], object]) -> None:
            super().on_cancel(stop)
            begun.set()

    attempt = Noting(RunActivity("order-1", "pay", 2, "sql", b"{}", b"null"), lambda *_: None, clock, credentials=run("secret"))
    future = in_thread(run, ENDLESS, attempt=attempt, timeout="60s")
    assert begun.wait(10)
    attempt.cancel()
    with pytest.raises(Cancelled):
        future.result(timeout=30)


# PostgreSQL


COLUMNS = """
SELECT 1.10::numeric AS d, DATE '2026-12-01' AS day, '\\x00ff'::bytea AS b, '{"a": [1]}'::jsonb AS j, ARRAY[1, 2] AS l,
       'NaN'::float8 AS n, 2::numeric ^ 70 AS big, TRUE AS t, NULL AS none, TIMESTAMP '2026-12-01 10:00' AS at
"""


def test_what_columns_of_postgresql_hold_is_json(database: tuple[str, Secret], clock: ManualClock) -> None:
    attempt = Attempt(RunActivity("e", "n", 1, "sql", b"{}", b"null"), lambda *_: None, clock, credentials=Kept(database[1]))
    config = {"url": database[0], "credential": "shop", "statement": COLUMNS}
    (row,) = Sql(ActivitySettings(allow_private_addresses=True)).run(attempt, config, None)["rows"]
    assert (row.pop("d"), row.pop("big").partition(".")[0]) == ("1.10", str(2**70))
    assert row == {
        "day": "2026-12-01", "b": {"base64": "AP8="}, "j": {"a": [1]}, "l": [1, 2], "n": "nan", "t": True, "none": None,
        "at": "2026-12-01T10:00:00",
    }  # fmt: skip


def test_a_password_is_in_nothing_that_is_told(database: tuple[str, Secret], clock: ManualClock) -> None:
    settings = ActivitySettings(allow_private_addresses=True)
    performance = Performance({"sql": Sql(settings)}, settings, None, None)
    told = []
    for sql in ("SELECT 's3cr3t-' || 'w0rd' AS word", "SELECT CAST('s3cr3t-' || 'w0rd' AS integer)"):
        config = written({"url": database[0], "credential": "shop", "statement": sql})
        activity = RunActivity("order-1", "pay", 2, "sql", config, b"null", "order")
        told.append(performance.of(Attempt(activity, lambda *_: None, clock, credentials=Kept(database[1]))))
    assert isinstance(told[0], CompleteActivity)
    assert decode(told[0].output)["rows"] == [{"word": "•••"}]
    assert isinstance(told[1], FailActivity)
    assert "s3cr3t" not in repr(told)


def test_a_database_is_reached_as_addresses_are(attempt: Attempt) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = {"url": f"postgresql://127.0.0.1:{port}/x", "statement": "SELECT 1"}
        with pytest.raises(ActivityError) as caught:
            Sql(ActivitySettings()).run(attempt, config, None)
        assert (caught.value.error_type, caught.value.retryable) == ("http.forbidden_address", False)
    with pytest.raises(ActivityError) as caught:
        Sql(ActivitySettings(allow_private_addresses=True)).run(attempt, config, None)
    assert (caught.value.error_type, caught.value.retryable) == ("sql.connect", True)


@pytest.mark.parametrize(
    "url",
    ["", "x", "mysql://h/d", "postgresql://u:p@h/d", "postgresql://u@h/d", "postgresql:///d", "postgresql://h", "postgresql://h,g/d",
     "postgresql://h/d?options=-c", "postgresql://h/d?host=/tmp", "sqlite://", "sqlite:///:memory:", "sqlite://h/f.db", "sqlite:///f.db?x=1"],
)  # fmt: skip
def test_a_url_that_is_none_is_told(attempt: Attempt, tmp_path: Path, url: str) -> None:
    with pytest.raises(ActivityError) as caught:
        Sql(ActivitySettings(allow_private_addresses=True, files=tmp_path)).run(attempt, {"url": url, "statement": "SELECT 1"}, None)
    assert (caught.value.error_type, caught.value.retryable) == ("input.invalid", False)
    assert ":p@" not in str(caught.value)


# SQLite


@pytest.mark.parametrize(
    "statement",
    ["ATTACH DATABASE 'other.db' AS o", "VACUUM INTO 'other.db'", "ATTACH DATABASE '/etc/x.db' AS o"],
)
def test_a_file_of_sqlite_leads_to_no_other(attempt: Attempt, tmp_path: Path, statement: str) -> None:
    kind = Sql(ActivitySettings(files=tmp_path))
    with pytest.raises(ActivityError) as caught:
        kind.run(attempt, {"url": "sqlite:///a.db", "statement": statement}, None)
    assert caught.value.error_type == "sql.statement"
    for url in ("sqlite:///../a.db", "sqlite:////tmp/a.db"):
        with pytest.raises(ActivityError) as caught:
            kind.run(attempt, {"url": url, "statement": "SELECT 1"}, None)
        assert caught.value.error_type == "file.forbidden"
    assert [file.name for file in tmp_path.iterdir() if file.name != "a.db"] == []


def test_a_file_that_is_being_written_is_tried_again(attempt: Attempt, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("CREATE TABLE t (id INTEGER)")
    other.execute("BEGIN EXCLUSIVE")
    config = {"url": "sqlite:///a.db", "statement": "INSERT INTO t VALUES (1)", "timeout": "2s"}
    with pytest.raises(ActivityError) as caught:
        Sql(ActivitySettings(files=tmp_path)).run(attempt, config, None)
    assert (caught.value.error_type, caught.value.retryable) == ("sql.conflict", True)
    other.close()


# Publishing

KINDS = {name: kind.Config for name, kind in load_kinds(ActivitySettings()).items()}


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"statement": "SELECT {{ input.x }}"}, "statement"),
        ({"statements": "{{ input.all }}"}, "statements"),
        ({"statements": ["{{ input.one }}"]}, "statements[0]"),
        ({"statements": [{"statement": "{{ input.sql }}"}]}, "statements[0].statement"),
        ({}, ""),
        ({"statement": "SELECT 1", "statements": [{"statement": "SELECT 1"}]}, ""),
        ({"statement": "SELECT 1", "credential": "{{ input.who }}"}, "credential"),
    ],
)
def test_whoever_starts_an_execution_does_not_say_what_runs(config: Any, path: str) -> None:
    document = {"name": "w", "nodes": [{"id": "n", "type": "sql", "config": {"url": "sqlite:///a.db", **config}}]}
    told = [one.path for one in check(document, KINDS).problems]
    assert told == [f"nodes[0].config.{path}".removesuffix(".")]


def test_values_may_be_filled_in() -> None:
    config = {"url": "sqlite:///a.db", "statement": "SELECT :x", "parameters": {"x": "{{ input.x }}"}}
    assert check({"name": "w", "nodes": [{"id": "n", "type": "sql", "config": config}]}, KINDS).problems == []
