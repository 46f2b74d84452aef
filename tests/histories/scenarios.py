# ruff: noqa: E501 - a node of a definition stands on one line
"""What the golden histories tell: together they hold almost every event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from contracts import commands as c
from contracts.debugging import Breakpoint
from contracts.failure import Failure
from contracts.person import Person
from contracts.pins import Pin, Plan
from contracts.system import BREAKER, SLOT
from contracts.usage import Allowance, ModelCall, Price, Rates
from domain.replay.forking import Wish, fork
from tests.domain.nodes.test_graph_questions import asking
from tests.domain.spec import NEVER, START_MS, Told, World, create, fails, gives, never, signal, slow
from tests.domain.versions import Versions, back_from, to
from tests.laws.test_forks import Recorded

SAGA: Final = """
settings: {on_failure: fail, compensate_on_failure: true, on_error: {nodes: [{id: tell, type: mail, config: {why: "{{ error.message }}"}}]}}
nodes:
  - {id: charge, type: charge, retry: {max_attempts: 3, initial_delay: 200ms}, compensate: {type: refund, config: {id: "{{ nodes.charge.output.id }}"}}}
  - {id: reserve, type: reserve, compensate: {type: release, retry: {max_attempts: 2}}}
  - {id: ship, type: fail, config: {type: no.stock, message: "{{ input.order }}"}}
edges: [{from: charge, to: reserve}, {from: reserve, to: ship}]
"""
APPROVAL: Final = """
variables: {approved: false}
nodes:
  - {id: big, type: condition, config: {expression: "input.amount > 10.0"}}
  - {id: ask, type: wait_signal, config: {name: approved, filter: "signal.order == input.order", timeout: 24h}}
  - {id: note, type: set_variable, config: {name: approved, value: "{{ data.yes }}"}}
  - {id: ship, type: ship, join: any}
  - {id: done, type: end, config: {outcome: shipped, output: {order: "{{ input.order }}", approved: "{{ vars.approved }}"}}}
  - {id: late, type: fail, config: {type: approval.timeout}}
edges:
  [{from: big.true, to: ask}, {from: big.false, to: ship}, {from: ask.received, to: note}, {from: note, to: ship}, {from: ask.timeout, to: late}, {from: ship, to: done}]
"""
LOOPS: Final = """
nodes:
  - id: each
    type: for_each
    config:
      items: [3, 1, 2]
      concurrency: 2
      on_item_error: collect
      more: {signal: more}
      body:
        nodes: [{id: work, type: work, mutex: one}, {id: c, type: condition, config: {expression: "data > 2"}}, {id: skip, type: continue}, {id: out, type: merge}]
        edges: [{from: work, to: c}, {from: c.true, to: skip}, {from: c.false, to: out}]
  - {id: count, type: transform, config: {operation: value, value: "{{ iteration.index }}"}}
  - {id: again, type: condition, config: {expression: "data < 2"}}
  - {id: w, type: while, config: {condition: "iteration.index < 9", body: {nodes: [{id: b, type: break, when: "iteration.index > 1"}, {id: m, type: merge}]}}}
edges: [{from: each, to: count}, {from: count, to: again}, {from: again.true, to: count, back: true, max_iterations: 5}, {from: again.false, to: w}]
"""
RACE: Final = """
nodes:
  - {id: quick, type: quick}
  - {id: slow, type: try, config: {body: {nodes: [{id: n, type: never}]}, finally: {nodes: [{id: z, type: z}]}}}
  - {id: j, type: merge, join: any}
  - {id: p, type: parallel, config: {wait_for: any, losers: ignore, branches: {l: {nodes: [{id: d, type: delay, config: {for: 1s}}]}, r: {nodes: [{id: m, type: merge}]}}}}
edges: [{from: quick, to: j}, {from: slow, to: j}, {from: j, to: p}]
"""
CHILDREN: Final = """
nodes:
  - {id: wait, type: sub_workflow, config: {workflow: child, input: {v: 1}, timeout: 1h}}
  - {id: alone, type: sub_workflow, config: {workflow: child, mode: detached}}
  - {id: tell, type: emit_signal, config: {execution: "{{ nodes.alone.output.execution_id }}", name: go, payload: 5}}
