"""The activity kinds that the tests of definitions use."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

GOLDEN = Path(__file__).parents[2] / "golden"


class NoFields(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LogConfig(BaseModel):
    model_config = ConfigDict(extra="forbid")

    message: Any = ""
    level: str = "info"


class FetchConfig(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str
    method: str = "GET"
    headers: dict[str, Any] = Field(default_factory=dict)
    body: Any = None
    retries: int = 0


ACTIVITIES: dict[str, type[BaseModel] | None] = {
    "noop": NoFields,
    "log": LogConfig,
    "fetch": FetchConfig,
    "http_request": FetchConfig,
    "anything": None,
}

ORDER_FULFILMENT = """
name: order_fulfilment                  # [a-z][a-z0-9_-]{0,62}
description: Charge, reserve, check, ship.
tags: [orders]
input:                                  # JSON Schema 2020-12; checked at start, problems listed with JSON pointers
  type: object
  required: [order_id, amount]
  properties: {order_id: {type: string}, amount: {type: number}}
variables: {approved: false}            # workflow scope, with their first values
settings: {timeout: 2d, on_failure: incident, retry: {max_attempts: 3}}
nodes:
  - {id: charge, type: http_request, config: {method: POST, url: "http://127.0.0.1:9000/charge", body: {order: "{{ input.order_id }}"}},
     retry: {max_attempts: 5, initial_delay: 200ms, multiplier: 2, retry_on: [http.5xx, timeout]},
     compensate: {type: http_request, config: {method: POST, url: "http://127.0.0.1:9000/refund", body: {order: "{{ input.order_id }}"}}}}
  - {id: big, type: condition, config: {expression: "input.amount > 10000.0"}}
  - {id: approval, type: wait_signal, config: {name: approved, filter: "signal.order_id == input.order_id", timeout: 24h}}
  - {id: ship, type: noop, join: any}
  - {id: done, type: end, config: {outcome: shipped, output: {order: "{{ input.order_id }}"}}}
  - {id: too_late, type: fail, config: {type: approval.timeout, message: "nobody approved {{ input.order_id }}"}}
edges:
  - {from: charge, to: big}
  - {from: big.true, to: approval}
  - {from: big.false, to: ship}
  - {from: approval.received, to: ship}
  - {from: approval.timeout, to: too_late}
  - {from: ship, to: done}
"""

EVERYTHING = """
name: everything
description: One of every kind, valid.
input: {type: object, $defs: {id: {type: string}}, properties: {id: {$ref: '#/$defs/id'}}}
variables: {total: 0, seen: []}
output: {total: "{{ vars.total }}", first: "{{ nodes.begin.output }}"}
settings:
  timeout: 2d
  retention: P30D
  retry: {max_attempts: 3, initial_delay: 1s, max_delay: 1m, jitter: 0.2, never_retry_on: [http.4xx, '*']}
  concurrency: {key: input.id, limit: 2, policy: queue}
  search: {customer: input.id, total: vars.total}
  on_error: {nodes: [{id: tell, type: log, config: {message: "{{ error.message }} {{ vars.total }}"}}]}
  priority: 3
