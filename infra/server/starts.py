"""Starting executions: from a start as a caller asks for it to its answer, by callbacks, since it is asked thousands of times a second.

    asked ──► created, or repeats an earlier start ──► (with a wait) ended, or the time is up, or the server stops ──► answered

Nothing is answered before the round that decided it is durable (`workers/partition/owner.py`, act).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from api.service import Start, Started, Unavailable
from contracts import values
from contracts.caller import ENGINE, Caller
from contracts.commands import Command, CreateExecution
from contracts.errors import InvalidInput, Rejected
from contracts.ids import execution_id_problem, make_key_id
from contracts.positions import Positions
from contracts.triggers import cause_id
from domain.execution.evolve import initial
from domain.execution.facts.execution import request_of
from domain.execution.state import ENDED, Execution
from infra.server.start_sealing import Sealing
from projections.view import ExecutionView, view_of
from workers.partition.catalog import Catalog
from workers.partition.executions import Executions
from workers.partition.offload import offload
from workers.partition.round import Answer, Reply

Outcome: TypeAlias = Started | Exception
Then: TypeAlias = Callable[[Outcome], None]


class Watched(Protocol):
    """Tells of ends and incidents; see `workers.partition.watchers`."""

    def add(self, execution: str, then: Callable[[Execution], None], at_incident: bool = False) -> None:
        """Call back once the execution has ended, or with `at_incident` needs a person."""

    def remove(self, execution: str, then: Callable[[Execution], None]) -> None:
        """Do not call back any more."""


class Partition(Protocol):
    """A partition of the log as whoever starts executions sees it: its owner, or the way to one elsewhere."""

    @property
    def partition(self) -> int:
        """Its number."""

    @property
    def is_current(self) -> bool:
        """Whether what is in memory may be read: it is what the journal says."""

    @property
    def executions(self) -> Executions:
        """What is in memory."""

    @property
    def watchers(self) -> Watched:
        """Who waits for ends."""

    @property
    def position(self) -> int:
        """The offset after the last durable decision, as far as is known."""

    def send(self, execution: str, command: Command, reply: Reply | None = None, caller: Caller = ENGINE) -> None:
        """Give a command to the partition's owner. Raises Overloaded."""


View: TypeAlias = Callable[[str, int], Awaitable[ExecutionView]]
"""Reads an execution at or after an offset, with a big output filled in."""


class Starts:
    """The starts in one partition that are under way. `new_id` makes ids for those that come without."""

    def __init__(
        self, at: Partition, catalog: Catalog, positions: Positions, view: View, new_id: Callable[[], str], sealing: Sealing
    ) -> None:
        self.at, self.catalog, self.positions, self.view, self._new_id, self.sealing = at, catalog, positions, view, new_id, sealing
        self.loop = asyncio.get_running_loop()
        self.waiting: set[_Start] = set()
        """Those that wait for an end."""
        self.reading: set[asyncio.Future[None]] = set()

    def begin(self, start: Start, wait_s: float, then: Then, name: str = "") -> Callable[[], None]:
        """Start an execution; `then` hears of it once. What is given back forgets it: nobody waits any more, what was started goes on.

        `name` is its id, where that is known already. Raises Rejected for what can be refused before anything was given to the
        engine, Overloaded.
        """
        one = _Start(self, name or name_of(start, self._new_id), start, wait_s, then)
        one.begin()
        return one.forget

    def stop(self) -> None:
        """Answer those that wait with what they have: the server is about to stop."""
        for one in list(self.waiting):
            one.time_is_up()

    def is_repeated(self, name: str, start: Start) -> bool:
        """Whether this start was made before, as far as memory says."""
        return is_repeated(name, start, self.at.executions, self.catalog, self.sealing)


def name_of(start: Start, new_id: Callable[[], str]) -> str:
    """The id of the execution that is to start. Raises Rejected for one that nobody may choose."""
    if is_keyed(start):
        return derived_id(start)
    if start.execution is None:
        return new_id()
    check_execution_id(start.execution)
    return start.execution


def is_keyed(start: Start) -> bool:
    """Whether its id derives from what caused it, so that the same one again is the same start."""
    return start.key is not None or start.trigger is not None


