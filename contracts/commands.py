"""Commands: what one may ask of an execution, and what an execution asks of the world. This is a storage format.

A command rides in the decision that it caused, so its shape is kept like an event's: new fields at the end with
defaults, else a new tag and an upcaster (`contracts/upcasters.py`). Values (`input`, `output`, `payload` …) are bytes:
JSON as it came, or a reference to a blob (`contracts/values.py`).
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from contracts.caller import Caller
from contracts.debugging import Breakpoint, Release
from contracts.failure import Failure
from contracts.person import Person
from contracts.pins import Plan
from contracts.usage import Allowance, Amount, ModelCall, Price


class _Command(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What all commands share: positional, frozen, tagged with a number that is never used again."""


class Parent(msgspec.Struct, frozen=True, array_like=True, gc=False, repr_omit_defaults=True):
    """Who started a child: the execution, the path of its `sub_workflow` node and that node's attempt.

    `root` is the topmost execution above the child; empty in histories from before it was noted.
    """

    execution: str
    path: str
    attempt: int
    detached: bool = False
    root: str = ""

    @property
    def topmost(self) -> str:
        """The topmost execution that is known of."""
        return self.root or self.execution


class Fork(msgspec.Struct, frozen=True, array_like=True, gc=False, repr_omit_defaults=True):
    """What a new execution goes on from: another one, its source, as it was after its event `version`, at the time `at`.

    `digest` is that of the decision of the source that ends with this event, `definition` what the source went by, and `state` what it
    was then, with the `edits` (path, JSON) made, and decided on by what is recorded of it up to the event `until` (0: nothing): packed
    (`domain/execution/forked.py`), empty where the source had not begun. `refs` are the references to big values in it, in plain.
    `children` are the creations of those that are open in it, by the path of their node. `is_last` says that no event was named: it is
    the last one that there was, which asked again is another.
    """

    source: str
    version: int
    digest: bytes
    at: int
    definition: str
    state: bytes
    edits: tuple[tuple[str, bytes], ...] = ()
    until: int = 0
    is_sealed: bool = False
    refs: tuple[bytes, ...] = ()
    children: tuple[tuple[str, CreateExecution], ...] = ()
    is_last: bool = False


class CreateExecution(_Command, frozen=True, tag=1):
    """Begin an execution of a published definition, named by its content hash. `span` is that of the request, where it had one.

    `keeper` is written in by the owner where the workflow's slots are kept in another partition: who asks there for one in its place.
    So is `awaits_quota`, where the workflow has its fill and its quota queues, or its `while_paused` does: the execution exists, and
    waits to be let in. `heeds_pauses` says that a trigger fires by itself, which does what `while_paused` says. With a `test` it is a
    test run, with a `fork` it goes on from another one. So are `prices`: what the models cost now that its definition names. `allowance` is
    what the parent lets a child use. It halts at its `breakpoints`.
    """

    workflow: str
    version: int
    definition: str
    input: bytes
    variables: bytes | None = None
    parent: Parent | None = None
    priority: int | None = None
    autostart: bool = True
    start_at: int | None = None
    trigger: bytes | None = None
    span: str = ""
    keeper: str = ""
    awaits_quota: bool = False
    heeds_pauses: bool = False
    test: Plan | None = None
    prices: tuple[Price, ...] = ()
    allowance: Allowance | None = None
    fork: Fork | None = None
    breakpoints: tuple[Breakpoint, ...] = ()


class StartExecution(_Command, frozen=True, tag=2):
    """Start an execution that was created with `autostart: false` or for a later time."""


class PauseExecution(_Command, frozen=True, tag=3):
    """Hold an execution: nothing new is scheduled; results that arrive are kept until it is resumed."""

    reason: str = ""


class ResumeExecution(_Command, frozen=True, tag=4):
    """Let a paused execution go on with all that arrived meanwhile; of a test run, with `step`, until the next node is to begin.

    Of a test run that has stopped again after its version `at` it changes nothing; where nobody says it, the owner writes in what that is.
    """

    step: bool = False
    at: int = 0


class CancelExecution(_Command, frozen=True, tag=5):
    """Stop an execution with clean-up: `finally` bodies and compensation run."""

    reason: str = ""


class TerminateExecution(_Command, frozen=True, tag=6):
    """Stop an execution now; nothing more runs."""

    reason: str = ""


