"""Traces that are kept: as many as there is room for, and folded as far as somebody wants them."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts import values
from contracts.commands import SendSignal
from projections.view import state_value
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


def test_an_execution_whose_trace_is_kept_is_what_it_is_without_it(tmp_path: Path) -> None:
    bench = Bench()
    bench.publish({"name": "w", "nodes": [{"id": f"go{one}", "type": "wait_signal", "config": {"name": "go"}} for one in range(4)]})
    bench.start(execution="x")
    bench.move()
    held = Traces()
    assert held.now(reader_of(bench, tmp_path), "x") is None, "nobody has looked at it"
    asked(held, reader_of(bench, tmp_path))
    for signal in range(4):
        bench.ask("x", SendSignal(str(signal), "go", values.encode({"n": signal})))
        reader = reader_of(bench, tmp_path)
        now, plain = held.now(reader, "x"), reader.folded("x")
        assert now is not None
        assert now.state.version == plain.state.version == reader.record("x").events
        assert state_value(now, reader.show) == state_value(plain, reader.show)
        assert now.state == plain.state
    assert reader_of(bench, tmp_path).folded("x").state.is_ended


def test_a_trace_that_lacks_much_of_an_execution_does_not_say_how_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    bench.publish({"name": "w", "nodes": [{"id": f"go{one}", "type": "wait_signal", "config": {"name": "go"}} for one in range(2)]})
    bench.start(execution="x")
    bench.move()
    held = Traces()
    there = asked(held, reader_of(bench, tmp_path))[0]
    bench.ask("x", SendSignal("1", "go", b"1"))
    reader = reader_of(bench, tmp_path)
    more = reader.record("x").events - there
    monkeypatch.setattr(traces, "LITTLE", more - 1)
    assert held.now(reader, "x") is None
    monkeypatch.setattr(traces, "LITTLE", more)
    assert held.now(reader, "x") is not None
