"""`walk`: an execution event by event, forwards and backwards, with breakpoints and watches; commands come from stdin, one a line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from io import TextIOWrapper
from typing import Any, Final

from contracts.errors import ExpressionError, InvalidInput, Rejected
from contracts.values import written
from domain.execution.history import Entry
from domain.execution.paths import node_in_definition, node_named
from domain.expressions import Program, program
from domain.replay.walk import Walk
from infra.server.reader_wiring import Reader
from projections.executions import error_of
from projections.history import HistoryEvent, HistoryPresenter
from projections.preview import node_of
from projections.view import state_value
from refold.cli.commands.folder_reading import unknown_execution
from refold.cli.commands.output import FAILED, OK, BadInput, complain, say, say_json
from refold.cli.commands.verify import reading
from refold.cli.commands.walk_view import lines_of
from refold.cli.options import Where
from workers.partition.refolding import entries_of
from workers.reading.execution_reader import value_in

FAILURES: Final = frozenset({"NodeFailed", "NodeRetried", "IncidentRaised", "ExecutionFailed", "ExecutionQuarantined"})
NAMES: Final = ("event", "input", "vars", "execution")
HELP: Final = """\
n, next [COUNT]      forward one event, or so many
b, back [COUNT]      back
g, go VERSION        to an event; `first` and `last` are events, too
f, failure           on to the next failure, retry or incident
node NODE            on to the next event of a node: `charge`, `each[]/charge`, `each[3]/charge`
c, continue          on to where a breakpoint holds, or to the end
r, reverse           back to where one holds, or to the beginning
break NODE           halt at events of a node
break if EXPRESSION  halt where it is true: `break if event.type == 'NodeFailed' && vars.total > 5`
watch EXPRESSION     show it at each event
clear                forget breakpoints and watches
state, event         all of it, as JSON
q, quit              an empty line is the last move again
Expressions (CEL) know event (version, type, path, node, attempt, data), input, vars, and execution
(status, outcome, output, error)."""


def walk(where: Where, execution: str, at: int | None, breaks: Iterable[str], watches: Iterable[str]) -> int:
    """Walk until there are no more commands. Exit code: 0, or 1 where one of them could not be done and nobody sits there to see it."""
    with reading(where, "walk") as (reader, _):
        walker = Walker(reader, execution)
        for text in breaks:
            walker.do(f"break {text}")
        for text in watches:
            walker.do(f"watch {text}")
        walker.walk.go(walker.walk.first if at is None else at)
        walker.show()
        return _converse(walker)


def _converse(walker: Walker) -> int:
    is_typed = sys.stdin.isatty()
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")  # what is no text is no command, and ends nothing
    failed = False
    last = "next"
    for line in _typed(walker) if is_typed else sys.stdin:
        text = line.strip() or last
        if text in ("q", "quit"):
            break
        if text.split()[0] in MOVES:
            last = text
        try:
            walker.do(text)
        except (BadInput, Rejected, ExpressionError, InvalidInput) as error:
            complain(str(error))
            failed = True
    return FAILED if failed and not is_typed else OK


def _typed(walker: Walker) -> Iterator[str]:
    """The lines that somebody types, until there are no more."""
    with suppress(ImportError):
        import readline  # noqa: F401  # with it one edits a line, and goes back to earlier ones
    while True:
        try:
            yield input(f"{walker.walk.version}/{walker.walk.last}> ")
        except (EOFError, KeyboardInterrupt):
            say()
            return


class Walker:
    """One who walks: where they stand, and what they halt at and watch."""

    def __init__(self, reader: Reader, execution: str) -> None:
        """Raises Rejected where there is no such execution."""
        entries = recorded_entries(reader, execution)
        self.walk = Walk(entries, reader.catalog.graph, reader.blobs.get)
        self._blobs = reader.blobs
        presenter = HistoryPresenter()
        self._events = [event for decision in self.walk.decisions for event in presenter.present(decision)]
        self._nodes: list[str] = []
        self._breaks: list[Program] = []
        self._watches: dict[str, Program] = {}

    def do(self, line: str) -> None:
        """Do what a line says. Raises BadInput, Rejected, ExpressionError."""
        word, _, rest = line.strip().partition(" ")
        command = COMMANDS.get(word)
        if command is None:
            raise BadInput(f"there is no command {word[:50]!r}: `help` lists them")
        command(self, rest.strip())

    def event(self, version: int) -> HistoryEvent:
        """The event of this version."""
        return self._events[version - self.walk.first]

    def show(self) -> None:
        """Say where one stands."""
        watched = {text: self._told(one) for text, one in self._watches.items()}
        for line in lines_of(self.event(self.walk.version), self.walk.last, self.walk.folded, self._value, watched):
            say(line)

    def _value(self, value: bytes) -> Any:
        return value_in(self._blobs, value)

    # Moving.

    def _go(self, version: int) -> None:
        self.walk.go(min(max(version, self.walk.first), self.walk.last))
        self.show()

    def next(self, rest: str) -> None:
        """Forward."""
        self._go(self.walk.version + _count(rest))

    def back(self, rest: str) -> None:
        """Back."""
        self._go(self.walk.version - _count(rest))

    def go(self, rest: str) -> None:
        """To an event."""
        ends = {"first": self.walk.first, "last": self.walk.last}
        self.walk.go(ends[rest] if rest in ends else _count(rest, "go VERSION"))
        self.show()

    def failure(self, _: str) -> None:
        """To the next failure."""
        self._to(lambda event: event.type in FAILURES, "no failure follows")

    def node(self, rest: str) -> None:
        """To the next event of a node."""
        name = self._named(rest)
        self._to(lambda event: _is_of(event, name), f"no event of {name} follows")

    def _to(self, is_wanted: Callable[[HistoryEvent], bool], otherwise: str) -> None:
        found = next((event.version for event in self._events[self.walk.version - self.walk.first + 1 :] if is_wanted(event)), None)
        if found is None:
            raise BadInput(otherwise)
        self._go(found)

    def on(self, _: str) -> None:
        """To the next breakpoint."""
        self._run(range(self.walk.version + 1, self.walk.last + 1), self.walk.last)

    def reverse(self, _: str) -> None:
        """To the breakpoint before."""
        self._run(range(self.walk.version - 1, self.walk.first - 1, -1), self.walk.first)

    def _run(self, versions: Iterable[int], end: int) -> None:
        for version in versions:
            if any(_is_of(self.event(version), name) for name in self._nodes):
                return self._go(version)
            if self._breaks:
                self.walk.go(version)
                if any(self._holds(one) for one in self._breaks):
                    return self.show()
        return self._go(end)

    # Looking.

    def halt_at(self, rest: str) -> None:
        """A breakpoint."""
        word, _, source = rest.partition(" ")
        if word == "if":
            self._breaks.append(_compiled(source.strip()))
        else:
            self._nodes.append(self._named(rest))

    def watch(self, rest: str) -> None:
        """A watch."""
        self._watches[rest] = _compiled(rest)

    def clear(self, _: str) -> None:
        """Forget them."""
        self._nodes, self._breaks, self._watches = [], [], {}

    def state(self, _: str) -> None:
        """All of the state."""
        say_json(state_value(self.walk.folded, self._value))

    def whole_event(self, _: str) -> None:
        """All of the event."""
        say_json(self.event(self.walk.version).as_value())

    def help(self, _: str) -> None:
        """What there is."""
        for line in HELP.splitlines():
            say(line)

    def _holds(self, one: Program) -> bool:
        """Whether it is true here; where a part of it is not there, it is not."""
        try:
            return one.evaluate(self._names(one)) is True
        except (ExpressionError, InvalidInput):
            return False

    def _told(self, one: Program) -> str:
        try:
            return written(one.evaluate(self._names(one))).decode()
        except (ExpressionError, InvalidInput) as error:
            return f"({error})"

    def _names(self, one: Program) -> dict[str, Any]:
        """What an expression sees here, as far as it asks."""
        state, event = self.walk.folded.state, self.event(self.walk.version)
        root = state.scopes.get("")
        sees: dict[str, Callable[[], Any]] = {
            "event": lambda: {**event.as_value(), "node": node_of(event.path)},
            "input": lambda: self._value(state.input),
            "vars": lambda: {name: self._value(value) for name, value in (state.variables if root is None else root.variables).items()},
            "execution": lambda: {
                "status": state.status,
                "outcome": state.outcome,
                "output": None if state.output is None else self._value(state.output),
                "error": error_of(state),
            },
        }
        return {name: sees[name]() for name in {reference.root for reference in one.references} & sees.keys()}

    def _named(self, asked: str) -> str:
        """A node that somebody means. Raises BadInput for one that there is not."""
        if not asked or node_named(self.walk.graph, asked) is None:
            known = ", ".join(sorted({node_in_definition(node) for node in self.walk.graph.nodes})[:20])
            raise BadInput(f"there is no node {asked[:200]!r} in workflow {self.walk.graph.name}: it has {known}")
        return asked


def recorded_entries(reader: Reader, execution: str) -> list[Entry]:
    """The decisions of an execution, in whichever partition it lies. Raises Rejected where there is none of that id."""
    partitions = range(reader.log.partitions)
    entries = next((found for one in partitions if (found := list(entries_of(reader.log, one, execution)))), None)
    if entries is None:
        raise unknown_execution(execution)
    return entries


def _is_of(event: HistoryEvent, name: str) -> bool:
    return bool(event.path) and (event.path == name or node_of(event.path) == name)


def _count(text: str, what: str = "a count of events") -> int:
    if not text and what != "go VERSION":
        return 1
    if not text.isdecimal() or len(text) > 18:
        raise BadInput(f"expected {what}, found {text[:50]!r}")
    return int(text)


def _compiled(source: str) -> Program:
    """An expression over what there is to see. Raises BadInput for one that cannot be read, or asks for something else."""
    found = program(source)
    try:
        problems = found.check()
    except ExpressionError as error:
        raise BadInput(str(error)) from None
    if problems:
        raise BadInput(problems[0])
    for reference in found.references:
        if reference.root not in NAMES:
            raise BadInput(f"{source[:200]!r}: there is no `{reference.root}` here; expected one of {', '.join(NAMES)}")
    return found


COMMANDS: Final[dict[str, Callable[[Walker, str], None]]] = {
    **dict.fromkeys(("n", "next"), Walker.next),
    **dict.fromkeys(("b", "back"), Walker.back),
    **dict.fromkeys(("g", "go"), Walker.go),
    **dict.fromkeys(("f", "failure"), Walker.failure),
    "node": Walker.node,
    **dict.fromkeys(("c", "continue"), Walker.on),
    **dict.fromkeys(("r", "reverse"), Walker.reverse),
    "break": Walker.halt_at,
    "watch": Walker.watch,
    "clear": Walker.clear,
    "state": Walker.state,
    "event": Walker.whole_event,
    **dict.fromkeys(("h", "help", "?"), Walker.help),
}
MOVES: Final = frozenset({"n", "next", "b", "back", "f", "failure", "node", "c", "continue", "r", "reverse"})