class SendSignal(_Command, frozen=True, tag=7):
    """Send a message to a running execution; the same `signal` id twice is one signal."""

    signal: str
    name: str
    payload: bytes


class ReportStarted(_Command, frozen=True, tag=8):
    """An activity worker has begun an attempt."""

    path: str
    attempt: int
    worker: str = ""


class ReportProgress(_Command, frozen=True, tag=9):
    """An activity worker tells how far an attempt is, from 0 to 1."""

    path: str
    attempt: int
    progress: float
    detail: bytes | None = None


class CompleteActivity(_Command, frozen=True, tag=10):
    """An attempt has ended with a result. `calls` are the requests to models that it took."""

    path: str
    attempt: int
    output: bytes
    cached: bool = False
    calls: tuple[ModelCall, ...] = ()


class FailActivity(_Command, frozen=True, tag=11):
    """An attempt has failed. `retryable: false` says that the same attempt would fail the same way.

    `breakers` is written in by the owner: the circuit breakers that the failure counts for. `retry_after_ms`: whoever was asked has said
    how long to wait before the next attempt. `calls` are the requests to models that it took.
    """

    path: str
    attempt: int
    failure: Failure
    retryable: bool = True
    breakers: tuple[str, ...] = ()
    retry_after_ms: int = 0
    calls: tuple[ModelCall, ...] = ()


class FireTimer(_Command, frozen=True, tag=12):
    """A timer is due. A `due` other than the timer's present one is late and changes nothing.

    `breakers` is written in by the owner, where an attempt takes too long: the circuit breakers that this counts for.
    """

    timer: str
    due: int
    breakers: tuple[str, ...] = ()


class ReportChild(_Command, frozen=True, tag=13):
    """A child has ended: `completed` with an output, or `failed`, `cancelled`, `terminated` with a failure; `used` is what models took."""

    path: str
    child: str
    status: str
    output: bytes | None = None
    failure: Failure | None = None
    used: Amount | None = None


class ResolveIncident(_Command, frozen=True, tag=14):
    """A person decides how a stopped path goes on; `variables` is a JSON object that is set first.

    `budget` holds new limits: of the node where its own budget is used up, else of the execution.
    """

    incident: str
    action: Literal["retry", "skip", "fail"]
    output: bytes | None = None
    port: str | None = None
    variables: bytes | None = None
    budget: Allowance | None = None


class QuarantineExecution(_Command, frozen=True, tag=15):
    """The engine cannot go on with this execution alone, and says why; the others go on.

    With `keeps` it is set aside as it is, and can be released; `held` is what could not be decided, to be decided again then.
    Without, as it was before, it ends.
    """

    reason: str
    keeps: bool = False
    held: Command | None = None


class RollHistory(_Command, frozen=True, tag=16):
    """Begin a new stretch of history with the folded state, stored as a blob, as its first event."""

    state: bytes


class RaiseIncident(_Command, frozen=True, tag=17):
    """The engine could not store what a command led to; the node at `path` needs a person."""

    path: str
    failure: Failure
    keeps: bool = False


class GrantSlot(_Command, frozen=True, tag=18):
    """It is the execution's turn: fewer of its slot run than may."""


class LoseActivity(_Command, frozen=True, tag=19):
    """The worker that had an attempt gave no sign of life for the length of its lease: it runs again, as another attempt.

    With `anew` nobody is missed: whoever has the attempt cannot know whether it was begun before, and needs the steps recorded then.
    """

    path: str
    attempt: int
    worker: str = ""
    anew: bool = False


class RecordStep(_Command, frozen=True, tag=55):
    """An activity worker has done a step of an attempt: its result is kept for the attempts after this one."""

    path: str
    attempt: int
    name: str
    output: bytes


class ChangeBreakpoints(_Command, frozen=True, tag=59):
    """A person takes breakpoints away, by name (`*`: all of them), and then sets others; of two with the same name the later one counts."""

    set: tuple[Breakpoint, ...] = ()
    removed: tuple[str, ...] = ()
    by: str = ""


class ReleaseHalt(_Command, frozen=True, tag=60):
    """A person ends the halt at a node, or all halts where `path` is empty.

    `target` is the node that a run `to` goes to; `output` and `port` are what a node is to `complete` by, `failure` what it is to `fail`
    by. `at` is the halt as the person has seen it: its version, 0 for whichever there is.
    """

    path: str
    action: Release = "continue"
    target: str = ""
    output: bytes | None = None
    port: str | None = None
    failure: Failure | None = None
    at: int = 0
    by: str = ""


