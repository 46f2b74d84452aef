"""The faults: whom they hit and when, drawn from the seed."""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from collections.abc import Callable
from typing import Final

from .ledger import now_ms
from .processes import Fault, Harm, Site, Target

TARGETS: Final[dict[Target, int]] = {"server": 45, "worker": 35, "projector": 20}
EARLY_SHARE: Final = 0.15
"""So often a server is killed again while it is starting."""


class Faults:
    """Does harm to a site, and keeps account."""

    def __init__(self, site: Site, seed: int, kills: int, gap_s: float, lease_s: float, tell: Callable[[str], None]) -> None:
        self._site, self._chance, self._kills, self._gap_s, self._lease_s = site, random.Random(f"{seed}-faults"), kills, gap_s, lease_s
        self._tell = tell
        self._first = self._chance.sample(list(TARGETS), len(TARGETS))
        self._frozen = itertools.cycle(self._chance.sample(("server", "worker"), 2))
        self.done: list[Fault] = []
        self.recoveries_ms: list[int] = []
        self.refused_rivals = self.rivals = 0

    def run(self) -> None:
        """Kill so many times; freeze and fill in between."""
        freezes = self._spread(max(2, self._kills // 12), self._freeze)
        fills = self._spread(max(1, self._kills // 40), self._fill)
        for number in range(1, self._kills + 1):
            self._pause(self._chance.expovariate(1 / self._gap_s))
            self._kill()
            for harm in (*freezes.get(number, ()), *fills.get(number, ())):
                self._pause(self._chance.random())
                harm()
            if number % 10 == 0 or number == self._kills:
                self._tell(f"{number} of {self._kills} kills")

    def _spread(self, count: int, harm: Callable[[], None]) -> dict[int, list[Callable[[], None]]]:
        spread: dict[int, list[Callable[[], None]]] = {}
        for place in range(count):
            spread.setdefault((place + 1) * self._kills // (count + 1) or 1, []).append(harm)
        return spread

    def _pause(self, seconds: float) -> None:
        """Let things run, and start again what ended by itself."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._site.tend()
            time.sleep(min(left, 0.1))

    def _note(self, target: str, began: int, what: Harm = "kill") -> None:
        self.done.append(Fault(target=target, what=what, at=began, until=now_ms()))

    def _kill(self) -> None:
        target = self._first.pop() if self._first else self._chance.choices(list(TARGETS), list(TARGETS.values()))[0]
        began = now_ms()
        if target == "worker":
            self._site.kill_worker(self._chance.randrange(len(self._site.workers)))
            self._note("worker", began)
        elif target == "projector" and self._site.kill_projector():
            self._note("projector", began)
        else:
            self._kill_server(began)

    def _kill_server(self, began: int) -> None:
        """Mostly it may answer before the next fault; sometimes it is killed while it starts, and that is the next kill."""
        self._site.kill_server()
        if self._chance.random() >= EARLY_SHARE and self._site.wait_ready():
            self.recoveries_ms.append(now_ms() - began)
        self._note("server", began)

    def _freeze(self) -> None:
        """Stop a process for longer than a lease. While the server is frozen, nobody else gets its folder."""
        if next(self._frozen) == "server":
            self._site.wait_ready()  # one that is still starting does not have the folder yet
            self._freeze_one("server", self._site.server.pid)
        else:
            self._freeze_one("worker", self._chance.choice(self._site.workers).pid)

    def _freeze_one(self, target: str, pid: int) -> None:
        began = now_ms()
        os.kill(pid, signal.SIGSTOP)
        try:
            if target == "server":
                self.rivals += 1
                self.refused_rivals += self._site.rival() == 1
            left = self._lease_s * 1.5 - (now_ms() - began) / 1000
            time.sleep(max(0.0, left))
        finally:
            os.kill(pid, signal.SIGCONT)
        self._note(target, began, "freeze")

    def _fill(self) -> None:
        """Take the room away under load, kill the server within, and give it back."""
        began = now_ms()
        self._site.room.fill(self._site.server.pid)
        try:
            self._pause(1.5)
            if self._chance.random() < 0.5:
                killed = now_ms()
                self._site.kill_server()
                self._pause(1.5)
                self._note("server", killed)
        finally:
            self._site.room.free(self._site.server.pid)
        self._site.wait_ready()
        self._note("disk", began, "full disk")
