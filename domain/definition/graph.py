"""The graph: a definition compiled once, so that deciding looks nothing up by name and reads no text.

Bodies and nodes have a `number` through the whole definition, in the order written; the `index` of a node is where it
stands in its body. What is worked out here: which edges lead where, what a back edge resets, whom an early join cancels, which
outputs anybody may still read, and every expression and template (compiled to CEL at its first use).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias

from contracts.commands import Limits
from contracts.definitions import After, EdgeDefinition, NodeDefinition, WorkflowDefinition
from contracts.definitions import Body as BodyDefinition
from contracts.usage import Allowance, Rates
from domain.definition.ai_edges import takes_offers
from domain.definition.kind_shape import KindShape
from domain.definition.rules import RULES
from domain.expressions import Program, Value, parse_duration

Compiled: TypeAlias = Program | Value
ERROR_PORT: Final = "error"


class RetryPolicy:
    """A retry policy in milliseconds."""

    __slots__ = ("initial_ms", "jitter", "max_attempts", "max_ms", "multiplier", "never", "on")

    def __init__(self, retry: Any) -> None:
        self.max_attempts: int = retry.max_attempts
        self.initial_ms = parse_duration(retry.initial_delay)
        self.multiplier: float = retry.multiplier
        self.max_ms = parse_duration(retry.max_delay)
        self.jitter: float = retry.jitter
        self.on: tuple[str, ...] | None = None if retry.retry_on is None else tuple(retry.retry_on)
        self.never: tuple[str, ...] = tuple(retry.never_retry_on)


class Edge:
    """A way from a port to a node; `number` counts within the body."""

    __slots__ = ("definition", "is_back", "is_offer", "is_typed", "limit", "number", "port", "resets", "source", "target", "type", "when")

    def __init__(self, number: int, definition: EdgeDefinition, source: Node, target: Node, port: str) -> None:
        self.number = number
        self.definition = definition
        self.source = source
        self.target = target
        self.port = port
        self.type = ERROR_PORT if port == ERROR_PORT else definition.type
        self.is_typed = self.type.startswith("ai_")
        self.is_offer = self.is_typed and takes_offers(self.type, target.type)
        """Whether nothing flows over it: what stands at its beginning runs when it is asked."""
        self.is_back = definition.back
        self.limit = definition.max_iterations
        self.when: Compiled | None = None
        self.resets: tuple[int, ...] = ()


class Asks(NamedTuple):
    """How a node asks models: whether elsewhere than at the provider's own place, and what they cost where the definition says that."""

    is_elsewhere: bool = False
    rates: Rates | None = None