def derived_id(start: Start, partition: int | None = None) -> str:
    """The id that derives from a trigger and its cause, or from a key; in a partition, or wherever its checksum says."""
    if start.trigger is not None:
        return cause_id(start.workflow, start.trigger.trigger, start.trigger.cause, partition)
    assert start.key is not None, "an id derives from a key, or from a trigger"
    return key_id(_keyed_by(start), start.key, partition)


def _keyed_by(start: Start) -> str:
    """Among which requests a key is one: the starts of a workflow, its test runs, or the forks of one execution."""
    if start.fork is not None and start.fork.fork is not None:
        return f"fork of {start.fork.fork.source}"
    return start.workflow if start.test is None else f"test run of {start.workflow}"


def check_execution_id(text: str) -> None:
    """Raise Rejected where nobody may choose the text as the id of an execution."""
    if (problem := execution_id_problem(text)) is not None:
        raise Rejected("bad_id", f"this cannot be an execution id: {problem}")


def key_id(workflow: str, key: str, partition: int | None = None) -> str:
    """The id of the execution that a workflow's idempotency key stands for: the same for ever, on any machine.

    With a `partition` the execution lives there, else wherever the checksum of the id says.
    """
    return make_key_id(hashlib.sha256(f"{workflow}/{key}".encode()).hexdigest()[:32], partition)


def creation(name: str, start: Start, version: int, definition: str, sealing: Sealing) -> CreateExecution:
    """The command of a start, for a version of its workflow. Raises what `Sealing.sealed` does."""
    if start.fork is not None:  # nothing in it is secret, or it would not be
        return start.fork
    command = CreateExecution(
        start.workflow,
        version,
        definition,
        start.input,
        start.variables,
        priority=start.priority,
        autostart=start.autostart,
        start_at=start.start_at,
        trigger=None if start.trigger is None else start.trigger.value,
        span=start.caller.span,
        heeds_pauses=start.trigger is not None and start.trigger.by_itself,
        test=None if start.test is None else start.test.plan,
        allowance=start.allowance,
        breakpoints=start.breakpoints,
    )
    return sealing.sealed(name, command, start.secrets)


def is_repeated(name: str, start: Start, executions: Executions, catalog: Catalog, sealing: Sealing) -> bool:
    """Whether this start was made before: by its key or cause, or by the same request for any version of the workflow."""
    folded = executions.get(name)
    known = executions.ended.get(name) if folded is None else folded.state
    if known is None:
        return False
    if is_keyed(start):
        return True
    return any(_is_request(known.request, name, start, one.version, one.hash, sealing) for one in catalog.versions(start.workflow))


def _is_request(request: bytes, name: str, start: Start, version: int, definition: str, sealing: Sealing) -> bool:
    """Whether it is the start of this version that an execution remembers; one that its schema does not allow is none."""
    try:
        return fingerprint(creation(name, start, version, definition, sealing)) == request
    except InvalidInput:
        return False


class _Nowhere:
    """Blobs that are only named."""

    def put(self, content: bytes) -> str:
        return ""

    def get(self, content_hash: str) -> bytes:
        raise KeyError(content_hash)


def fingerprint(command: CreateExecution) -> bytes:
    """What an execution remembers of the start that made it: taken after big values have become references. Nothing is stored for it."""
    small = offload(command, _Nowhere())
    assert isinstance(small, CreateExecution)
    return request_of(small)


