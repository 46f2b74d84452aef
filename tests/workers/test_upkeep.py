"""Upkeep: a bounded piece after each round keeps live executions few and snapshots there, under load as at rest."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.commands import SendSignal
from tests.workers.harness import Bench
from workers.partition.snapshot import ENDED_A_STEP, OPEN_A_STEP, Draft, OwnerSnapshot, decode_snapshot
from workers.partition.upkeep import PACKED_A_ROUND

WAIT = {"name": "w", "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]}
LIVE_MAX = 50


def under_load(rounds: int, a_round: int = 100, **settings: Any) -> Bench:
    """An engine that has something to decide in every step."""
    bench = Bench(live_max=LIVE_MAX, **settings)
    bench.publish(WAIT)
    for number in range(rounds):
        for place in range(a_round):
            bench.start(execution=f"x{number}-{place}")
        bench.engine.step()
    return bench


def test_under_load_no_more_executions_are_live_than_at_rest() -> None:
    bench = under_load(10)
    executions = bench.engine.owner.executions
    assert len(executions) == 1_000
    assert len(executions._live) <= LIVE_MAX + LIVE_MAX // 10


def test_so_many_are_packed_a_round_and_the_next_goes_on() -> None:
    bench = under_load(1, PACKED_A_ROUND)
    executions = bench.engine.owner.executions
    for number in range(2 * PACKED_A_ROUND):
        bench.start(execution=f"more-{number}")
    executions._live_max = 10_000
    bench.engine.step()
    bench.engine.step()
    executions._live_max = LIVE_MAX
    before = len(executions._live)
    assert bench.engine.owner.rest(), "there is more to pack"
    assert before - len(executions._live) == PACKED_A_ROUND


def test_a_snapshot_is_kept_under_load() -> None:
    bench = Bench()
    bench.publish(WAIT)
    bench.engine.owner.upkeep._every = 100
    for number in range(20):
        for place in range(20):
            bench.start(execution=f"x{number}-{place}")
        bench.engine.step()
    snapshot = decode_snapshot(bench.snapshots.load(0))
    assert snapshot is not None
    assert 300 <= len(snapshot.open) < 400


def test_a_draft_says_how_everything_was_when_it_was_begun() -> None:
    bench = under_load(2)
    owner = bench.engine.owner
    for place in range(10):
        bench.ask(f"x0-{place}", SendSignal("s", "go", b"1"))
    owner.snapshot()
    whole = bench.snapshots.load(0)
    owner.upkeep.draft = owner._draft()
    for place in range(10, 30):
        bench.engine.send(f"x0-{place}", SendSignal("s", "go", b"1"))
        bench.start(execution=f"new-{place}")
    assert bench.engine.owner._claimed
    draft = owner.upkeep.draft
    made = owner.begin(bench.clock.now())
    assert made is not None
    while not draft.step():
        pass
    one, other = decode_snapshot(draft.content()), decode_snapshot(whole)
    assert one == other


def test_a_draft_goes_on_in_bounded_pieces() -> None:
    bench = under_load(6)
    for place in range(100):
        bench.ask(f"x0-{place}", SendSignal("s", "go", b"1"))
    executions = bench.engine.owner.executions
    draft = Draft(executions, bench.engine.owner._checkpoint, 0, [])
    open_before = len(draft._left)
    draft.step()
    assert open_before - len(draft._left) == min(OPEN_A_STEP, open_before)
    assert ENDED_A_STEP > 100
    assert draft.step()
    found = decode_snapshot(draft.content())
    assert isinstance(found, OwnerSnapshot)
    assert (len(found.open), len(found.ended)) == (500, 100)


@pytest.mark.parametrize("every", [1, 7])
def test_what_a_snapshot_under_load_holds_is_gone_on_from(every: int) -> None:
    bench = Bench(live_max=2)
    bench.publish(WAIT)
    bench.engine.owner.upkeep._every = every
    for number in range(60):
        bench.start(execution=f"x{number}")
        if number > 2:
            bench.engine.send(f"x{number - 2}", SendSignal("s", "go", b"1"))
        bench.engine.step()
    statuses = {f"x{number}": bench.status(f"x{number}") for number in range(60)}
    assert bench.snapshots.load(0) is not None
    bench.restart()
    assert {name: bench.status(name) for name in statuses} == statuses
    assert bench.verify().divergences == []
