"""State: what an execution's history adds up to. Plain data that `evolve` changes in place and a snapshot holds whole.

    Execution
    ├── scopes   path → Scope      the bodies that are open: "" is the outermost, "fan.left", "per_year[3]"
    │                              each with the status of its nodes and edges, as bytes
    ├── runs     path → NodeRun    the nodes that have begun and not ended
    ├── timers   name → due        "<path>:<purpose>"
    └── signals, incidents, compensations, mutexes, held commands

What nobody can read any more is not kept: a node's output goes when its successors have begun and no expression names it.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, final

import msgspec

from contracts.commands import Command, CreateExecution, Parent
from contracts.events import Ending
from contracts.failure import Failure
from contracts.key import NO_KEY
from contracts.pins import Plan
from domain.execution.breaker import Breaker
from domain.execution.debugged import Debugged
from domain.execution.memo import Memo
from domain.execution.spending import Spending

PENDING: Final = 0
LIVE: Final = 1
COMPLETED: Final = 2
FAILED: Final = 3
SKIPPED: Final = 4
CANCELLED: Final = 5

UNRESOLVED: Final = 0
TAKEN: Final = 1
UNTAKEN: Final = 2

Status: TypeAlias = Literal[
    "created", "scheduled", "running", "paused", "incident", "completed", "failed", "cancelled", "terminated", "quarantined"
]
ENDED: Final = frozenset({"completed", "failed", "cancelled", "terminated", "quarantined"})
"""The statuses that nothing but a person can lead out of: final, but for a quarantine that can be lifted."""

RunStatus: TypeAlias = Literal["queued", "active", "retrying", "incident", "stopping", "lingering"]
SIGNAL_IDS_MAX: Final = 1_000
"""How many ids of signals an execution remembers, to know a repeated one."""


@final
class NodeRun(msgspec.Struct, array_like=True):
    """A node that has begun and not ended. `tried` is the highest attempt that an earlier life of the node has used.

    `tried_inside` is the highest attempt used in its bodies so far, `tried_before` what that was when this attempt began.
    """

    path: str
    node: int
    scope: str
    status: RunStatus
    data: bytes
    attempt: int = 1
    tried: int = 0
    scheduled_at: int = 0
    started_at: int = 0
    config: bytes | None = None
    cache_key: bytes | None = None
    memo: Memo | None = None
    ending: Ending | None = None
    bodies: int = 0
    tried_inside: int = 0
    progress: float | None = None
    lost: int = 0
    last_failure: Failure | None = None
    inherited: Failure | None = None
    tried_before: int = 0
    input: bytes | None = None
    """What an activity's `input` came to."""
    steps: dict[str, bytes] | None = None
    """The steps that its attempts have recorded, by name; None before the first one."""
    steps_bytes: int = 0
    """How large they are taken together."""
    begun_anew: int = 0
    """How often it has begun anew since the last step, as its worker could not know whether it was begun before."""


class Ended(msgspec.Struct, array_like=True, gc=False):
    """What is kept of a node that has ended, while somebody may read it. `at` orders the ends.

    `failure` is the node's own, `inherited` the one that `error` names because of an error edge before it.
    """

    at: int
    output: bytes | None = None
    failure: Failure | None = None
    inherited: Failure | None = None


class Scope(msgspec.Struct, array_like=True):
    """A body that is open: one byte of status a node and an edge; `live` maps the indexes of nodes to the paths of runs.

    Attempts in it are counted from above `tried`, `used` is the highest one so far: a container that is tried again
    enters its bodies with other attempts than before, so that no late result is taken for a new one.
    `undone` holds the highest attempt at undoing a node, by its path, of those that ended while the body is open.
    `lingering` are containers that have completed while losers of theirs still run; the body waits for them.
    """

    path: str
    owner: str
    label: str
    index: int
    body: int
    parent: str | None
    input: bytes
    nodes: bytearray
    edges: bytearray
    unresolved: list[int]
    taken: list[int]
    tried: int = 0
    used: int = 0
    variables: dict[str, bytes] = msgspec.field(default_factory=dict)
    live: dict[int, str] = msgspec.field(default_factory=dict)
    lingering: list[str] = msgspec.field(default_factory=list)
    ended: dict[int, Ended] = msgspec.field(default_factory=dict)
    rounds: dict[int, int] = msgspec.field(default_factory=dict)
    backs: dict[int, int] = msgspec.field(default_factory=dict)
    looped: dict[int, tuple[int, Ended]] = msgspec.field(default_factory=dict)
    ending: Ending | None = None
    failure: Failure | None = None
    last_end: int = -1
    last_end_outcome: str | None = None
    undone: dict[str, int] = msgspec.field(default_factory=dict)