class ChangeHalted(_Command, frozen=True, tag=61):
    """A person changes what a halted node is about to see: variables (a JSON object), its own data, outputs of nodes that have ended.

    `at` is as in `ReleaseHalt`.
    """

    path: str
    variables: bytes | None = None
    data: bytes | None = None
    results: tuple[tuple[str, bytes], ...] = ()
    at: int = 0
    by: str = ""


class ReleaseExecution(_Command, frozen=True, tag=20):
    """The cause of a quarantine is mended: the execution goes on from where it was set aside."""


class EraseExecution(_Command, frozen=True, tag=22):
    """Make what an execution that has ended says unreadable for ever, by throwing its key away. `by` is who asked."""

    reason: str = ""
    by: str = ""


class ArchiveExecution(_Command, frozen=True, tag=27):
    """What has ended is to be archived now, before its retention is over. Nothing of the execution changes: no event follows."""


class ClaimTask(_Command, frozen=True, tag=40):
    """A person takes a human task upon themselves: until they release it nobody else answers it."""

    path: str
    attempt: int
    by: Person


class ReleaseTask(_Command, frozen=True, tag=41):
    """A person gives a human task back to all who are asked."""

    path: str
    attempt: int
    by: Person


class DelegateTask(_Command, frozen=True, tag=42):
    """A person lets somebody else, or a group, be asked in their place."""

    path: str
    attempt: int
    to: str
    by: Person
    comment: str = ""


class AnswerTask(_Command, frozen=True, tag=43):
    """A person answers a human task: by which port, with which data, and of a review with which edited content.

    By the `key` of the request that asked for it whoever asks again knows it.
    """

    path: str
    attempt: int
    port: str
    by: Person
    data: bytes | None = None
    comment: str = ""
    content: bytes | None = None
    key: str = ""


class CommentTask(_Command, frozen=True, tag=44):
    """A person says something about a human task, and may attach a file: its name, its media type and a JSON text in base 64.

    The same `id` twice is one comment.
    """

    path: str
    attempt: int
    id: str
    by: Person
    comment: str = ""
    name: str = ""
    media_type: str = ""
    content: bytes | None = None