edges: [{from: wait, to: alone}, {from: alone, to: tell}]
"""
CHILD: Final = "nodes: [{id: w, type: wait_signal, config: {name: go}}, {id: a, type: a}]"
PATIENT: Final = """
settings: {timeout: 1h}
variables: {n: 0}
nodes:
  - {id: a, type: a, timeouts: {schedule_to_start: 5m, start_to_close: 5s, schedule_to_close: 10m}, retry: {max_attempts: 2}, on_error: continue}
  - {id: d, type: delay, config: {for: 30s}}
  - {id: s, type: set_variable, config: {name: n, value: 3}}
  - {id: u, type: wait_until, config: {condition: "vars.n > 2", timeout: 1m}}
edges: [{from: d, to: s}]
"""
CHOICES: Final = """
nodes:
  - {id: s, type: switch, config: {value: "{{ input.n }}", cases: [{equals: 1, port: one}, {equals: 2, port: two}], default: other}}
  - {id: x, type: cancel, config: {nodes: [late, run]}}
  - {id: late, type: late}
  - {id: run, type: never}
  - {id: e, type: end, config: {outcome: chosen, terminate: true}}
edges: [{from: s.one, to: late}, {from: s.two, to: x}, {from: x, to: e}]
"""
PEOPLE: Final = """
nodes:
  - {id: pay, type: human_task, config: {question: "Pay {{ input.amount }}?", assignees: [ada, bob, cyd], approval_threshold: 2, timeout: 24h, reminders: [1h], on_timeout: auto_reject}}
  - {id: text, type: human_task, config: {kind: review, question: Good?, content: {text: draft}, assignees: [ada], timeout: 1h, on_timeout: escalate, escalate_to: ["group:board"]}}
  - {id: which, type: human_task, config: {kind: decision, question: Which?, options: [{port: left}, {port: right}], timeout: 1h}}
  - {id: late, type: late}
  - {id: never, type: human_task, config: {question: Go on?}}
  - {id: stop, type: end, config: {terminate: true}}
edges: [{from: pay.approved, to: text}, {from: text.approved, to: which}, {from: which.timeout, to: late}, {from: which.timeout, to: never}, {from: late, to: stop}]
"""
UNDO: Final = """
nodes:
  - {id: a, type: a, compensate: {type: undo, config: {was: "{{ nodes.a.output }}"}}}
  - {id: c, type: compensate}