nodes:
  - {id: begin, type: start, position: {x: 1, y: 2.5}}
  - {id: pick, type: switch, config: {value: "{{ input.id }}", cases: [{equals: 1, port: one}, {equals: null, port: none}], default: other}}
  - {id: ask, type: switch, config: {all_matches: true, cases: [{when: input.id == 'a', port: a}, {when: true, port: b}]}}
  - {id: fan, type: parallel, mutex: m, config: {wait_for: {count: 1}, aggregate: array, branches: {
      left: {variables: {mine: 1}, output: "{{ vars.mine }}",
        nodes: [{id: n, type: set_variable, config: {name: mine, value: "{{ vars.mine + 1 }}"}}]},
      right: {nodes: [{id: n, type: transform, config: {operation: reduce, items: [1, 2], initial: 0, expression: acc + item * index}}]}}}}
  - {id: each, type: for_each, timeout: 1h, config: {items: input.list, concurrency: "{{ input.n }}", on_item_error: collect,
      until: nodes.work.output.done, more: {signal: more},
      body: {nodes: [
        {id: work, type: fetch, config: {url: "{{ iteration.item.url }}", retries: "{{ iteration.index }}"},
         cache: {ttl: 1h, key: "{{ data.id }}"}, queue: big, priority: 9,
         timeouts: {schedule_to_start: 1m, start_to_close: 1m, schedule_to_close: 5m, heartbeat: 5s}},
        {id: note, type: set_variable, config: {values: {last: "{{ nodes.work.output }}", total: 2}, scope: loop}},
        {id: leave, type: break, config: {when: vars.last != null}},
        {id: on, type: continue, when: nodes.work.output.skip}],
       edges: [{from: work, to: note}, {from: note, to: leave}, {from: work.error, to: on, when: error.type == 'http.404'}]}}}
  - {id: again, type: while, config: {condition: iteration.index < 3, max_iterations: 5, body: {nodes: [
      {id: twice, type: repeat, config: {times: 2, body: {nodes: [
        {id: x, type: log, config: {message: "{{ iteration.parent.index }}"}}]}}}]}}}
  - {id: guard, type: try, timeouts: {schedule_to_close: 1h}, config: {
      body: {nodes: [{id: b, type: fail, config: {type: mine.bad, message: no, details: null}}]},
      catch: [{errors: [mine], body: {nodes: [{id: c, type: log, config: {message: "{{ error.type }} {{ has(nodes.guard.output) }}"}}]}}],
      finally: {nodes: [{id: f, type: delay, config: {for: 1h30m}}]}}}
  - {id: child, type: sub_workflow, config: {workflow: everything, input: {id: 1}, mode: detached, on_parent_close: abandon, timeout: PT1H}}
  - {id: read, type: get_variable, config: {name: total, default: null}}
  - {id: shape, type: transform, config: {operation: split, items: input.list, cases: [{when: item > 1, port: big}]}}
  - {id: later, type: delay, config: {until: "2030-01-01T00:00:00Z"}}
  - {id: wait, type: wait_signal, config: {signals: [
      {name: yes, filter: signal.id == input.id, port: yes}, {name: "{{ input.n }}", port: no}],
      timeout: 1h}}
  - {id: met, type: wait_until, config: {condition: vars.total > 3, timeout: 5m}}
  - {id: send, type: emit_signal, config: {execution: "{{ execution.id }}", name: go, payload: null}}
  - {id: stop, type: cancel, config: {nodes: [each, "fan.left/n", "each[0]/work"], as: completed}}
  - {id: undo, type: compensate, config: {nodes: [pay]}}
  - {id: pay, type: anything, config: {x: "{{ data }}"}, on_error: continue,
      compensate: {type: fetch, config: {url: "http://x/{{ nodes.pay.output.id }}"}, timeout: 1m, retry: {max_attempts: 2}}}
  - {id: join, type: merge, join: {count: 2}, losers: ignore, aggregate: array}
  - {id: side_tool, type: noop}
  - {id: back, type: condition, config: {expression: iteration.index < 2}}
  - {id: finish, type: end, join: any, config: {outcome: done, output: null, terminate: true}}
edges:
  - {from: begin, to: pick}
  - {from: pick.one, to: ask}
  - {from: pick.none, to: child}
  - {from: ask.a, to: fan}
  - {from: ask.b, to: each}
  - {from: fan, to: join}
  - {from: each.out, to: join, when: size(data) > 0}
  - {from: join, to: again}
  - {from: again, to: guard}
  - {from: guard.error, to: send}
  - {from: guard, to: read, type: error}
  - {from: read, to: shape}
  - {from: shape.big, to: later}
  - {from: later, to: wait}
  - {from: wait.yes, to: met}
  - {from: wait.timeout, to: stop}
  - {from: met.met, to: undo}
  - {from: undo, to: pay}
  - {from: side_tool, to: pay, type: ai_tool}
  - {from: pay, to: back}
  - {from: back.true, to: pay, back: true, max_iterations: 5}
  - {from: back.false, to: finish}
  - {from: send, to: finish}
"""
EXAMPLES = {"order_fulfilment": ORDER_FULFILMENT, "everything": EVERYTHING}
