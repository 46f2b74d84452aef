"""The faults: engines, workers, brokers and the network are each harmed by a thread of their own, at moments drawn from the seed.

Of each sort one is harmed at a time, and the next only when the last is well again: two of three brokers always stand.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from tests.chaos.ledger import now_ms
from tests.chaos.processes import Fault, Harm

from .site import KafkaSite, Process

SHARES: Final = {"engine": 0.44, "worker": 0.38, "broker": 0.12, "network": 0.06}
"""How the faults are spread."""
FREEZE_SHARE: Final = 0.35
LONG_SHARE: Final = 0.6
"""So many freezes and cuts are longer than a session."""
RECOVERY_S: Final = 4.0
"""So long a broker that is back has until the next is harmed: it catches up with the others."""


class Faults:
    """Does harm to a site, and keeps account."""

    def __init__(self, site: KafkaSite, seed: int, count: int, gap_s: float, session_s: float, tell: Callable[[str], None]) -> None:
        self._site, self._seed, self._count, self._gap_s, self._session_s, self._tell = site, seed, count, gap_s, session_s, tell
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._left = 0
        self.done: list[Fault] = []
        self.errors: list[str] = []

    def run(self) -> None:
        """Do so many in all; at least one of each sort."""
        shares = {sort: share for sort, share in SHARES.items() if sort != "network" or self._site.network is not None}
        counts = {sort: max(1, round(self._count * share / sum(shares.values()))) for sort, share in shares.items()}
        self._left = len(counts)
        for sort, count in counts.items():
            threading.Thread(target=self._harm, args=(sort, count), daemon=True).start()
        while self._left:
            time.sleep(0.2)

    def close(self) -> None:
        """Let the threads go. What they have started dies with them, so not before everything has ended."""
        self._is_over.set()

    def _harm(self, sort: str, count: int) -> None:
        chance = random.Random(f"{self._seed}-{sort}")
        makers = {"engine": self._engine, "worker": self._worker, "broker": self._broker, "network": self._network}
        try:
            for number in range(1, count + 1):
                time.sleep(chance.expovariate(1 / self._gap_s))
                makers[sort](chance, number)
        except Exception as error:  # a thread that ends says nothing
            self.errors.append(f"the faults of the {sort}s ended: {error!r}")
        with self._lock:
            self._left -= 1
        self._is_over.wait()

    def _note(self, target: str, what: Harm, began: int) -> None:
        with self._lock:
            self.done.append(Fault(target=target, what=what, at=began, until=now_ms()))
            count = len(self.done)
        if count % 10 == 0:
            self._tell(f"{count} of {self._count} faults")

    def _length(self, chance: random.Random) -> float:
        """How long a freeze or a cut lasts: longer than a session, or shorter."""
        return self._session_s + chance.uniform(0.5, 3) if chance.random() < LONG_SHARE else chance.uniform(0.2, self._session_s * 0.8)

    def _engine(self, chance: random.Random, number: int) -> None:
        engine = chance.choice(self._site.engines)
        if number % 3 == 2 or chance.random() < FREEZE_SHARE / 4:
            self._freeze(engine, chance)
            return
        began = now_ms()
        self._site.kill(engine)
        time.sleep(chance.choice((0, 0, chance.uniform(0, 2 * self._session_s))))
        self._site.start(engine)
        self._wait_ready(engine, chance)
        self._note(engine.name, "kill", began)

    def _wait_ready(self, engine: Process, chance: random.Random) -> None:
        """Now and then the next fault meets it while it starts."""
        if chance.random() > 0.15 and not self._site.wait_ready(engine):
            self.errors.append(f"{engine.name} was not ready a minute after it had been started")

    def _worker(self, chance: random.Random, number: int) -> None:
        worker = chance.choice(self._site.workers)
        if number % 3 == 2:
            self._freeze(worker, chance)
            return
        began = now_ms()
        self._site.kill(worker)
        time.sleep(chance.choice((0, chance.uniform(0, self._session_s))))
        self._site.start(worker)
        self._note(worker.name, "kill", began)

    def _freeze(self, process: Process, chance: random.Random) -> None:
        began = now_ms()
        self._site.freeze(process)
        try:
            time.sleep(self._length(chance))
        finally:
            self._site.thaw(process)
        self._note(process.name, "freeze", began)

    def _broker(self, chance: random.Random, number: int) -> None:
        node = chance.choice(self._site.cluster.nodes)
        began = now_ms()
        if number % 3 == 2:
            node.freeze()
            time.sleep(self._length(chance))
            node.thaw()
            self._note(f"broker-{node.number}", "freeze", began)
        else:
            node.kill()
            time.sleep(chance.uniform(0, 4))
            self._site.restart_broker(node)
            self._note(f"broker-{node.number}", "kill", began)
        time.sleep(RECOVERY_S)

    def _network(self, chance: random.Random, number: int) -> None:
        network = self._site.network
        assert network is not None
        began, is_whole = now_ms(), number % 2 == 0
        network.cut(is_whole)
        try:
            time.sleep(self._length(chance))
        finally:
            network.mend(is_whole)
        self._note("engine-3", "cut", began)


def harmed(faults: list[Fault] | tuple[Fault, ...], sort: str) -> Iterator[Fault]:
    """Those of one sort of process."""
    return (fault for fault in faults if fault.target.startswith(f"{sort}-"))
