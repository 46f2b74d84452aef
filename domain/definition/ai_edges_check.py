"""Checks of the edges over which something is offered (`ai_*`), and of the tools that nodes are for a model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from contracts.server_tools import fitting, is_server
from domain.definition.ai_edges import ACTIVITIES, AI_EDGES, PLAIN, Ends, is_a_part, takes_offers
from domain.definition.configs import holds_template
from domain.definition.findings import Findings, listed
from domain.definition.input_check import check_input_schema
from domain.definition.outline import Outline, OutlineBody, OutlineEdge, OutlineNode, config_of

_APPROVALS: Final = re.compile(r"approval(_[0-9]+)?")
"""What stands beside the tools in the paths of an agent's calls."""


def tool_name(node: OutlineNode) -> str:
    """What a model calls the node."""
    offer = node.definition.tool
    return node.id if offer is None or offer.name is None else offer.name


def check_ai_edges(body: OutlineBody, findings: Findings) -> None:
    """Kinds at the wrong ends of `ai_*` edges of one body."""
    for edge in body.edges:
        if edge.is_typed and edge.source.kind is not None and edge.target.kind is not None:
            _check_ends(edge, findings)
            if takes_offers(edge.definition.type, edge.target.definition.type):
                _check_offer(edge, findings)
    for node in body.nodes:
        if is_only_asked(node) and node.incoming:
            message = f"`{node.id}` runs when `{node.outgoing[0].target.id}` asks for it, so nothing can lead to it"
            fix = f"remove the edge from `{node.incoming[0].source.id}`, or let a main edge leave `{node.id}` too"
            findings.add(node.incoming[0].path, "only_asked", message, fix)


def is_only_asked(node: OutlineNode) -> bool:
    """Whether the node runs only when it is asked: all that leaves it is offered."""
    return bool(node.outgoing) and all(
        edge.is_typed and takes_offers(edge.definition.type, edge.target.definition.type) for edge in node.outgoing
    )


def _check_ends(edge: OutlineEdge, findings: Findings) -> None:
    type_, source, target = edge.definition.type, edge.source, edge.target
    ends = AI_EDGES.get(type_, Ends(PLAIN, frozenset()))
    is_named = target.definition.type in ends.targets
    if not is_named and not _is_plain(target):
        message = f"an edge of the type `{type_}` cannot lead to `{target.id}`, which is of the kind `{target.definition.type}`"
        able = sorted(ends.targets)
        takes = f"{listed(able)} and activities of other kinds take it" if able else "only activities take it"
        findings.add(edge.path, "wrong_end", message, f"{takes}: let it lead to one, or remove `type`")
        return
    sources = ends.sources if is_named else ends.sources | PLAIN
    if source.definition.type in sources or (ACTIVITIES in sources and source.is_activity):
        return
    if is_named and ends.flows and (_is_plain(source) or source.definition.type in PLAIN):
        return
    message = f"an edge of the type `{type_}` cannot begin at `{source.id}`, which is of the kind `{source.definition.type}`"
    able = ["activities" if name == ACTIVITIES else f"`{name}`" for name in sorted(sources)]
    findings.add(edge.path, "wrong_end", message, f"let it begin at one of: {', '.join(able)}")


def _is_plain(node: OutlineNode) -> bool:
    """Whether it is an activity that the table does not name: it takes what was given as its data, and what it gives may be anything."""
    return node.is_activity and not is_a_part(node.definition.type)


def _check_offer(edge: OutlineEdge, findings: Findings) -> None:
    """An offer stands, whatever happens: nothing that belongs to ways of the flow counts there."""
    if edge.definition.when is not None:
        fix = f"remove it; a `when` of `{edge.source.id}` is asked at each call"
        findings.add(f"{edge.path}.when", "no_way", "what is offered is offered at all times, so `when` has no meaning here", fix)
    if edge.is_back:
        message = "what is offered closes no cycle: a model may ask for it again and again"
        findings.add(f"{edge.path}.back", "no_way", message, "remove `back` and `max_iterations`")


# Tools.


def tools_of(agent: OutlineNode) -> Iterator[OutlineEdge]:
    """The edges over which an agent is offered tools, in the order written."""
    return (edge for edge in agent.incoming if edge.definition.type == "ai_tool")