class Node:
    """A node of a body, with everything that deciding about it needs."""

    __slots__ = (
        "agency",
        "asks",
        "behind_error",
        "bodies",
        "body",
        "budget",
        "cache_key",
        "cache_ttl_ms",
        "compensate",
        "compensate_retry",
        "compensate_timeout_ms",
        "config",
        "definition",
        "feeders",
        "feeds_cycle",
        "fields",
        "following",
        "has_error_edge",
        "id",
        "incoming",
        "index",
        "input_template",
        "is_activity",
        "is_asked",
        "is_end",
        "is_read",
        "join",
        "join_count",
        "kind",
        "leaves_plainly",
        "limits",
        "losers",
        "mutex",
        "number",
        "offered",
        "only_source",
        "outgoing",
        "ports",
        "priority",
        "queue",
        "retry",
        "static_config",
        "static_input",
        "takes_signals",
        "targets",
        "template",
        "timeouts",
        "timeouts_at_once",
        "type",
        "typed_incoming",
        "undo_asks",
        "undo_config",
        "undo_kind",
        "undo_written",
        "when",
    )

    def __init__(self, number: int, index: int, body: Body, definition: NodeDefinition, kind: KindShape) -> None:
        self.number = number
        self.index = index
        self.body = body
        self.definition = definition
        self.id = definition.id
        self.kind = kind
        self.is_activity = kind.name == "activity"
        self.type = definition.type
        self.is_end = definition.type == "end"
        self.queue = definition.queue or "default"
        self.priority = definition.priority
        self.mutex = definition.mutex
        join = definition.join
        self.join = join if isinstance(join, str) else "count"
        self.join_count = 1 if join == "any" else 0 if join == "all" else join.count if not isinstance(join, str) else 0
        self.ports: tuple[str, ...] = ()
        self.bodies: dict[str, Body] = {}
        self.agency: Agency | None = None
        self._begin_with_no_edges()
        self._begin_with_no_config()
        self._begin_without_limits()

    def _begin_with_no_edges(self) -> None:
        self.incoming: list[Edge] = []
        self.typed_incoming: list[Edge] = []
        self.outgoing: list[Edge] = []
        self.offered: list[Edge] = []
        """The edges over which the node is offered something, in the order written."""
        self.is_asked = False
        """Whether it runs only when it is asked."""
        self.only_source: Node | None = None
        """The node that alone leads to this one, where what comes in is nothing but its output."""
        self.feeders: tuple[Edge, ...] = ()
        """The incoming edges whose sources' outputs nobody reads but the nodes behind them."""
        self.targets: tuple[Node, ...] = ()
        """Where the edges lead, but for back edges."""
        self.following: Node | None = None
        """The activity that is scheduled as soon as this one has completed, and nothing else follows."""
        self.has_error_edge = False
        self.behind_error = False
        self.feeds_cycle = False
        self.is_read = False
        self.leaves_plainly = True
        self.losers: tuple[int, ...] = ()

    def _begin_with_no_config(self) -> None:
        self.config: Any = None
        self.takes_signals = False
        """Whether it waits for signals, and so has its turn among those that do."""
        self.fields: dict[str, Compiled] = {}
        self.when: Compiled | None = None
        self.static_config = b"{}"
        self.template: Compiled | None = None
        """An activity's config, where something is to be filled in."""
        self.static_input: bytes | None = None
        self.input_template: Compiled | None = None
        """What an activity is given in place of its data: as it stands, or to be filled in."""
        self.compensate: Value | None = None
        self.undo_kind = self.kind
        """The kind of the compensation, and its config where it is decided in the engine; templates in it are filled in apart."""
        self.undo_config: Any = None
        self.undo_written: dict[str, Any] = {}
        """The config of a compensation that is an activity, templates not filled in."""

    def _begin_without_limits(self) -> None:
        self.retry: RetryPolicy | None = None
        self.timeouts: dict[str, int] = {}
        self.timeouts_at_once: dict[str, int] = {}
        """Those that begin with the node, and not when a worker has begun."""
        self.limits = Limits()
        self.cache_ttl_ms = 0
        self.cache_key: Compiled | None = None
        self.asks: Asks | None = None
        """Of a node that asks models."""
        self.undo_asks: Asks | None = None
        """Of a node whose compensation does."""
        self.budget = Allowance()
        """How much all runs of the node may use together."""
        self.compensate_retry: RetryPolicy | None = None
        self.compensate_timeout_ms = 0


class Tool(NamedTuple):
    """A node as a model is offered it: `node` is its copy in the calls of the agent; `schema` is that of its arguments.

    One that is a server stands for all tools that this has listed, at `helper.docs/tools`.
    """

    name: str
    node: Node
    schema: dict[str, Any]
    max_calls: int | None


class Approval(NamedTuple):
    """Of which tools people are asked before they run, where `when` holds (None: always), and the node that asks them."""

    tools: frozenset[str]
    when: Compiled | None
    node: Node


class Agency(NamedTuple):
    """What an agent has at hand: known to it, and to the nodes of its turns. `told` is what the model is told of the tools (JSON)."""

    agent: Node
    tools: tuple[Tool, ...]
    by_name: dict[str, int]
    approvals: tuple[Approval, ...]
    told: bytes
    config: bytes
    """The agent's config as it is written, for those whose config holds no template."""
    servers: tuple[int, ...] = ()
    """The tools that are servers, by their numbers."""
    wanted: tuple[str, ...] | None = None
    """Of the tools of servers those that are offered; None: all."""


