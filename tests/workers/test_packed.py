"""Packed executions: the same when unpacked, small, and telling what is asked of them without unpacking."""

from __future__ import annotations

import sys

import pytest

from contracts.codec import pack
from domain.execution.history import Folded
from domain.execution.react import outstanding
from tests.workers.harness import Bench, sequence
from workers.partition.packed import packed, unpacked

PAYLOAD = {"payload": "x7Qf" * 50}
DELAY = {"name": "later", "nodes": [{"id": "d", "type": "delay", "config": {"for": "1h"}}]}
SIGNAL = {"name": "wait", "nodes": [{"id": "s", "type": "wait_signal", "config": {"name": "go"}}]}


def idle(workflow: str) -> tuple[Bench, Folded]:
    bench = Bench()
    bench.publish(DELAY, SIGNAL, sequence("noop", "noop", name="busy"))
    execution = bench.start(workflow, PAYLOAD)
    if workflow == "busy":
        bench.engine.owner.step()  # its activity is due, and no worker has moved
    else:
        bench.move(time=False)
    folded = bench.engine.owner.executions.get(execution)
    assert folded is not None
    return bench, folded


@pytest.mark.parametrize("workflow", ["later", "wait", "busy"])
def test_an_execution_is_the_same_when_it_is_unpacked(workflow: str) -> None:
    bench, folded = idle(workflow)
    again = unpacked(packed(folded), bench.engine.catalog.graph)
    assert pack(again.state) == pack(folded.state)
    assert again.graph is folded.graph


@pytest.mark.parametrize(("workflow", "is_active"), [("later", False), ("wait", False), ("busy", True)])
def test_what_is_asked_of_it_is_known_without_unpacking(workflow: str, is_active: bool) -> None:
    _, folded = idle(workflow)
    one = packed(folded)
    assert one.is_active is is_active is bool(outstanding(folded.graph, folded.state))
    assert dict(one.timers) == folded.state.timers
    assert bool(one.timers) is (workflow == "later")


def test_it_takes_the_room_of_its_bytes_and_no_more() -> None:
    _, folded = idle("wait")
    content = packed(folded).content
    assert len(content) < len(pack(folded.state)) / 2
    assert sys.getsizeof(content) == sys.getsizeof(b"") + len(content)
