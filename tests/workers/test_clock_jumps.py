"""A clock that jumps, as those of laptops and virtual machines do: timers, leases and ownership go on, and histories stay in order."""

from __future__ import annotations

from contracts.commands import LoseActivity
from contracts.errors import LogFull
from tests.workers.harness import Bench, FaultyLog
from tests.workers.test_remote import LEASE_MS, TaskEndpoint

HOUR_MS = 3_600_000
WAITS = {
    "name": "w",
    "nodes": [{"id": "first", "type": "delay", "config": {"for": "10s"}}, {"id": "second", "type": "delay", "config": {"for": "10s"}}],
    "edges": [{"from": "first", "to": "second"}],
}


def times(bench: Bench, execution: str) -> list[int]:
    return [entry.decision.now for entry in bench.entries(execution)]


def test_a_history_never_goes_back_in_time_when_the_clock_does() -> None:
    bench = Bench()
    bench.publish(WAITS)
    execution = bench.start()
    bench.clock.advance(10_000)
    bench.move(time=False)
    bench.clock.set(bench.clock.now() - HOUR_MS)
    bench.move()
    assert bench.status(execution) == "completed"
    assert times(bench, execution) == sorted(times(bench, execution))
    assert bench.verify().divergences == []


def test_a_clock_that_jumps_ahead_makes_timers_due_at_once_and_each_once() -> None:
    bench = Bench()
    bench.publish(WAITS)
    execution = bench.start()
    bench.move(time=False)
    bench.clock.advance(HOUR_MS)
    bench.move()
    assert bench.events(execution).count("TimerFired") == 2
    assert bench.verify().divergences == []


def test_an_owner_that_stood_down_claims_again_though_the_clock_went_back() -> None:
    log = FaultyLog()
    bench = Bench(log)
    bench.publish(WAITS)
    log.faults.append(LogFull("no room"))
    bench.start()
    bench.engine.step()
    bench.clock.set(bench.clock.now() - HOUR_MS)
    bench.move(time=False)
    assert bench.engine.owner.is_in_charge


def test_an_owner_in_charge_goes_on_though_the_clock_went_back() -> None:
    log = FaultyLog()
    bench = Bench(log)
    bench.publish(WAITS)
    log.faults.append(LogFull("no room"))
    bench.start()
    bench.engine.step()
    bench.clock.advance(2_000)
    bench.move(time=False)
    bench.clock.set(bench.clock.now() - HOUR_MS)
    execution = bench.start()
    bench.move(time=False)
    assert bench.status(execution) == "running"


def test_a_lease_ends_in_its_time_though_the_clock_went_back() -> None:
    task_endpoint = TaskEndpoint()
    task_endpoint.run()
    assert task_endpoint.tasks()
    task_endpoint.remote.step()
    task_endpoint.clock.set(task_endpoint.clock.now() - HOUR_MS)
    task_endpoint.remote.step()
    task_endpoint.clock.advance(LEASE_MS)
    task_endpoint.remote.step()
    assert task_endpoint.reports == [("e", LoseActivity("n", 1, "a"))]
