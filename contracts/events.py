"""Events: the recorded facts of an execution. This is a storage format.

Positional structs with a number for a tag. New fields go to the end with a default; any other change is a new struct
with a new tag, and an upcaster from the old one (`contracts/upcasters.py`). Tags are never used again.

An event repeats nothing that its command carries: a value of None means "the one the command brought" (`carried`), or
where the docstring says so, the one that follows from the state. Paths are those of `docs/reference/definitions.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final, Literal, TypeAlias, get_args

import msgspec

from contracts.commands import Command, CompleteActivity, FailActivity, RecordStep, ReportChild, SendSignal
from contracts.debugging import FailedAttempt
from contracts.failure import Failure
from contracts.person import Person
from contracts.usage import Allowance, Amount, ModelCall

EndingStatus: TypeAlias = Literal["completed", "failed", "cancelled", "broken", "continued", "terminated"]
"""How a body or a container is going to end, once what runs in it has stopped."""


class _Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What all events share: positional, frozen, tagged with a number that is never used again."""


class Ending(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How something ends. `target` is the loop that a break or continue is for, `final` asks that no incident stops the failure again."""

    status: EndingStatus
    failure: Failure | None = None
    output: bytes | None = None
    target: str = ""
    final: bool = False


class ExecutionCreated(_Event, frozen=True, tag=1):
    """An execution exists. All it is made of stands in the command; `input` is there when defaults were added.

    `search` holds the values it can be found by (`settings.search`), as a JSON object.
    """

    input: bytes | None = None
    search: bytes | None = None


class ExecutionStarted(_Event, frozen=True, tag=2):
    """The outermost body is entered."""


class ExecutionPaused(_Event, frozen=True, tag=3):
    """Nothing new is scheduled until it is resumed."""

    reason: str = ""


class ExecutionResumed(_Event, frozen=True, tag=4):
    """The execution goes on; what was held is taken up in the same decision."""


class ExecutionCancelRequested(_Event, frozen=True, tag=5):
    """The execution is asked to stop with clean-up."""

    reason: str = ""


class ExecutionCancelled(_Event, frozen=True, tag=6):
    """The execution ended by a cancel, clean-up done."""


class ExecutionTerminated(_Event, frozen=True, tag=7):
    """The execution was ended at once."""

    reason: str = ""


class ExecutionCompleted(_Event, frozen=True, tag=8):
    """The execution ended well. Without an `output` it is the one that the body's rule gives."""

    outcome: str | None = None
    output: bytes | None = None


class ExecutionFailed(_Event, frozen=True, tag=9):
    """The execution ended by a failure that nothing handled."""

    failure: Failure


class NodeScheduled(_Event, frozen=True, tag=10):
    """An attempt of an activity is to run. Without `data` it is what its edges bring; without `config` the definition's own.

    `input` is what the node's `input` came to, which the worker is given in place of the data.
    """

    path: str
    attempt: int = 1
    data: bytes | None = None
    config: bytes | None = None
    cache_key: bytes | None = None
    input: bytes | None = None


class NodeStarted(_Event, frozen=True, tag=11):
    """A node that takes time has begun: a container, a wait, a child. `detail` is what its kind recorded (JSON).

    Of a loop: its items, their `count`, and how many iterations run at a time.
    """

    path: str
    attempt: int = 1
    data: bytes | None = None
    detail: bytes | None = None
    count: int = 0
    concurrency: int = 1


class NodeProgressed(_Event, frozen=True, tag=12):
    """A worker has begun (`progress` None) or has told how far it is."""

    path: str
    progress: float | None = None
    detail: bytes | None = None
    worker: str = ""


class NodeCompleted(_Event, frozen=True, tag=13):
    """A node has ended well. Without `ports` it leaves by `out`; `untaken` are edges whose `when` did not hold.

    When `output` is None it is the command's value, or, where it `passes`, the node's own data.
    """

    path: str
    output: bytes | None = None
    ports: tuple[str, ...] | None = None
    untaken: tuple[int, ...] = ()
    passes: bool = False
    failure: Failure | None = None
    data: bytes | None = None


class NodeFailed(_Event, frozen=True, tag=14):
    """A node has ended by a failure. With `edge` its error edges take it; else it goes up to the body around."""

    path: str
    failure: Failure | None = None
    edge: bool = False
    untaken: tuple[int, ...] = ()
    data: bytes | None = None


class NodeRetried(_Event, frozen=True, tag=15):
    """An attempt failed; the next one, `attempt`, runs at `due` (milliseconds since 1970)."""

    path: str
    attempt: int
    due: int
    failure: Failure | None = None
    data: bytes | None = None


class NodeSkipped(_Event, frozen=True, tag=16):
    """No edge to the node was taken, its `when` did not hold, or it was not to start any more."""

    path: str


class NodeCancelled(_Event, frozen=True, tag=17):
    """A node was stopped, its clean-up done; with an `output` it counts as completed."""

    path: str
    output: bytes | None = None


class TimerStarted(_Event, frozen=True, tag=18):
    """Something waits until `due` (milliseconds since 1970). The timer's name is `<path>:<purpose>`.

    One that waits for the next turn (`turn`, `next`) says in `alone` how much the execution has done since anything came from outside.
    """

    timer: str
    due: int
    alone: int = 0


class TimerFired(_Event, frozen=True, tag=19):
    """A timer was due, and fired at the decision's time."""

    timer: str
    due: int


class TimerCancelled(_Event, frozen=True, tag=20):
    """Nobody waits for the timer any more."""

    timer: str


class SignalReceived(_Event, frozen=True, tag=21):
    """A signal came in and waits in the buffer under the number `place`."""

    place: int


class SignalConsumed(_Event, frozen=True, tag=22):
    """The signal in `place` went to the wait at `path`; `port` is the wait's own one that it matched."""

    place: int
    path: str
    port: str = ""


class VariableSet(_Event, frozen=True, tag=23):
    """A variable of the scope at `scope` (`""` is the workflow's) has a new value."""

    scope: str
    name: str
    value: bytes


class ScopeEntered(_Event, frozen=True, tag=24):
    """A body begins: an iteration (`index`), a branch, the body, a catch or the finally of a try.

    Without `input` it is the item of the iteration, or else the data of the container.
    """

    owner: str
    label: str
    index: int = 0
    input: bytes | None = None


class ScopeLeft(_Event, frozen=True, tag=25):
    """A body has ended. Without an `output` it is the one that the body's rule gives."""

    scope: str
    ending: Ending


class ChildStarted(_Event, frozen=True, tag=26):
    """A child execution is asked for; its id derives from the node."""

    path: str
    child: str
    workflow: str
    version: int
    input: bytes
    detached: bool = False


class ChildCompleted(_Event, frozen=True, tag=27):
    """A child ended well."""

    path: str
    child: str


class ChildFailed(_Event, frozen=True, tag=28):
    """A child ended otherwise: `failed`, `cancelled` or `terminated`."""

    path: str
    child: str
    status: str


class IncidentRaised(_Event, frozen=True, tag=29):
    """The path of this node stops and needs a person. Without a `failure` it is the command's."""

    incident: str
    path: str
    failure: Failure | None = None
    data: bytes | None = None


class IncidentResolved(_Event, frozen=True, tag=30):
    """A person decided how the path goes on."""

    incident: str
    action: Literal["retry", "skip", "fail", "cancelled"]


class ExecutionQuarantined(_Event, frozen=True, tag=31):
    """The engine set this execution aside, as it cannot go on with it. It `keeps` what it is and can be released, or has ended."""

    reason: str
    keeps: bool = False


class HistoryRolled(_Event, frozen=True, tag=32):
    """History up to here is summed up in the state that the command refers to."""


class NodeQueued(_Event, frozen=True, tag=33):
    """A node is ready and waits until its mutex is free, or for the next turn."""

    path: str
    data: bytes | None = None


class NodesReset(_Event, frozen=True, tag=34):
    """A back edge was taken: the nodes on the cycle start anew."""

    scope: str
    edge: int


class ScopeStopped(_Event, frozen=True, tag=35):
    """A body is going to end so; what still runs in it is being stopped."""

    scope: str
    ending: Ending


class NodeStopped(_Event, frozen=True, tag=36):
    """A node is going to end so; what still runs in it is being stopped."""

    path: str
    ending: Ending


class CommandHeld(_Event, frozen=True, tag=37):
    """What the command brought is kept until the execution is resumed."""


class CompensationRegistered(_Event, frozen=True, tag=38):
    """A completed node can be undone with this configuration; a `failure` says why it could not be filled in."""

    path: str
    config: bytes | None = None
    failure: Failure | None = None


class CompensationStarted(_Event, frozen=True, tag=39):
    """The named nodes are undone, in this order. `by` is the `compensate` node, or empty for the execution itself."""

    paths: tuple[str, ...]
    by: str = ""


class CompensationEnded(_Event, frozen=True, tag=40):
    """All that was to be undone has been."""

    by: str = ""


class SignalEmitted(_Event, frozen=True, tag=41):
    """A signal goes out to an execution. Its id derives from the path and the attempt."""

    path: str
    execution: str
    name: str
    payload: bytes
    attempt: int = 1


class ItemsAdded(_Event, frozen=True, tag=42):
    """A signal brought further items (a JSON list) to a `for_each` that runs."""

    path: str
    items: bytes
    count: int


class ChildCancelRequested(_Event, frozen=True, tag=43):
    """A child is asked to stop, with clean-up or at once."""

    path: str
    child: str
    terminate: bool = False


class ExecutionEnding(_Event, frozen=True, tag=44):
    """The outermost body has ended so; what remains is clean-up: the handler, then compensation."""

    ending: Ending


class ConditionMet(_Event, frozen=True, tag=45):
    """A `wait_until` asked again and its condition holds."""

    path: str


class ExecutionQueued(_Event, frozen=True, tag=46):
    """The execution is ready and waits for its turn: `settings.concurrency` lets so many of one `slot` run at a time."""

    slot: str


class ExecutionReleased(_Event, frozen=True, tag=47):
    """An execution that was set aside goes on; what was held is taken up in the same decision."""


class ExecutionErased(_Event, frozen=True, tag=50):
    """Nothing of what the execution said can be read any more. This is what stays known of it; who erased it and why, its command says.

    `last` is the digest (hex) of its last decision before, whose last event has the version before this one's. Times are milliseconds
    since 1970.
    """

    workflow: str
    version: int
    definition: str
    status: str
    created_at: int
    started_at: int
    ended_at: int
    parent: str | None
    root: str | None
    key: int
    last: str


class TaskCreated(_Event, frozen=True, tag=70):
    """People are asked. `details`, `content` and `channels` are JSON; `limit` and `reminders` are milliseconds from now on."""

    path: str
    attempt: int
    question: str
    assignees: tuple[str, ...]
    details: bytes | None = None
    content: bytes | None = None
    channels: bytes = b"[]"
    limit: int | None = None
    reminders: tuple[int, ...] = ()


class TaskNotified(_Event, frozen=True, tag=71):
    """Those who are asked were told by a channel, of this version of the task. `about` is why.

    Where something was sent, `child` did so; without an `output` it is the command's.
    """

    path: str
    attempt: int
    channel: str
    version: int
    about: str
    child: str = ""
    output: bytes | None = None


class TaskClaimed(_Event, frozen=True, tag=72):
    """A person, whom the command names, has taken the task upon themselves."""

    path: str
    attempt: int


class TaskReleased(_Event, frozen=True, tag=73):
    """All who are asked may answer again."""

    path: str
    attempt: int


class TaskDelegated(_Event, frozen=True, tag=74):
    """Somebody else is asked in the place of a person. Without `by` it and the comment are the command's."""

    path: str
    attempt: int
    to: str
    by: Person | None = None
    comment: str = ""


class TaskReminded(_Event, frozen=True, tag=75):
    """Those who are asked are reminded, for the `number`th time."""

    path: str
    attempt: int
    number: int


class TaskAnswered(_Event, frozen=True, tag=76):
    """A person has answered. With `decides` it was enough, and the node ends by the port. Without `by` all else is the command's, too."""

    path: str
    attempt: int
    decides: bool = False
    by: Person | None = None
    port: str = ""
    data: bytes | None = None
    comment: str = ""
    content: bytes | None = None


class TaskWithdrawn(_Event, frozen=True, tag=77):
    """Nobody is asked any more, as the node has ended otherwise."""

    path: str
    attempt: int
    reason: str = ""


class TaskExpired(_Event, frozen=True, tag=78):
    """Nobody has answered in time. The node leaves by `port`; without one it fails."""

    path: str
    attempt: int
    port: str = ""


class TaskEscalated(_Event, frozen=True, tag=79):
    """Nobody has answered in time, and others are asked, once more for as long."""

    path: str
    attempt: int
    to: tuple[str, ...]


class TaskCommented(_Event, frozen=True, tag=80):
    """A person has said something, or attached a file under this number; all else stands in the command."""

    path: str
    attempt: int
    number: int = 0


class TaskNoticeStarted(_Event, frozen=True, tag=81):
    """A child is to tell people of this version of the task, by the channel at this place. `about` is why."""

    path: str
    attempt: int
    child: str
    place: int
    version: int
    about: str


class SlotGranted(_Event, frozen=True, tag=90):
    """Of a keeper: the execution that it stands for has its slot."""


class SlotReclaimed(_Event, frozen=True, tag=91):
    """Of a keeper: its execution is to make room for a newer one, for this reason."""

    reason: str


class SlotRefused(_Event, frozen=True, tag=92):
    """There are as many as may be, and the others are refused; of a keeper, and of the execution that it stands for."""

    reason: str
    message: str


class NodeHalted(_Event, frozen=True, tag=93):
    """A test run stops before this node: it begins when the execution is resumed. Or an execution halts at it, by a `breakpoint`.

    `step:` and a path is the step from there. A node that has `failed` does not go on as that would lead to. `detail` is why the
    breakpoint holds although its condition could not be asked.
    """

    path: str
    data: bytes | None = None
    breakpoint: str = ""
    failed: FailedAttempt | None = None
    detail: str = ""


class BreakpointsChanged(_Event, frozen=True, tag=107):
    """The execution halts elsewhere from now on: the command says where."""


class HaltEnded(_Event, frozen=True, tag=108):
    """A halt is over: `how` is what a person has asked for, or that its time was up (`timeout`), or that the node has ended (`gone`)."""

    path: str
    how: str


class HaltChanged(_Event, frozen=True, tag=109):
    """A person has changed what a halted node is about to see: the command says what. Variables are set by the next events."""

    path: str


class NodePinned(_Event, frozen=True, tag=94):
    """How this attempt of a node ends was given when the test run began, or nothing was, so that it is refused; the next event says how.

    `source` is where it was taken from.
    """

    path: str
    attempt: int
    source: str = ""
    is_refused: bool = False


class StepRecorded(_Event, frozen=True, tag=95):
    """A step of an attempt is done. Its name and its result are those that the command brought."""

    path: str
    attempt: int


class BudgetReserved(_Event, frozen=True, tag=101):
    """Before a model is asked the most that this may take is set aside: of an attempt, whose first `model` it names, or of a `child`."""

    path: str
    attempt: int
    amount: Amount
    model: str = ""
    child: str = ""


class UsageCounted(_Event, frozen=True, tag=102):
    """What an attempt, or a child, has used of models counts from now on, and what was set aside for it is free.

    `costs` has for each of the `calls` its price in billionths of a US dollar, None where there is none; without `calls` they are those
    that the command brought. With an `amount` it is that much; `is_estimate`: nobody has told, so all that was set aside counts.
    """

    path: str
    attempt: int
    costs: tuple[int | None, ...] = ()
    calls: tuple[ModelCall, ...] | None = None
    amount: Amount | None = None
    is_estimate: bool = False
    child: str = ""


class BudgetRaised(_Event, frozen=True, tag=103):
    """A person has set other limits, of the execution or of the node at this path; None leaves one as it is."""

    limits: Allowance
    path: str = ""


class ExecutionForked(_Event, frozen=True, tag=104):
    """The execution is a fork: its past is that of `source` up to its event `version`, as the command brought it.

    With an `until` what was recorded of the source up to that event was decided on in it, too.
    """

    source: str
    version: int
    until: int = 0


class PastTakenUp(_Event, frozen=True, tag=105):
    """A fork goes on from its past. What was open in it is asked anew: its activities run again, and the next events arm its timers."""


class DefinitionChanged(_Event, frozen=True, tag=106):
    """From here on the execution goes by `version` of its workflow, of which `definition` is the content hash; until here it was `before`.

    What is open in it is what it was, under the same paths but for nodes that `names` gives: by their old and by their new place in the
    definition. With `is_undone` it goes back to where it was.
    """

    version: int
    definition: str
    before: int
    names: tuple[tuple[str, str], ...] = ()
    is_undone: bool = False


class AdmissionAwaited(_Event, frozen=True, tag=82):
    """The quota of the workflow is reached: the execution exists, and begins no sooner than it is let in."""


class DependenciesAwaited(_Event, frozen=True, tag=60):
    """Before it begins, others are to complete (`settings.after`): by place the key that each is known by, as JSON; None: any does."""

    keys: tuple[bytes | None, ...]


class DependencyMet(_Event, frozen=True, tag=61):
    """For the dependency of this place an execution has completed, at this time (milliseconds since 1970)."""

    index: int
    execution: str
    completed_at: int


class DependencyWaived(_Event, frozen=True, tag=62):
    """The execution goes on without the one of this place: somebody has started it, or the time was over and the definition says so."""

    index: int


class ExecutionAdmitted(_Event, frozen=True, tag=83):
    """The quota has room: the execution goes on as it would have at its creation, and counts from now on."""


class FailureCounted(_Event, frozen=True, tag=84):
    """An attempt has failed, which counts for these circuit breakers; of a breaker itself: it counts the failure that it was told of."""

    path: str = ""
    attempt: int = 0
    breakers: tuple[str, ...] = ()


class ActivityHeld(_Event, frozen=True, tag=85):
    """A circuit breaker lets nothing through: the attempt waits, and counts as not begun."""

    path: str
    attempt: int
    breaker: str


class ActivityAsked(_Event, frozen=True, tag=100):
    """The attempt has ended with questions, which its command holds; the next one begins when they are answered."""

    path: str
    attempt: int


class ActivityReleased(_Event, frozen=True, tag=86):
    """The attempt goes on that a circuit breaker held; where it tries by it, that is the `trial`'s."""

    path: str
    attempt: int
    trial: str = ""


class TrialEnded(_Event, frozen=True, tag=87):
    """The attempt that tried by a circuit breaker has ended so. `abandoned` says nothing of what it tried."""

    path: str
    attempt: int
    breaker: str
    outcome: Literal["succeeded", "failed", "abandoned"]


class Trial(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The one attempt that a circuit breaker lets through."""

    execution: str
    path: str
    attempt: int


class BreakerChanged(_Event, frozen=True, tag=88):
    """A circuit breaker is in this state: `until` when by itself (milliseconds since 1970, 0: until something else happens), and why.

    `is_by_hand` says that somebody opened it. Of one that is half-open `trial` is the attempt that tries.
    """

    state: Literal["closed", "open", "half_open"]
    until: int = 0
    reason: str = ""
    is_by_hand: bool = False
    trial: Trial | None = None


Event: TypeAlias = (
    ExecutionCreated
    | ExecutionStarted
    | ExecutionPaused
    | ExecutionResumed
    | ExecutionCancelRequested
    | ExecutionCancelled
    | ExecutionTerminated
    | ExecutionCompleted
    | ExecutionFailed
    | NodeScheduled
    | NodeStarted
    | NodeProgressed
    | NodeCompleted
    | NodeFailed
    | NodeRetried
    | NodeSkipped
    | NodeCancelled
    | TimerStarted
    | TimerFired
    | TimerCancelled
    | SignalReceived
    | SignalConsumed
    | VariableSet
    | ScopeEntered
    | ScopeLeft
    | ChildStarted
    | ChildCompleted
    | ChildFailed
    | IncidentRaised
    | IncidentResolved
    | ExecutionQuarantined
    | HistoryRolled
    | NodeQueued
    | NodesReset
    | ScopeStopped
    | NodeStopped
    | CommandHeld
    | CompensationRegistered
    | CompensationStarted
    | CompensationEnded
    | SignalEmitted
    | ItemsAdded
    | ChildCancelRequested
    | ExecutionEnding
    | ConditionMet
    | ExecutionQueued
    | ExecutionReleased
    | ExecutionErased
    | TaskCreated
    | TaskNotified
    | TaskClaimed
    | TaskReleased
    | TaskDelegated
    | TaskReminded
    | TaskAnswered
    | TaskWithdrawn
    | TaskExpired
    | TaskEscalated
    | TaskCommented
    | TaskNoticeStarted
    | SlotGranted
    | SlotReclaimed
    | SlotRefused
    | AdmissionAwaited
    | ExecutionAdmitted
    | DependenciesAwaited
    | DependencyMet
    | DependencyWaived
    | FailureCounted
    | ActivityHeld
    | ActivityReleased
    | TrialEnded
    | BreakerChanged
    | NodeHalted
    | NodePinned
    | StepRecorded
    | BudgetReserved
    | UsageCounted
    | BudgetRaised
    | ExecutionForked
    | PastTakenUp
    | DefinitionChanged
    | ActivityAsked
    | BreakpointsChanged
    | HaltEnded
    | HaltChanged
)
"""Every fact that can stand in a history."""

EVENTS: tuple[type[Event], ...] = get_args(Event)


CARRIED: Final[dict[type, Callable[[Any], bytes | None]]] = {
    CompleteActivity: attrgetter("output"),
    ReportChild: attrgetter("output"),
    SendSignal: attrgetter("payload"),
    RecordStep: attrgetter("output"),
}
"""Which commands bring a value: the one that an event means when it leaves its own out."""


def carried(command: Command) -> bytes | None:
    """The value that a command brings, None where it brings none."""
    if type(command) is CompleteActivity:  # most of them are
        return command.output
    get = CARRIED.get(type(command))
    return None if get is None else get(command)


def carried_failure(command: Command) -> Failure | None:
    """The failure that a command brings, None where it brings none."""
    return command.failure if isinstance(command, FailActivity | ReportChild) else None