def check_tools(outline: Outline) -> None:
    """Tools with the same name, schemas of arguments that are none, and tools that are named and are not there."""
    for node in outline.nodes:
        offer = node.definition.tool
        _check_server(node, outline.findings)
        if offer is not None and offer.parameters is not None:
            check_input_schema(offer.parameters, outline.findings, f"{node.path}.tool.parameters")
        if offer is not None and not any(edge.definition.type == "ai_tool" for edge in node.outgoing):
            message = f"`{node.id}` is offered to nobody: no edge of the type `ai_tool` leaves it"
            fix = f"add `{{from: {node.id}, to: …, type: ai_tool}}`, or remove `tool`"
            outline.findings.add(f"{node.path}.tool", "offered_to_nobody", message, fix)
        if any(takes_offers(type_, node.definition.type) for type_ in AI_EDGES):
            _check_names(node, outline.findings)


def _check_names(agent: OutlineNode, findings: Findings) -> None:
    seen: dict[str, OutlineNode] = {}
    for edge in tools_of(agent):
        name, tool = tool_name(edge.source), edge.source
        first = seen.setdefault(name, tool)
        if first is not tool:
            message = f"`{agent.id}` is offered two tools of the name `{name}`: `{first.id}` and `{tool.id}`"
            findings.add(f"{tool.path}.tool.name", "doubled_tool", message, f"write `tool: {{name: {tool.id}}}`, for example")
        if _APPROVALS.fullmatch(tool.id):
            message = f"in the paths of an agent's calls `{tool.id}` is the approval of one"
            findings.add(f"{tool.path}.id", "reserved_id", message, "choose another id")
    if agent.config is None or not agent.body.is_sound:
        return
    if not seen and agent.definition.config.get("must_call") is True:
        message = f"`{agent.id}` must call a tool, and is offered none"
        findings.add(f"{agent.path}.config.must_call", "no_tool", message, "add an edge of the type `ai_tool`, or remove `must_call`")
    listed_later = _listed_later(agent)
    if listed_later is None:
        return
    for path, name in config_of(agent).named_tools():
        if name not in seen and name not in listed_later:
            there = f"it is offered {listed(seen)}" if seen else "it is offered none"
            fix = findings.did_you_mean(name, [*seen, *listed_later], "add an edge of the type `ai_tool` from it, or remove the name")
            findings.add(f"{agent.path}.config.{path}", "unknown_tool", f"`{agent.id}` is offered no tool `{name}`: {there}", fix)


# MCP servers.


def _is_whole_server(node: OutlineNode) -> bool:
    return node.is_activity and is_server(node.definition.type, node.definition.config)


def _check_server(node: OutlineNode, findings: Findings) -> None:
    """A node that stands for all tools of a server, and so can only be offered; what is said of a tool says nothing of all."""
    if not _is_whole_server(node):
        return
    if not is_only_asked(node):
        message = f"`{node.id}` names no tool of its server, so it cannot run by itself"
        fix = "name the `tool` that is run, or let nothing but `ai_tool` edges to agents leave it, which then have all tools of the server"
        findings.add(f"{node.path}.config.tool", "missing", message, fix)
        return
    if "arguments" in node.definition.config:
        message = "`arguments` are what one tool is given, and the whole server is offered: a model says what a tool is given"
        findings.add(f"{node.path}.config.arguments", "no_tool", message, "remove `arguments`, or name the `tool`")
    for name in sorted({"description", "parameters"} & (set() if node.definition.tool is None else node.definition.tool.model_fields_set)):
        message = f"`{name}` is what a model is told of one tool, and the whole server is offered: that says it of each of its tools"
        findings.add(f"{node.path}.tool.{name}", "no_tool", message, f"remove `{name}`, or name the `tool` in `config`")


def _listed_later(agent: OutlineNode) -> set[str] | None:
    """The names by which tools of servers may be meant; None where a server says only when it is asked."""
    names = set[str]()
    for edge in tools_of(agent):
        if _is_whole_server(edge.source):
            allowed = edge.source.definition.config.get("allow")
            if not isinstance(allowed, list) or holds_template(allowed):
                return None
            own = [name for name in allowed if isinstance(name, str)]
            names.update(own, map(fitting, own), (fitting(f"{tool_name(edge.source)}_{name}") for name in own))
    return names
