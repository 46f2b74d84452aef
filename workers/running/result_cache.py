"""The result cache: outputs of activities by what went in, each for a time.

The key is a hash of the kind, its config, its input and the node's own cache key, so a change of any of them is another
result. A cache can be lost at any time: it saves work and holds no truth.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
from pathlib import Path
from typing import Final, Protocol

from contracts.commands import RunActivity
from contracts.ports.clock import Clock

ENTRIES_MAX_DEFAULT: Final = 10_000
OUTPUT_BYTES_MAX_DEFAULT: Final = 1024 * 1024
"""A larger output is not kept."""

_log: Final = logging.getLogger("refold.activity")
_BUSY_MS: Final = 1_000
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS result (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    output BLOB NOT NULL
) WITHOUT ROWID
"""


class ResultCache(Protocol):
    """Outputs by key until they expire. Safe to use from any thread."""

    def get(self, key: str) -> bytes | None:
        """The output, None if there is none or it has expired."""

    def put(self, key: str, kind: str, output: bytes, ttl_ms: int) -> None:
        """Keep an output for a time; one that is too large is not kept, and where there is no room the first to expire goes."""

    def invalidate(self, kind: str | None = None) -> int:
        """Forget the outputs of a kind, or all; how many there were."""

    def prune(self) -> int:
        """Forget what has expired; how many there were."""


def cache_key(activity: RunActivity) -> str:
    """What a result depends on, as 64 hex digits."""
    digest = hashlib.sha256()
    own_key = activity.caching.key if activity.caching else None
    for part in (activity.kind.encode(), activity.config, activity.input, own_key or b""):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def cached(cache: ResultCache | None, activity: RunActivity) -> bytes | None:
    """What the cache has for an activity that asks for it; a cache that fails is as good as an empty one."""
    if cache is None or activity.caching is None:
        return None
    try:
        return cache.get(cache_key(activity))
    except Exception:
        _log.exception("the result cache cannot be read")
        return None


def keep(cache: ResultCache | None, activity: RunActivity, output: bytes) -> None:
    """Put in the cache what an activity gave, if it asks for that."""
    if cache is None or activity.caching is None:
        return
    try:
        cache.put(cache_key(activity), activity.kind, output, activity.caching.ttl_ms)
    except Exception:
        _log.exception("the result cache cannot be written")


class MemoryResultCache:
    """A cache that lives as long as the process."""

    def __init__(self, clock: Clock, entries_max: int = ENTRIES_MAX_DEFAULT, output_bytes_max: int = OUTPUT_BYTES_MAX_DEFAULT) -> None:
        self._clock = clock
        self._entries_max = entries_max
        self._output_bytes_max = output_bytes_max
        self._entries: dict[str, tuple[int, str, bytes]] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """See ResultCache."""
        with self._lock:
            found = self._entries.get(key)
            if found is None:
                return None
            expires_at, _, output = found
            if expires_at <= self._clock.now():
                del self._entries[key]
                return None
            return output

    def put(self, key: str, kind: str, output: bytes, ttl_ms: int) -> None:
        """See ResultCache."""
        if len(output) > self._output_bytes_max or ttl_ms <= 0:
            return
        with self._lock:
            self._entries[key] = (self._clock.now() + ttl_ms, kind, output)
            if len(self._entries) > self._entries_max:
                self._make_room()

    def invalidate(self, kind: str | None = None) -> int:
        """See ResultCache."""
        with self._lock:
            return self._drop([key for key, entry in self._entries.items() if kind in (None, entry[1])])

    def prune(self) -> int:
        """See ResultCache."""
        with self._lock:
            return self._drop_expired()

    def _make_room(self) -> None:
        """Forget what has expired, else the tenth part that expires first."""
        if not self._drop_expired():
            in_order = sorted(self._entries, key=lambda key: self._entries[key][0])
            self._drop(in_order[: max(1, self._entries_max // 10)])

    def _drop_expired(self) -> int:
        now = self._clock.now()
        return self._drop([key for key, entry in self._entries.items() if entry[0] <= now])

    def _drop(self, keys: list[str]) -> int:
        for key in keys:
            del self._entries[key]
        return len(keys)


class SqliteResultCache:
    """A cache in an SQLite file, shared by the processes that open it."""

    def __init__(
        self, path: Path, clock: Clock, entries_max: int = ENTRIES_MAX_DEFAULT, output_bytes_max: int = OUTPUT_BYTES_MAX_DEFAULT
    ) -> None:
        self._clock = clock
        self._entries_max = entries_max
        self._output_bytes_max = output_bytes_max
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute(_TABLE)
        self._db.execute("CREATE INDEX IF NOT EXISTS result_expiry ON result (expires_at)")

    def get(self, key: str) -> bytes | None:
        """See ResultCache."""
        with self._lock:
            row = self._db.execute("SELECT output FROM result WHERE key = ? AND expires_at > ?", (key, self._clock.now())).fetchone()
        return None if row is None else bytes(row[0])

    def put(self, key: str, kind: str, output: bytes, ttl_ms: int) -> None:
        """See ResultCache."""
        if len(output) > self._output_bytes_max or ttl_ms <= 0:
            return
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO result VALUES (?, ?, ?, ?)", (key, kind, self._clock.now() + ttl_ms, output))
            self._make_room()

    def invalidate(self, kind: str | None = None) -> int:
        """See ResultCache."""
        with self._lock:
            if kind is None:
                return self._db.execute("DELETE FROM result").rowcount
            return self._db.execute("DELETE FROM result WHERE kind = ?", (kind,)).rowcount

    def prune(self) -> int:
        """See ResultCache."""
        with self._lock:
            return self._drop_expired()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _make_room(self) -> None:
        (count,) = self._db.execute("SELECT count(*) FROM result").fetchone()
        if count > self._entries_max and not self._drop_expired():
            first = "SELECT key FROM result ORDER BY expires_at LIMIT ?"
            self._db.execute(f"DELETE FROM result WHERE key IN ({first})", (max(1, self._entries_max // 10),))

    def _drop_expired(self) -> int:
        return self._db.execute("DELETE FROM result WHERE expires_at <= ?", (self._clock.now(),)).rowcount
