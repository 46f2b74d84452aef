"""Compiling: from the definition as written to the graph that deciding walks.

Compiling trusts that the definition is valid (`validate.py` finds everything that is not); it raises no problems of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final, get_args

from pydantic import BaseModel

from contracts.commands import Limits
from contracts.definitions import Body as BodyDefinition
from contracts.definitions import Marker, NodeDefinition, Retry, WorkflowDefinition, has_output
from contracts.values import encode
from domain.definition.agent_turns import AGENT, add_turns
from domain.definition.budgets import note_budgets
from domain.definition.graph import (
    ERROR_PORT,
    Body,
    Compiled,
    Edge,
    Graph,
    Node,
    RetryPolicy,
    alone,
    programs_in,
    programs_of,
    visible_bodies,
)
from domain.definition.graph_questions import add_questions, asks, without_ask
from domain.definition.models_in_use import with_model
from domain.definition.pinned_connectors import retry_of, with_connector
from domain.definition.prompts_in_use import with_prompt
from domain.expressions import Program, parse_duration, program, value
from domain.nodes import ACTIVITY, CONTROL_KINDS, INNER_KINDS, activity_of


def compile_definition(
    definition: WorkflowDefinition, definition_hash: str = "", version: int = 0, others: Callable[[str], Graph] = alone
) -> Graph:
    """The graph of a valid definition; `others` gives those of other content hashes, which executions may change over to."""
    graph = Graph(definition, definition_hash, version, others)
    graph.root = _add_body(graph, definition, None, "")
    if definition.settings.on_error is not None:
        graph.handler = _add_body(graph, definition.settings.on_error, None, "on_error")
        for node in graph.handler.nodes:
            node.behind_error = True
    for body in graph.bodies:
        _link(body)
    _mark_what_is_read(graph)
    graph.hears_changes = any(node.kind.hears_changes for node in graph.nodes)
    graph.hears_ends = any(node.kind.hears_ends for node in graph.nodes)
    for node in graph.nodes:
        _note_ways(node)
    note_budgets(graph)
    for node in graph.nodes:
        node.following = _following(graph, node)
    return graph


def _add_body(graph: Graph, definition: BodyDefinition, owner: Node | None, label: str) -> Body:
    body = Body(len(graph.bodies), owner, label)
    graph.bodies.append(body)
    body.variables = {name: value(initial) for name, initial in definition.variables.items()}
    body.output = value(definition.output) if has_output(definition) else None
    for index, node_definition in enumerate(definition.nodes):
        body.nodes.append(_add_node(graph, body, index, node_definition))
        body.index_of[node_definition.id] = index
    for number, edge in enumerate(definition.edges):
        source, _, port = edge.source.partition(".")
        if source not in body.index_of or edge.target not in body.index_of:
            continue
        port = ERROR_PORT if edge.type == ERROR_PORT else port or "out"
        compiled = Edge(number, edge, body.nodes[body.index_of[source]], body.nodes[body.index_of[edge.target]], port)
        compiled.when = None if edge.when is None else compile_field("expression", edge.when)
        body.edges.append(compiled)
        if compiled.is_offer:
            compiled.target.offered.append(compiled)
    for node in body.nodes:
        if node.type == AGENT:
            add_turns(graph, node, _add_body)
        elif asks(node.definition):
            add_questions(graph, node, _add_body)
    return body


def _add_node(graph: Graph, body: Body, index: int, definition: NodeDefinition) -> Node:
    kind = CONTROL_KINDS.get(definition.type) or INNER_KINDS.get(definition.type) or activity_of(definition.type)
    node = Node(len(graph.nodes), index, body, definition, kind)
    graph.nodes.append(node)
    if node.is_activity:
        node.config = _config_of(graph, definition.type, definition.config)
        config = value(node.config)
        node.fields = {"": config}
        if not config.is_static:
            node.template = config
        elif node.config:
            node.static_config = encode(node.config)
        _add_input(node, definition)
    else:
        node.config = kind.Config.model_validate(with_model(definition.type, definition.config, graph.settings.models))
        node.fields = dict(fields_of(node.config))
    node.ports = kind.ports(node.config)
    node.takes_signals = kind.takes_signals(node.config)
    _add_policies(graph, node, definition)
    for label, nested in kind.bodies(node.config).items():
        node.bodies[label] = _add_body(graph, nested, node, label)
    return node


def _config_of(graph: Graph, kind: str, config: dict[str, Any]) -> dict[str, Any]:
    """The config of an activity, with what the rest of the definition says for it."""
    config = with_prompt(kind, with_model(kind, without_ask(kind, config), graph.settings.models), graph.definition.prompts)
    return with_connector(kind, config, graph.definition.connectors)


def _add_input(node: Node, definition: NodeDefinition) -> None:
    if "input" in definition.model_fields_set:
        given = value(definition.input)
        if given.is_static:
            node.static_input = encode(definition.input)
        else:
            node.input_template = given


def _add_policies(graph: Graph, node: Node, definition: NodeDefinition) -> None:
    node.when = None if definition.when is None else compile_field("expression", definition.when)
    connectors = graph.definition.connectors
    retry: Retry | None = definition.retry or (graph.settings.retry if node.is_activity else None)
    retry = retry or retry_of(definition.type, definition.config, connectors)
    if retry is not None and retry.max_attempts > 1:
        node.retry = RetryPolicy(retry)
    node.timeouts = timeouts_of(definition)
    node.timeouts_at_once = {name: limit for name, limit in node.timeouts.items() if not (node.is_activity and name in WORKER_LIMITS)}
    node.limits = Limits(node.timeouts.get("start_to_close"), node.timeouts.get("heartbeat"), bool(node.timeouts))
    if definition.cache is not None:
        node.cache_ttl_ms = parse_duration(definition.cache.ttl)
        node.cache_key = None if definition.cache.key is None else value(definition.cache.key)
    if definition.compensate is not None:
        undo = definition.compensate
        node.undo_written = _config_of(graph, undo.type, undo.config)
        node.compensate = value(node.undo_written)
        node.undo_kind = CONTROL_KINDS.get(definition.compensate.type, ACTIVITY)
        if node.undo_kind is not ACTIVITY:
            node.undo_config = node.undo_kind.Config.model_validate(definition.compensate.config)
        retry = definition.compensate.retry or graph.settings.retry or retry_of(undo.type, undo.config, connectors)
        node.compensate_retry = RetryPolicy(retry) if retry is not None and retry.max_attempts > 1 else None
        node.compensate_timeout_ms = parse_duration(definition.compensate.timeout) if definition.compensate.timeout else 0


WORKER_LIMITS: Final = ("start_to_close", "heartbeat")
"""The limits of an activity that begin when a worker has begun; the others begin with the node."""


def timeouts_of(definition: NodeDefinition) -> dict[str, int]:
    """The time limits of a node by name, in milliseconds; `timeout` is short for `start_to_close`."""
    limits = {} if definition.timeouts is None else definition.timeouts.model_dump(exclude_none=True)
    if definition.timeout is not None:
        limits.setdefault("start_to_close", definition.timeout)
    return {name: parse_duration(text) for name, text in limits.items()}


# Fields of configs.


@cache
def _fields(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """The fields that may hold expressions, with their role; without one it is their parts that may."""
    found = []
    for name, field in model.model_fields.items():
        metadata = [*field.metadata, *(m for part in get_args(field.annotation) for m in getattr(part, "__metadata__", ()))]
        marker = next((m for m in metadata if isinstance(m, Marker)), None)
        if marker is not None or _may_hold_models(field.annotation):
            found.append((name, marker.role if marker else ""))
    return tuple(found)


def _may_hold_models(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return not issubclass(annotation, BodyDefinition)
    return any(map(_may_hold_models, get_args(annotation)))


def fields_of(config: BaseModel, prefix: str = "") -> Iterable[tuple[str, Compiled]]:
    """The expressions and values in a config, by their path in it (`cases[0].when`); bodies are left to themselves."""
    for name, role in _fields(type(config)):
        raw = getattr(config, name)
        if role:
            if (raw is not None or role == "value") and name in config.model_fields_set:
                yield prefix + name, compile_field(role, raw)
        elif isinstance(raw, BaseModel) and not isinstance(raw, BodyDefinition):
            yield from fields_of(raw, f"{prefix}{name}.")
        elif isinstance(raw, list):
            for index, item in enumerate(raw):
                if isinstance(item, BaseModel):
                    yield from fields_of(item, f"{prefix}{name}[{index}].")


def compile_field(role: str, raw: Any) -> Compiled:
    """A field by its role: a string is an expression where the role says so, anything else a value with templates."""
    if role in ("expression", "items") and isinstance(raw, str):
        return program(raw)
    return value(raw)


# What follows from the edges.


def _note_ways(node: Node) -> None:
    """What deciding asks at each step, worked out once: it took a tenth of a decision."""
    if len(node.incoming) == 1 and not node.typed_incoming:
        node.only_source = node.incoming[0].source
    node.feeders = tuple(edge for edge in node.incoming if not edge.source.is_read and not edge.source.feeds_cycle)
    node.targets = tuple(edge.target for edge in node.outgoing if not edge.is_back)


def _link(body: Body) -> None:
    for edge in body.edges:
        if edge.is_offer:
            continue
        edge.source.outgoing.append(edge)
        edge.source.leaves_plainly = edge.source.leaves_plainly and edge.when is None and not edge.is_back
        if edge.is_back:
            body.back_edges.append(edge)
        elif edge.is_typed:
            edge.target.typed_incoming.append(edge)
        else:
            edge.target.incoming.append(edge)
        if edge.port == ERROR_PORT:
            edge.source.has_error_edge = True
    for edge in body.edges:
        if edge.is_offer and not edge.source.outgoing:
            edge.source.is_asked = True
    body.unresolved = [len(node.incoming) + len(node.typed_incoming) + node.is_asked for node in body.nodes]
    body.starts = tuple(node.index for node in body.nodes if not node.incoming and not node.typed_incoming and not node.is_asked)
    for edge in body.back_edges:
        edge.resets = _between(edge.target, edge.source)
        for index in edge.resets:
            for incoming in body.nodes[index].incoming + body.nodes[index].typed_incoming:
                incoming.source.feeds_cycle = True
    for node in body.nodes:
        if node.join != "all":
            node.losers = losers_of(body, node)
    _mark_behind_error(body)


def _following(graph: Graph, node: Node) -> Node | None:
    """The activity that is all that follows when an activity has completed: nothing is asked, joined, filled in, timed or told."""
    if len(node.outgoing) != 1 or graph.hears_changes or graph.hears_ends:
        return None
    edge, following = node.outgoing[0], node.outgoing[0].target
    if edge.port != "out" or following.only_source is not node or not _is_plain(node) or not _is_plain(following):
        return None
    asks = following.when or following.template or following.input_template or following.cache_key
    return None if asks or following.timeouts_at_once or following.losers or following.asks or node.asks else following


def _is_plain(node: Node) -> bool:
    return node.is_activity and node.leaves_plainly and node.mutex is None and node.compensate is None


def _reach(starts: list[Node], forwards: bool) -> set[int]:
    seen = {node.index for node in starts}
    open_nodes = list(starts)
    while open_nodes:
        node = open_nodes.pop()
        edges = node.outgoing if forwards else node.incoming + node.typed_incoming
        for edge in edges:
            other = edge.target if forwards else edge.source
            if not edge.is_back and other.index not in seen:
                seen.add(other.index)
                open_nodes.append(other)
    return seen


def _between(target: Node, source: Node) -> tuple[int, ...]:
    return tuple(sorted(_reach([target], True) & _reach([source], False) | {source.index, target.index}))


def losers_of(body: Body, join: Node) -> tuple[int, ...]:
    """The places from which every path leads to the join."""
    candidates = _reach([join], False) - {join.index}
    changed = True
    while changed:
        changed = False
        for index in list(candidates):
            ways = [edge for edge in body.nodes[index].outgoing if not edge.is_back]
            if not all(edge.target is join or edge.target.index in candidates for edge in ways):
                candidates.discard(index)
                changed = True
    return tuple(sorted(candidates))


def _mark_behind_error(body: Body) -> None:
    for index in _reach([edge.target for edge in body.edges if edge.port == ERROR_PORT], True):
        body.nodes[index].behind_error = True


def _mark_what_is_read(graph: Graph) -> None:
    for body in graph.bodies:
        compiled: list[Compiled] = [] if body.output is None else [body.output]
        compiled.extend(edge.when for edge in body.edges if edge.when is not None)
        for field in compiled:
            _mark(field, body)
        for node in body.nodes:
            for _, field in programs_in(node):
                _mark(field, body)
            if node.compensate is not None:
                node.is_read = node.is_read or _names_itself(node)
            if node.config is not None and "until" in node.fields:
                for nested in node.bodies.values():
                    _mark(node.fields["until"], nested)


def _names_itself(node: Node) -> bool:
    assert node.compensate is not None
    return any(ref.root == "nodes" for ref in node.compensate.references)


def _mark(compiled: Compiled, body: Body) -> None:
    for expression in programs_of(compiled):
        if "nodes" in expression.source:
            _mark_references(expression, body)


def _mark_references(expression: Program, body: Body) -> None:
    for reference in expression.references:
        if reference.root != "nodes":
            continue
        for around in visible_bodies(body):
            if around.is_hidden:
                continue
            if not reference.path:
                for node in around.nodes:
                    node.is_read = True
            elif reference.path[0] in around.index_of:
                around.nodes[around.index_of[reference.path[0]]].is_read = True
                break
