"""Where the things are that a command talks about: a data folder, or a server. A command is written once, over this.

A `Place` is looked at; within `act` one has a `Session` that publishes, starts and steers. Both speak in values as JSON
has them, of the same shape from either place, so that what a command says does not depend on where it asked. All
methods raise what `contracts/errors.py` knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeAlias

from contracts.commands import Command
from contracts.debugging import Breakpoint
from contracts.errors import Problem
from refold.cli.commands.definition_file import Written
from refold.cli.commands.interrupt import Interrupt
from refold.cli.commands.progress import Progress

Value: TypeAlias = dict[str, Any]
Waiting: TypeAlias = dict[str, list[Value]]
"""What open executions wait for, by their ids."""
Stop: TypeAlias = Literal["ended", "outside", "timeout", "interrupted"]
"""Why nothing more is waited for: it has ended, only the outside can move it, or somebody has had enough."""

ENDED: Final = frozenset({"completed", "failed", "cancelled", "terminated", "quarantined"})
ROW: Final = (
    "execution_id", "workflow", "version", "status", "created_at", "started_at", "ended_at", "duration_ms", "events", "outcome",
    "error", "parent", "root", "trigger", "tags", "waiting_for", "search",
    "forked_from",
)  # fmt: skip
INCIDENT: Final = ("execution_id", "incident", "workflow", "path", "node", "raised_at", "error")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which executions a list shows: those of a status and a workflow that a filter takes, and of these the last ones created."""

    statuses: Sequence[str] = ()
    workflow: str | None = None
    filter: str | None = None
    limit: int | None = None
    system: bool = False
    """Whether the engine's own workflows are among them, too."""


@dataclass(frozen=True, kw_only=True)
class AuditWanted:
    """Which rows of the audit are shown: of these the last ones."""

    actor: str | None = None
    execution: str | None = None
    workflow: str | None = None
    command: str | None = None
    filter: str | None = None
    limit: int = 50


@dataclass(frozen=True, kw_only=True)
class Picked:
    """Which rows of a list are shown: those that a filter takes, and of these the first ones."""

    filter: str | None = None
    limit: int | None = None


ALL: Final = Picked()


@dataclass(frozen=True, kw_only=True)
class Analysed:
    """What analytics are asked for: see `GET /v1/analytics`."""

    workflow: str | None = None
    version: int | None = None
    node: str | None = None
    since: str | None = None
    until: str | None = None
    by: Literal["hour", "day", "all"] = "day"
    group: str = "workflow"


@dataclass(frozen=True, kw_only=True)
class CostsWanted:
    """What costs are asked for: see `GET /v1/analytics/ai`."""

    workflow: str | None = None
    version: int | None = None
    node: str | None = None
    model: str | None = None
    prompt: str | None = None
    since: str | None = None
    until: str | None = None
    by: Literal["day", "all"] = "day"
    group: str = "workflow,model"


