"""What an engine consists of that is alone on its log: the owner of the one partition, and its worker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple, Protocol

from contracts.ids import make_execution_id
from contracts.ports.clock import Clock
from contracts.ports.log import Log
from contracts.ports.lossy_channel import LossyChannel
from contracts.ports.result_cache import ResultCache
from infra.credentials.store import CredentialStore
from workers.partition.breaker_book import BreakerBook
from workers.partition.catalog import Catalog
from workers.partition.owner import Owner
from workers.partition.resources import Resources
from workers.running.desk import Desk
from workers.tasks.leases import LocalWorker


class Waker(Protocol):
    """Who moves the engine, told from its thread by `wake`, from any other by `set`."""

    def wake(self) -> None:
        """Something has come in."""

    def set(self) -> None:
        """Something was reported."""

    def is_set(self) -> bool:
        """Whether it knows already."""

    def clear(self) -> None:
        """All that was said is looked at now."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set."""


class Bell(threading.Event):
    """Who moves the engine by hand looks at everything anyway, and sleeps only until something is reported."""

    def wake(self) -> None:
        """See Waker."""


def is_there() -> None:
    """A log in memory does not go away."""


class Alone(NamedTuple):
    """Made by `infra/server/wiring.py`; used from one thread."""

    owner: Owner
    worker: LocalWorker
    catalog: Catalog
    resources: Resources
    breakers: BreakerBook
    clock: Clock
    log: Log
    waker: Waker
    chance: Callable[[], int]
    channel: LossyChannel
    """Where running attempts tell what no event carries."""
    desk: Desk
    """Where activities of the engine's own workflows ask."""
    cache: ResultCache | None = None
    """What activities gave, to be used again."""
    check_ground: Callable[[], None] = is_there
    """Raises LogGone where the log's files were taken away."""
    credentials: CredentialStore | None = None
    """The secrets that activities may use."""

    def new_execution_id(self) -> str:
        """An id that sorts by time."""
        return make_execution_id(self.clock.now(), self.owner.partition, self.chance(), began_with=1)

    def stop(self, timeout_s: float = 5.0) -> None:
        """Let running activities end, keep a snapshot. What has not ended is taken up at the next start."""
        self.worker.stop(timeout_s)
        self.owner.finish()
        self.owner.snapshot()
