"""The turns of an agent as a graph: what its definition does not write, and its paths name.

    helper.docs/tools    lists the tools of an MCP server, before the first turn
    helper[2]            a turn: the body of the agent
      model              asks the model, an activity
      call               what it has asked for
        call[0]          a call: its body has the tools, of which one runs, and before it what asks people
          approval
          refund

So everything that holds for nodes holds for a call: attempts, limits, incidents, compensation, cancelling, the trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from contracts.conversation import MODEL_KIND
from contracts.definitions import Body as BodyDefinition
from contracts.definitions import EdgeDefinition, NodeDefinition
from contracts.server_tools import LIST_WANTED, is_server
from contracts.values import encode
from domain.definition.graph import Agency, Approval, Body, Graph, Node, Tool
from domain.definition.pinned_connectors import offered
from domain.expressions import program

AGENT: Final = "agent"
MODEL: Final = "model"
CALL: Final = "call"
LISTING: Final = "tools"
AddBody = Callable[[Graph, BodyDefinition, Node, str], Body]
_OF_THE_ENGINE: Final = frozenset({"tools", "max_turns", "parallel", "approval", "on_tool_error", "budget"})
"""Fields of an agent that the model's side does not see."""
ANY_ARGUMENTS: Final[dict[str, Any]] = {"type": "object"}


def add_turns(graph: Graph, agent: Node, add_body: AddBody) -> None:
    """Give an agent the bodies of its turns, and of the calls in them."""
    agent.retry = None  # it is that of its model calls: what tools have done is not done again
    calls = "refold.approved_calls" if agent.config.approval else "refold.calls"
    nodes = [NodeDefinition(id=MODEL, type=MODEL_KIND, retry=agent.definition.retry), NodeDefinition(id=CALL, type=calls)]
    edges = [EdgeDefinition.model_validate({"from": MODEL, "to": CALL})]
    turn = agent.bodies["[]"] = add_body(graph, BodyDefinition(nodes=nodes, edges=edges), agent, "[]")
    turn.is_hidden = True
    model, call = turn.nodes
    offered = {edge.source.id: edge.source for edge in agent.offered if edge.type == "ai_tool"}
    wanted = agent.config.tools
    sources = [node for node in offered.values() if wanted is None or _name(node) in wanted or _is_server(node)]
    inside = [*_approvals(agent.config), *(_copy(node) for node in sources)]
    body = call.bodies["[]"] = add_body(graph, BodyDefinition(nodes=inside), call, "[]")
    body.is_hidden = True
    for node in body.nodes:
        node.is_asked = True
    agency = _agency(agent, body, sources)
    for number in agency.servers:
        source = sources[number]
        listing = agent.bodies[source.id] = add_body(graph, BodyDefinition(nodes=[_listing(source)]), agent, source.id)
        listing.is_hidden = True
    agent.agency = model.agency = call.agency = agency
    config = agent.config
    model.config = {"model": config.model, **({} if config.max_tokens is None else {"max_tokens": config.max_tokens})}


def _name(node: Node) -> str:
    offer = node.definition.tool
    return node.id if offer is None or offer.name is None else offer.name


def names_offered(agent: Node) -> tuple[str, ...]:
    """What the nodes are called that are offered to an agent, be they wanted or not, servers left out."""
    sources = {edge.source.id: edge.source for edge in agent.offered if edge.type == "ai_tool"}
    return tuple(_name(node) for node in sources.values() if not _is_server(node))


def _is_server(node: Node) -> bool:
    return is_server(node.type, node.definition.config)


def _listing(node: Node) -> NodeDefinition:
    """The node as it lists the tools of its server."""
    left_out = {"when": None, "mutex": None, "cache": None, "compensate": None, "on_error": "fail"}
    return _copy(node).model_copy(update={"id": LISTING, "input": LIST_WANTED, **left_out})


def _copy(node: Node) -> NodeDefinition:
    """The node as it runs when it is asked: no edge leads to it, and none leaves it."""
    return node.definition.model_copy(update={"join": "all", "aggregate": "merge"})


def _approvals(config: Any) -> Iterator[NodeDefinition]:
    """A node for each rule, that asks people."""
    for index, rule in enumerate(config.approval):
        yield NodeDefinition(id=f"approval_{index}" if index else "approval", type="human_task", config=rule.as_task())


def _agency(agent: Node, body: Body, sources: list[Node]) -> Agency:
    config = agent.config
    first = len(config.approval)
    tools, told, servers = [], [], []
    for source, node in zip(sources, body.nodes[first:], strict=True):
        offer, name = source.definition.tool, _name(source)
        own = offered(node.definition, node.config)
        schema = (None if offer is None else offer.parameters) or (ANY_ARGUMENTS if own is None else own.parameters)
        description = (offer.description if offer is not None else None) or source.definition.description or source.definition.name
        description = description or (None if own is None else own.description) or name
        tools.append(Tool(name, node, schema, None if offer is None else offer.max_calls))
        if _is_server(source):
            servers.append(len(tools) - 1)
            continue
        told.append({"name": name, "description": description, "parameters": schema})
    rules = zip(config.approval, body.nodes[:first], strict=True)
    approvals = tuple(Approval(frozenset(rule.tools), None if rule.when is None else program(rule.when), node) for rule, node in rules)
    by_name = {tool.name: index for index, tool in enumerate(tools) if index not in servers}
    wanted = None if config.tools is None else tuple(config.tools)
    said = encode({"agent": said_of(config)})
    return Agency(agent, tuple(tools), by_name, approvals, encode(told), said, tuple(servers), wanted)


def said_of(config: Any) -> dict[str, Any]:
    """The fields of an agent that its model calls are made of, as they are written."""
    fields = config.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return {name: given for name, given in fields.items() if name not in _OF_THE_ENGINE}
