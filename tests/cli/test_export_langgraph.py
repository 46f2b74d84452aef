"""`refold export-langgraph`: a definition as a module that runs without an engine, or why it cannot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import CommandLine

ORDER = """
name: order
triggers: [{id: by_hand, type: manual}]
nodes:
  - {id: charge, type: charge, retry: {max_attempts: 2}}
  - {id: big, type: condition, config: {expression: "input.amount > 100"}}
  - {id: tell, type: log, config: {message: "{{ data.paid }}"}}
  - {id: done, type: end, config: {outcome: paid, output: {got: "{{ nodes.charge.output.paid }}"}}}
edges: [{from: charge, to: big}, {from: big.true, to: tell}, {from: big.false, to: done}, {from: tell, to: done}]
"""
MINE = """
import refold

@refold.activity
def charge(amount: int, context: refold.ActivityContext) -> dict:
    if context.attempt == 1:
        raise ValueError("busy")
    return {"paid": amount}
"""
USE = 'from order_graph import graph; print(graph.compile().invoke({"input": {"amount": 7}}))'


def test_the_module_runs_where_the_users_activities_are(refold: CommandLine, tmp_path: Path) -> None:
    file = refold.file("order.yaml", ORDER)
    refold.file("activities.py", MINE)
    found = refold("export-langgraph", file, "--worker", "activities", "--output", "order_graph.py")
    assert "order_graph.py: the graph of workflow order" in found.out
    assert "left out: " in found.err
    assert "triggers[0]: trigger `by_hand`" in found.err
    ran = subprocess.run([sys.executable, "-c", USE], cwd=Path(file).parent, capture_output=True, text=True, check=False)
    assert ran.stdout == "{'output': {'got': 7}, 'outcome': 'paid'}\n", ran.stderr


def test_what_cannot_go_is_told_with_its_line_and_nothing_is_written(refold: CommandLine) -> None:
    nodes = "  - {id: charge, type: charge, timeout: 3s}\n  - {id: ask, type: human_task, config: {question: ok?, assignees: [ada]}}\n"
    file = refold.file("order.yaml", f"name: order\nnodes:\n{nodes}")
    found = refold("export-langgraph", file, "--output", "order_graph.py", code=2)
    assert found.out == ""
    assert "order.yaml:3:32: nodes[0].timeout (node charge): `timeout` of `charge` cannot go" in found.err
    assert "nobody runs `charge` in the graph (activity.unknown); name the module with it: `--worker MODULE`" in found.err
    assert "order.yaml:4:5: nodes[1] (node ask): `ask`, of the kind `human_task`, cannot go" in found.err
    assert not (Path(file).parent / "order_graph.py").exists()
