"""Edges and ports: who may leave by which port, cycles and the edges that close them, what nothing leads to."""

from __future__ import annotations

from domain.definition.findings import Findings, listed
from domain.definition.graph import ERROR_PORT
from domain.definition.outline import OutlineBody, OutlineEdge, OutlineNode
from domain.definition.ways import Ways, reach, ways_from


def check_edges(body: OutlineBody, findings: Findings) -> None:
    """Everything about the edges of one body."""
    seen: dict[tuple[str, str, str, str], OutlineEdge] = {}
    for edge in body.edges:
        _check_port(edge, findings)
        _check_back(edge, findings)
        kind = ERROR_PORT if edge.port == ERROR_PORT else edge.definition.type
        first = seen.setdefault((edge.source.id, edge.port, edge.target.id, kind), edge)
        if first is not edge:
            message = f"the edge from `{edge.definition.source}` to `{edge.target.id}` stands twice: also at {first.path}"
            findings.add(edge.path, "doubled_edge", message, "keep one; join two conditions by `||` in one `when`")
    if not body.is_sound:
        return
    in_cycles = _check_cycles(body, findings)
    if not in_cycles and any(edge.is_back for edge in body.edges):
        _check_closing(body, findings)
    _check_reach(body, in_cycles, findings)


def _check_port(edge: OutlineEdge, findings: Findings) -> None:
    source, written, kind = edge.source, edge.definition.source, edge.source.definition.type
    named = written.partition(".")[2]
    path = f"{edge.path}.from"
    if edge.definition.type == ERROR_PORT and named not in ("", ERROR_PORT):
        message = f"an edge of the type `error` leaves by the port `error`, found `{named}`"
        findings.add(path, "bad_port", message, f"write `from: {source.id}` with the type, or `from: {source.id}.error` without")
    elif named == ERROR_PORT and edge.is_typed:
        message = f"an edge of the type `{edge.definition.type}` cannot leave by `error`"
        findings.add(path, "bad_port", message, f"write `from: {source.id}`")
    if edge.port == ERROR_PORT or source.ports is None or edge.port in source.ports:
        return
    if not source.ports:
        message = f"`{source.id}` is of the kind `{kind}`: nothing comes after it"
        findings.add(path, "bad_port", message, f"remove the edge; only `{source.id}.error` may be used")
        return
    ports = listed(f"{source.id}.{port}" for port in source.ports)
    asked = f"has no port `{named}`" if named else "has no port `out`, which an edge without a port means"
    write = f"write {ports} or `{source.id}.error`"
    fix = findings.did_you_mean(named, source.ports, write) if named else write
    findings.add(path, "bad_port", f"`{source.id}` is of the kind `{kind}` and {asked}; its ports are {ports}", fix)


def _check_back(edge: OutlineEdge, findings: Findings) -> None:
    if edge.definition.max_iterations is not None and not edge.is_back:
        path = f"{edge.path}.max_iterations"
        findings.add(path, "max_iterations", "`max_iterations` belongs to an edge with `back: true`", "add `back: true`, or remove it")
    if edge.source is edge.target and not edge.is_back:
        message = f"the edge leads from `{edge.source.id}` to itself"
        findings.add(edge.path, "self_edge", message, "add `back: true` and `max_iterations` to repeat the node, or use a loop")


# Cycles.


def _check_cycles(body: OutlineBody, findings: Findings) -> set[OutlineNode]:
    """Tell of each cycle without a back edge, once; gives the nodes in them."""
    in_cycles = _left_over(body)
    told: set[OutlineNode] = set()
    for node in body.nodes:
        if node in in_cycles and node not in told:
            cycle = _cycle_from(node)
            told.update(one.target for one in cycle)
            told.update(reach([node]))
            if cycle:
                _tell_cycle(cycle, findings)
    return in_cycles