class Signal(msgspec.Struct, array_like=True, gc=False):
    """A signal in the buffer; `number` counts from 1 in the order of arrival."""

    number: int
    name: str
    payload: bytes


class Incident(msgspec.Struct, array_like=True):
    """A path that stopped and needs a person."""

    incident: str
    path: str
    failure: Failure
    raised_at: int


class Compensation(msgspec.Struct, array_like=True):
    """A completed node that can be undone; `config` has all templates filled in. Attempts at it are counted from above `tried`.

    `after` is the last attempt in its body before the one that it completed in: 0, but in a container that was tried again.
    """

    path: str
    node: int
    config: bytes | None = None
    failure: Failure | None = None
    started: bool = False
    tried: int = 0
    after: int = 0

    @property
    def name(self) -> str:
        """What names it: the path of the node, or that of its undoing where an earlier run of the node has the former."""
        return f"{self.path}.compensate#{self.after}" if self.after else self.path


class Undoing(msgspec.Struct, array_like=True):
    """An undoing under way: the names of what is left, and the node that asked for it (`""`: the execution)."""

    by: str
    paths: list[str]
    done: list[str] = msgspec.field(default_factory=list)


class Erased(msgspec.Struct, array_like=True):
    """That an execution was erased: when, by whom, and why."""

    at: int
    by: str
    reason: str


def parent_named(execution: str | None, root: str | None) -> Parent | None:
    """The parent of an execution, of which nothing else is known but the topmost one above."""
    return None if execution is None else Parent(execution, "", 0, root=root or "")


def names_of(parent: Parent | None) -> tuple[str | None, str | None]:
    """The parent of an execution, and the topmost one above it."""
    return (None, None) if parent is None else (parent.execution, parent.topmost)


