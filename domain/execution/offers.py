"""What MCP servers offer an agent: what they have listed when it began, as it stands in its notes."""

from __future__ import annotations

from contracts.conversation import Servers
from contracts.failure import Failure
from contracts.server_tools import OFFERED_MAX, ServerTool, server_tools, unmeant
from domain.definition.agent_turns import names_offered
from domain.definition.graph import Agency
from domain.execution.deciding import Deciding
from domain.execution.memo import AgentMemo

UNKNOWN = "ai.tool_unknown"
TOO_MANY = "ai.too_many_tools"


def servers_of(agency: Agency, memo: AgentMemo) -> Servers | None:
    """The servers with their lists, as they were recorded; None where there are none."""
    if not agency.servers:
        return None
    tools = [agency.tools[number] for number in agency.servers]
    return Servers(tuple((tool.name, memo.lists[tool.node.id]) for tool in tools if tool.node.id in memo.lists), agency.wanted)


def offered(ctx: Deciding, agency: Agency, memo: AgentMemo) -> tuple[ServerTool, ...]:
    """The tools of all servers; the place of a server is that in `agency.servers`."""
    servers = servers_of(agency, memo)
    return () if servers is None else server_tools(tuple(agency.by_name), _loaded(ctx, servers), servers.wanted)


def _loaded(ctx: Deciding, servers: Servers) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, ctx.load(content)) for name, content in servers.lists)


def unfit_offer(ctx: Deciding, agency: Agency, memo: AgentMemo) -> Failure | None:
    """Why the agent cannot begin with what the servers have listed: names that mean no tool, so that nobody would be asked; too many."""
    servers = servers_of(agency, memo)
    assert servers is not None
    nodes, config = names_offered(agency.agent), agency.agent.config
    found = server_tools(tuple(agency.by_name), _loaded(ctx, servers), None)
    for place, names in [("tools", config.tools or ()), *((f"approval[{n}].tools", rule.tools) for n, rule in enumerate(config.approval))]:
        for name in unmeant(names, nodes, found, [one for one, _ in servers.lists]):
            there = ", ".join([*nodes, *(one.name for one in found)][:50]) or "none"
            message = f"config.{place}: no server has listed a tool `{name}`, and no node is one; there are: {there}"
            return Failure(UNKNOWN, message, {"tool": name})
    if (count := len(offered(ctx, agency, memo)) + len(agency.by_name)) > OFFERED_MAX:
        message = f"{count} tools are offered, {OFFERED_MAX} are the most (OFFERED_MAX): name those that are needed in `allow` of a server"
        return Failure(TOO_MANY, message, {"tools": count})
    return None
