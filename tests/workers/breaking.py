"""A shop that is down: an engine whose activities somebody else does, one by one, and circuit breakers before them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.breakers import BREAKERS, BreakerMatch, BreakerRule, BreakerTold, encode
from contracts.commands import CompleteActivity, FailActivity, RunActivity, SteerBreaker
from contracts.failure import Failure
from domain.execution.breaker import breaker_id
from infra.server.system import system_definition
from projections.waiting import waiting_for
from tests.workers.harness import Bench
from workers.partition.round import Answer

SELL: dict[str, Any] = {
    "name": "w",
    "nodes": [{"id": "sell", "type": "shop", "config": {"url": "https://Shop.example:8443/orders", "credential": "till"}}],
    "settings": {"retry": {"max_attempts": 5, "initial_delay": "1s", "multiplier": 1, "jitter": 0}},
}
BROKEN = Failure("http.503", "down")
COOL_DOWN_MS = 30_000


class Shop:
    """What is handed out waits in `out` until it is done here."""

    def __init__(self, definition: dict[str, Any] = SELL, **settings: Any) -> None:
        self.bench = Bench(**settings)
        self.out: list[RunActivity] = []
        self.bench.engine.catalog.publish(system_definition("refold.breaker"), True)
        self.bench.publish(definition)
        self._listen()

    def _listen(self) -> None:
        def take_over(activities: Sequence[RunActivity]) -> None:
            self.out[:] = activities

        self.bench.engine.worker.run = self.out.append  # type: ignore[method-assign, assignment]  # they are done here
        self.bench.engine.worker.take_over = take_over  # type: ignore[method-assign]  # the same

    def kill(self) -> None:
        """A new engine on the same log, which remembers nothing."""
        self.bench.restart(claims=False)
        self._listen()
        self.bench.engine.owner.claim()
        self.move()

    def move(self) -> None:
        """Let come what comes at once."""
        self.bench.move(time=False)

    def wait(self, ms: int) -> None:
        """So much time goes by, a step at a time."""
        end = self.bench.clock.now() + ms
        while (due := self.bench.engine.next_due()) is not None and due <= end:
            self.bench.clock.set(max(due, self.bench.clock.now() + 1))
            self.move()
        self.bench.clock.set(end)
        self.move()

    # Breakers.

    def put(self, name: str = "shop", failures: int = 2, cool_down_ms: int = COOL_DOWN_MS, **match: Any) -> None:
        """Make a breaker."""
        rule = BreakerRule(BreakerMatch(**(match or {"kind": "shop"})), failures, "60s", f"{cool_down_ms}ms")
        self.bench.engine.resources.write(BREAKERS, name, encode(rule), "ann")

    def delete(self, name: str = "shop") -> None:
        """Delete one."""
        self.bench.engine.resources.delete(BREAKERS, name, "ann")
        self.move()

    def steer(self, action: Any, name: str = "shop", reason: str = "by hand") -> Answer:
        """Open or close one by hand."""
        return self.bench.ask(breaker_id(name), SteerBreaker(name, action, reason))

    def stands(self, name: str = "shop") -> str:
        """How one stands, as all processes are told."""
        return self.told(name).state

    def told(self, name: str = "shop") -> BreakerTold:
        return self.bench.engine.breakers.stands(name)

    # Executions.

    def start(self, *names: str) -> None:
        for name in names:
            self.bench.start("w", {}, execution=name)
        self.move()

    def sell(self, name: str, attempt: int | None = None) -> None:
        """The shop takes an order."""
        self._report(name, CompleteActivity("sell", attempt or self.take(name), b'"sold"'))

    def fail(self, name: str, failure: Failure = BROKEN, retryable: bool = True) -> None:
        """The shop does not."""
        self._report(name, FailActivity("sell", self.take(name), failure, retryable))

    def take(self, name: str) -> int:
        """A worker takes what is handed out; which attempt that is."""
        (found,) = [one for one in self.out if one.execution == name]
        self.out.remove(found)
        return found.attempt

    def _report(self, name: str, command: CompleteActivity | FailActivity) -> None:
        self.bench.engine.owner.report(name, command)
        self.move()

    def wait_of(self, name: str) -> str:
        """What an execution waits for; empty where it is not open."""
        folded = self.bench.engine.owner.executions.get(name)
        if folded is None:
            return ""
        waits = waiting_for(folded.state, folded.graph)
        return " ".join(f"{one['for']} {one.get('breaker', one['path'])}" for one in waits)

    @property
    def handed_out(self) -> list[str]:
        return [one.execution for one in self.out]

    def break_(self, first: str = "a", second: str = "b") -> None:
        """Two failures, which are too many."""
        self.start(first, second)
        self.fail(first)
        self.fail(second)

    def check(self) -> None:
        """Everything is decided again, and comes out as it was."""
        assert self.bench.verify().divergences == []