edges: [{from: a, to: c}]
"""


def _saga() -> World:
    return World(SAGA, acts={"charge": fails("http.503", 1, {"id": "c1"}), "release": fails("http.500", 1)}).start({"order": 7})


def _approval() -> World:
    approved = [signal("approved", {"order": order, "yes": True}) for order in (6, 7)]
    return (
        World(APPROVAL)
        .at(0, c.PauseExecution("night"))
        .at(60_000, *approved)
        .at(90_000, c.ResumeExecution())
        .start({"order": 7, "amount": 12.5})
    )


def _loops() -> World:
    return World(LOOPS, acts={"work": lambda call: 10 / call.input and call.input}).at(0, signal("more", [0, 9])).start()


def _race() -> World:
    return World(RACE, acts={"z": slow(300)}).start()


def _children() -> World:
    return World(CHILDREN, {"child": CHILD}).at(10, signal("go", 1), execution="x~wait").start()


def _children_fail() -> World:
    world = World(CHILDREN, {"child": "settings: {on_failure: fail}\nnodes: [{id: a, type: bad}]"}).start()
    return world.send(c.ResolveIncident("1", "skip", b'{"v":2}'))


def _children_cancelled() -> World:
    return World(CHILDREN, {"child": CHILD}).at(10, c.CancelExecution("enough")).start()


def _patient() -> World:
    return World(PATIENT, acts={"a": slow(9_000)}).start()


def _choices() -> World:
    return World(CHOICES).start({"n": 2})


def _incident() -> World:
    world = World(
        "variables: {v: 0}\nnodes: [{id: a, type: a, config: {v: '{{ vars.v }}'}}]", acts={"a": lambda call: 1 / call.config["v"]}
    ).start()
    return world.send(c.RollHistory(b"a state"), c.ResolveIncident("1", "retry", None, None, b'{"v":2}'))


def _undo() -> World:
    return World(UNDO, acts={"undo": fails(times=1)}).start(5).send(c.ResolveIncident("1", "retry"))


def _people() -> World:
    ada, bob, dan, board = Person("ada", (), "web", "10.0.0.1"), Person("bob"), Person("dan"), Person("eve", ("board",))
    return (
        World(PEOPLE, acts={"late": slow(50)})
        .at(10, c.AnswerTask("pay", 1, "approved", ada, b'{"n":1}', "fine"), c.AnswerTask("pay", 1, "rejected", ada), c.PauseExecution())
        .at(
            20,
            c.DelegateTask("pay", 1, "dan", bob, "away"),
            c.CommentTask("pay", 1, "1", bob, "see this", "a.txt", "text/plain", b'"QQ=="'),
        )
        .at(3_700_000, c.ResumeExecution(), c.AnswerTask("pay", 1, "approved", dan))
        .at(3_800_000, c.ClaimTask("text", 1, ada), c.ReleaseTask("text", 1, ada))
        .at(7_500_000, c.AnswerTask("text", 1, "approved", board, None, "better", b'{"text":"better"}'))
        .start({"amount": 7})
    )


def _terminated() -> World:
    return World(UNDO, acts={"a": never}).at(500, c.ReportProgress("a", 1, 0.5), c.TerminateExecution("now")).start(5, start_at=1_000_250)


def _paused() -> World:
    text = "nodes: [{id: a, type: a, timeout: 5s}, {id: d, type: delay, config: {for: 1s}}, {id: b, type: b}]\nedges: [{from: a, to: b}]"
    return World(text, acts={"a": slow(900, 1)}).at(500, c.PauseExecution("lunch")).at(9_000, c.ResumeExecution()).start()


def _quarantined() -> World:
    raised = c.RaiseIncident("a", Failure("output.too_large", "too much"))
    return World(UNDO, acts={"a": never}).at(500, raised, c.QuarantineExecution("a bug")).start(5)


def _released() -> World:
    text = "nodes: [{id: a, type: a}, {id: d, type: delay, config: {for: 1s}}, {id: w, type: wait_signal, config: {name: go}}, {id: b, type: b}]\nedges: [{from: a, to: b}]"
    held = c.CompleteActivity("a", 1, b'"it came"')
    world = World(text, acts={"a": never}).at(500, c.QuarantineExecution("TypeError: a bug", True, held), signal("go"))
    return world.at(9_000, c.ReleaseExecution()).start()


LIMITED = "settings: {concurrency: {key: input.v}}\nnodes: [{id: a, type: a}]"
CLAIM = {"execution": "far", "workflow": "w", "lane": "0123"}


def _kept() -> World:
    """A keeper has the definition of the workflow that it is for."""
    world = World(LIMITED)
    world.graphs[SLOT] = world.graphs["w"]
    return world


def _keeper() -> World:
    return _kept().at(5, c.GrantSlot()).at(7, c.ReclaimSlot("replaced")).at(9, c.ReturnSlot()).start(CLAIM, workflow=SLOT)


def _keeper_refused() -> World:
    return _kept().at(0, c.RefuseSlot("skipped", "one runs")).start(CLAIM, workflow=SLOT)


def _awaits_quota() -> World:
    text = "settings: {quota: {open: 1, on_limit: queue}}\nnodes: [{id: a, type: a}]"
    return World(text).at(5, c.AdmitExecution()).start(awaits_quota=True)


def _dependent() -> World:
    after = "{workflow: import, within: 1s, key: input.day}, {workflow: check, within: 20ms, on_timeout: start}"
    text = f"settings: {{after: [{after}]}}\nnodes: [{{id: a, type: a}}]"
    return World(text).at(5, c.MeetDependency(0, "i-1", 1_000_004)).start({"day": 1})


def _breaker() -> World:
    """Two failures open it, a trial fails, another one succeeds; all in the time that its limits say."""
    limits = c.BreakerLimits(2, 60, 30)

    def report(what: Any, name: str) -> c.ReportToBreaker:
        return c.ReportToBreaker("shop", what, name, "a", 1, START_MS + 5, limits)

    world = World("nodes: [{id: a, type: noop}]")
    world.graphs[BREAKER] = world.graphs["w"]
    for when, what, name in [
        (5, "failed", "p"), (6, "failed", "q"), (40, "offered", "r"), (41, "failed", "r"), (75, "offered", "s"), (80, "succeeded", "s"),
    ]:  # fmt: skip
        world.at(when, report(what, name))
    return world.start({"name": "shop"}, workflow=BREAKER)


def _asked() -> World:
    text = "nodes: [{id: trip, type: langgraph, config: {graph: m, ask: {assignees: [ada]}}}, {id: pay, type: pay}]\nedges: [{from: trip, to: pay}]"
    world = World(text, acts={"langgraph": asking(("asked flight 1 0", "asked hotel 1 0"), ("asked flight 1 1",))}).start()
    for place, comment in ((0, "LH1"), (1, "Ritz"), (2, "3A")):
        world.send(c.AnswerTask(f"trip[{place}]/ask", 1, "approved", Person("ada"), None, comment))
    return world


def _held() -> World:
    """What a breaker holds is cancelled, let go on, and tries; of what has failed it is told."""
    text = "nodes: [{id: a, type: slow}, {id: b, type: slow}, {id: p, type: merge}]\nedges: [{from: a, to: p}, {from: b, to: p}]"
    world = World(text, acts={"slow": slow(20)})
    world.at(1, c.HoldActivity("a", 1, "shop")).at(1, c.HoldActivity("b", 1, "shop"))
    world.at(2, c.ReleaseActivity("a", 1, "shop", True)).at(3, c.ReleaseActivity("b", 1, "shop"))
    return world.at(4, c.FailActivity("b", 1, Failure("http.503", "down"), False, ("shop",))).start()


def _test_run() -> World:
    """Results are given, it stops before a node and goes on, time is skipped, and what nothing is given for is refused."""
    boom = Failure("http.503", "not now")
    pins = {"charge": (Pin(failure=boom, attempt=1), Pin(b'{"id":"c1"}', source="x-1 charge")), "reserve": (Pin(b"{}"),)}
    plan = Plan(pins, ("reserve",), "waits", True)
    world = World(SAGA).start({"order": "o1"}, test=plan)
    return world.send(c.ResumeExecution())


def _forked() -> World:
    """A fork goes on where a budget, a timer and a call of a model were open in its source; and one call more than there may be stops."""
    call = ModelCall("openai:m", 30, 20)
    text = """
