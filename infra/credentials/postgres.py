"""The recorder in PostgreSQL: the library's, on connections made as for the read models, in a schema of its own."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

import psycopg
from eventsourcing.persistence import PersistenceError
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from contracts.errors import LogError, LogUnreachable
from infra.credentials.opened import Opened
from infra.credentials.uses import Used

if TYPE_CHECKING:
    pass

_SCHEMA_LENGTH_MAX: Final = 63


class _Recorder(PostgresApplicationRecorder):
    """The library's, which would try ten times by itself: whoever asks here waits as long as for one try, and tries again himself."""

    select_notifications = PostgresApplicationRecorder.select_notifications.__wrapped__
    insert_events = PostgresApplicationRecorder.insert_events.__wrapped__


def open_postgres(
    url: str, schema: str, tables: tuple[str, str], connections: int, connect_timeout_s: float, lock_timeout_s: int
) -> Opened:
    """The recorders of events and of uses, and what closes their connections. Raises LogError for a URL that is none, LogUnreachable.

    The library asks for host, user and password one by one. It is given the URL as it is, so that all that psycopg knows counts: a
    password from the environment, certificates, sockets.
    """
    try:
        url = make_conninfo(url, connect_timeout=int(connect_timeout_s))
    except psycopg.Error as error:
        raise LogError(f"the database of credentials is named postgresql://[USER@]HOST[:PORT]/DATABASE: {str(error).strip()}") from None
    schema = _plain(schema)
    store = PostgresDatastore(
        dbname="", host="", port="", user="", password="", schema=schema, pool_size=1, max_overflow=connections - 1,
        connect_timeout=connect_timeout_s, lock_timeout=lock_timeout_s, pre_ping=True,
    )  # fmt: skip
    store.pool.conninfo, store.pool.kwargs = url, {"row_factory": dict_row}
    try:
        with psycopg.connect(url, autocommit=True) as guard:  # of several processes that begin, one makes what is missing
            guard.execute("SELECT pg_advisory_lock(hashtext(%s))", (schema,))
            guard.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(schema)))
            recorder, uses = (_Recorder(store, events_table_name=table) for table in tables)
            recorder.create_table()
            uses.create_table()
    except (PersistenceError, psycopg.Error) as error:
        store.close()
        raise LogUnreachable(f"the credentials in PostgreSQL cannot be had: {str(error).strip()}") from None

    def forget(number: int) -> None:
        with store.transaction(commit=True) as cursor:
            cursor.execute(SQL("DELETE FROM {} WHERE notification_id <= %s").format(Identifier(schema, tables[1])), (number,))

    return Opened(recorder, store.close, Used(uses, forget))


def _plain(schema: str) -> str:
    """A name that needs no quotes: the library puts none around it everywhere."""
    plain = re.sub(r"[^a-z0-9_]", "_", schema.lower())
    if plain == schema and len(schema) <= _SCHEMA_LENGTH_MAX and not schema[0].isdigit():
        return schema
    return f"p_{plain[:40]}_{hashlib.sha256(schema.encode()).hexdigest()[:8]}"
