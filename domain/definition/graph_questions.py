"""What a graph of LangGraph asks while it runs (`interrupt()`), as nodes that no definition writes.

    trip[0]          a question: the attempt that asks it has ended, and the next one begins when all of its questions are answered
      ask            asks people, or waits for a signal, as `config.ask` says

So everything that holds for human tasks and for waits holds for questions: channels, reminders, timeouts, lists, cancelling.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pydantic import Field

from contracts.definitions import Body as BodyDefinition
from contracts.definitions import DurationValue, Expression, Model, NodeDefinition, TextValue
from domain.definition.graph import Body, Graph, Node
from domain.definition.outline import Outline, OutlineNode
from domain.definition.shape import read
from domain.nodes import CONTROL_KINDS

GRAPH_KIND: Final = "langgraph"
ASK: Final = "ask"
AddBody = Callable[[Graph, BodyDefinition, Node, str], Body]


class BySignal(Model):
    """The signal that answers; `filter` sees the question as `data`."""

    signal: TextValue = Field(min_length=1)
    filter: Expression | None = None
    timeout: DurationValue | None = None


def without_ask(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    """The config as the worker is given it."""
    return config if kind != GRAPH_KIND or ASK not in config else {name: one for name, one in config.items() if name != ASK}


def asks(definition: NodeDefinition) -> bool:
    """Whether the node says who answers its graph."""
    return definition.type == GRAPH_KIND and isinstance(definition.config.get(ASK), dict)


def add_questions(graph: Graph, node: Node, add_body: AddBody) -> None:
    """Give a graph the body of its questions."""
    kind, config = _asking(node.definition.config[ASK])
    body = add_body(graph, BodyDefinition(nodes=[NodeDefinition(id=ASK, type=kind, config=config)]), node, "[]")
    body.is_hidden = True
    node.bodies["[]"] = body


def _asking(ask: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The kind that asks, and its config."""
    if "signal" in ask:
        return "wait_signal", {("name" if name == "signal" else name): one for name, one in ask.items()}
    return "human_task", {"question": "{{ data.question }}", **({"kind": "data_input"} if "form" in ask else {}), **ask}


def check_ask(outline: Outline, node: OutlineNode) -> None:
    """What is wrong with `config.ask` by itself."""
    path, findings = f"{node.path}.config.{ASK}", outline.findings
    ask = node.definition.config.get(ASK)
    if ask is None:
        return
    if not isinstance(ask, dict):
        message = "`ask` says who answers what the graph asks: expected an object"
        findings.add(path, "wrong_type", message, "write `{assignees: [ada]}`, or `{signal: answered}`")
        return
    kind = CONTROL_KINDS["wait_signal" if "signal" in ask else "human_task"]
    shape: type[Model] = BySignal if "signal" in ask else kind.Config
    before = findings.count
    read(shape, ask if "signal" in ask else _asking(ask)[1], path, findings)
    if findings.count > before:
        return
    config = kind.Config.model_validate(_asking(ask)[1])
    for problem in kind.problems(node.id, config):
        findings.add(f"{path}.{problem.path}", problem.rule, problem.message, problem.fix)