settings: {budget: {usd: 1, model_calls: 2}}
nodes:
  - {id: ask, type: llm, config: {model: "openai:m", prompt: "hi", max_tokens: 100}}
  - {id: wait, type: delay, config: {for: 1h}}
  - {id: again, type: llm, config: {model: "openai:m", prompt: "{{ data }}", max_tokens: 100}}
  - {id: more, type: llm, config: {model: "openai:m", prompt: "and?", max_tokens: 100}}
edges: [{from: ask, to: again}, {from: again, to: more}]
"""
    world = World(text, acts={"llm": lambda asked: Told("yes", (call,)) if asked.execution == "x" or asked.path == "ask" else NEVER})
    prices = (Price("openai:m", Rates(1_000_000, 10_000_000, 100_000, 1_000_000)),)
    world.send(create({"total": 1}, prices=prices), execution="y")
    version = next(d.first for d in world.subjects["y"].decisions if isinstance(d.command, c.CompleteActivity))
    made = fork(Recorded(world), Wish("y", version), world.blobs.__getitem__)
    world.send(made.creation)
    return world.send(c.ResolveIncident("1", "retry", budget=Allowance(model_calls=3)))


def _debugged() -> World:
    """It halts by a condition, at a failure, at a variable's change and by steps; values are changed, a node is completed, a halt ends by itself."""
    text = """
variables: {total: 0}
nodes:
  - {id: each, type: for_each, config: {items: [1, 2], body: {nodes: [{id: work, type: work}]}}}
  - {id: sum, type: set_variable, config: {name: total, value: 3}}
  - {id: pay, type: bad}
  - {id: tell, type: tell}
edges: [{from: each, to: sum}, {from: sum, to: pay}, {from: pay, to: tell}]
"""
    breakpoints = (Breakpoint(target="each", halts="all", by="Ada"), Breakpoint("change", "total", "vars.total > 2", by="Ada"))
    world = World(text).start_paused_in_time(10, breakpoints=breakpoints)
    world.at(
        10, c.ChangeBreakpoints((Breakpoint("failure", timeout_ms=60_000, by="Bob"),), by="Bob"), c.ReleaseHalt("each", "into", by="Ada")
    )
    world.at(20, c.ChangeHalted("each[0]/work", b'{"total":1}', b"7", by="Ada"), c.ReleaseHalt("each[0]/work", "to", "pay", by="Ada"))
    world.at(30, c.ReleaseHalt("pay", by="Ada")).at(35, c.ChangeBreakpoints((Breakpoint(target="tell"),), ("failure:*",), "Ada"))
    return world.at(40, c.ReleaseHalt("pay", "complete", output=b"9", by="Ada")).go_on()


