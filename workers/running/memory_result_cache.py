"""A result cache in memory, which lives as long as the process."""

from __future__ import annotations

import threading
from collections import defaultdict

from contracts.ports.clock import Clock
from contracts.ports.result_cache import ALL_RESULTS, CachedResult, Use, Which
from workers.running.result_cache import ENTRIES_MAX_DEFAULT, OUTPUT_BYTES_MAX_DEFAULT


class MemoryResultCache:
    """See ResultCache."""

    def __init__(self, clock: Clock, entries_max: int = ENTRIES_MAX_DEFAULT, output_bytes_max: int = OUTPUT_BYTES_MAX_DEFAULT) -> None:
        self._clock, self._entries_max, self._output_bytes_max = clock, entries_max, output_bytes_max
        self._entries: dict[str, tuple[CachedResult, bytes]] = {}
        self._uses: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """See ResultCache."""
        with self._lock:
            found = self._entries.get(key)
            if found is None:
                return None
            entry, output = found
            if entry.expires_at <= self._clock.now():
                del self._entries[key]
                return None
            self._entries[key] = entry._replace(hits=entry.hits + 1), output
            self._uses[entry.kind, entry.workflow][0] += 1
            return output

    def put(self, key: str, kind: str, output: bytes, ttl_ms: int, workflow: str = "", is_new: bool = True) -> None:
        """See ResultCache."""
        if len(output) > self._output_bytes_max or ttl_ms <= 0:
            return
        now = self._clock.now()
        with self._lock:
            known = self._entries.get(key)
            if not is_new and known is not None and known[0].expires_at > now:
                return
            self._entries[key] = CachedResult(key, kind, workflow, len(output), now, now + ttl_ms, 0), output
            self._uses[kind, workflow][1] += is_new
            if len(self._entries) > self._entries_max:
                self._make_room()

    def invalidate(self, which: Which = ALL_RESULTS) -> int:
        """See ResultCache."""
        with self._lock:
            return self._drop([key for key, (entry, _) in self._entries.items() if which.takes(entry)])

    def prune(self) -> int:
        """See ResultCache."""
        with self._lock:
            return self._drop_expired()

    def results(self, which: Which = ALL_RESULTS, after: str = "", limit: int = 50) -> list[CachedResult]:
        """See ResultCache."""
        with self._lock:
            now = self._clock.now()
            found = [entry for entry, _ in self._entries.values() if entry.key > after and entry.expires_at > now and which.takes(entry)]
        return sorted(found)[:limit]

    def uses(self) -> list[Use]:
        """See ResultCache."""
        with self._lock:
            return sorted(Use(kind, workflow, *counts) for (kind, workflow), counts in self._uses.items() if any(counts))

    def _make_room(self) -> None:
        """Forget what has expired, else the tenth part that expires first."""
        if not self._drop_expired():
            in_order = sorted(self._entries, key=lambda key: self._entries[key][0].expires_at)
            self._drop(in_order[: max(1, self._entries_max // 10)])

    def _drop_expired(self) -> int:
        now = self._clock.now()
        return self._drop([key for key, (entry, _) in self._entries.items() if entry.expires_at <= now])

    def _drop(self, keys: list[str]) -> int:
        for key in keys:
            del self._entries[key]
        return len(keys)
