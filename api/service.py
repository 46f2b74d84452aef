"""What the API needs of the engine, as a protocol: it knows neither the owner nor where anything is stored.

All methods are called on the event loop's thread. `api/problems.py` says which status becomes of what they raise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from api.execution_book import ExecutionBook
from api.kept_book import KeptBook
from api.letters import Letters
from api.streams.streams import Streams
from api.streams.watching import Watching
from api.test_start import TestStart
from api.trigger_book import TriggerBook
from api.webhook_book import WebhookBook
from api.what_if import Comparing
from contracts.about import About
from contracts.caller import ENGINE, Caller
from contracts.catalog import SourceText
from contracts.commands import Command, CreateExecution
from contracts.debugging import Breakpoint
from contracts.definitions import WorkflowDefinition
from contracts.errors import RefoldError
from contracts.ports.archive import Archive
from contracts.ports.credentials import CredentialKeeper
from contracts.ports.lossy_channel import LossyChannel
from contracts.ports.read_models import Cursor, Group, Query, StandIn
from contracts.ports.result_cache import ResultCache
from contracts.ports.slack import Slack
from contracts.resources import Resource
from contracts.triggers import Triggered
from contracts.usage import Allowance
from contracts.worker_protocol import WorkerRow
from domain.bulk.action import Outcomes, Row, Which
from domain.definition.graph import Graph
from domain.definition.outline import Activities
from domain.definition.template import FoundTemplate
from projections.audit import AuditRecord
from projections.definitions import Version
from projections.executions import ExecutionRecord
from projections.incidents import IncidentRecord
from projections.view import ExecutionView

R = TypeVar("R", bound=tuple[Any, ...])
T = TypeVar("T")


class Unavailable(RefoldError):
    """Nothing can be taken in, or read, just now; the caller may come again after so many seconds."""

    def __init__(self, reason: str, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.reason, self.retry_after_s = reason, retry_after_s


class Started(NamedTuple):
    """What a start answers: `created` is False for one that repeats an earlier one."""

    view: ExecutionView
    created: bool


class Start(NamedTuple):
    """A start as a caller asks for it: JSON, and milliseconds since 1970; at most one of `execution`, `key` and `trigger` is given."""

    workflow: str
    input: bytes = b"{}"
    variables: bytes | None = None
    execution: str | None = None
    key: str | None = None
    autostart: bool = True
    start_at: int | None = None
    priority: int | None = None
    through_incidents: bool = False
    """Whether a wait goes on while the execution needs a person."""
    caller: Caller = ENGINE
    trigger: Triggered | None = None
    """What fired, and why; the execution's id derives from it, so that the same cause again is the same start."""
    secrets: tuple[str, ...] = ()
    """Texts that are secret, wherever they stand in it, besides those that the workflow's schema says are."""
    test: TestStart | None = None
    fork: CreateExecution | None = None
    allowance: Allowance | None = None
    """Of a test run what is tried; of a fork its creation, as `ExecutionBook.forked` made it; how much it may use of models."""
    breakpoints: tuple[Breakpoint, ...] = ()


class Given(NamedTuple):
    """A command was decided and is durable; `position` is the journal's offset after it."""

    execution: str
    status: str
    position: int


class Published(NamedTuple):
    """What was published: `created` is False for content that was there, `before` the version that executions started with."""

    version: Version
    created: bool
    before: int | None


class ProcessRow(NamedTuple):
    """A process of a cluster. Times are in milliseconds since 1970; `state` is `alive`, `joining`, `leaving` or `silent`."""

    node: str
    incarnation: str
    state: str
    roles: Sequence[str]
    address: str
    version: str
    since: int
    last_heard: int


class PartitionRow(NamedTuple):
    """A partition: who is to own it, who says that it does, and how it stands there.

    `epoch` is the offset of the owner's claim, `lag` what the read models lack, `takeover_ms` how long the last takeover took.
    """

    partition: int
    assigned_to: str | None
    owner: str | None = None
    epoch: int | None = None
    position: int | None = None
    lag: int | None = None
    open: int | None = None
    claimed_at: int | None = None
    takeover_ms: int | None = None


class Rows(NamedTuple, Generic[R]):
    """The rows of a list, and up to which position they go; 0 on a log of several partitions, where they are of all executions."""

    records: list[R]
    position: int
    cursors: Sequence[Cursor] = ()
    """Of each row where the page after it begins."""


