# ruff: noqa: E501 - a node of a definition stands on one line
"""Scenarios of what the language decides otherwise since its number was raised: one history each under each number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from contracts import commands as c
from tests.domain.spec import World, fails, never, signal, slow, unstarted

CLEAN: Final = "try, config: {body: {nodes: [{id: n, type: never}]}, finally: {nodes: [{id: z, type: z}]}}"
EARLY_ENDS: Final = f"""
nodes:
  - id: until
    type: for_each
    config: {{items: [1, 2], concurrency: 2, until: "true", body: {{nodes: [{{id: c, type: condition, config: {{expression: "data == 1"}}}}, {{id: ok, type: merge}}, {{id: t, type: {CLEAN}}}], edges: [{{from: c.true, to: ok}}, {{from: c.false, to: t}}]}}}}
  - id: broken
    type: repeat
    config: {{times: 2, concurrency: 2, body: {{nodes: [{{id: c, type: condition, config: {{expression: "iteration.index == 1"}}}}, {{id: ok, type: break}}, {{id: t, type: {CLEAN}}}], edges: [{{from: c.true, to: ok}}, {{from: c.false, to: t}}]}}}}
  - id: race
    type: parallel
    config: {{wait_for: any, branches: {{slow: {{nodes: [{{id: t, type: {CLEAN}}}]}}, quick: {{nodes: [{{id: q, type: q}}]}}}}}}
  - {{id: after, type: after}}
edges: [{{from: until, to: broken}}, {{from: broken, to: race}}, {{from: race, to: after}}]
"""
HELD_SIGNAL: Final = """
nodes:
  - {id: w, type: wait_signal, config: {name: go, timeout: 10s}}
  - {id: in_time, type: end, config: {outcome: in_time}}
  - {id: late, type: end, config: {outcome: late}}
edges: [{from: w.received, to: in_time}, {from: w.timeout, to: late}]
"""
COUNTED: Final = """
nodes:
  - {id: three, type: wait_signal, config: {name: piece, count: 3, timeout: 20s}}
  - {id: some, type: merge}
  - {id: again, type: wait_signal, config: {name: part, count: 2, timeout: 20s}}
edges: [{from: three.timeout, to: some}, {from: some, to: again}]
"""
TRIED_AGAIN: Final = """
settings: {on_failure: fail, compensate_on_failure: true}
nodes:
  - id: each
    type: for_each
    retry: {max_attempts: 2}
    config:
      items: [1, 2]
      body:
        nodes: [{id: a, type: a, compensate: {type: undo, config: {was: "{{ nodes.a.output }}"}}}, {id: b, type: b}]
        edges: [{from: a, to: b}]
"""
CAUSES: Final = """
nodes:
  - {id: outer, type: try, config: {body: {nodes: [{id: inner, type: try, config: {body: {nodes: [{id: a, type: a}]}, catch: [{body: {nodes: [{id: b, type: b}]}}], finally: {nodes: [{id: x, type: x}]}}}]}, catch: [{body: {nodes: [{id: note, type: note}]}}]}}
  - {id: stop, type: try, config: {body: {nodes: [{id: own, type: own}]}, catch: [{body: {nodes: [{id: caught, type: caught}]}}]}}
edges: [{from: outer, to: stop}]
"""
LIMITS: Final = """
settings: {timeout: 1h, on_failure: fail, on_error: {nodes: [{id: tell, type: never}]}}
nodes:
  - {id: a, type: never, timeouts: {heartbeat: 5s}, on_error: continue}
  - {id: b, type: unstarted, timeouts: {schedule_to_start: 5s, start_to_close: 9s}, on_error: continue}
  - {id: g, type: never, timeouts: {schedule_to_close: 5s}}
edges: [{from: a, to: b}, {from: b, to: g}]
"""


def _early_ends() -> World:
    return World(EARLY_ENDS, acts={"z": slow(300)}).start()


def _held_signal() -> World:
    return World(HELD_SIGNAL).at(5_000, c.PauseExecution("lunch"), signal("go", 1)).at(60_000, c.ResumeExecution()).start()


def _counted() -> World:
    return World(COUNTED).at(5_000, signal("piece", 1), signal("piece", 2), signal("part", 3)).start()


def _tried_again() -> World:
    return World(TRIED_AGAIN, acts={"a": lambda call: f"{call.path}@{call.attempt}", "b": fails()}).start()


def _causes() -> World:
    return World(CAUSES, acts={"a": fails("one"), "b": fails("two"), "x": fails("three"), "own": fails("cancelled")}).start()


def _limits() -> World:
    return World(LIMITS, acts={"never": never, "unstarted": unstarted}).start().send(c.CancelExecution("enough"))


RULES: Final[dict[str, Callable[[], World]]] = {
    "early_ends": _early_ends,
    "held_signal": _held_signal,
    "counted": _counted,
    "tried_again": _tried_again,
    "causes": _causes,
    "limits": _limits,
}
