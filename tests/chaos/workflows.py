# ruff: noqa: E501 - a node of a definition stands on one line
"""The workflows of a chaos run, and how each has to end, whatever is killed meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import yaml


@dataclass(frozen=True, kw_only=True)
class Expected:
    """How every execution of a workflow ends; an `open` one waits for a signal `never` in the end. `consumed` is how many signals it takes."""

    status: str = "completed"
    consumed: int = 0


EXPECTED: Final[dict[str, Expected]] = {
    "sequence": Expected(),
    "fan": Expected(),
    "each": Expected(),
    "waits": Expected(consumed=1),
    "inbox": Expected(consumed=3),
    "listener": Expected(consumed=1),
    "teller": Expected(),
    "timed": Expected(),
    "patient": Expected(),
    "parent": Expected(),
    "caught": Expected(),
    "undone": Expected(status="failed"),
    "cancelled": Expected(status="cancelled"),
    "terminated": Expected(status="terminated"),
    "big": Expected(),
    "turns": Expected(),
    "forever": Expected(status="open"),
}

_DEFINITIONS: Final = """
name: sequence
nodes: [{id: a, type: work}, {id: b, type: work}, {id: sum, type: code, config: {source: "sum([i for i in range(20)])"}}, {id: c, type: work}]
edges: [{from: a, to: b}, {from: b, to: sum}, {from: sum, to: c}]
---
name: fan
nodes:
  - id: fan
    type: parallel
    config:
      branches:
        left: {nodes: [{id: a, type: work}, {id: b, type: work, mutex: one}], edges: [{from: a, to: b}]}
        middle: {nodes: [{id: a, type: delay, config: {for: 300ms}}, {id: b, type: work, mutex: one}], edges: [{from: a, to: b}]}
        right: {nodes: [{id: a, type: work, mutex: one}]}
---
name: each
nodes: [{id: each, type: for_each, config: {items: [1, 2, 3, 4, 5], concurrency: 3, body: {nodes: [{id: n, type: work}]}}}, {id: last, type: work}]
edges: [{from: each, to: last}]
---
name: waits
nodes: [{id: before, type: work}, {id: ask, type: wait_signal, config: {name: approved}}, {id: after, type: work}]
edges: [{from: before, to: ask}, {from: ask.received, to: after}]
---
name: inbox
nodes: [{id: mail, type: wait_signal, config: {name: item, count: 3}}, {id: after, type: work}]
edges: [{from: mail.received, to: after}]
output: {mail: "{{ nodes.mail.output }}"}
---
name: listener
nodes: [{id: ear, type: wait_signal, config: {name: told}}, {id: after, type: work}]
edges: [{from: ear.received, to: after}]
---
name: teller
nodes: [{id: before, type: work}, {id: tell, type: emit_signal, config: {execution: "{{ input.to }}", name: told, payload: {by: "{{ execution.id }}"}}}, {id: after, type: work}]
edges: [{from: before, to: tell}, {from: tell, to: after}]
---
name: timed
nodes:
  - {id: pause, type: delay, config: {for: 700ms}}
  - {id: ask, type: wait_signal, config: {name: maybe, timeout: 500ms}}
  - {id: after, type: work, join: any}
edges: [{from: pause, to: ask}, {from: ask.received, to: after}, {from: ask.timeout, to: after}]
---
name: patient
nodes: [{id: a, type: stumble, config: {times: 2}, retry: {max_attempts: 40, initial_delay: 100ms, max_delay: 400ms}, timeouts: {start_to_close: 20s}}, {id: b, type: work}]
edges: [{from: a, to: b}]
---
name: parent
nodes:
  - {id: child, type: sub_workflow, config: {workflow: sequence, input: {tag: "child of {{ input.tag }}"}}}
  - {id: many, type: for_each, config: {items: [1, 2], concurrency: 2, body: {nodes: [{id: child, type: sub_workflow, config: {workflow: patient, input: {tag: "child of {{ input.tag }}"}}}]}}}
edges: [{from: child, to: many}]
---
name: caught
nodes:
  - id: guard
    type: try
    config:
      body: {nodes: [{id: charge, type: work, compensate: {type: undo}}, {id: ship, type: refuse}], edges: [{from: charge, to: ship}]}
      catch: [{errors: [chaos.refused], body: {nodes: [{id: back, type: compensate}, {id: tell, type: work}], edges: [{from: back, to: tell}]}}]
      finally: {nodes: [{id: bye, type: work}]}
---
name: undone
settings: {on_failure: fail, compensate_on_failure: true}
nodes: [{id: charge, type: work, compensate: {type: undo}}, {id: reserve, type: work, compensate: {type: undo}}, {id: ship, type: refuse}]
edges: [{from: charge, to: reserve}, {from: reserve, to: ship}]
---
name: cancelled
nodes: [{id: charge, type: work, compensate: {type: undo}}, {id: wait, type: wait_signal, config: {name: never}}]
edges: [{from: charge, to: wait}]
---
name: terminated
nodes: [{id: a, type: work}, {id: wait, type: wait_signal, config: {name: never}}]
edges: [{from: a, to: wait}]
---
name: big
nodes: [{id: a, type: work, config: {bytes: 70000}}, {id: b, type: work}]
edges: [{from: a, to: b}]
---
name: turns
settings: {concurrency: {limit: 3}}
nodes: [{id: a, type: work}, {id: b, type: work}]
edges: [{from: a, to: b}]
---
name: forever
nodes: [{id: a, type: work}, {id: wait, type: wait_signal, config: {name: never}}]
edges: [{from: a, to: wait}]
"""

DEFINITIONS: Final[tuple[dict[str, Any], ...]] = tuple(yaml.safe_load_all(_DEFINITIONS))