class Body:
    """A graph of nodes; `owner` is the container it is nested in, `label` which of its bodies it is."""

    __slots__ = (
        "back_edges",
        "edges",
        "index_of",
        "is_hidden",
        "label",
        "nodes",
        "number",
        "output",
        "owner",
        "starts",
        "unresolved",
        "variables",
    )

    def __init__(self, number: int, owner: Node | None, label: str) -> None:
        self.number = number
        self.owner = owner
        self.label = label
        self.is_hidden = False
        """Whether it stands in no definition, and no expression names its nodes."""
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.back_edges: list[Edge] = []
        self.index_of: dict[str, int] = {}
        self.starts: tuple[int, ...] = ()
        self.unresolved: list[int] = []
        self.variables: dict[str, Value] = {}
        self.output: Value | None = None


class Dependency(NamedTuple):
    """Another workflow that is to have completed, and how long ago at most, or from now on (milliseconds)."""

    definition: After
    within_ms: int


def alone(definition_hash: str) -> Graph:
    """Where no other definition is known."""
    raise KeyError(definition_hash)


class Graph:
    """A compiled definition. `definition_hash` names it; `root` is its outermost body."""

    __slots__ = (
        "__weakref__",
        "after",
        "bodies",
        "definition",
        "definition_hash",
        "handler",
        "hears_changes",
        "hears_ends",
        "heeds_pauses",
        "models",
        "name",
        "nodes",
        "others",
        "priority",
        "retention_ms",
        "root",
        "rules",
        "settings",
        "spends",
        "timeout_ms",
        "version",
    )

    def __init__(self, definition: WorkflowDefinition, definition_hash: str, version: int, others: Callable[[str], Graph] = alone) -> None:
        self.definition = definition
        self.definition_hash = definition_hash
        self.version = version
        self.name = definition.name
        self.rules = RULES[definition.language or 1]
        self.settings = definition.settings
        self.priority = definition.settings.priority
        self.bodies: list[Body] = []
        self.nodes: list[Node] = []
        self.root: Body = Body(0, None, "")
        self.handler: Body | None = None
        self.hears_changes = False
        self.hears_ends = False
        """Whether there are nodes that are told when something has changed, or another node has ended."""
        self.after = tuple(Dependency(one, parse_duration(one.within)) for one in definition.settings.after)
        """The workflows that are to have completed before an execution begins."""
        self.heeds_pauses = definition.settings.heeds_pauses
        self.spends = definition.settings.budget is not None
        """Whether it is counted what models take: any is asked, or there is a budget."""
        self.models: tuple[str, ...] = ()
        """The models (`provider:model`) that the definition names without saying what they cost."""
        self.timeout_ms = parse_duration(definition.settings.timeout) if definition.settings.timeout else 0
        self.retention_ms = parse_duration(definition.settings.retention) if definition.settings.retention else 0
        """How long what has ended is kept in the log; 0 where the definition does not say."""
        self.others = others
        """The compiled definition of another content hash: an execution may change over to it. Raises KeyError for an unknown one."""


def programs_of(compiled: Compiled) -> tuple[Program, ...]:
    """The expressions in a compiled field."""
    return (compiled,) if isinstance(compiled, Program) else compiled.programs


def programs_in(node: Node) -> Iterator[tuple[str, Compiled]]:
    """Every compiled field of a node with its path below the node."""
    for path, compiled in node.fields.items():
        yield f"config.{path}" if path else "config", compiled
    if node.when is not None:
        yield "when", node.when
    if node.input_template is not None:
        yield "input", node.input_template
    if node.cache_key is not None:
        yield "cache.key", node.cache_key
    if node.compensate is not None:
        yield "compensate.config", node.compensate


def all_programs(graph: Graph) -> Iterator[Program]:
    """Every expression of a definition."""
    for body in graph.bodies:
        fields: list[Compiled] = [*body.variables.values(), *([] if body.output is None else [body.output])]
        fields += [edge.when for edge in body.edges if edge.when is not None]
        fields += [compiled for node in body.nodes for _, compiled in programs_in(node)]
        for compiled in fields:
            yield from programs_of(compiled)


def visible_bodies(body: Body | None) -> Iterator[Body]:
    """The body and those around it, innermost first."""
    while body is not None:
        yield body
        body = body.owner.body if body.owner is not None else None


__all__ = [
    "ERROR_PORT",
    "Body",
    "BodyDefinition",
    "Compiled",
    "Edge",
    "Graph",
    "Node",
    "RetryPolicy",
    "all_programs",
    "programs_in",
    "programs_of",
    "visible_bodies",
]
