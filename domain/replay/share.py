"""Share: which executions of a journal one of several verifiers takes, and what their chains of digests have come to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from zlib import crc32

from contracts.codec import execution_in
from contracts.errors import UnknownRecord
from contracts.journal import Decided, Sealed
from domain.execution.history import Entry, entry_of


class Share:
    """Share `number` of `of`. With `since` (milliseconds since 1970) only executions whose first decision here is not older."""

    def __init__(self, number: int = 0, of: int = 1, since: int = 0) -> None:
        self._number, self._of, self._since = number, of, since
        self.seen: dict[str, tuple[int, bytes]] = {}
        """Of each execution that was taken, how many decisions of it count, and the digest of the last one."""
        self._left_out: set[str] = set()

    def takes(self, offset: int, record: Decided | Sealed) -> bool:
        """Whether this is of its executions, of a decision that counts."""
        name = execution_in(record)
        if not self._is_wanted(name, offset, record):
            return False
        count, _ = self.seen.get(name, (0, b""))
        self.seen[name] = count + 1, record.digest
        return True

    def _is_wanted(self, name: str, offset: int, record: Decided | Sealed) -> bool:
        if self._of > 1 and crc32(name.encode(errors="surrogatepass")) % self._of != self._number:
            return False
        if not self._since or name in self.seen:
            return True
        if name in self._left_out:
            return False
        if self._is_older(offset, record):
            self._left_out.add(name)
            return False
        return True

    def _is_older(self, offset: int, record: Decided | Sealed) -> bool:
        """Whether a first decision is older than what is wanted; of one that nobody can read that is not known."""
        try:
            entry = entry_of(offset, record)
        except UnknownRecord:
            return False
        return isinstance(entry, Entry) and entry.decision.now < self._since


def digest_of(seen: Iterable[tuple[str, tuple[int, bytes]]]) -> str:
    """One digest of the chains of many executions, whichever order they are given in: SHA-256 over them by name, as hex."""
    whole = hashlib.sha256()
    for name, (count, digest) in sorted(seen):
        content = name.encode(errors="surrogatepass")
        whole.update(len(content).to_bytes(4, "big") + content + count.to_bytes(8, "big") + digest)
    return whole.hexdigest()