class _Start:
    """One start on its way."""

    __slots__ = ("_created", "_is_done", "_name", "_offset", "_start", "_starts", "_then", "_timer", "_version", "_view", "_wait_s")

    def __init__(self, starts: Starts, name: str, start: Start, wait_s: float, then: Then) -> None:
        self._starts, self._name, self._start, self._wait_s, self._then = starts, name, start, wait_s, then
        self._created: bool | None = None
        """Whether it is new; None until that is known."""
        self._view: ExecutionView | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._offset = self._version = 0
        """After it was created, as far as that was told; of which version of its workflow it is."""
        self._is_done = False

    def begin(self) -> None:
        """Give it to the engine, unless it is known already."""
        starts, at, start = self._starts, self._starts.at, self._start
        has_name = start.execution is not None or is_keyed(start)  # an id that was made just now nobody has used
        if has_name and at.is_current and starts.is_repeated(self._name, start):  # else memory may hold what was never stored
            self._watch()
            self._is_made(False, self._needs_a_person())
            return
        self._version, definition = self._meant()
        at.send(self._name, creation(self._name, start, self._version, definition, starts.sealing), self._on_answer, start.caller)
        self._watch()

    def _meant(self) -> tuple[int, str]:
        """Which version of its workflow it is of, and the content hash of that."""
        start = self._start
        if start.fork is not None:
            return start.fork.version, start.fork.definition
        return self._starts.catalog.resolve(start.workflow) if start.test is None else (start.test.version, start.test.definition)

    def _watch(self) -> None:
        self._starts.at.watchers.add(self._name, self._on_end, at_incident=not self._start.through_incidents)

    def _needs_a_person(self) -> bool:
        """Whether it does already, and that ends the wait."""
        folded = self._starts.at.executions.get(self._name)
        return folded is not None and folded.state.status == "incident" and not self._start.through_incidents

    def _on_end(self, state: Execution) -> None:
        self._view = view_of(state, 0)
        if self._created is not None:
            self._finish()

    def _on_answer(self, answer: Answer) -> None:
        error = answer.error
        self._offset = answer.position
        if error is None:
            is_stuck = answer.status == "incident" and not self._start.through_incidents
            self._is_made(not answer.repeated, answer.status in ENDED or is_stuck)
        elif isinstance(error, Rejected) and error.reason == "already_exists" and self._is_repeated():
            self._is_made(False, self._needs_a_person())
        else:
            self._answer(error)

    def _is_repeated(self) -> bool:
        return is_keyed(self._start) or self._starts.is_repeated(self._name, self._start)

    def _is_made(self, created: bool, has_ended: bool = False) -> None:
        """It is there, and durable; `has_ended` says that there is nothing to wait for."""
        self._created = created
        starts = self._starts
        has_ended |= self._name in starts.at.executions.ended
        if self._view is None and self._wait_s and not self._is_done and not has_ended:
            starts.waiting.add(self)
            self._timer = starts.loop.call_later(self._wait_s, self.time_is_up)
        else:
            self._finish()

    def time_is_up(self) -> None:
        """Answer with how far it has come."""
        self._finish()

    def _finish(self) -> None:
        """Answer with what it is now: from memory, or read where it is big, or has ended before."""
        if self._is_done:
            return
        at = self._starts.at
        view = self._view
        if view is None and at.is_current and (folded := at.executions.get(self._name)) is not None:
            view = view_of(folded.state, 0)
        if view is None or values.is_reference(bytes(view.output)):
            self.forget(keeps=True)
            reading = asyncio.ensure_future(self._read())
            self._starts.reading.add(reading)
            reading.add_done_callback(self._starts.reading.discard)
            return
        view.position = self._starts.positions.of(at.partition, at.position)
        self._answer(Started(view, bool(self._created)))

    async def _read(self) -> None:
        try:
            self._answer(Started(await self._starts.view(self._name, self._offset), bool(self._created)))
        except Unavailable as error:
            is_late = self._created and error.reason == "behind"
            self._answer(Started(self._as_begun(), True) if is_late else error)
        except Exception as error:  # whoever asked has to hear of it, whatever it is
            self._answer(error)

    def _as_begun(self) -> ExecutionView:
        """A new one whose rows are late: whoever heard an error would start another one."""
        state = initial(self._name)
        state.workflow, state.workflow_version, state.status = self._start.workflow, self._version, "running"
        return view_of(state, self._starts.positions.of(self._starts.at.partition, self._offset))

    def _answer(self, outcome: Outcome) -> None:
        if not self._is_done:
            self.forget()
            self._then(outcome)

    def forget(self, keeps: bool = False) -> None:
        """Nobody waits any more; with `keeps` only the end is not waited for."""
        self._is_done = self._is_done or not keeps
        self._starts.at.watchers.remove(self._name, self._on_end)
        self._starts.waiting.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