class BreakerLimits(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """When a circuit breaker opens: after so many failures within a window; and how long it cools down. Milliseconds."""

    failures: int
    window_ms: int
    cool_down_ms: int


class HoldActivity(_Command, frozen=True, tag=46):
    """A circuit breaker that an attempt goes by lets nothing through: the attempt is not handed out, and waits."""

    path: str
    attempt: int
    breaker: str


class ReleaseActivity(_Command, frozen=True, tag=47):
    """An attempt that a circuit breaker holds may go on: the breaker is closed, or gone, or with `is_trial` tries by it."""

    path: str
    attempt: int
    breaker: str
    is_trial: bool = False


class ReportToBreaker(_Command, frozen=True, tag=48):
    """To a circuit breaker: an attempt has failed at a time (milliseconds since 1970), waits and could try, or has tried.

    `limits` is written in by the owner of the breaker.
    """

    breaker: str
    what: Literal["failed", "offered", "succeeded", "abandoned"]
    execution: str
    path: str
    attempt: int
    at: int = 0
    limits: BreakerLimits | None = None


class SteerBreaker(_Command, frozen=True, tag=49):
    """A person opens or closes a circuit breaker; the engine ends one that is gone, or that another execution goes on for."""

    breaker: str
    action: Literal["open", "close", "end"]
    reason: str = ""


class ReturnSlot(_Command, frozen=True, tag=50):
    """To a keeper: the execution that it asked for has ended, and needs no slot any more."""


class ReclaimSlot(_Command, frozen=True, tag=51):
    """To a keeper: its execution is to make room (`policy: replace`)."""

    reason: str


class RefuseSlot(_Command, frozen=True, tag=52):
    """There are too many, and the policy says that those are refused: to a keeper, and from it to its execution."""

    reason: str
    message: str


class SkipTime(_Command, frozen=True, tag=53):
    """Nothing else moves in a test run: its time goes on to when a timer is due.

    `ahead` is written in by the owner: how far that is ahead of the clock (milliseconds).
    """

    timer: str
    due: int
    ahead: int = 0


class AdmitExecution(_Command, frozen=True, tag=45):
    """Nothing of the workflow keeps the execution out any more, its quota or one that is paused, and it is its turn to be let in."""


class MeetDependency(_Command, frozen=True, tag=30):
    """An execution has completed that this one waits for before it begins: of the dependency with this index, at this time."""

    index: int
    execution: str
    completed_at: int


class ChangeDefinition(_Command, frozen=True, tag=58):
    """Go on by another version of the workflow from here on. `before` and `definition` are content hashes; who has left the former is
    refused.

    `names` says which nodes are called otherwise there: each by its old and by its new place in the definition (`each[]/charge`).
    """

    version: int
    definition: str
    before: str
    names: tuple[tuple[str, str], ...] = ()


class RevertDefinition(_Command, frozen=True, tag=63):
    """Go back to the version that was left for `definition`, unless something has run that only `definition` has."""

    definition: str


Command: TypeAlias = (
    CreateExecution
    | StartExecution
    | PauseExecution
    | ResumeExecution
    | CancelExecution
    | TerminateExecution
    | SendSignal
    | ReportStarted
    | ReportProgress
    | CompleteActivity
    | FailActivity
    | FireTimer
    | ReportChild
    | ResolveIncident
    | QuarantineExecution
    | RollHistory
    | RaiseIncident
    | GrantSlot
    | LoseActivity
    | ReleaseExecution
    | EraseExecution
    | ArchiveExecution
    | ClaimTask
    | ReleaseTask
    | DelegateTask
    | AnswerTask
    | CommentTask
    | ReturnSlot
    | ReclaimSlot
    | RefuseSlot
    | AdmitExecution
    | MeetDependency
    | HoldActivity
    | ReleaseActivity
    | ReportToBreaker
    | SteerBreaker
    | SkipTime
    | RecordStep
    | ChangeBreakpoints
    | ReleaseHalt
    | ChangeHalted
    | ChangeDefinition
    | RevertDefinition
)
"""Everything that may be asked of an execution."""


TASK_COMMANDS: Final = (ClaimTask, ReleaseTask, DelegateTask, AnswerTask, CommentTask)
"""What a person does with a human task; each says who by `by`."""


class Envelope(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A command on its way: its own id, the execution it is for, and the id of what caused it.

    `actor` is who asks, empty for the engine itself; `correlation` is of the outside request that it goes back to, empty where
    that is what the execution itself goes back to. `is_sealed` says that whoever asks is sealed, and so is what it begins.
    """

    id: str
    execution: str
    command: Command
    causation: str = ""
    actor: str = ""
    correlation: str = ""
    is_sealed: bool = False

    @property
    def caller(self) -> Caller:
        """Who asks."""
        return Caller(self.actor, self.correlation)

    @property
    def about(self) -> dict[str, str]:
        """What a line of a log is about that names the execution; see `logging`, `extra`."""
        found = {"execution": self.execution}
        return {**found, "correlation_id": self.correlation} if self.correlation else found


# What an execution asks of the world: derived from events by `react`, never stored as the truth.


class Limits(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The timeouts of an attempt in milliseconds; None is without limit."""

    start_to_close: int | None = None
    heartbeat: int | None = None
    report_start: bool = False


class Caching(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Results by content: how long one may be used again (milliseconds), and under which key besides the content."""

    ttl_ms: int
    key: bytes | None = None


class RunActivity(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An activity command: run this attempt of this node. `config` and `input` are JSON with all templates filled in."""

    execution: str
    path: str
    attempt: int
    kind: str
    config: bytes
    input: bytes
    workflow: str = ""
    limits: Limits = Limits()
    caching: Caching | None = None
    queue: str = "default"
    priority: int = 5
    correlation: str = ""
    steps: tuple[tuple[str, bytes], ...] = ()
    """The steps that were recorded before, by name."""
    may_have_begun: bool = False
    """Whether another process may have had this very attempt, and recorded steps that do not stand here."""


class TakeSlot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The execution queues for its slot, in a lane of its workflow; whoever keeps the slots grants it when it is its turn."""

    execution: str
    workflow: str
    lane: str


class CancelActivity(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Tell the worker that nobody waits for this any more: attempt 0 is every attempt, the empty path every node."""

    execution: str
    path: str
    attempt: int


Effect: TypeAlias = RunActivity | CancelActivity | TakeSlot | Envelope
"""What `react` calls for: work for a worker, a turn, or a command to another execution."""
