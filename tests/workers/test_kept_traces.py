"""Traces that are kept: as many as there is room for, and folded as far as somebody wants them."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.commands import SendSignal
from tests.workers.harness import Bench
from tests.workers.test_windows import reader_of
from workers.reading import traces
from workers.reading.execution_reader import ExecutionReader
from workers.reading.traces import Traces, Wanted

WAITS = {"name": "w", "nodes": [{"id": "go", "type": "wait_signal", "config": {"name": "go"}}]}


@pytest.mark.parametrize(("left_after_s", "kept"), [(0.0, 2), (1_000.0, 8)])
def test_a_trace_whose_asker_has_left_makes_room(left_after_s: float, kept: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "CHUNK", 1)
    monkeypatch.setattr(traces, "KEPT_MAX", 2)
    bench = Bench()
    bench.publish(WAITS)
    for number in range(8):
        bench.start(execution=f"x{number}")
        bench.move()
        bench.ask(f"x{number}", SendSignal("1", "go", b"1"))
    reader = reader_of(bench, tmp_path)
    held = Traces(step_s=0.0, left_after_s=left_after_s)
    for number in range(7):
        assert held.step(reader, f"x{number}", Wanted(), lambda reader, execution, fold, last: execution) is None  # one decision of two
    wanted = Wanted()
    while (found := held.step(reader, "x7", wanted, lambda reader, execution, fold, last: execution)) is None:
        pass
    assert found == "x7"
    assert len(held) == kept


def asked(held: Traces, reader: ExecutionReader, enough: int | None = None) -> tuple[int, int]:
    """How far a trace is folded for whoever wants so much of it, and what is said to be the last event."""
    wanted = Wanted(enough)
    while (found := held.step(reader, "x", wanted, lambda reader, execution, fold, last: (fold.version, last))) is None:
        pass
    return found


def test_who_wants_the_beginning_of_a_history_does_not_wait_for_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "CHUNK", 1)
    bench = Bench()
    bench.publish({"name": "w", "nodes": [{"id": f"go{one}", "type": "wait_signal", "config": {"name": "go"}} for one in range(3)]})
    bench.start(execution="x")
    bench.move()
    bench.ask("x", SendSignal("1", "go", b"1"))
    reader = reader_of(bench, tmp_path)
    held, before = Traces(step_s=0.0), reader.record("x").events
    begun = asked(held, reader, 1)
    assert 1 <= begun[0] < begun[1] == before
    assert asked(held, reader, begun[0]) == begun, "what is folded already is told without folding on"
    bench.ask("x", SendSignal("2", "go", b"2"))
    reader = reader_of(bench, tmp_path)
    there = reader.record("x").events
    assert asked(held, reader, begun[0]) == (begun[0], there), "what came since is told of before it is folded"
    assert before < there
    assert asked(held, reader, there + 1_000) == (there, there), "also what was not known when the beginning was asked for"
    assert asked(held, reader) == (there, there)
