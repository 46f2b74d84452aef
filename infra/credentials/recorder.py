"""Where the events of credentials are recorded: by the recorders of the `eventsourcing` library, in memory, in SQLite, or in PostgreSQL."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from contracts.errors import LogError, Rejected
from infra.credentials.opened import Opened
from infra.credentials.uses import Used
from infra.files.whole import make_folder
from refold.extras import how_to_install

EXTRA: Final = "credentials"
LOCK_TIMEOUT_S: Final = 10
CONNECT_TIMEOUT_S: Final = 5.0
CONNECTIONS: Final = 2
TABLE: Final = "credential_events"
USES: Final = "credential_uses"


class Place(NamedTuple):
    """Where credentials are, or would be: `exists` tells it without loading any library."""

    name: str
    exists: Callable[[], bool]
    open: Callable[[], Opened]
    """Makes what is missing. Raises LogError."""


def check_extra() -> None:
    """Raise LogError where the libraries are missing."""
    if importlib.util.find_spec("eventsourcing") is None or importlib.util.find_spec("cryptography") is None:
        raise LogError(f"credentials need the libraries `eventsourcing` and `cryptography`: {how_to_install(EXTRA)}")


def in_file(path: Path) -> Place:
    """In a file of a data folder."""

    def open_() -> Opened:
        check_extra()
        from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

        make_folder(path.parent)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its write-ahead log the same rights
        store = SQLiteDatastore(str(path), lock_timeout=LOCK_TIMEOUT_S)
        recorder = SQLiteApplicationRecorder(store, events_table_name=TABLE)
        recorder.create_table()
        uses = SQLiteApplicationRecorder(store, events_table_name=USES)
        uses.create_table()

        def forget(number: int) -> None:
            with store.transaction(commit=True) as cursor:
                cursor.execute(f"DELETE FROM {USES} WHERE rowid <= ?", (number,))

        return Opened(recorder, store.close, Used(uses, forget))

    return Place(str(path), path.exists, open_)


def in_memory() -> Place:
    """Gone at the end of the process."""
    made: list[Opened] = []

    def open_() -> Opened:
        check_extra()
        from eventsourcing.popo import POPOApplicationRecorder

        if not made:
            made.append(Opened(POPOApplicationRecorder(), lambda: None, Used(POPOApplicationRecorder(), lambda number: None)))
        return made[0]

    return Place("memory", lambda: bool(made), open_)


def in_postgres(url: str, prefix: str) -> Place:
    """In a schema of its own of a database that processes share."""

    def open_() -> Opened:
        check_extra()
        if any(importlib.util.find_spec(name) is None for name in ("psycopg", "psycopg_pool")):
            raise LogError(f"credentials in PostgreSQL need psycopg: {how_to_install('postgres')}")
        from infra.credentials.postgres import open_postgres

        return open_postgres(url, f"{prefix}_credentials", (TABLE, USES), CONNECTIONS, CONNECT_TIMEOUT_S, LOCK_TIMEOUT_S)

    return Place("PostgreSQL", lambda: True, open_)


def nowhere(why: str) -> Place:
    """Where none can be kept; who asks is told why."""

    def open_() -> Opened:
        raise Rejected("not_here", f"no credentials can be kept here: {why}")

    return Place("nowhere", lambda: True, open_)
