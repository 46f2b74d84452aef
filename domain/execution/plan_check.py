"""What is wrong with the plan of a test run, beside its definition: nodes that are not there, ports that they do not have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from contracts import values
from contracts.errors import InvalidInput, Problem
from contracts.pins import ANY, Pin
from domain.definition.findings import listed, nearest
from domain.definition.graph import Body, Graph, Node
from domain.definition.input_schema import check as check_value
from domain.execution.paths import HANDLER, UNDO_SUFFIX, is_undo
from domain.execution.react import node_of_path

WAYS_OUT: Final = frozenset({"break", "continue", "end", "fail"})
"""The kinds that leave a body, or end all, by being reached: there is no result that one could give in their place."""
CHILD: Final = "sub_workflow"
TASK: Final = "human_task"
GraphNamed: TypeAlias = Callable[[str, int], Graph | None]
"""The compiled definition of a workflow's version (0: the active one); None where it is not known."""


def paths_of(graph: Graph) -> dict[str, Node]:
    """The nodes of a definition by their paths, as pins name them: without iterations and rounds; and what undoes them."""
    found = dict(_paths_in(graph.root, ""))
    if graph.handler is not None:
        found |= dict(_paths_in(graph.handler, f"{HANDLER}/"))
    return found


def _paths_in(body: Body, before: str) -> Iterator[tuple[str, Node]]:
    for node in body.nodes:
        path = before + node.id
        yield path, node
        if node.definition.compensate is not None:
            yield path + UNDO_SUFFIX, node
        for label, inner in node.bodies.items():
            yield from _paths_in(inner, f"{path}/" if label == "[]" else f"{path}.{label}/")


def found_at(graph: Graph, path: str, graph_named: GraphNamed) -> Node | str | None:
    """The node at a path, also of a child; what it was taken for where that is none, empty where nobody can know."""
    node = node_of_path(graph, path)
    if node is not None and (not is_undo(path) or node.definition.compensate is not None):
        return node
    around = path
    while "/" in around:
        around = around.rpartition("/")[0]
        parent = node_of_path(graph, around)
        if parent is not None and parent.type == CHILD:
            workflow = parent.config.workflow
            child = None if "{{" in workflow else graph_named(workflow, parent.config.version or 0)
            return "" if child is None else found_at(child, path[len(around) + 1 :], graph_named)
    near = nearest(path, paths_of(graph))
    return f"did you mean {near}?" if near else f"its nodes are {listed(paths_of(graph))}"


def problems_of_place(graph: Graph, path: str, at: str, graph_named: GraphNamed) -> Iterator[Problem]:
    """A node that is not there."""
    found = found_at(graph, path, graph_named)
    if isinstance(found, str) and found:
        yield Problem(at, "unknown_node", f"there is no node {path[:200]} in workflow {graph.definition.name}", found)


def problems_of_pins(graph: Graph, path: str, pins: Iterable[tuple[str, Pin]], graph_named: GraphNamed) -> Iterator[Problem]:
    """What is wrong with what is pinned at a path; each pin with the JSON pointer to it."""
    node = None if path == ANY else found_at(graph, path, graph_named)
    for at, pin in pins:
        if path == ANY:
            if pin.ports is not None:
                yield Problem(f"{at}/port", "bad_port", "activities have no port but `out`", "leave it out")
        elif isinstance(node, Node):
            yield from _problems_of(node, path, at, pin)


def _problems_of(node: Node, path: str, at: str, pin: Pin) -> Iterator[Problem]:
    if node.type in WAYS_OUT:
        said = f"{path} is a `{node.type}`: reaching it is what it does"
        yield Problem(at, "not_to_pin", said, "pin what leads to it")
        return
    if is_undo(path) or pin.failure is not None:
        return
    ports = pin.ports or ()
    for port in ports:
        if port not in node.ports:
            near = nearest(port, node.ports)
            known = f"its ports are {listed(node.ports)}" if node.ports else "it has none: leave it out"
            fix = f"did you mean `{near}`?" if near else known
            yield Problem(f"{at}/port", "bad_port", f"{path} does not leave by `{port[:100]}`", fix)
    if not ports and "out" not in node.ports and node.ports:
        yield Problem(f"{at}/port", "bad_port", f"by which port {path} leaves is not said", f"its ports are {listed(node.ports)}")
    if node.type == TASK and pin.output is not None:
        yield from _problems_of_answer(node, at, pin.output)


def _problems_of_answer(node: Node, at: str, output: bytes) -> Iterator[Problem]:
    """The data of an answer that do not fit the form of a task."""
    form, answer = getattr(node.config, "form", None), values.decode(output) if not values.is_reference(output) else None
    if form is None or not isinstance(answer, dict) or answer.get("data") is None:
        return
    try:
        check_value(form, answer["data"], len(output))
    except InvalidInput as error:
        for problem in error.problems:
            yield problem._replace(path=f"{at}/output/data{problem.path}")
