"""Random definitions: nested bodies of all kinds, random edges, joins, retries, tries, and loops with small bounds.

Which kinds there are, and by which ports they leave, stands in the registry. A kind whose config has to fit what is around
it has a writer here (`config_…`, `container_…`); of the others their own examples are drawn.
"""

from __future__ import annotations

from typing import Any, Protocol

from domain.nodes import CONTROL_KINDS

DEPTH_MAX = 3
AGENT_EVERY = 6
"""Of so many nodes one is an agent, where it would be work; what is drawn beside it stays the same."""
SIGNALS = ("go", "stop")
PEOPLE = ("ada", "bob", "eve")
"""Who answers human tasks; all are of the group `crew`."""
ERROR_TYPES = ("boom", "http.500", "expression")
CHILD_SETTINGS = {"on_failure": "fail"}
CHILD = {
    "nodes": [
        {
            "id": "t",
            "type": "try",
            "config": {"body": {"nodes": [{"id": "a", "type": "work"}]}, "finally": {"nodes": [{"id": "z", "type": "work"}]}},
        },
        {"id": "u", "type": "work", "compensate": {"type": "undo"}},
    ],
    "edges": [{"from": "t", "to": "u"}],
    "settings": CHILD_SETTINGS,
}
"""What sub-workflows start."""


def child_of(policy: str) -> dict[str, Any]:
    """The child; with a policy one of them runs at a time."""
    limit = {"concurrency": {"limit": 1, "policy": policy}} if policy else {}
    return {"name": "child", **CHILD, "settings": {**CHILD_SETTINGS, **limit}}


_LEAVING = ("break", "continue")
_TOOLS = ("work", "sub_workflow")
"""What may be offered to an agent."""
_RETRYING = ("work", "parallel", "for_each", "while", "repeat", "try", "sub_workflow")


class Draws(Protocol):
    """Where chance comes from: a seed, or hypothesis."""

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""

    def one_of(self, *options: Any) -> Any:
        """One of these."""


def kinds_anywhere() -> tuple[str, ...]:
    """The control-flow kinds without bodies that need no loop around."""
    return tuple(kind.name for kind in CONTROL_KINDS.values() if not kind.is_container and kind.name not in _LEAVING)


def containers() -> tuple[str, ...]:
    """The kinds with bodies of their own; agents, whose bodies nobody writes, come in place of some work."""
    return tuple(kind.name for kind in CONTROL_KINDS.values() if kind.is_container and kind.name != "agent")


def _ports(node: dict[str, Any]) -> tuple[str, ...]:
    """By which ports the node can leave, as its kind says."""
    kind = CONTROL_KINDS.get(node["type"])
    return ("out",) if kind is None or kind.is_container else kind.ports(kind.Config.model_validate(node["config"]))


