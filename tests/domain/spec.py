"""Given, when, then for single decisions (`Spec`), and whole executions in virtual time (`World`). No engine, no threads.

Both hold the laws while they run: what was decided live equals what is folded, a command decided again changes nothing,
a refused command changes nothing, an open execution waits for something that has a name, a terminal one stays as it is.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any

import msgspec

from contracts import commands as c
from contracts import values
from contracts.codec import decode_decision, encode_decision, pack
from contracts.commands import Command, CreateExecution
from contracts.definitions import WorkflowDefinition
from contracts.errors import Divergence, InvalidInput, Rejected
from contracts.events import Event
from contracts.failure import Failure
from contracts.journal import Decision, Source
from contracts.usage import Amount, ModelCall
from domain.definition.canonical import canonical, load_canonical, published
from domain.definition.compile import compile_definition
from domain.definition.document import parse_document
from domain.definition.graph import Graph
from domain.definition.validate import publishable
from domain.execution.decide import decide
from domain.execution.evolve import fold, initial
from domain.execution.history import Entry
from domain.execution.limits import LIMITS, Limits
from domain.execution.liveness import waits_of
from domain.execution.react import outstanding, react
from domain.execution.skipping import next_skip, written_in
from domain.execution.state import Execution
from tests.domain.run_life import Transition, follow

START_MS = 1_000_000
"""When every test begins."""
_state_decoder = msgspec.msgpack.Decoder(Execution)


def document_of(text: str | dict[str, Any]) -> dict[str, Any]:
    """A definition as JSON values; without a name it is called `w`."""
    document = parse_document(text) if isinstance(text, str) else text
    return {"name": "w", **document}


def graph_of(text: str | dict[str, Any]) -> Graph:
    """The graph of a definition that could be published."""
    return _graph(text) if isinstance(text, str) else _compile(text)


@cache
def _graph(text: str) -> Graph:
    return _compile(document_of(text))


def _compile(document: dict[str, Any]) -> Graph:
    definition: WorkflowDefinition = publishable(document_of(document), {}, strict_kinds=False)
    stored = load_canonical(canonical(published(definition)))
    return compile_definition(stored, f"hash of {definition.name}", 1)


def create(given: Any = None, workflow: str = "w", **more: Any) -> CreateExecution:
    """The command that begins an execution."""
    return CreateExecution(workflow, 1, f"hash of {workflow}", values.encode(given), **more)


def signal(name: str, payload: Any = None, id_: str = "") -> c.SendSignal:
    """A signal; without an id it is named by what it carries."""
    content = values.encode(payload)
    return c.SendSignal(id_ or f"{name} {content.decode()}", name, content)


# One execution, with the laws around each decision.


class Subject:
    """An execution that takes commands one by one, and holds the laws at each."""

    def __init__(self, graph: Graph, execution: str, limits: Limits = LIMITS, blobs: dict[str, bytes] | None = None) -> None:
        self.graph = self.begun_by = graph
        self.state = initial(execution)
        self.shadow = initial(execution)
        self.decisions: list[Decision] = []
        self.taken: set[Transition] = set()
        self.blobs = {} if blobs is None else blobs
        self.limits = limits
        self.digest = b""

    def ask(self, command: Command, now: int) -> Decision | None:
        """Decide; None where it is already so. Raises Rejected with the state unchanged."""
        before = pack(self.state)
        try:
            decided = decide(self.graph, self.state, command, now, self.blobs.__getitem__, self.limits)
        except (Rejected, InvalidInput):
            assert pack(self.state) == before, f"{command} was refused, and has changed the state"
            raise
        self.blobs.update(decided.blobs)
        if not decided.events:
            assert pack(self.state) == before, f"{command} led to no event, and has changed the state"
            return None
        assert not self.shadow.is_ended, f"{command} led to events after the end: {decided.events}"
        decision = self._record(command, now, tuple(decided.events), decided.graph)
        self._decide_again(command, now)
        return decision

    def apply(self, events: Iterable[Event], command: Command, now: int) -> None:
        """Let facts stand as they are given, without deciding."""
        decision = Decision(Source(0, len(self.decisions)), self.state.execution, self.state.version + 1, now, command, tuple(events))
        fold(self.graph, self.state, [decision])
        fold(self.graph, self.shadow, [decision])
        self.decisions.append(decision)

    def restart(self) -> None:
        """As after a crash: the state comes back from its bytes."""
        self.state = _state_decoder.decode(pack(self.state))

    def verify(self) -> None:
        """Fold from zero, and decide everything again. Raises Divergence where a decision comes out otherwise."""
        assert pack(fold(self.begun_by, initial(self.state.execution), self.decisions)) == pack(self.state)
        redecide(self.begun_by, self.decisions, self.blobs, self.limits)

    def _record(self, command: Command, now: int, events: tuple[Event, ...], graph: Graph) -> Decision:
        first = self.state.version - len(events) + 1
        decision = Decision(Source(0, len(self.decisions)), self.state.execution, first, now, command, events)
        decision = through_bytes(decision)
        assert decision.events == events, "events change on their way through the log"
        self.taken |= follow(self.graph, self.shadow, decision)
        assert pack(self.shadow) == pack(self.state), _difference(self.shadow, self.state, decision)
        self.decisions.append(decision)
        self.graph = graph
        waits_of(self.graph, self.state)
        _check_set_aside(self.state)
        return decision

    def _decide_again(self, command: Command, now: int) -> None:
        before = pack(self.state)
        try:
            again = decide(self.graph, self.state, command, now, self.blobs.__getitem__, self.limits).events
        except Rejected:
            again = []
        assert again == [], f"{command} decided a second time led to {again}"
        assert pack(self.state) == before, f"{command} decided a second time has changed the state"


def _check_set_aside(state: Execution) -> None:
    """What is set aside is that of attempts that are under way, and of children, and its sums are of these."""
    spending = state.spending
    if spending is None or state.ended_at:
        return
    for path, one in spending.reserved.items():
        run = state.runs.get(path)
        is_open = run is not None and run.attempt == one.attempt and run.status not in ("retrying", "incident")
        assert one.of_child or is_open, f"attempt {one.attempt} of {path} is gone, and what was set aside for it is not free"
    by_node: dict[int, Amount] = {}
    for one in spending.reserved.values():
        by_node[one.node] = by_node.get(one.node, Amount()).and_(one.amount)
    for node in {*by_node, *spending.aside_by_node}:
        assert spending.set_aside(node) == by_node.get(node, Amount())
    assert spending.aside == reduce(Amount.and_, by_node.values(), Amount())


def through_bytes(decision: Decision) -> Decision:
    """The decision as it comes back from the log."""
    record, _ = encode_decision(decision, b"nonce", b"")
    return decode_decision(msgspec.msgpack.decode(record)[4])


def entries_of(subject: Subject, schema: int) -> list[Entry]:
    """The decisions of a subject as a journal holds them that was written under a schema."""
    begun = subject.decisions[0].command
    assert isinstance(begun, CreateExecution)
    digest, entries = begun.definition.encode(), []
    for offset, decision in enumerate(subject.decisions):
        decision = msgspec.structs.replace(decision, schema=schema)
        record, digest = encode_decision(decision, b"nonce", digest)
        entries.append(Entry(offset, decision, msgspec.msgpack.decode(record)[4], digest))
    return entries


def redecide(graph: Graph, decisions: Iterable[Decision], blobs: Mapping[str, bytes], limits: Limits = LIMITS) -> Execution:
    """Decide a history again. Raises Divergence at the first decision that comes out otherwise."""
    state: Execution | None = None
    for decision in decisions:
        state = initial(decision.execution) if state is None else state
        decided = decide(graph, state, decision.command, decision.now, blobs.__getitem__, limits)
        graph, found = decided.graph, tuple(decided.events)
        if found != decision.events:
            raise Divergence(decision.execution, decision.first, "", repr(found), repr(decision.events))
    assert state is not None
    return state


def _difference(folded: Execution, live: Execution, decision: Decision) -> str:
    for field in Execution.__struct_fields__:
        one, other = getattr(folded, field), getattr(live, field)
        if pack(one) != pack(other):
            return f"after {decision.command}: {field} is {one} when folded, {other} when decided live"
    return "folded and live states differ"


# Given, when, then.


class Spec:
    """`Spec(definition).given(…).when(command).then(*events)`: one decision, decided twice and folded."""

    def __init__(self, definition: str | dict[str, Any], given: Any = None, *, created: bool = True, **limits: Any) -> None:
        self.subject = Subject(graph_of(definition), "x", Limits(**limits))
        self.now = START_MS
        self.events: list[Event] = []
        self.rejected: Rejected | InvalidInput | None = None
        self.decision: Decision | None = None
        if created:
            self.subject.ask(create(given), self.now)

    @property
    def state(self) -> Execution:
        return self.subject.state

    def given(self, *facts: Command | Event | int) -> Spec:
        """Commands are decided, events stand as they are, a number lets so many milliseconds pass."""
        for fact in facts:
            if isinstance(fact, int):
                self.now += fact
            elif isinstance(fact, Event):
                self.subject.apply([fact], self.subject.decisions[-1].command if self.subject.decisions else create(), self.now)
            else:
                self.subject.ask(fact, self.now)
        return self

    def when(self, command: Command, after: int = 0) -> Spec:
        """Decide; a refusal is kept for `then_rejected`."""
        self.now += after
        self.events, self.rejected, self.decision = [], None, None
        try:
            self.decision = self.subject.ask(command, self.now)
        except (Rejected, InvalidInput) as rejected:
            self.rejected = rejected
        else:
            self.events = [] if self.decision is None else list(self.decision.events)
        return self

    def then(self, *events: Event) -> Spec:
        """Exactly these events."""
        assert self.rejected is None, f"refused: {self.rejected}"
        assert self.events == list(events), f"found {self.events}"
        return self

    def then_rejected(self, reason: str) -> Spec:
        """Refused for this reason."""
        assert isinstance(self.rejected, Rejected), f"not refused, but {self.events}"
        assert self.rejected.reason == reason, f"refused as {self.rejected.reason}: {self.rejected}"
        return self

    def then_effects(self, *effects: c.Effect) -> Spec:
        """Exactly these effects, the same when asked twice."""
        assert self.decision is not None, "nothing was decided"
        found = react(self.subject.graph, self.state, self.decision)
        assert found == react(self.subject.graph, self.state, self.decision)
        assert found == list(effects), f"found {found}"
        return self


# Activities as a test writes them.

NEVER = object()
"""The attempt begins, and nothing is heard of it again."""
UNSTARTED = object()
"""No worker takes the attempt."""


@dataclass
class After:
    """The result comes so many milliseconds later; an exception is a failure."""

    delay_ms: int
    result: Any = None


@dataclass
class Told:
    """The result, with the requests to models that it took."""

    result: Any
    calls: tuple[ModelCall, ...]


class ActivityError(Exception):
    """A failure with a type of the test's own."""

    def __init__(self, error_type: str, message: str = "it failed", *, retryable: bool = True, retry_after_ms: int = 0) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.retryable = retryable
        self.retry_after_ms = retry_after_ms


