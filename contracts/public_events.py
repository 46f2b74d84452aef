"""Public events: what other systems are told of executions, as CloudEvents 1.0 in structured JSON. Their shapes are not the journal's.

    the journal's ExecutionFailed, tag 9 ──► {"specversion": "1.0", "type": "refold.execution.failed", "id": "order-7/12", …, "data": {…}}

Each type has a shape of its own (`PUBLIC_TYPES`). A shape only grows, by fields that may be missing; then its number is raised,
which stands in `dataschema`. Anything else is a new type beside the old one. Values of executions do not stand in them: a link says
where they are (decision 0106); what is public of them is what the definition names in `settings.search`.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

import msgspec

from contracts import public_tasks as tasks
from contracts.public_data import Data, Link, PublicFailure, PublicParent
from contracts.sealed_value import hide

TYPE_PREFIX: Final = "refold."
SCHEMA_PREFIX: Final = "urn:refold:event:"
SOURCE_DEFAULT: Final = "/refold"
CONTENT_TYPE: Final = "application/cloudevents+json"


class ExecutionData(Data, frozen=True, kw_only=True):
    """About an execution as a whole. `search` holds the values it can be found by."""

    created_at: str
    search: dict[str, Any] | None = None


class ExecutionCreated(ExecutionData, frozen=True, kw_only=True):
    """An execution exists. `root` is the execution that was started from outside, itself where it was."""

    definition: str
    root: str
    input: Link
    parent: PublicParent | None = None
    priority: int | None = None
    start_at: str | None = None


class ExecutionQueued(ExecutionData, frozen=True, kw_only=True):
    """The execution waits for its turn in a slot of its workflow."""

    slot: str


class ExecutionStarted(ExecutionData, frozen=True, kw_only=True):
    """The execution has begun to run."""


class ExecutionPaused(ExecutionData, frozen=True, kw_only=True):
    """Nothing new is scheduled until it is resumed."""

    reason: str | None = None


class ExecutionResumed(ExecutionData, frozen=True, kw_only=True):
    """The execution goes on."""


class ExecutionCancelRequested(ExecutionData, frozen=True, kw_only=True):
    """The execution is asked to stop with clean-up."""

    reason: str | None = None


class ExecutionCancelled(ExecutionData, frozen=True, kw_only=True):
    """The execution ended by a cancel, clean-up done."""


class ExecutionTerminated(ExecutionData, frozen=True, kw_only=True):
    """The execution was ended at once."""

    reason: str | None = None


class ExecutionCompleted(ExecutionData, frozen=True, kw_only=True):
    """The execution ended well."""

    output: Link
    outcome: str | None = None


class ExecutionFailed(ExecutionData, frozen=True, kw_only=True):
    """The execution ended by a failure that nothing handled."""

    failure: PublicFailure


class ExecutionQuarantined(ExecutionData, frozen=True, kw_only=True):
    """The engine cannot go on with the execution and has set it aside; with `keeps` it can be released."""

    reason: str
    keeps: bool


class ExecutionReleased(ExecutionData, frozen=True, kw_only=True):
    """An execution that was set aside goes on."""


class ExecutionErased(ExecutionData, frozen=True, kw_only=True):
    """Nothing of what the execution said can be read any more; who keeps copies of its events is to erase them, too."""

    reason: str | None = None


class IncidentRaised(ExecutionData, frozen=True, kw_only=True):
    """The node at `path` needs a person."""

    incident: str
    path: str
    failure: PublicFailure | None = None


class IncidentResolved(ExecutionData, frozen=True, kw_only=True):
    """A person decided how the path goes on."""

    incident: str
    action: Literal["retry", "skip", "fail", "cancelled"]


class NodeData(Data, frozen=True, kw_only=True):
    """About the node at `path`; its `attempt` where one is meant, counted from 1."""

    path: str
    attempt: int | None = None


class NodeScheduled(NodeData, frozen=True, kw_only=True):
    """An attempt of an activity is to run."""


class NodeStarted(NodeData, frozen=True, kw_only=True):
    """A node that takes time has begun: a container, a wait, a child."""


class NodeProgressed(NodeData, frozen=True, kw_only=True):
    """A worker has begun the attempt (without `progress`), or has told how far it is, from 0 to 1."""

    progress: float | None = None
    worker: str | None = None


class NodeCompleted(NodeData, frozen=True, kw_only=True):
    """A node has ended well; it is left by `ports`."""

    ports: list[str]


class NodeFailed(NodeData, frozen=True, kw_only=True):
    """A node has ended by a failure; `handled` says that an error edge takes it."""

    handled: bool
    failure: PublicFailure | None = None


class NodeRetried(NodeData, frozen=True, kw_only=True):
    """An attempt failed; the next one, `attempt`, runs at `due`."""

    due: str
    failure: PublicFailure | None = None


class NodeSkipped(NodeData, frozen=True, kw_only=True):
    """The node does not run."""


class NodeCancelled(NodeData, frozen=True, kw_only=True):
    """The node was stopped, its clean-up done."""


class SignalReceived(Data, frozen=True, kw_only=True):
    """A signal came in; its payload stands in the event that `href` leads to."""

    signal: str
    name: str


class SignalConsumed(Data, frozen=True, kw_only=True):
    """A signal went to the wait at `path`."""

    path: str
    port: str | None = None


class ChildStarted(Data, frozen=True, kw_only=True):
    """A child execution is asked for. A detached one goes on by itself."""

    path: str
    child: str
    child_workflow: str
    child_workflow_version: int
    detached: bool


class ChildCompleted(Data, frozen=True, kw_only=True):
    """A child ended well."""

    path: str
    child: str


class ChildFailed(Data, frozen=True, kw_only=True):
    """A child ended otherwise."""

    path: str
    child: str
    status: str
    failure: PublicFailure | None = None


class CompensationStarted(Data, frozen=True, kw_only=True):
    """The nodes at `paths` are undone, in this order."""

    paths: list[str]


class CompensationEnded(Data, frozen=True, kw_only=True):
    """All that was to be undone has been."""


class Origin(NamedTuple):
    """What all public events of an execution say and no later decision repeats: of which workflow it is, when it was created
    (milliseconds since 1970), the values it can be found by (a stored JSON object), the outside request that it goes back to, and
    whether it is a test run.
    """

    workflow: str
    version: int
    created_at: int
    search: bytes | None = None
    correlation: str = ""
    is_test: bool = False


class PublicType(NamedTuple):
    """A type of public event: its name without the prefix, the number of its shape, the shape."""

    name: str
    number: int
    data: type[Data]

    @property
    def type(self) -> str:
        """`refold.execution.completed`"""
        return TYPE_PREFIX + self.name

    @property
    def dataschema(self) -> str:
        """`urn:refold:event:execution.completed:1`"""
        return f"{SCHEMA_PREFIX}{self.name}:{self.number}"


PUBLIC_TYPES: Final[tuple[PublicType, ...]] = (
    PublicType("execution.created", 1, ExecutionCreated),
    PublicType("execution.queued", 1, ExecutionQueued),
    PublicType("execution.started", 1, ExecutionStarted),
    PublicType("execution.paused", 1, ExecutionPaused),
    PublicType("execution.resumed", 1, ExecutionResumed),
    PublicType("execution.cancel_requested", 1, ExecutionCancelRequested),
    PublicType("execution.cancelled", 1, ExecutionCancelled),
    PublicType("execution.terminated", 1, ExecutionTerminated),
    PublicType("execution.completed", 1, ExecutionCompleted),
    PublicType("execution.failed", 1, ExecutionFailed),
    PublicType("execution.quarantined", 1, ExecutionQuarantined),
    PublicType("execution.released", 1, ExecutionReleased),
    PublicType("execution.erased", 1, ExecutionErased),
    PublicType("incident.raised", 1, IncidentRaised),
    PublicType("incident.resolved", 1, IncidentResolved),
    PublicType("node.scheduled", 1, NodeScheduled),
    PublicType("node.started", 1, NodeStarted),
    PublicType("node.progressed", 1, NodeProgressed),
    PublicType("node.completed", 1, NodeCompleted),
    PublicType("node.failed", 1, NodeFailed),
    PublicType("node.retried", 1, NodeRetried),
    PublicType("node.skipped", 1, NodeSkipped),
    PublicType("node.cancelled", 1, NodeCancelled),
    PublicType("signal.received", 1, SignalReceived),
    PublicType("signal.consumed", 1, SignalConsumed),
    PublicType("child.started", 1, ChildStarted),
    PublicType("child.completed", 1, ChildCompleted),
    PublicType("child.failed", 1, ChildFailed),
    PublicType("task.created", 1, tasks.TaskCreated),
    PublicType("task.notified", 1, tasks.TaskNotified),
    PublicType("task.claimed", 1, tasks.TaskClaimed),
    PublicType("task.released", 1, tasks.TaskReleased),
    PublicType("task.delegated", 1, tasks.TaskDelegated),
    PublicType("task.reminded", 1, tasks.TaskReminded),
    PublicType("task.answered", 1, tasks.TaskAnswered),
    PublicType("task.commented", 1, tasks.TaskCommented),
    PublicType("task.escalated", 1, tasks.TaskEscalated),
    PublicType("task.expired", 1, tasks.TaskExpired),
    PublicType("task.withdrawn", 1, tasks.TaskWithdrawn),
    PublicType("compensation.started", 1, CompensationStarted),
    PublicType("compensation.ended", 1, CompensationEnded),
)
"""All there are; a name is never used again for something else."""

BY_DATA: Final = {one.data: one for one in PUBLIC_TYPES}
BY_TYPE: Final = {one.type: one for one in PUBLIC_TYPES}


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """CloudEvents 1.0, structured: `id` is EXECUTION/VERSION, so who hears of it twice can tell; `subject` the execution.

    Extensions: `workflow`, `workflowversion`; `position` of the decision, a text, as CloudEvents has no whole number of 64 bits;
    `correlationid` of the outside request that the execution, or this event, goes back to; `traceparent` (the extension "distributed
    tracing") the span of the execution in the trace of that request, where that is a trace.
    """

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str
    dataschema: str
    workflow: str
    workflowversion: int
    position: str
    correlationid: str = ""
    traceparent: str = ""
    data: Data


_encode: Final = msgspec.json.Encoder().encode


def encode_event(event: CloudEvent) -> bytes:
    """The event as JSON, as others are told it: what is sealed is not."""
    content: bytes = _encode(event)
    return hide(content)


"""A cloud event as JSON."""