def _left_over(body: OutlineBody) -> set[OutlineNode]:
    """The nodes in a cycle or behind one: what is left when nodes without incoming edges are taken away, again and again."""
    waits = {node: sum(edge.source is not node for edge in node.incoming) for node in body.nodes}
    free = [node for node, count in waits.items() if not count]
    while free:
        node = free.pop()
        del waits[node]
        for edge in ways_from(node):
            waits[edge.target] -= 1
            if not waits[edge.target]:
                free.append(edge.target)
    return set(waits)


def _cycle_from(start: OutlineNode) -> list[OutlineEdge]:
    """The edges of the first cycle found on the ways from a node, without recursion."""
    trail: list[OutlineEdge] = []
    ways = [iter(list(ways_from(start)))]
    on_trail, done = {start: 0}, set[OutlineNode]()
    while ways:
        edge = next(ways[-1], None)
        if edge is None:
            ways.pop()
            done.add(on_trail.popitem()[0])
            if trail:
                trail.pop()
        elif edge.target in on_trail:
            return [*trail[on_trail[edge.target] :], edge]
        elif edge.target not in done:
            trail.append(edge)
            on_trail[edge.target] = len(trail)
            ways.append(iter(list(ways_from(edge.target))))
    return []


def _tell_cycle(cycle: list[OutlineEdge], findings: Findings) -> None:
    names = [edge.source.id for edge in cycle] + [cycle[-1].target.id]
    shown = " → ".join(names if len(names) <= 12 else [*names[:6], "…", *names[-5:]])
    closing = cycle[-1]
    fix = f"add `back: true` and `max_iterations` to the edge that closes it ({closing.path}), or use a loop"
    findings.add(closing.path, "unmarked_cycle", f"the edges form a cycle: {shown}", fix)


def _check_closing(body: OutlineBody, findings: Findings) -> None:
    """Tell of each back edge that closes no cycle; note which nodes stand on one."""
    ways = Ways(body)
    on_cycle = 0
    for edge in body.edges:
        if not edge.is_back:
            continue
        between = ways.between(edge.target, edge.source)
        on_cycle |= between
        if not between:
            message = f"no way leads from `{edge.target.id}` to `{edge.source.id}`, so the edge closes no cycle"
            findings.add(edge.path, "useless_back", message, "remove `back` and `max_iterations`, or correct where the edge leads")
    for index, node in enumerate(body.nodes):
        node.on_cycle = bool(on_cycle >> index & 1)


# Reaching.


def _check_reach(body: OutlineBody, in_cycles: set[OutlineNode], findings: Findings) -> None:
    dead = {edge for edge in body.edges if not edge.is_back and _is_dead(edge)}
    if dead:
        _tell_unreachable(body, dead, in_cycles, findings)
    for node in body.nodes:
        if node.definition.type == "start" and node.incoming:
            message = f"`{node.id}` is of the kind `start`, but {listed([node.incoming[0].definition.source])} leads to it"
            findings.add(node.path, "start_has_edges", message, "remove the edge, or make the node a `merge`")


def _tell_unreachable(body: OutlineBody, dead: set[OutlineEdge], in_cycles: set[OutlineNode], findings: Findings) -> None:
    open_nodes = [node for node in body.nodes if not node.incoming]
    seen = set(open_nodes)
    while open_nodes:
        for edge in ways_from(open_nodes.pop()):
            if edge not in dead and edge.target not in seen:
                seen.add(edge.target)
                open_nodes.append(edge.target)
    for node in body.nodes:
        if node not in seen and node not in in_cycles:
            message = f"no edge that can be taken leads to `{node.id}`"
            findings.add(node.path, "unreachable", message, "correct the edges before it, or remove the node")


def _is_dead(edge: OutlineEdge) -> bool:
    """Whether an edge can never be taken, by what is written there as a constant."""
    if edge.definition.when is False:
        return True
    constant = getattr(edge.source.config, "expression", None) if edge.source.definition.type == "condition" else None
    return isinstance(constant, bool) and edge.port == ("false" if constant else "true")