Act = Callable[["Called"], Any]


@dataclass
class Called:
    """What a scripted activity is given: config and input are JSON values."""

    kind: str
    path: str
    attempt: int
    execution: str
    config: Any
    input: Any
    effect: c.RunActivity


def gives(value: Any) -> Act:
    """An activity that always gives this."""
    return lambda call: value


def fails(error_type: str = "boom", times: int = 1_000_000, then: Any = "ok", **more: Any) -> Act:
    """An activity that fails so many times for each node, and then gives a value."""
    counts: dict[str, int] = {}

    def act(call: Called) -> Any:
        counts[call.path] = counts.get(call.path, 0) + 1
        if counts[call.path] <= times:
            raise ActivityError(error_type, **more)
        return then

    return act


def never(call: Called) -> Any:
    """An activity that begins and gives nothing."""
    return NEVER


def unstarted(call: Called) -> Any:
    """An activity that no worker takes."""
    return UNSTARTED


def slow(delay_ms: int, value: Any = "slow") -> Act:
    """An activity that takes so many milliseconds."""
    return lambda call: After(delay_ms, value)


def model(call: Called) -> Any:
    """A model that asks for each tool at once, for one that is not there, and then has its answer."""
    given = call.input if isinstance(call.input, dict) else {}
    calls = [] if given.get("turns") else [*(tool["name"] for tool in given.get("tools", ())), "nobody"]
    parts = [{"type": "tool_call", "id": "", "name": name, "arguments": "{}"} for name in calls]
    return {"message": {"role": "assistant", "parts": parts or [{"type": "text", "text": "done"}]}, "usage": {"input_tokens": 1}}


