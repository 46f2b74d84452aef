"""Databases that `sql` asks: a connection for each attempt, one transaction, bounded rows, cut off on cancel. By SQLAlchemy's Core."""

from __future__ import annotations

import math
import os
import re
import socket
import sqlite3
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from sqlalchemy import Connection, Engine, TextClause, create_engine, exc, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from contracts.ports.activities import ActivityContext
from contracts.ports.credentials import Secret
from contracts.values import encode
from workers.running.activity_error import ActivityError, Cancelled
from workers.running.activity_settings import ActivitySettings
from workers.running.egress.addresses import Allow, Resolve, allowed_addresses
from workers.running.files import allowed_path
from workers.running.watch import Watch, seconds_of

CONNECT_S_MAX: Final = 10
LOCK_S_MAX: Final = 5.0
"""So long one waits for a SQLite file that another one writes; half of the time that there is, if that is less."""
PROGRESS_STEPS: Final = 10_000
"""After so many instructions SQLite looks whether it is to go on: a few times in a millisecond."""
_STREAMED: Final = re.compile(r"\s*(SELECT|VALUES|TABLE)\b(?!.*\bINTO\b)", re.IGNORECASE | re.DOTALL)
"""What gives rows that need not be in memory all at once."""
_AGAIN: Final = ("40001", "40P01", "55P03")
"""What PostgreSQL says where another transaction was in the way."""
_INT_MIN, _INT_MAX = -(2**63), 2**64 - 1


class Statement(NamedTuple):
    """A statement, what is bound in it, and where it stands in the config."""

    place: str
    sql: str
    parameters: Mapping[str, Any]


class Limits(NamedTuple):
    """How much may come, and how long it may take."""

    rows_max: int
    bytes_max: int
    timeout: str


class Place(NamedTuple):
    """Which database, who asks, and what may be reached."""

    settings: ActivitySettings
    lookup: Resolve
    is_allowed: Allow
    url: str
    read_only: bool
    secret: Secret | None