@dataclass(frozen=True, kw_only=True)
class Start:
    """A start; of `execution` and `key` at most one is given."""

    workflow: str
    input: Any = None
    variables: Value | None = None
    execution: str | None = None
    key: str | None = None
    breakpoints: tuple[Breakpoint, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Forking:
    """What is to go on as a new execution: after which event, or (`retries`) in the place of its failure, and what is to be otherwise."""

    execution: str
    retries: bool = False
    at: int | None = None
    sets: Value
    version: int | None = None
    until: int | None = None
    own_id: str | None = None
    key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What is followed: the events of one execution, of a workflow, or of all; of these types, and for which a filter is true.

    `after` is a position; without it an execution is followed from its beginning, all else from now on.
    """

    execution: str | None = None
    workflow: str | None = None
    types: Sequence[str] = ()
    filter: str | None = None
    after: str | None = None


class Moment(NamedTuple):
    """An execution after an event of its own, or as it is."""

    execution: str
    at: int | None


class Finding(NamedTuple):
    """One thing that was looked at: `ok`, `note` (works, but less) or `wrong`, and what to do."""

    what: str
    state: str
    found: str
    fix: str = ""


class Done(NamedTuple):
    """How many records of the journals something has taken in, and how many there are."""

    done: int
    end: int


class Session(Protocol):
    """What can be done at a place. A data folder is held as long as a session lasts."""

    def publish(self, written: Written, activate: bool) -> Value:
        """Publish what `Place.read` gave: `{name, version, hash, status, created, before}`. See `Catalog.publish`."""

    def activate(self, workflow: str, version: int) -> Value:
        """Let executions start with this version from here on."""

    def archive(self, workflow: str) -> list[Value]:
        """Let no execution start with the workflow any more; its versions."""

    def send_letter(self, letter: int, reason: str) -> Value:
        """Send a dead letter again; what has become of it."""

    def drop_letter(self, letter: int, reason: str) -> Value:
        """Drop a dead letter, with the reason; what has become of it."""

    def start(self, start: Start) -> Value:
        """Start an execution: `{execution_id, version, status}`. The same request twice is once."""

    def fork(self, wanted: Forking) -> Value:
        """Go on from what is recorded, as `POST /v1/executions/{execution}/fork` and `…/retry` answer. The same key twice is once."""

    def give(self, execution: str, command: Command) -> None:
        """Give a command to an execution; it is durable."""

    def follow(self, execution: str, timeout_s: float | None, patient: bool) -> Stop:
        """Wait until the execution has ended or waits for the outside; with `patient` only a need for a person counts as that."""

    def state(self, execution: str) -> Value:
        """All that the execution is now."""

    def waiting(self, execution: str) -> Waiting:
        """What the execution and its children wait for."""

    def debugger(self, execution: str) -> Value:
        """The breakpoints of an execution, and where it halts: `GET /v1/executions/{execution}/debugger`."""


class Target(Protocol):
    """A data folder or a server."""

    @property
    def name(self) -> str:
        """Where it is."""

    @property
    def options(self) -> Sequence[str]:
        """The options without which a command would look elsewhere."""

    @property
    def engine_options(self) -> Sequence[str]:
        """The further options without which an engine of the command's own could do less."""

    @property
    def looks_back(self) -> Sequence[str]:
        """The commands by which one sees what happened to an execution."""

    def stays_open(self, execution: str) -> str:
        """What becomes of an open execution that nobody waits for any more, and what to do."""

    # Look.

    def executions(self, wanted: Wanted) -> list[Value]:
        """The executions in the order of their creation, each a `ROW`."""

    def state(self, execution: str, at: int | None, time: datetime | None = None) -> Value:
        """All that an execution is, or was after its event `at`, or at a time."""

    def history(self, execution: str) -> Iterable[Value]:
        """Every event of an execution."""

    def recorded_test(self, execution: str, file: str | None) -> Value:
        """An execution as a file with tests: `{workflow, text, differences}`."""

    def trace(self, execution: str) -> Value:
        """The spans of an execution: `{trace_id, spans}`."""

    def why(self, execution: str, node: str, at: int | None) -> Value:
        """Why a node is as it is, or was after an event: `GET /v1/executions/{execution}/why`."""

    def diff(self, one: Moment, other: Moment) -> Value:
        """Where two executions, or two moments of one, part: `GET /v1/executions/{execution}/diff`."""

    def follow(self, followed: Followed) -> Iterator[tuple[str, Value]]:
        """Public events as they happen, each with the position after it; of an execution until it has ended."""

    def incidents(self, picked: Picked = ALL) -> list[Value]:
        """The open incidents, the oldest first, each an `INCIDENT`."""

    def causes(self, picked: Picked) -> list[Value]:
        """The open incidents by their cause: `{workflow, node, type, message, count, first, last, example}`."""

    def node_runs(self, picked: Picked) -> list[Value]:
        """The runs of nodes that are open or have failed, of all executions."""

    def waiting(self, picked: Picked) -> list[Value]:
        """What executions wait for from outside."""

    def workflows(self) -> list[Value]:
        """Of each workflow the active version, or the last one: `{name, version, hash, status, published_at, published_by, source}`."""

    def versions(self, workflow: str) -> list[Value]:
        """All versions of a workflow, the first one first."""

    def source(self, workflow: str, version: int | None) -> bytes:
        """The text that a version was published from; None: of the active one."""

    def difference(self, workflow: str, before: int, after: int) -> Value:
        """What is different between two versions: `{name, before, after, changes, text_of, text}`."""

    def audit(self, wanted: AuditWanted) -> list[Value]:
        """Who did what, the latest first."""

    def cached_results(self, kind: str | None, workflow: str | None, limit: int) -> Value:
        """Which results are used again, and how often they are: `{results, next, uses}`."""

    def invalidate(self, kind: str | None, workflow: str | None, key: str | None, older_than: str | None, all: bool) -> Value:
        """Forget results: `{count}`."""

    def warm(self, workflow: str, limit: int) -> Value:
        """Keep what activities of past executions gave: `{executions, results, unreadable}`."""

    def dead_letters(self, state: str, topic: str | None, limit: int) -> Value:
        """What nobody could read or be given, the last one first: `{dead_letters, next, open}`."""

    def dead_letter(self, letter: int) -> Value:
        """A dead letter with all that is in it."""

    def views(self) -> list[Value]:
        """The saved views, by name: `{name, revision, written_by, written_at, value}`."""

    def view(self, name: str) -> Value:
        """A saved view: `{filter, columns, summary}`. Raises Rejected where there is none."""

    def write_view(self, name: str, value: Value | None) -> Value:
        """Let a view be this, or None: be no more. Raises InvalidInput, Rejected."""

    def workflow_names(self) -> list[str]:
        """The names of all workflows."""

    def workers(self) -> Value:
        """Who is there to run activities, and what waits for a worker that is not there: `{workers, waiting}`."""

    def cluster(self) -> Value:
        """Who shares the log: `{node, leader, generation, processes, partitions, workers}`. Raises BadInput where nobody serves."""

    def analytics(self, wanted: Analysed) -> list[Value]:
        """The windows in the order of time. Raises Rejected, BadInput."""

    def costs(self, wanted: CostsWanted) -> list[Value]:
        """What asking models took, in the order of time. Raises Rejected, BadInput."""

    def read_models(self) -> list[Value]:
        """The read models by name, as `projections.stands` tells of them."""

    def rebuild(self, name: str) -> Iterator[Done]:
        """Have a read model (or `all`) made anew; how far that is, now and then, until it is done."""

    def node_kinds(self) -> list[Value]:
        """All node kinds."""

    def schemas(self) -> Value:
        """The JSON Schemas by name."""

    def checks(self) -> Iterator[Finding]:
        """Whether the place is in order."""

    # Define and act.

    def read(self, file: Path) -> Written:
        """The definition in a file, as `publish` takes it. Raises BadInput, InvalidDefinition."""

    def validate(self, file: Path, kinds: frozenset[str]) -> tuple[str, list[Problem], list[Problem]]:
        """The name in a definition, all that is wrong with it, and what it refers to that nobody has now.

        `kinds` may be used beside those at hand; a server takes any that a worker may bring.
        """

    def act(self, progress: Progress, interrupt: Interrupt, must_exist: bool = False) -> AbstractContextManager[Session]:
        """A session. With `must_exist` a data folder that is missing is refused instead of made."""


def row_value(row: Value) -> Value:
    """The row of a list, from what a place knows about an execution."""
    error = row["error"] and {name: row["error"][name] for name in ("type", "message")}
    whole = {**row, "error": error, "duration_ms": duration_ms(row["started_at"] or row["created_at"], row["ended_at"])}
    return {name: whole[name] for name in ROW}


def duration_ms(start: str | None, end: str | None) -> int | None:
    """From one time to another; None where one is missing."""
    if start is None or end is None:
        return None
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() * 1000)