def _migrated() -> World:
    """It goes on by another version, back, and there once more: what waits is called otherwise, a variable comes, a node is passed by."""
    nodes = "nodes: [{id: a, type: work}, {id: wait, type: wait_signal, config: {name: go}}, {id: pause, type: delay, config: {for: 1h}}, {id: z, type: work}]"
    before = nodes + "\nedges: [{from: a, to: wait}, {from: a, to: pause}, {from: wait.received, to: z}, {from: pause, to: z}]"
    more = (
        nodes.replace("id: wait", "id: hold")
        .replace("nodes: [", "nodes: [{id: check, type: work}, ")
        .replace("}]", "}, {id: bill, type: work}]")
    )
    after = (
        "variables: {limit: 3}\n"
        + more
        + """
edges: [{from: a, to: check}, {from: check, to: hold}, {from: a, to: pause}, {from: hold.received, to: z}, {from: pause, to: z}, {from: z, to: bill}]"""
    )
    world = Versions(before, after).world(before, {}, {"work": gives(1)}).start_paused_in_time(50)
    world.at(50, to(2, wait="hold")).at(60, back_from(2)).at(70, to(2, wait="hold")).go_on(80)
    return world.send(signal("go"))


SCENARIOS: Final[dict[str, Callable[[], World]]] = {
    "approval": _approval,
    "awaits_quota": _awaits_quota,
    "children": _children,
    "children_cancelled": _children_cancelled,
    "children_fail": _children_fail,
    "choices": _choices,
    "dependent": _dependent,
    "incident": _incident,
    "loops": _loops,
    "patient": _patient,
    "paused": _paused,
    "people": _people,
    "quarantined": _quarantined,
    "race": _race,
    "released": _released,
    "saga": _saga,
    "terminated": _terminated,
    "undo": _undo,
    "breaker": _breaker,
    "asked": _asked,
    "held": _held,
    "keeper": _keeper,
    "keeper_refused": _keeper_refused,
    "test_run": _test_run,
    "forked": _forked,
    "debugged": _debugged,
    "migrated": _migrated,
}
"""Each runs once, when its history is written; afterwards the history speaks for itself."""
