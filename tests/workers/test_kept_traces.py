"""Traces that are kept: as many as there is room for, also where whoever asked has left in the middle of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.commands import SendSignal
from tests.workers.harness import Bench
from tests.workers.test_windows import reader_of
from workers.reading import traces
from workers.reading.traces import Traces

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
        assert held.step(reader, f"x{number}", True, lambda reader, execution, fold: execution) is None  # one decision of two
    asks = True
    while (found := held.step(reader, "x7", asks, lambda reader, execution, fold: execution)) is None:
        asks = False
    assert found == "x7"
    assert len(held) == kept