class _Writer:
    """Draws one definition; ids are unique, so that any node may be named by a `cancel`."""

    def __init__(self, draws: Draws) -> None:
        self.number, self.one_of = draws.number, draws.one_of
        self.count = 0

    def chance(self, percent: int) -> bool:
        return self.number(0, 99) >= 100 - percent

    def body(self, depth: int, loop: bool, mutexes: frozenset[str]) -> dict[str, Any]:
        nodes = [self.node(depth, loop, mutexes) for _ in range(self.number(1, 4 if depth < 2 else 3))]
        for node in nodes:
            if node["type"] == "cancel":
                self.aim(node, nodes)
        body: dict[str, Any] = {"nodes": nodes, "edges": self.edges(nodes)}
        for node in nodes:
            self.join(node, body["edges"])
        if self.chance(15):
            body["variables"] = {"v": self.number(0, 3)}
        if self.chance(10):
            body["output"] = {"n": f"{{{{ has(nodes.{nodes[0]['id']}.output) }}}}"}
        return body

    def node(self, depth: int, loop: bool, mutexes: frozenset[str]) -> dict[str, Any]:
        self.count += 1
        choices = ("work",) * 3 + kinds_anywhere()
        if depth < DEPTH_MAX and self.count < 14:
            choices += containers() * 2 + ("try", "try")
        choices += _LEAVING if loop else ()
        node: dict[str, Any] = {"id": f"n{self.count}", "type": self.one_of(*choices)}
        if self.chance(10) and not mutexes and node["type"] != "cancel":
            node["mutex"] = self.one_of("m", "k")
            mutexes = mutexes | {node["mutex"]}
        node["config"] = self.config(node["type"], depth + 1, loop, mutexes)
        self.policies(node)
        if node["type"] == "work" and self.count % AGENT_EVERY == 0:
            self.make_agent(node)
        return node

    def make_agent(self, node: dict[str, Any]) -> None:
        """An agent in place of work: with other turns, and another way with failures, from node to node."""
        fails = {"on_tool_error": "fail"} if self.count % (3 * AGENT_EVERY) == 0 else {}
        turns = 1 + self.count // AGENT_EVERY % 3
        node |= {"type": "agent", "config": {"model": "openai:any", "input": "hi", "max_turns": turns, "parallel": turns, **fails}}
        if set(node.get("timeouts", ())) & {"schedule_to_start", "heartbeat"}:
            del node["timeouts"]

    def aim(self, node: dict[str, Any], nodes: list[dict[str, Any]]) -> None:
        """A `cancel` ends a node beside it; where it stands alone it is some other node."""
        others = [other["id"] for other in nodes if other is not node]
        if others:
            node["config"]["nodes"] = sorted({self.one_of(*others), self.one_of(*others)})
        else:
            node["type"], node["config"] = "work", {}

    def policies(self, node: dict[str, Any]) -> None:
        kind = node["type"]
        if self.chance(8):
            node["when"] = self.one_of("true", "false", "data == null", "data.n > 0")
        if kind in (*_RETRYING, "wait_signal") and self.chance(25):
            node["retry"] = {"max_attempts": self.number(2, 3), "initial_delay": "10ms"}
            if self.chance(20):
                node["retry"] |= {"jitter": 0.5, "retry_on": ["boom", "timeout"]}
        if kind in _RETRYING and self.chance(15):
            node["timeouts"] = {self.one_of("start_to_close", "schedule_to_close"): self.one_of("20ms", "100ms")}
        if kind == "work" and self.chance(10):
            node["timeouts"] = {self.one_of("schedule_to_start", "heartbeat"): "30ms"}
        if kind == "work" and self.chance(20):
            node["compensate"] = self.compensation(f"{{{{ nodes.{node['id']}.output }}}}")
        if _ports(node) and self.chance(15):
            node["on_error"] = self.one_of("incident", "continue")

    def compensation(self, was: str) -> dict[str, Any]:
        kind = self.one_of("undo", "undo", "undo", "set_variable", "emit_signal", "sub_workflow")
        if kind == "undo":
            return {"type": kind, "config": {"was": was}}
        return {"type": kind, "config": self.config(kind, 0, False, frozenset())}

    def config(self, kind: str, depth: int, loop: bool, mutexes: frozenset[str]) -> dict[str, Any]:
        writer = getattr(self, f"config_{kind}", None)
        if writer is not None:
            return dict(writer())
        if kind in containers():
            return dict(getattr(self, f"container_{kind}")(depth, loop, mutexes))
        examples = CONTROL_KINDS[kind].examples if kind in CONTROL_KINDS else ()
        return dict(self.one_of(*examples)) if examples else {}

    def config_set_variable(self) -> dict[str, Any]:
        scope = {"scope": self.one_of("node", "workflow")} if self.chance(30) else {}
        return {"name": "w" if scope.get("scope") == "workflow" else self.one_of("v", "w"), "value": "{{ vars.w + 1 }}", **scope}

    def config_get_variable(self) -> dict[str, Any]:
        return {"name": "w"}

    def config_transform(self) -> dict[str, Any]:
        return {"operation": "value", "value": self.one_of(1, {"n": 1}, None, "{{ data }}")}

    def config_condition(self) -> dict[str, Any]:
        return {"expression": self.one_of("true", "false", "data == null", "vars.w > 1", "data.n == 1")}

    def config_switch(self) -> dict[str, Any]:
        config = {
            "value": "{{ vars.w }}",
            "cases": [{"equals": 0, "port": "one"}, {"equals": 0, "port": "other"}],
            "all_matches": self.chance(50),
        }
        return config | ({"default": "other"} if self.chance(60) else {})

    def config_end(self) -> dict[str, Any]:
        return {"terminate": True} if self.chance(40) else {"outcome": "fine"}

    def config_fail(self) -> dict[str, Any]:
        return {"type": self.one_of(*ERROR_TYPES)}

    def config_break(self) -> dict[str, Any]:
        return {"when": "iteration.index > 0"} if self.chance(30) else {}

    config_continue = config_break

    def config_wait_signal(self) -> dict[str, Any]:
        if self.chance(25):
            return {"signals": [{"name": name, "port": "received"} for name in SIGNALS]}
        config: dict[str, Any] = {"name": self.one_of(*SIGNALS)}
        if self.chance(70):
            config["timeout"] = "40ms"
        if self.chance(25):
            config["count"] = 2
        if self.chance(25):
            config["buffered"] = False
        if self.chance(25):
            config["filter"] = "signal.n > 0"
        return config

    def config_emit_signal(self) -> dict[str, Any]:
        target = self.one_of("{{ execution.id }}", "{{ execution.id }}", "x1")
        return {"execution": target, "name": self.one_of(*SIGNALS), "payload": {"n": 1}}

    def config_cancel(self) -> dict[str, Any]:
        return {"nodes": ["n1"], "as": self.one_of("cancelled", "completed")}

    def config_sub_workflow(self) -> dict[str, Any]:
        config: dict[str, Any] = {"workflow": "child", "on_parent_close": self.one_of("cancel", "terminate", "abandon")}
        if self.chance(25):
            config["mode"] = "detached"
        elif self.chance(25):
            config["timeout"] = "30ms"
        return config

    def container_parallel(self, depth: int, loop: bool, mutexes: frozenset[str]) -> dict[str, Any]:
        branches = {name: self.body(depth, loop, mutexes) for name in ("z", "b", "a")[: self.number(1, 3)]}
        wait_for = self.one_of("all", "any", {"count": len(branches)})
        aggregate = self.one_of("object", "merge", "array", "first", "last")
        return {"branches": branches, "wait_for": wait_for, "aggregate": aggregate, "losers": self.one_of("cancel", "ignore")}

    def container_for_each(self, depth: int, loop: bool, mutexes: frozenset[str]) -> dict[str, Any]:
        config = {"items": [1, 2, 3][: self.number(0, 3)], "concurrency": self.number(1, 3), "body": self.body(depth, True, mutexes)}
        config |= {"on_item_error": self.one_of("fail", "collect", "stop"), "losers": self.one_of("cancel", "ignore")}
        if self.chance(20):
            config["wait_for"] = self.one_of("any", {"count": 2})
        if self.chance(15):
            config["until"] = "iteration.index > 0"
        if self.chance(15):
            config["more"] = {"signal": "more"}
        return config

    def container_while(self, depth: int, loop: bool, mutexes: frozenset[str]) -> dict[str, Any]:
        return {"condition": "iteration.index < 2", "max_iterations": self.number(1, 3), "body": self.body(depth, True, mutexes)}

    def container_repeat(self, depth: int, loop: bool, mutexes: frozenset[str]) -> dict[str, Any]:
        return {"times": self.number(0, 2), "concurrency": self.number(1, 2), "body": self.body(depth, True, mutexes)}

    def container_try(self, depth: int, loop: bool, mutexes: frozenset[str]) -> dict[str, Any]:
        config: dict[str, Any] = {"body": self.body(depth, loop, mutexes)}
        if self.chance(60):
            config["catch"] = [{"errors": [self.one_of("*", "boom", "http.5xx", "timeout")], "body": self.body(depth, loop, mutexes)}]
        if self.chance(60):
            config["finally"] = self.body(depth, False, mutexes)
        return config

    def edges(self, nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        edges: list[dict[str, Any]] = []
        for place in range(1, len(nodes)):
            for source in nodes[:place]:
                if self.chance(45) and (edge := self.edge(source, nodes[place])) is not None and edge not in edges:
                    edges.append(edge)
        mains = [(edge["from"].partition(".")[0], edge["to"]) for edge in edges if not edge["from"].endswith(".error")]
        if mains and self.chance(20):
            target, source = self.one_of(*mains)
            back = self.edge(next(node for node in nodes if node["id"] == source), next(node for node in nodes if node["id"] == target))
            if back is not None and not back["from"].endswith(".error"):
                edges.append(back | {"back": True, "max_iterations": self.number(1, 2)})
        return edges

    def edge(self, source: dict[str, Any], target: dict[str, Any]) -> dict[str, Any] | None:
        kind = source["type"]
        if target["type"] == "start":
            return None
        if self.chance(15) and kind not in ("start", "merge", "end", "break", "continue"):
            return {"from": f"{source['id']}.error", "to": target["id"]}
        ports = _ports(source)
        if not ports:
            return None
        edge = {"from": source["id"] if ports == ("out",) else f"{source['id']}.{self.one_of(*ports)}", "to": target["id"]}
        if self.chance(15):
            edge["when"] = self.one_of("true", "false", "data == null")
        elif self.chance(8) and kind in _TOOLS and target["type"] == "work":
            edge["type"] = "ai_tool"
        if target["type"] == "agent" and kind in _TOOLS and int(source["id"][1:]) % 2:
            edge = {"from": source["id"], "to": target["id"], "type": "ai_tool"}
        return edge

    def join(self, node: dict[str, Any], edges: list[dict[str, Any]]) -> None:
        mains = sum(edge["to"] == node["id"] and "back" not in edge and edge.get("type") != "ai_tool" for edge in edges)
        if mains > 1 and self.chance(50):
            node["join"] = self.one_of("any", {"count": self.number(1, mains)})
            node["losers"] = self.one_of("cancel", "ignore")
        if mains > 1:
            node["aggregate"] = self.one_of("merge", "array", "first", "last")


def write_definition(draws: Draws) -> dict[str, Any]:
    """A definition of any shape; most can be published."""
    writer = _Writer(draws)
    body = writer.body(0, False, frozenset())
    body["variables"] = {"v": 0, "w": writer.number(0, 1)}
    settings: dict[str, Any] = {"on_failure": writer.one_of("incident", "fail"), "compensate_on_failure": writer.chance(30)}
    if writer.chance(20):
        settings["timeout"] = "200ms"
    if writer.chance(20):
        settings["on_error"] = writer.body(2, False, frozenset())
    return {"name": "w", **body, "settings": settings}