class Cluster(NamedTuple):
    """The processes that share a log, as one of them knows them; `workers` are rows of `GET /v1/workers`, by the node that knows them."""

    node: str
    leader: str | None
    generation: int
    processes: Sequence[ProcessRow]
    partitions: Sequence[PartitionRow]
    workers: Sequence[tuple[str, WorkerRow]]


class Warmed(NamedTuple):
    """How many executions were read, how many of their results are kept now, and how many executions could not be read."""

    executions: int
    results: int
    unreadable: int


class Copied(Protocol):
    """A data folder as somebody copies it. Raises LogError where it cannot be read."""

    def describe(self) -> dict[str, Any]:
        """The journal's id, the number of partitions, and by topic and partition (`journal/0`) where it ends."""

    def rows(self, topic: str, partition: int, first: int, end: int) -> bytes:
        """Some rows as they are stored, packed as a segment is, from the one that begins at `first` or holds it. Raises Rejected."""

    def blob_hashes(self, after: str, limit: int) -> list[str]:
        """The content hashes of big values, in their order, behind this one."""

    def blob_content(self, content_hash: str) -> bytes:
        """A big value. Raises Rejected where there is none."""


class Service(TriggerBook, KeptBook, ExecutionBook, Watching, Comparing, Protocol):
    """The engine as the API sees it."""

    @property
    def position(self) -> int:
        """The journal's end: the position after the last durable decision."""

    @property
    def projected(self) -> int:
        """Up to which position lists go; 0 on a log of several partitions, as no one number says it."""

    def projected_of(self, execution: str) -> int:
        """Up to which position goes what is read about an execution."""

    @property
    def streams(self) -> Streams:
        """Who reads along."""

    @property
    def channel(self) -> LossyChannel:
        """Where attempts tell what no event carries."""

    @property
    def about(self) -> About:
        """What the server tells of itself."""

    def check_ready(self) -> None:
        """Raise Unavailable where nothing can be taken in: while stopping, or while another owner is in charge."""

    @property
    def short(self) -> str:
        """What the machine is short of, so that something waits to be tried again; empty where nothing is."""

    @property
    def archive_desk(self) -> Archive:
        """Where what has ended goes, and how to hasten that."""

    # Workflows.

    @property
    def activities(self) -> Activities:
        """The activity kinds at hand, with the models of their configs."""

    @property
    def strict_kinds(self) -> bool:
        """Whether a kind that is not at hand is a problem; where workers elsewhere may bring it, it is not."""

    def node_kinds(self) -> list[dict[str, Any]]:
        """All node kinds at hand, as `domain.definition.kind_description` describes them."""

    async def publish(
        self, definition: WorkflowDefinition, activate: bool, source: SourceText | None = None, caller: Caller = ENGINE
    ) -> Published:
        """Publish a valid definition, with its text; with `activate` also content that was there before becomes the active version."""

    def resolve(self, workflow: str, version: int = 0) -> tuple[int, str]:
        """Version (0: the active one) and content hash of a definition. Raises Rejected where there is none."""

    def version_of(self, workflow: str, definition_hash: str) -> int:
        """Which version of a workflow has this content; 0: none has."""

    def compiled(self, workflow: str, version: int) -> Graph | None:
        """A version of a workflow (0: the active one), compiled; None where there is none, or its language is not known."""

    async def activate(self, workflow: str, version: int, caller: Caller = ENGINE) -> Version:
        """Make a version the active one."""

    async def archive(self, workflow: str, caller: Caller = ENGINE) -> None:
        """Let no execution start with it any more."""

    async def know(self, workflow: str) -> None:
        """Look whether somebody else has published a workflow that is not known here."""

    async def templates(self) -> list[FoundTemplate]:
        """The files of definitions to begin with."""

    def workflows(self) -> list[Version]:
        """Of each workflow the active version, or the last one."""

    def versions(self, workflow: str) -> list[Version]:
        """All versions of a workflow, the first one first."""

    async def compute(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do what takes long beside all else, in the thread that reads."""

    async def prepare(self, workflow: str) -> None:
        """Publish one of the engine's own workflows, as this build has it."""

    # Resources.

    async def resources(self, kind: str) -> list[Resource]:
        """All resources of a kind, by name."""

    async def resource(self, kind: str, name: str) -> Resource:
        """One of them. Raises Rejected where there is none."""

    async def write_resource(self, kind: str, name: str, value: bytes | None, caller: Caller, expected: int | None = None) -> Resource:
        """Let a resource be this JSON, or with None be no more; with `expected` only where that is its revision still."""

    # Credentials.

    @property
    def public_url(self) -> str | None:
        """Where people reach this server, where that is known."""

    @property
    def credentials(self) -> CredentialKeeper:
        """The secrets that activities may use."""

    @property
    def slack(self) -> Slack:
        """Slack, where people are asked in it."""

    @property
    def webhooks(self) -> WebhookBook:
        """What was sent to webhooks."""

    # Dead letters.

    @property
    def letters(self) -> Letters:
        """What nobody could read or be given."""

    async def other_acts(self) -> Mapping[int, Sequence[AuditRecord]]:
        """What was done to other things than executions, by where it stands; see `projections.audit`."""

    def chance(self, size: int) -> bytes:
        """Bytes that nobody can guess."""

    # Single events.

    async def find_event(self, execution: str, version: int) -> tuple[int, int]:
        """The partition and the offset of the decision that an event is of. Raises Rejected where there is none."""

    # Cached results.

    @property
    def cache(self) -> ResultCache:
        """What activities gave, to be used again; of this process. Asked by `compute`."""

    async def warm(self, workflow: str, limit: int) -> Warmed:
        """Keep what activities of the last executions of a workflow gave, for what is left of its time."""

    # Commands.

    def begin_start(self, start: Start, wait_s: float, then: Callable[[Started | Exception], None]) -> Callable[[], None]:
        """Start an execution; `then` hears of it once, with a wait at its end or when the time is up.

        What is given back forgets the caller. Raises what can be refused before anything was given to the engine.
        """

    async def start(self, start: Start, wait_s: float) -> Started:
        """The same, awaited."""

    async def seal_answer(self, execution: str, form: Any, data: bytes) -> bytes:
        """The data of an answer to a task with this form, as they may be stored. Raises InvalidInput, NoCredential, LogError."""

    async def start_many(self, starts: Sequence[Start]) -> list[Started | RefoldError]:
        """Start many at once, each by itself; in the order they were asked for."""

    def begin_give(self, execution: str, command: Command, caller: Caller, then: Callable[[Given | Exception], None]) -> Callable[[], None]:
        """Give a command to an execution; `then` hears once what came of it."""

    async def give(self, execution: str, command: Command, caller: Caller) -> Given:
        """The same, awaited."""

    def new_id(self) -> str:
        """An id that nobody else has."""

    # Reading.

    async def reach(self, position: int | None) -> None:
        """Wait, for a bounded time, until what is read goes up to the position. Raises Unavailable where that takes too long."""

    def now(self) -> int:
        """The time, in milliseconds since 1970."""

    async def view(self, execution: str) -> ExecutionView:
        """An execution as it is now."""

    async def find(self, query: Query[ExecutionRecord]) -> list[dict[str, Any]]:
        """The executions of a list, each with its `cursor`: where the next page begins, if it is the last one."""

    async def rows(self, query: Query[R], execution: str | None = None) -> Rows[R]:
        """The rows of any read model's list: of all executions, or of one."""

    async def stands(self) -> list[StandIn]:
        """How the rows of each read model stand, in each partition."""

    async def rebuild(self, models: Sequence[str]) -> None:
        """Make the rows of these read models anew; done when it is stored that they are to be. Raises Unavailable."""

    def position_of(self, partition: int, offset: int) -> int:
        """The position that stands for an offset of a partition."""

    async def standings(self, which: Which, most: int, with_incidents: bool) -> Sequence[Row]:
        """The executions that are meant, as they stand, the engine's own left out; one more than `most` where there are more."""

    async def outcomes(self, operation: str) -> Outcomes:
        """What has become of a bulk operation, so far."""

    async def causes(self, query: Query[IncidentRecord]) -> Rows[tuple[Group, IncidentRecord | None]]:
        """The incidents of a list by their cause, those with the most first, each with an example."""

    async def copied(self, read: Callable[[Copied], T]) -> T:
        """Read of the data folder what somebody copies. Raises Rejected where there is none, or not all there is lies in it."""

    def cluster(self) -> Cluster:
        """The processes that share the log, and the partitions."""

    async def metrics(self) -> bytes:
        """Counters and gauges, as Prometheus reads them."""