class Admission(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an execution does once it is let in: whether it begins by itself, and not before when.

    `heeds_pauses` says that it is not let in while an execution of its workflow is held up (`domain/execution/held_up.py`).
    """

    autostart: bool = True
    start_at: int | None = None
    heeds_pauses: bool = False


class Awaited(msgspec.Struct, array_like=True, gc=False):
    """Another workflow that is to have completed: with this key, not before `since`, and until `due` at the latest.

    It is settled once an execution has, or nobody waits for it any more; `execution` is the one that has.
    """

    key: bytes | None
    since: int
    due: int
    execution: str = ""
    is_settled: bool = False


class TrialRun(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of an attempt that tries by a circuit breaker: which attempt, and which breaker."""

    attempt: int
    breaker: str


class Tested(msgspec.Struct, array_like=True):
    """Of a test run: its plan, and how far it has come with it.

    `halted` are the nodes that it stands before since its version `stood_at`, `steps` says that it stops before each. Its time is
    `ahead` of the clock by so many milliseconds, after so many `skips`.
    """

    plan: Plan
    ahead: int = 0
    skips: int = 0
    steps: bool = False
    halted: list[str] = msgspec.field(default_factory=list)
    stood_at: int = 0
    pinned: int = 0
    """How many attempts were given how they end."""


class Forked(msgspec.Struct, array_like=True):
    """Of a fork: its source, after which event of that it begins, and what is still to be taken up of it.

    `past` is the source as it was, until the fork has begun. `children` are the creations of its open children, by the path of their node.
    """

    source: str
    version: int
    past: Execution | None = None
    children: dict[str, CreateExecution] = msgspec.field(default_factory=dict)


class Changed(msgspec.Struct, array_like=True):
    """Of an execution whose definition was changed: what it went by before, and whether that can be taken back.

    `names` are the nodes that are called otherwise since, `fresh` the numbers of those that only the new definition has; `ran` is the path
    of the first of these that has begun.
    """

    definition: str
    version: int
    names: tuple[tuple[str, str], ...] = ()
    fresh: list[int] = msgspec.field(default_factory=list)
    ran: str = ""


class Execution(msgspec.Struct, array_like=True):
    """One run of a definition, folded. `version` is that of its last event; times are milliseconds since 1970.

    `alone` is how much it had done since anything came from outside when it last waited for a turn.
    `correlation` is of the outside request that began it; like the digest and the number of the `key` that its decisions are sealed
    with it is taken from the decision, not from an event.
    """

    execution: str
    workflow: str = ""
    workflow_version: int = 0
    definition: str = ""
    status: Status = "created"
    version: int = 0
    digest: bytes = b""
    input: bytes = b"null"
    initial_variables: bytes | None = None
    trigger: bytes | None = None
    request: bytes = b""
    parent: Parent | None = None
    priority: int | None = None
    created_at: int = 0
    started_at: int = 0
    ended_at: int = 0
    now: int = 0
    rolled_at: int = 0
    slot: str | None = None
    search: bytes | None = None
    paused: bool = False
    cancelling: bool = False
    reason: str = ""
    ending: Ending | None = None
    handled: bool = False
    undone: bool = False
    output: bytes | None = None
    outcome: str | None = None
    failure: Failure | None = None
    variables: dict[str, bytes] = msgspec.field(default_factory=dict)
    scopes: dict[str, Scope] = msgspec.field(default_factory=dict)
    runs: dict[str, NodeRun] = msgspec.field(default_factory=dict)
    timers: dict[str, int] = msgspec.field(default_factory=dict)
    signals: list[Signal] = msgspec.field(default_factory=list)
    signal_ids: list[str] = msgspec.field(default_factory=list)
    signals_received: int = 0
    waiting: list[str] = msgspec.field(default_factory=list)
    children: dict[str, str] = msgspec.field(default_factory=dict)
    children_asked: list[str] = msgspec.field(default_factory=list)
    child_nodes: dict[str, int] = msgspec.field(default_factory=dict)
    incidents: dict[str, Incident] = msgspec.field(default_factory=dict)
    incidents_raised: int = 0
    compensations: list[Compensation] = msgspec.field(default_factory=list)
    undoing: list[Undoing] = msgspec.field(default_factory=list)
    mutexes: dict[str, list[str]] = msgspec.field(default_factory=dict)
    held: list[Command] = msgspec.field(default_factory=list)
    alone: int = 0
    quarantine: str | None = None
    was_paused: bool = False
    correlation: str = ""
    key: int = NO_KEY
    erased: Erased | None = None
    keeper: str = ""
    """Who asks for its slot in another partition; empty where slots are kept in its own."""
    admission: Admission | None = None
    """What it does once its workflow lets it in, as long as it waits for that."""
    awaited: list[Awaited] | None = None
    """Those of `settings.after`, by place, from when it was to begin on."""
    trials: dict[str, TrialRun] = msgspec.field(default_factory=dict)
    """By the path of the node: the attempts that try by a circuit breaker."""
    breaker: Breaker | None = None
    """What a circuit breaker is, of an execution that is one."""
    test: Tested | None = None
    """What a test run does otherwise, of an execution that is one."""
    spending: Spending | None = None
    """What it has used of models, of an execution that asks any or has a budget."""
    forked: Forked | None = None
    """Where an execution comes from that began as a fork."""
    debugged: Debugged | None = None
    """Where it halts, and where it stands, of an execution that is debugged."""
    changed: Changed | None = None
    """What it went by before its definition was last changed, unless that was taken back."""

    @property
    def is_dependent(self) -> bool:
        """Whether it waits for others to complete before it begins."""
        return self.awaited is not None and not all(one.is_settled for one in self.awaited)

    @property
    def is_ended(self) -> bool:
        """Whether the execution has reached a final status."""
        return self.ended_at > 0