def run(
    context: ActivityContext, place: Place, statements: Sequence[Statement], limits: Limits, always: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """What the statements give, all of them done or none. Raises ActivityError, Cancelled."""
    bound = [_bound(one, always) for one in statements]
    seconds = seconds_of(limits.timeout, "timeout")
    engine = _engine(place, seconds)
    attempt = _Attempt(limits)
    try:
        with Watch(context, seconds, attempt.cut) as watch:
            try:
                return attempt.run(engine, place, bound)
            except exc.SQLAlchemyError as error:
                if context.is_cancelled:
                    raise Cancelled from None
                raise attempt.failure(error, watch.is_late) from error
    finally:
        engine.dispose()


class _Bound(NamedTuple):
    clause: TextClause
    values: dict[str, Any]
    is_streamed: bool


def _bound(one: Statement, always: Mapping[str, Any]) -> _Bound:
    """A statement with its values. Raises ActivityError where they are not those that it names."""
    clause = text(one.sql)
    named = set(clause.compile().params)
    given = {**{name: value for name, value in always.items() if name in named}, **one.parameters}
    for name in sorted(named ^ given.keys()):
        said = f"`:{name}` is not among `parameters`" if name in named else f"`parameters` has `{name}`, and no `:{name}` stands there"
        raise ActivityError("input.invalid", f"config.{one.place}: {said}", retryable=False)
    values = {name: encode(value).decode() if isinstance(value, dict | list) else value for name, value in given.items()}
    return _Bound(clause, values, _STREAMED.match(one.sql) is not None)


class _Attempt:
    """One connection, as long as it is needed."""

    def __init__(self, limits: Limits) -> None:
        self._limits, self._bytes_left = limits, limits.bytes_max
        self._connection: Any = None
        self._is_committing = self._is_cut = False

    def cut(self) -> None:
        """Stop what the database is at, or will be; from another thread."""
        self._is_cut = True
        if self._connection is not None:
            self._cut_off()

    def _cut_off(self) -> None:
        """Of SQLite the progress handler stops it; of PostgreSQL the query is cancelled, and the line is cut for one that has not begun."""
        if isinstance(self._connection, sqlite3.Connection):
            return
        with suppress(Exception):  # it may be over
            descriptor = os.dup(self._connection.fileno())
            self._connection.cancel_safe(timeout=2.0)
            with socket.socket(fileno=descriptor) as line:
                line.shutdown(socket.SHUT_RDWR)

    def run(self, engine: Engine, place: Place, statements: Sequence[_Bound]) -> list[dict[str, Any]]:
        """See `run`."""
        with engine.connect() as connection:
            self._connection = connection.connection.dbapi_connection
            if isinstance(self._connection, sqlite3.Connection):
                self._connection.set_progress_handler(lambda: self._is_cut, PROGRESS_STEPS)
            if self._is_cut:
                self._cut_off()
            if place.read_only and engine.dialect.name == "postgresql":
                connection.execute(text("SET TRANSACTION READ ONLY"))
            results = [self._result(connection, one) for one in statements]
            self._is_committing = True
            connection.commit()
            return results

    def _result(self, connection: Connection, one: _Bound) -> dict[str, Any]:
        options = {"stream_results": True, "yield_per": 500} if one.is_streamed else {}
        result = connection.execute(one.clause, one.values, execution_options=options)
        if not result.returns_rows:
            return {"rows": [], "row_count": result.rowcount if result.rowcount >= 0 else None}
        names = list(result.keys())
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ActivityError("sql.statement", f"two columns are called {twice}: give one another name (AS)", retryable=False)
        rows: list[dict[str, Any]] = []
        for row in result:
            if len(rows) == self._limits.rows_max:
                raise _too_large(f"more than {self._limits.rows_max:,} rows (rows_max)")
            shown = {name: _value(value) for name, value in zip(names, row, strict=True)}
            self._bytes_left -= len(encode(shown)) + 1
            if self._bytes_left < 0:
                raise _too_large(f"more than {self._limits.bytes_max:,} bytes (bytes_max)")
            rows.append(shown)
        return {"rows": rows, "row_count": len(rows)}

    def failure(self, error: exc.SQLAlchemyError, is_late: bool) -> ActivityError:
        """The failure that stands for what the database says."""
        if self._is_committing and (is_late or _is_lost(error)):
            message = "the connection was lost while the transaction was committed: nobody knows whether it was done"
            return ActivityError("sql.unknown", message, retryable=False)
        if is_late:
            return ActivityError("sql.timeout", f"it did not end within {self._limits.timeout}, and nothing was done")
        original = getattr(error, "orig", None) or error
        said, state = str(original).strip()[:2_000], getattr(original, "sqlstate", None)
        details = {"sqlstate": state} if state else None
        if state in _AGAIN or "database is locked" in said:
            return ActivityError("sql.conflict", said, details=details)
        if isinstance(error, exc.IntegrityError):
            return ActivityError("sql.integrity", said, details=details, retryable=False)
        if self._connection is None or _is_lost(error):
            return ActivityError("sql.connect", said, details=details, retryable=not (state or "").startswith("28"))
        return ActivityError("sql.statement", said, details=details, retryable=False)


def _is_lost(error: exc.SQLAlchemyError) -> bool:
    return isinstance(error, exc.DBAPIError) and error.connection_invalidated


def _too_large(said: str) -> ActivityError:
    return ActivityError("sql.too_large", f"the statement gives {said}: give it a LIMIT, or fewer columns", retryable=False)


def _value(value: Any) -> Any:
    """A value of a column as JSON: numbers that no double holds exactly, times and the like are texts, bytes are base64."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if _INT_MIN <= value <= _INT_MAX else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return {"base64": b64encode(bytes(value)).decode()}
    if isinstance(value, dict):
        return {str(key): _value(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_value(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


# Connecting.


def _engine(place: Place, seconds: float) -> Engine:
    try:
        url = make_url(place.url)
    except (exc.ArgumentError, ValueError):
        raise _invalid("expected postgresql://HOST/DATABASE or sqlite:///FILE") from None
    if url.password is not None or url.username is not None:
        raise _invalid("user and password stand in a credential of kind basic, not in the URL")
    match url.drivername:
        case "postgresql":
            return _postgres(place, url)
        case "sqlite":
            return _sqlite(place, url, min(LOCK_S_MAX, seconds / 2))
    raise _invalid(f"expected postgresql://HOST/DATABASE or sqlite:///FILE, found {url.drivername[:40]}://")


def _invalid(message: str) -> ActivityError:
    return ActivityError("input.invalid", f"config.url: {message}", retryable=False)


def _postgres(place: Place, url: URL) -> Engine:
    unknown = sorted(url.query.keys() - {"sslmode"})
    if not url.host or not url.database or url.host.startswith("/") or "," in url.host or unknown:
        raise _invalid("expected postgresql://HOST:PORT/DATABASE, with `?sslmode=…` where it is wanted, and nothing else")
    host, port, database = url.host, url.port or 5432, url.database
    values = {} if place.secret is None else place.secret.values

    def connect() -> Any:
        import psycopg

        try:
            addresses = allowed_addresses(host, port, place.lookup, place.is_allowed)
        except OSError as error:
            raise psycopg.OperationalError(f"{host}: {error}") from None
        return psycopg.connect(
            host=host, hostaddr=addresses[0], port=port, dbname=database, connect_timeout=CONNECT_S_MAX, application_name="refold",
            user=values.get("username"), password=values.get("password"), sslmode=str(url.query.get("sslmode", "prefer")),
            passfile="/dev/null",
        )  # fmt: skip

    return create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool, hide_parameters=True)


def _sqlite(place: Place, url: URL, lock_s: float) -> Engine:
    if url.host or url.query or not url.database or url.database == ":memory:":
        raise _invalid("expected sqlite:///FILE, with a file in the allowed folder")
    file = allowed_path(place.settings, url.database)
    mode = "ro" if place.read_only else "rwc"

    def connect() -> Any:
        made = sqlite3.connect(f"file:{quote(str(file))}?mode={mode}", uri=True, timeout=lock_s, check_same_thread=False)
        made.set_authorizer(_no_other_file)
        return made

    return create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)


def _no_other_file(action: int, *_: Any) -> int:
    """A statement reaches no file but its own: neither ATTACH nor VACUUM INTO."""
    return sqlite3.SQLITE_DENY if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH) else sqlite3.SQLITE_OK
