"""The outline: a definition laid out for checking: every body, node and edge with its path, and all configs read.

It is to checking what the graph is to deciding, except that anything in it may be missing: a node whose kind is not
known has no ports, a config that cannot be read is None, an edge may lead nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from pydantic import BaseModel

from contracts.definitions import NESTING_MAX, NODES_MAX, EdgeDefinition, NodeDefinition, WorkflowDefinition
from contracts.definitions import Body as BodyDefinition
from domain.definition.configs import check_activity_config
from domain.definition.findings import Findings
from domain.definition.graph import ERROR_PORT
from domain.definition.kind_shape import KindShape
from domain.definition.shape import read
from domain.nodes import CONTROL_KINDS, activity_of

Activities: TypeAlias = Mapping[str, type[BaseModel] | None]
"""The activity kinds by name with the model of their config; None takes any object."""

LATER_KINDS: Final = ("tool", "webhook", "email", "slack")
"""Kinds that are planned: the message says so."""
HANDLER: Final = "settings.on_error"


class TooManyNodes(Exception):
    """The definition has more than NODES_MAX nodes."""


@dataclass(slots=True, eq=False)
class OutlineNode:
    """A node: where it stands, what kind it is (None: not known), its config as its model, its ports (None: not known)."""

    path: str
    definition: NodeDefinition
    body: OutlineBody
    kind: KindShape | None = None
    config: BaseModel | None = None
    ports: tuple[str, ...] | None = None
    bodies: dict[str, OutlineBody] = field(default_factory=dict)
    incoming: list[OutlineEdge] = field(default_factory=list)
    outgoing: list[OutlineEdge] = field(default_factory=list)
    is_named: bool = True
    on_cycle: bool = False
    behind_error: bool = False

    @property
    def id(self) -> str:
        """Its id."""
        return self.definition.id

    @property
    def is_activity(self) -> bool:
        """Whether a worker runs it."""
        return self.kind is not None and self.kind.name == "activity"


@dataclass(slots=True, eq=False)
class OutlineEdge:
    """An edge whose two nodes are known."""

    path: str
    definition: EdgeDefinition
    source: OutlineNode
    target: OutlineNode
    port: str

    @property
    def is_typed(self) -> bool:
        """Whether it is one of the `ai_*` edges, which join does not count."""
        return self.definition.type.startswith("ai_")

    @property
    def is_back(self) -> bool:
        """Whether it closes a cycle."""
        return self.definition.back


@dataclass(slots=True, eq=False)
class OutlineBody:
    """A body: whose it is, under which label; `is_sound`: all ids and edges could be read, so paths through it are known."""

    path: str
    definition: BodyDefinition
    owner: OutlineNode | None
    label: str
    depth: int
    nodes: list[OutlineNode] = field(default_factory=list)
    by_id: dict[str, OutlineNode] = field(default_factory=dict)
    edges: list[OutlineEdge] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)
    is_sound: bool = True

    @property
    def around(self) -> OutlineBody | None:
        """The body that this one is nested in."""
        return self.owner.body if self.owner is not None else None

    @property
    def is_iteration(self) -> bool:
        """Whether it is the body of a loop."""
        return self.label == "[]"


@dataclass(slots=True, eq=False)
class Outline:
    """A whole definition."""

    definition: WorkflowDefinition
    findings: Findings
    activities: Activities
    strict_kinds: bool
    bodies: list[OutlineBody] = field(default_factory=list)
    nodes: list[OutlineNode] = field(default_factory=list)

    @property
    def root(self) -> OutlineBody:
        """The outermost body."""
        return self.bodies[0]


def outline_of(definition: WorkflowDefinition, activities: Activities, findings: Findings, strict_kinds: bool) -> Outline:
    """The definition laid out; what is wrong with kinds and configs goes to the findings. Raises TooManyNodes."""
    outline = Outline(definition, findings, activities, strict_kinds)
    _add_body(outline, definition, "", None, "", 1)
    if definition.settings.on_error is not None:
        _add_body(outline, definition.settings.on_error, HANDLER, None, HANDLER, 1)
    return outline


def bodies_around(body: OutlineBody | None) -> Iterator[OutlineBody]:
    """The body and those around it, innermost first."""
    while body is not None:
        yield body
        body = body.around


def _add_body(outline: Outline, definition: BodyDefinition, path: str, owner: OutlineNode | None, label: str, depth: int) -> OutlineBody:
    if len(outline.nodes) + len(definition.nodes) > NODES_MAX:
        raise TooManyNodes
    body = OutlineBody(path, definition, owner, label, depth, declared=set(definition.variables))
    outline.bodies.append(body)
    prefix = f"{path}." if path else ""
    for index, node in enumerate(definition.nodes):
        body.nodes.append(_add_node(outline, body, f"{prefix}nodes[{index}]", node))
    for index, edge in enumerate(definition.edges):
        _add_edge(outline.findings, body, f"{prefix}edges[{index}]", edge)
    return body


def _add_node(outline: Outline, body: OutlineBody, path: str, definition: NodeDefinition) -> OutlineNode:
    node = OutlineNode(path, definition, body)
    outline.nodes.append(node)
    findings = outline.findings
    if findings.is_unreadable(path) or findings.is_unreadable(f"{path}.id"):
        node.is_named = body.is_sound = False
    elif definition.id in body.by_id:
        message = f"the id `{definition.id}` stands twice in this body: also at {body.by_id[definition.id].path}"
        findings.add(f"{path}.id", "doubled_id", message, f"rename one, e.g. `{definition.id[:60]}_2`")
        body.is_sound = False
    else:
        body.by_id[definition.id] = node
    if not (findings.is_unreadable(path) or findings.is_unreadable(f"{path}.type")):
        _read_kind(outline, node)
    return node


def _read_kind(outline: Outline, node: OutlineNode) -> None:
    kind = CONTROL_KINDS.get(node.definition.type)
    if kind is not None:
        node.kind = kind
        _read_config(outline, node, kind)
        return
    if _is_known_activity(outline, node.definition.type, f"{node.path}.type"):
        node.kind = activity_of(node.definition.type)
        node.ports = node.kind.ports(None)
        if not outline.findings.is_unreadable(f"{node.path}.config"):
            model = outline.activities.get(node.definition.type)
            check_activity_config(model, node.definition.config, f"{node.path}.config", outline.findings)


def _is_known_activity(outline: Outline, name: str, path: str) -> bool:
    if name in outline.activities or not outline.strict_kinds:
        return True
    findings = outline.findings
    if name in LATER_KINDS:
        message = f"the kind `{name}` is not there yet: it comes in a later version"
        findings.add(path, "unknown_kind", message, "use an activity of your own")
        return False
    otherwise = "register it with `@refold.activity`, or see the list of kinds"
    fix = findings.did_you_mean(name, [*CONTROL_KINDS, *outline.activities], otherwise)
    findings.add(path, "unknown_kind", f"there is no kind `{name}`", fix)
    return False


def _read_config(outline: Outline, node: OutlineNode, kind: KindShape) -> None:
    path = f"{node.path}.config"
    if outline.findings.is_unreadable(path):
        return
    before = outline.findings.count
    node.config = read(kind.Config, node.definition.config, path, outline.findings)
    if node.config is None:
        return
    if outline.findings.count == before or kind.is_container or len(kind.ports(node.config)) < 2:
        node.ports = kind.ports(node.config)
    for label, nested in kind.bodies(node.config).items():
        _add_nested(outline, node, nested, f"{path}.{kind.body_path(label)}", label)


def _add_nested(outline: Outline, node: OutlineNode, nested: BodyDefinition, path: str, label: str) -> None:
    depth = node.body.depth + 1
    if depth > NESTING_MAX:
        message = f"bodies are nested {depth} deep, the most is {NESTING_MAX} (NESTING_MAX)"
        outline.findings.add(path, "too_deep", message, "move the inner bodies into a workflow of their own, and call it by `sub_workflow`")
        return
    node.bodies[label] = _add_body(outline, nested, path, node, label, depth)


def _add_edge(findings: Findings, body: OutlineBody, path: str, definition: EdgeDefinition) -> None:
    """An edge between known nodes is kept; an unknown name is a problem, unless a node of the body has no readable id."""
    if findings.is_unreadable(path):
        body.is_sound = False
        return
    source_id, _, port = definition.source.partition(".")
    ends = [(f"{path}.from", source_id), (f"{path}.to", definition.target)]
    found = [None if findings.is_unreadable(at) else body.by_id.get(name) for at, name in ends]
    for (at, name), node in zip(ends, found, strict=True):
        if node is None and not findings.is_unreadable(at) and all(other.is_named for other in body.nodes):
            _tell_unknown_node(findings, body, at, name)
    source, target = found
    if source is None or target is None:
        body.is_sound = False
        return
    edge = OutlineEdge(path, definition, source, target, ERROR_PORT if definition.type == ERROR_PORT else port or "out")
    body.edges.append(edge)
    source.outgoing.append(edge)
    if not edge.is_back:
        target.incoming.append(edge)


def _tell_unknown_node(findings: Findings, body: OutlineBody, path: str, name: str) -> None:
    elsewhere = next((around for around in bodies_around(body.around) if name in around.by_id), None)
    if elsewhere is not None:
        fix = "an edge stays within its body: let the body end, and go on with an edge from its container"
        findings.add(path, "unknown_node", f"`{name}` stands in a body around this one", fix)
        return
    where = "the definition" if not body.path else "this body"
    fix = findings.did_you_mean(name, body.by_id, "add the node, or remove the edge")
    findings.add(path, "unknown_node", f"{where} has no node `{name}`", fix)


def find_node(body: OutlineBody | None, name: str) -> OutlineNode | None:
    """The node that an id means from within a body: its own, or one of a body around."""
    return next((around.by_id[name] for around in bodies_around(body) if name in around.by_id), None)


def all_ids_known(body: OutlineBody) -> bool:
    """Whether every node that may be named from here has a readable id."""
    return all(node.is_named for around in bodies_around(body) for node in around.nodes)


def config_of(node: OutlineNode) -> Any:
    """The config, for reading fields of a kind that is known."""
    return node.config
