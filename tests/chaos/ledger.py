"""The ledger: what the clients asked for and what they were answered, as the audit believes it."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias

Asking: TypeAlias = Literal["start", "signal", "steer"]


def now_ms() -> int:
    """The clock that effects, decisions and faults share."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One thing that was asked until it was answered for good. `status` 0: nobody knows, and it was not asked again.

    `tag` names the wish: what is asked again under the same key has the same one. `name` is a signal's name, or a verb.
    """

    sort: Asking
    workflow: str
    tag: str
    execution: str
    key: str
    name: str
    status: int
    tries: int
    asked_at: int
    answered_at: int

    @property
    def is_accepted(self) -> bool:
        """Whether it was answered with success."""
        return 200 <= self.status < 300


class Ledger:
    """All that was asked; clients write from their threads."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)
        self._lock = threading.Lock()
        self.entries: list[Asked] = []

    def note(self, asked: Asked) -> None:
        """Take an entry in."""
        with self._lock:
            self.entries.append(asked)
            self._file.write(json.dumps(asdict(asked)) + "\n")

    def count(self, sort: Asking) -> int:
        """How many of a sort were accepted."""
        with self._lock:
            return sum(one.sort == sort and one.is_accepted for one in self.entries)

    def close(self) -> None:
        """No more entries."""
        self._file.close()
