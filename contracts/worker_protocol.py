"""The worker protocol, version 1: what a worker in a process of its own and the engine say to each other, as JSON over HTTP.

    worker                                              engine
      ├── POST /v1/worker/poll      Poll ─────────────►   waits until there is something, answers Assignment
      └── POST /v1/worker/results   Results ──────────►   answers Receipt once all of it is durable

A task is named by `activity_key`: execution, path and attempt. Payloads are not parsed on their way. What a worker has to
keep to stands in `docs/reference/worker-protocol.md`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Protocol, TypeVar

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from contracts.errors import RefoldError

PROTOCOL: Final = 1
PROTOCOLS: Final = (PROTOCOL,)
"""The versions that this build speaks."""
CREDITS_MAX: Final = 1_000
KINDS_MAX: Final = 1_000
QUEUES_MAX: Final = 100
PLACES_MAX: Final = 10_000
"""So many kinds times queues may one worker offer: each is looked at for every task."""
RESULTS_MAX: Final = 1_000
RUNNING_MAX: Final = 10_000
WAIT_S_MAX: Final = 60.0
TASK_LENGTH_MAX: Final = 2_000
REQUEST_BYTES_MAX: Final = 32 * 1024 * 1024

Name = Annotated[str, Meta(min_length=1, max_length=200)]
TaskId = Annotated[str, Meta(min_length=1, max_length=TASK_LENGTH_MAX)]


class Poll(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A worker asks for tasks: what it can run, how many more it takes now, how long it waits, and what it still has.

    `running` are all tasks that it was given and has no receipt for. No kinds and nothing running is a good-bye.
    """

    protocol: int
    worker: Name
    kinds: Annotated[tuple[Name, ...], Meta(max_length=KINDS_MAX)]
    queues: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=QUEUES_MAX)] = ("default",)
    credits: Annotated[int, Meta(ge=0, le=CREDITS_MAX)] = 100
    wait_s: Annotated[float, Meta(ge=0, le=WAIT_S_MAX)] = 0.0
    running: Annotated[tuple[TaskId, ...], Meta(max_length=RUNNING_MAX)] = ()


class Task(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One attempt of one node. With `report_start` the engine wants to hear when it begins, for its time limits.

    `correlation_id` is of the outside request that it goes back to, `traceparent` what it says of itself to those whom it asks.
    """

    task: str
    execution: str
    workflow: str
    path: str
    attempt: int
    kind: str
    config: Raw
    input: Raw
    idempotency_key: str
    timeout_ms: int | None
    heartbeat_ms: int | None
    priority: int
    report_start: bool = False
    correlation_id: str = ""
    traceparent: str = ""
    steps: dict[str, Raw] | UnsetType = UNSET
    """The results of the steps that earlier attempts have recorded, by name."""
    may_have_begun: bool | UnsetType = UNSET
    """Whether another worker may have had this very attempt, and recorded steps that do not stand here."""


class Assignment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a worker is to run, what it is to stop, and for how long its right to a task lasts without a sign of it."""

    tasks: list[Task]
    cancel: list[str]
    lease_s: float


class ResultError(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How a task failed. `retryable: false` says that the same attempt would fail the same way."""

    type: str
    message: str = ""
    details: Any = None
    retryable: bool = True


class LogLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line of an activity's log; `level` is debug, info, warning or error."""

    message: str
    level: str = "info"
    fields: Raw | UnsetType = UNSET


class Step(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A step that is done: its result is handed to the next attempt."""

    name: Name
    output: Raw


class Result(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a worker has to say about a task: an output, an error, a sign of life with or without progress, that it has begun, a step.

    `again` gives an attempt back that may have been begun before: it begins anew, as another one, with the steps recorded by then.
    """

    task: TaskId
    output: Raw | UnsetType = UNSET
    error: ResultError | UnsetType = UNSET
    progress: Annotated[float, Meta(ge=0, le=1)] | UnsetType | None = UNSET
    detail: Raw | UnsetType = UNSET
    started: bool = False
    log: list[LogLine] | UnsetType = UNSET
    """Told to those who look on, and stored nowhere."""
    step: Step | UnsetType = UNSET
    again: bool = False


class Results(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a worker reports, in the order in which it happened."""

    protocol: int
    worker: Name
    results: Annotated[list[Result], Meta(max_length=RESULTS_MAX)]


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """A result that nobody waits for, and why; the worker forgets the task all the same."""

    task: str
    reason: str


class Receipt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What has become of results; it is given when they are durable. What is neither in it was not taken in."""

    accepted: list[str]
    rejected: list[Refusal]
    cancel: list[str]


class InHandRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A task that a worker has: of which attempt it is, and since when (ms since 1970)."""

    task: str
    execution: str
    path: str
    attempt: int
    kind: str
    since: int


class WorkerRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A worker that the engine knows: what it offers, how many tasks it has, and which, the longest first, of many only some.

    `since` is when it was first heard of, without having been away for long, `last_seen` when last (ms since 1970).
    """

    worker: str
    kinds: list[str]
    queues: list[str]
    running: int
    last_seen: int
    connected: bool
    since: int = 0
    tasks: list[InHandRow] = msgspec.field(default_factory=list)


class WaitingRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Tasks of a kind and queue that no worker offers."""

    kind: str
    queue: str
    count: int


class Workers(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Who is there, and what waits for a worker that is not there."""

    workers: list[WorkerRow]
    waiting: list[WaitingRow]


class BadMessage(RefoldError):
    """A message that cannot be read; it says where and what was expected."""


class WrongProtocol(RefoldError):
    """A message of a version of the protocol that this build does not speak."""

    def __init__(self, found: int) -> None:
        spoken = ", ".join(map(str, PROTOCOLS))
        which = "newer" if found > PROTOCOL else "older"
        super().__init__(f"the worker speaks version {found} of the protocol, which is {which}; this engine speaks {spoken}")
        self.found = found


class _Version(msgspec.Struct, frozen=True):
    protocol: int


class Versioned(Protocol):
    """A message that says which version of the protocol it is of."""

    @property
    def protocol(self) -> int:
        """The version."""


Message = TypeVar("Message", bound=Versioned)

_polls: Final = msgspec.json.Decoder(Poll)
_versions: Final = msgspec.json.Decoder(_Version)
encode = msgspec.json.Encoder().encode


def read_poll(body: bytes) -> Poll:
    """The poll in a request. Raises BadMessage, WrongProtocol."""
    poll = read(_polls, body)
    places = len(poll.kinds) * len(poll.queues)
    if places > PLACES_MAX:
        raise BadMessage(f"{len(poll.kinds)} kinds in {len(poll.queues)} queues are {places} places; at most {PLACES_MAX} are allowed")
    return poll


def check_characters(body: bytes) -> None:
    """Payloads are not parsed, so this is the only look at their characters. Raises BadMessage where they are not UTF-8."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise BadMessage(f"not UTF-8: {error}") from None


def read(decoder: msgspec.json.Decoder[Message], body: bytes) -> Message:
    """A message of a version that is spoken. Raises BadMessage, WrongProtocol."""
    try:
        message = decoder.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        _check_version(body)
        raise BadMessage(str(error)) from None
    if message.protocol not in PROTOCOLS:
        raise WrongProtocol(message.protocol)
    return message


def _check_version(body: bytes) -> None:
    """What cannot be read may be of another version; then that is what to say."""
    try:
        version = _versions.decode(body).protocol
    except (msgspec.DecodeError, RecursionError):
        return
    if version not in PROTOCOLS:
        raise WrongProtocol(version)