STANDARD: Mapping[str, Act] = {
    "llm": model, "never": never, "bad": fails(), "undo": gives(None), "unstarted": unstarted,
}  # fmt: skip
"""What the kinds of these names do unless a test says otherwise; every other kind gives its data."""


# Whole executions.


OF_CHILDREN = (CreateExecution, c.CancelExecution, c.TerminateExecution)


class Stuck(AssertionError):
    """A run took more steps than it may."""


class World:
    """All executions that one start sets off, in virtual time. `x` is the first one; children are named by their node."""

    def __init__(
        self,
        definition: str | dict[str, Any],
        children: Mapping[str, str | dict[str, Any]] | None = None,
        acts: Mapping[str, Act] | None = None,
        *,
        pick: Callable[[int], int] | None = None,
        twice: Callable[[], bool] | None = None,
        restart: Callable[[], bool] | None = None,
        steps_max: int = 20_000,
        **limits: Any,
    ) -> None:
        self.graphs = {"w": graph_of(definition)}
        self.graphs |= {name: graph_of(document_of(child) | {"name": name}) for name, child in (children or {}).items()}
        self.acts = {**STANDARD, **(acts or {})}
        self.limits = Limits(**limits)
        self.now = START_MS
        self.subjects: dict[str, Subject] = {}
        self.blobs: dict[str, bytes] = {}
        self.runs: list[Called] = []
        self.cancelled: list[c.CancelActivity] = []
        self.rejections: list[tuple[Command, Rejected]] = []
        self.undelivered: list[c.Envelope] = []
        self._pick, self._twice, self._restart = pick, twice, restart
        self._steps_left = steps_max
        self._queue: list[tuple[int, int, str, Command]] = []
        self._number = 0

    # What a test says.

    def at(self, after_ms: int, *commands: Command, execution: str = "x") -> World:
        """These commands come so many milliseconds after the start."""
        for command in commands:
            self._push(START_MS + after_ms, execution, command)
        return self

    def start(self, given: Any = None, **more: Any) -> World:
        """Begin, and go on until nothing moves any more."""
        return self.send(create(given, **more))

    def send(self, *commands: Command, execution: str = "x") -> World:
        """Give commands now, and go on until nothing moves any more."""
        for command in commands:
            self._number += 1
            self._queue.append((self.now, self._number - 1_000_000, execution, command))
            heapq.heapify(self._queue)
        return self.go_on()

    def start_paused_in_time(self, until_ms: int, given: Any = None, **more: Any) -> World:
        """Begin, and stop the clock so many milliseconds later."""
        self._push(START_MS, "x", create(given, **more))
        return self.go_on(until_ms)

    def go_on(self, until_ms: int | None = None) -> World:
        """Until nothing moves any more, or until a time after the start."""
        end = None if until_ms is None else START_MS + until_ms
        while (item := self._next(end)) is not None:
            self._steps_left -= 1
            if self._steps_left < 0:
                raise Stuck(f"still moving: {item}")
            self._deliver(*item)
        if end is not None:
            self.now = max(self.now, end)
        for subject in self.subjects.values():
            subject.verify()
            self._check_is_held_by_the_world(subject)
        return self

    # What a test sees.

    def state(self, execution: str = "x") -> Execution:
        return self.subjects[execution].state

    @property
    def status(self) -> str:
        return self.state().status

    @property
    def outcome(self) -> str | None:
        return self.state().outcome

    @property
    def output(self) -> Any:
        return self.output_of("x")

    def output_of(self, execution: str) -> Any:
        output = self.state(execution).output
        return None if output is None else self.value(output)

    def value(self, content: bytes) -> Any:
        return values.decode(self.blobs[values.blob_of(content)] if values.is_reference(content) else content)

    @property
    def failure(self) -> Failure | None:
        """How the execution failed, or the failure of its first open incident."""
        state = self.state()
        return state.failure or next((incident.failure for incident in state.incidents.values()), None)

    @property
    def error(self) -> str | None:
        return None if self.failure is None else self.failure.type

    def events(self, *types: type, execution: str = "x") -> list[Any]:
        """The history, or what of it is of these types."""
        decisions = self.subjects[execution].decisions
        return [event for decision in decisions for event in decision.events if not types or isinstance(event, types)]

    def paths(self, *types: type, execution: str = "x") -> list[str]:
        """The paths that the events of these types are about."""
        return [event.path for event in self.events(*types, execution=execution)]

    @property
    def ran(self) -> list[str]:
        """The attempts that were asked for, in their order: `a`, `b@2`, and of other executions `x~c:a`."""
        return [_shown(call) for call in self.runs]

    def times_of(self, path: str) -> list[int]:
        """When, after the start, a node was scheduled."""
        from contracts.events import NodeScheduled

        decisions = self.subjects["x"].decisions
        return [d.now - START_MS for d in decisions for event in d.events if isinstance(event, NodeScheduled) and event.path == path]

    @property
    def took_ms(self) -> int:
        return self.state().ended_at - START_MS

    @property
    def waits(self) -> list[str]:
        return waits_of(self.subjects["x"].graph, self.state())

    # How it moves.

    def _push(self, when: int, execution: str, command: Command) -> None:
        self._number += 1
        heapq.heappush(self._queue, (when, self._number, execution, command))

    def _next(self, end: int | None) -> tuple[str, Command] | None:
        timer = min((timer for subject in self.subjects.values() for timer in self._timers(subject)), default=None)
        if self._queue and self._is_before(timer):
            return self._take(end)
        if timer is None or (end is not None and timer[0] > end):
            return None
        due, execution, name = timer
        self.now = max(self.now, due)
        subject = self.subjects[execution]
        is_skipped = next_skip(subject.graph, subject.state) == (name, due)
        return execution, c.SkipTime(name, due) if is_skipped else c.FireTimer(name, due)

    def _is_before(self, timer: tuple[int, str, str] | None) -> bool:
        if timer is None or self._pick is None:
            return timer is None or self._queue[0][0] <= timer[0]
        return self._pick(4) > 0

    def _timers(self, subject: Subject) -> Iterable[tuple[int, str, str]]:
        state = subject.state
        for name, due in state.timers.items():
            if not (state.paused and (c.FireTimer(name, due) in state.held or c.SkipTime(name, due) in state.held)):
                yield due, state.execution, name

    def _take(self, end: int | None) -> tuple[str, Command] | None:
        if end is not None and self._queue[0][0] > end:
            return None
        if self._pick is None:
            when, _, execution, command = heapq.heappop(self._queue)
        else:
            when, _, execution, command = self._pick_one(self._pick(len(self._queue)))
        self.now = max(self.now, when)
        return execution, command

    def _pick_one(self, index: int) -> tuple[int, int, str, Command]:
        """Any of those that wait; only what begins and stops a child keeps its order."""
        picked = self._queue[index]
        if isinstance(picked[3], OF_CHILDREN):
            picked = min(item for item in self._queue if item[2] == picked[2] and isinstance(item[3], OF_CHILDREN))
        self._queue.remove(picked)
        heapq.heapify(self._queue)
        return picked

    def _deliver(self, execution: str, command: Command) -> None:
        subject = self.subjects.get(execution)
        if subject is None:
            if not isinstance(command, CreateExecution):
                return
            subject = self.subjects[execution] = Subject(self.graphs[command.workflow], execution, self.limits, self.blobs)
        command = written_in(subject.state, command, self.now)
        self._ask(subject, command)
        if self._twice is not None and self._twice():
            self._ask(subject, command)
        if self._restart is not None and self._restart():
            subject.restart()

    def _ask(self, subject: Subject, command: Command) -> None:
        try:
            decision = subject.ask(command, self.now)
        except InvalidInput as error:
            if not isinstance(command, CreateExecution):
                self.rejections.append((command, Rejected("input.invalid", str(error))))
                return
            self.subjects.pop(subject.state.execution, None)
            if command.parent is None:
                raise
            self._refuse(subject.state.execution, command, Failure("input.invalid", str(error)))
            return
        except Rejected as rejected:
            self.rejections.append((command, rejected))
            return
        if decision is None:
            return
        effects = react(subject.graph, subject.state, decision)
        assert effects == react(subject.graph, subject.state, decision), "what a decision calls for is another thing each time"
        for effect in effects:
            self._perform(effect)

    def _perform(self, effect: c.Effect) -> None:
        if isinstance(effect, c.RunActivity):
            self._run(effect)
        elif isinstance(effect, c.CancelActivity):
            self.cancelled.append(effect)
        elif isinstance(effect, c.TakeSlot):
            self._push(self.now, effect.execution, c.GrantSlot())
        else:
            self._send(effect)

    def _send(self, envelope: c.Envelope) -> None:
        command = envelope.command
        if isinstance(command, CreateExecution):
            if command.workflow not in self.graphs:
                self._refuse(envelope.execution, command, Failure("child.failed", f"there is no workflow {command.workflow}"))
                return
            command = msgspec.structs.replace(command, version=1, definition=f"hash of {command.workflow}")
        elif envelope.execution not in self.subjects:
            self.undelivered.append(envelope)
        self._push(self.now, envelope.execution, command)

    def _refuse(self, child: str, command: CreateExecution, failure: Failure) -> None:
        assert command.parent is not None
        self._push(self.now, command.parent.execution, c.ReportChild(command.parent.path, child, "failed", None, failure))

    def _run(self, effect: c.RunActivity) -> None:
        config, given = self.value(effect.config), self.value(effect.input)
        call = Called(effect.kind, effect.path, effect.attempt, effect.execution, config, given, effect)
        self.runs.append(call)
        act = self.acts.get(effect.path) or self.acts.get(effect.kind)
        try:
            result = given if act is None else act(call)
        except Exception as error:
            result = error
        if result is UNSTARTED:
            return
        if effect.limits.report_start:
            self._push(self.now, effect.execution, c.ReportStarted(effect.path, effect.attempt, "worker"))
        delay, result = (result.delay_ms, result.result) if isinstance(result, After) else (0, result)
        if result is not NEVER:
            self._push(self.now + delay, effect.execution, _report(effect, result))

    def _check_is_held_by_the_world(self, subject: Subject) -> None:
        """Whatever an open execution waits for from outside has been asked for."""
        asked = {(call.execution, call.path, call.attempt) for call in self.runs}
        state = subject.state
        if state.is_ended or state.paused:
            return
        for effect in outstanding(subject.graph, state):
            assert isinstance(effect, c.RunActivity)
            assert (effect.execution, effect.path, effect.attempt) in asked, f"{effect.path} was never asked for"
        for child in state.children:
            assert child in self.subjects, f"the child {child} was never begun"


def _report(effect: c.RunActivity, result: Any) -> Command:
    if isinstance(result, Exception):
        failure = Failure(getattr(result, "error_type", type(result).__name__), str(result), getattr(result, "details", None))
        after_ms = getattr(result, "retry_after_ms", 0)
        return c.FailActivity(effect.path, effect.attempt, failure, getattr(result, "retryable", True), retry_after_ms=after_ms)
    if isinstance(result, Told):
        return c.CompleteActivity(effect.path, effect.attempt, values.encode(result.result), calls=result.calls)
    return c.CompleteActivity(effect.path, effect.attempt, values.encode(result))


def _shown(call: Called) -> str:
    name = call.path if call.attempt == 1 else f"{call.path}@{call.attempt}"
    return name if call.execution == "x" else f"{call.execution}:{name}"


def run(definition: str | dict[str, Any], given: Any = None, acts: Mapping[str, Act] | None = None, **more: Any) -> World:
    """Run a definition from the start until nothing moves any more."""
    return World(definition, acts=acts, **more).start(given)
