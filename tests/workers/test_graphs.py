"""Compiled versions that nobody runs are let go; those that run stay the same."""

from __future__ import annotations

import gc
import weakref

from contracts.commands import SendSignal
from tests.workers.harness import Bench
from workers.partition.graphs import Graphs


def version(number: int) -> dict[str, object]:
    nodes = [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}, *({"id": f"n{place}", "type": "noop"} for place in range(9))]
    return {"name": "w", "description": f"version {number}", "nodes": nodes}


def test_so_many_nodes_of_versions_that_nobody_runs_stay_compiled() -> None:
    bench = Bench()
    bench.engine.catalog._graphs = Graphs(nodes_max=30)
    bench.publish(*(version(number) for number in range(20)))
    compiled = []
    for one in bench.engine.catalog.versions("w"):
        compiled.append(weakref.ref(bench.engine.catalog.graph(one.hash)))
    gc.collect()
    assert sum(graph() is not None for graph in compiled) == 3


def test_a_version_that_runs_stays_and_goes_on() -> None:
    bench = Bench()
    bench.engine.catalog._graphs = Graphs(nodes_max=10)
    bench.publish(version(0))
    execution = bench.start()
    bench.engine.step()
    folded = bench.engine.owner.executions.get(execution)
    bench.publish(*(version(number) for number in range(1, 20)))
    for one in bench.engine.catalog.versions("w"):
        bench.engine.catalog.graph(one.hash)
    gc.collect()
    assert folded is not None
    assert bench.engine.catalog.graph(folded.state.definition) is folded.graph
    bench.ask(execution, SendSignal("s", "go", b"1"))
    bench.move()
    assert bench.status(execution) == "completed"
