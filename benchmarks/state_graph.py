"""What it costs to make a graph of LangGraph out of a definition, compiled and all, and to run it."""

from __future__ import annotations

import gc
import importlib.util
import time
from collections.abc import Callable
from typing import Any

TURNS = 5


def definition(nodes: int) -> dict[str, Any]:
    """Activities one after the other, each with a template in its config."""
    return {
        "name": "chain",
        "nodes": [{"id": f"n{index}", "type": "work", "config": {"to": "{{ input.to }}"}} for index in range(nodes)],
        "edges": [{"from": f"n{index}", "to": f"n{index + 1}"} for index in range(nodes - 1)],
    }


def measure() -> dict[str, float]:
    """Milliseconds of CPU, the least of several; nothing where the extra is missing."""
    if importlib.util.find_spec("langgraph") is None:
        return {}
    from refold.ai.langgraph import to_state_graph

    def made(nodes: int) -> Any:
        return to_state_graph(definition(nodes), {"work": lambda data: data}).compile()

    graph = made(1_000)
    return {
        "langgraph.ms_100": _least_ms(lambda: made(100)),
        "langgraph.ms_1000": _least_ms(lambda: made(1_000)),
        "langgraph.run_ms_1000": _least_ms(lambda: graph.invoke({"input": {"to": "ada"}}), 2),
    }


def _least_ms(work: Callable[[], Any], turns: int = TURNS) -> float:
    found = []
    for _ in range(turns):
        gc.collect()
        began = time.process_time()
        work()
        found.append((time.process_time() - began) * 1e3)
    return min(found)


if __name__ == "__main__":
    for key, value in measure().items():
        print(f"{key}: {value:.1f}")
