"""A result cache in an SQLite file, shared by the processes that open it."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any, Final

from contracts.ports.clock import Clock
from contracts.ports.result_cache import ALL_RESULTS, CachedResult, Use, Which
from workers.running.result_cache import ENTRIES_MAX_DEFAULT, OUTPUT_BYTES_MAX_DEFAULT

_BUSY_MS: Final = 1_000
_TABLES: Final = """
DROP TABLE IF EXISTS result;
CREATE TABLE IF NOT EXISTS kept_result (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    workflow TEXT NOT NULL,
    kept_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    hits INTEGER NOT NULL,
    output BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kept_result_expiry ON kept_result (expires_at);
CREATE TABLE IF NOT EXISTS uses (kind TEXT NOT NULL, workflow TEXT NOT NULL, hits INTEGER NOT NULL, kept INTEGER NOT NULL,
    PRIMARY KEY (kind, workflow)) WITHOUT ROWID;
"""
"""The table `result` was of builds that knew neither workflow nor age."""
_HIT: Final = "UPDATE kept_result SET hits = hits + 1 WHERE key = ? AND expires_at > ? RETURNING output, kind, workflow"
_COUNT: Final = """
INSERT INTO uses VALUES (?, ?, ?, ?) ON CONFLICT (kind, workflow) DO UPDATE SET hits = hits + excluded.hits, kept = kept + excluded.kept
"""


class SqliteResultCache:
    """See ResultCache."""

    def __init__(
        self, path: Path, clock: Clock, entries_max: int = ENTRIES_MAX_DEFAULT, output_bytes_max: int = OUTPUT_BYTES_MAX_DEFAULT
    ) -> None:
        self._clock, self._entries_max, self._output_bytes_max = clock, entries_max, output_bytes_max
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.executescript(_TABLES)

    def get(self, key: str) -> bytes | None:
        """See ResultCache."""
        with self._lock:
            if self._db.execute("SELECT 1 FROM kept_result WHERE key = ? AND expires_at > ?", (key, self._clock.now())).fetchone() is None:
                return None
            row = self._db.execute(_HIT, (key, self._clock.now())).fetchone()
            if row is None:
                return None
            self._db.execute(_COUNT, (row[1], row[2], 1, 0))
        return bytes(row[0])

    def put(self, key: str, kind: str, output: bytes, ttl_ms: int, workflow: str = "", is_new: bool = True) -> None:
        """See ResultCache."""
        if len(output) > self._output_bytes_max or ttl_ms <= 0:
            return
        now = self._clock.now()
        with self._lock:
            if not is_new and self._db.execute("SELECT 1 FROM kept_result WHERE key = ? AND expires_at > ?", (key, now)).fetchone():
                return
            row = (key, kind, workflow, now, now + ttl_ms, 0, output)
            self._db.execute("INSERT OR REPLACE INTO kept_result VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            if is_new:
                self._db.execute(_COUNT, (kind, workflow, 0, 1))
            self._make_room()

    def invalidate(self, which: Which = ALL_RESULTS) -> int:
        """See ResultCache."""
        where, values = _asked(which)
        with self._lock:
            return self._db.execute(f"DELETE FROM kept_result WHERE {where}", values).rowcount

    def prune(self) -> int:
        """See ResultCache."""
        with self._lock:
            return self._drop_expired()

    def results(self, which: Which = ALL_RESULTS, after: str = "", limit: int = 50) -> list[CachedResult]:
        """See ResultCache."""
        where, values = _asked(which)
        statement = (
            "SELECT key, kind, workflow, length(output), kept_at, expires_at, hits FROM kept_result "
            f"WHERE {where} AND key > ? AND expires_at > ? ORDER BY key LIMIT ?"
        )
        with self._lock:
            rows = self._db.execute(statement, (*values, after, self._clock.now(), limit)).fetchall()
        return [CachedResult(*row) for row in rows]

    def uses(self) -> list[Use]:
        """See ResultCache."""
        with self._lock:
            return [Use(*row) for row in self._db.execute("SELECT kind, workflow, hits, kept FROM uses ORDER BY kind, workflow")]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _make_room(self) -> None:
        (count,) = self._db.execute("SELECT count(*) FROM kept_result").fetchone()
        if count > self._entries_max and not self._drop_expired():
            first = "SELECT key FROM kept_result ORDER BY expires_at LIMIT ?"
            self._db.execute(f"DELETE FROM kept_result WHERE key IN ({first})", (max(1, self._entries_max // 10),))

    def _drop_expired(self) -> int:
        return self._db.execute("DELETE FROM kept_result WHERE expires_at <= ?", (self._clock.now(),)).rowcount


def _asked(which: Which) -> tuple[str, tuple[Any, ...]]:
    """What rows are to fulfil, with its values."""
    asked = {"kind = ?": which.kind, "workflow = ?": which.workflow, "key = ?": which.key, "kept_at < ?": which.kept_before}
    said = {condition: value for condition, value in asked.items() if value is not None}
    return " AND ".join(said) or "1", tuple(said.values())
