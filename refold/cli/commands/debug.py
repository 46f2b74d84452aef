"""`debug`: a living execution halts at breakpoints; one looks, changes, steps and lets it go on. Commands are lines, or one is given."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import Any, Final

from contracts.commands import ChangeBreakpoints, Command, ReleaseHalt
from contracts.errors import InvalidInput, Rejected
from contracts.values import written
from projections.waiting import in_words
from refold.cli.commands.debug_lines import HELP, RELEASES, breakpoint_in, change_in, end_in
from refold.cli.commands.interrupt import interruptible
from refold.cli.commands.output import FAILED, OK, BadInput, complain, problem_line, say, say_json, to_the_second
from refold.cli.commands.progress import make_progress
from refold.cli.commands.target import ENDED, Session, Value
from refold.cli.commands.where import working_place
from refold.cli.options import Going
from refold.worker.terminal import escaped

CHARS_MAX: Final = 110
ROWS_MAX: Final = 12
"""So many variables are shown; `state` shows all."""


def debug(going: Going, execution: str, words: Sequence[str], by: str, as_json: bool) -> int:
    """Do the one command that is given, or all that come from stdin. Exit code 1 where one could not be done, and nobody sits there."""
    with (
        working_place(going.where, going.worker, must_exist=True) as target,
        interruptible() as interrupt,
        make_progress(True) as progress,
        target.act(progress, interrupt, must_exist=True) as session,
    ):
        debugger = Debugger(session, execution, by, going, as_json)
        debugger.look()
        if not words:
            debugger.show("")
            return _converse(debugger)
        debugger.do(" ".join(words))
    return OK


def _converse(debugger: Debugger) -> int:
    is_typed, failed = sys.stdin.isatty(), False
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")  # what is no text is no command, and ends nothing
    for line in _typed(debugger) if is_typed else sys.stdin:
        text = line.strip()
        if text in ("q", "quit"):
            break
        try:
            debugger.do(text or "show")
        except (BadInput, Rejected) as error:
            complain(str(error))
            failed = True
        except InvalidInput as error:
            complain("; ".join(problem_line(one, "") for one in error.problems))
            failed = True
    return FAILED if failed and not is_typed else OK


def _typed(debugger: Debugger) -> Iterator[str]:
    with suppress(ImportError):
        import readline  # noqa: F401  # with it one edits a line, and goes back to earlier ones
    while True:
        try:
            yield input(f"{debugger.path or '-'}> ")
        except (EOFError, KeyboardInterrupt):
            say()
            return


class Debugger:
    """One who debugs an execution. `path` is the halt that they use."""

    def __init__(self, session: Session, execution: str, by: str, going: Going, as_json: bool) -> None:
        self._session, self._execution, self._by, self._going, self._as_json = session, execution, by, going, as_json
        self.path = ""
        self._seen: Value = {}

    def look(self) -> None:
        """See how it stands. Raises Rejected where there is no such execution."""
        self._seen = self._session.debugger(self._execution)
        paths = [halt["path"] for halt in self._seen["halts"]]
        if self.path not in paths:
            self.path = paths[0] if paths else ""

    def do(self, line: str) -> None:
        """Do what a line says. Raises BadInput, Rejected, InvalidInput."""
        word, _, rest = line.strip().partition(" ")
        if word in RELEASES:
            self._release(word, rest.strip())
            return
        command = COMMANDS.get(word)
        if command is None:
            raise BadInput(f"there is no command {word[:50]!r}: `help` lists them")
        command(self, rest.strip())

    # Looking.

    def show(self, _: str) -> None:
        """Where it halts."""
        self.look()
        if self._as_json:
            say_json(self._seen)
            return
        halts = self._seen["halts"]
        say(f"execution {self._execution} is {self._seen['status']}" + self._stands())
        for halt in halts:
            for text in _lines_of(halt, halt["path"] == self.path and len(halts) > 1):
                say(f"  {text}")

    def _stands(self) -> str:
        if self._seen["halts"]:
            return " and halts"
        if self._seen["status"] in ENDED:
            return ""
        words = ", ".join(in_words(item) for item in self._session.state(self._execution)["waiting_for"])
        return f"; it halts nowhere, and waits for {words or 'nothing'}"

    def breaks(self, _: str) -> None:
        """The breakpoints."""
        if self._as_json:
            say_json(self._seen["breakpoints"])
            return
        for one in self._seen["breakpoints"]:
            said = f" if {one['if']}" if one["if"] else ""
            say(f"{one['name']}{said}: {_whom(one['halts'])}, by {one['by'] or 'nobody known'}")
        if not self._seen["breakpoints"]:
            say("there are no breakpoints")

    def state(self, _: str) -> None:
        """All of the state."""
        say_json(self._session.state(self._execution))

    def help(self, _: str) -> None:
        """What there is."""
        for line in HELP.splitlines():
            say(line)

    def use(self, rest: str) -> None:
        """Another halt."""
        self.look()
        paths = [halt["path"] for halt in self._seen["halts"]]
        if rest not in paths:
            raise BadInput(f"it does not halt at {rest[:200]!r}; it halts {', '.join(paths) or 'nowhere'}")
        self.path = rest

    # Acting.

    def wait(self, _: str) -> None:
        """Until it stands still."""
        if self._going.go_on:
            self._session.follow(self._execution, self._going.timeout_s, patient=False)
        self.show("")

    def halt_at(self, rest: str) -> None:
        """A breakpoint."""
        self._give(ChangeBreakpoints((breakpoint_in(rest, self._by),), (), self._by))
        self.look()
        self.breaks("")

    def clear(self, rest: str) -> None:
        """Breakpoints go."""
        self._give(ChangeBreakpoints((), (rest or "*",), self._by))
        self.look()
        self.breaks("")

    def _release(self, word: str, rest: str) -> None:
        self._let_go(ReleaseHalt(self._at(rest), RELEASES[word], at=self._number(rest), by=self._by))

    def all(self, _: str) -> None:
        """All go on."""
        self._let_go(ReleaseHalt("", by=self._by))

    def to(self, rest: str) -> None:
        """To a node."""
        if not rest:
            raise BadInput("expected to NODE")
        self._let_go(ReleaseHalt(self._at(""), "to", rest, at=self._number(""), by=self._by))

    def complete(self, rest: str) -> None:
        """It does not run."""
        self._let_go(end_in("complete", rest, self._at(""), self._by))

    def fail(self, rest: str) -> None:
        """It fails."""
        self._let_go(end_in("fail", rest, self._at(""), self._by))

    def change(self, word: str) -> Callable[[str], None]:
        """Change what is seen."""

        def done(rest: str) -> None:
            self._give(change_in(word, rest, self._at(""), self._by))
            self.show("")

        return done

    def _at(self, named: str) -> str:
        path = named or self.path
        if not path:
            raise BadInput(f"execution {self._execution} halts nowhere")
        return path

    def _number(self, named: str) -> int:
        """Which halt one has seen at a node; 0 where that is none."""
        return next((int(halt["at"]) for halt in self._seen["halts"] if halt["path"] == (named or self.path)), 0)

    def _give(self, command: Command) -> None:
        self._session.give(self._execution, command)

    def _let_go(self, command: Command) -> None:
        try:
            self._give(command)
        finally:
            self.look()
        self.wait("")


def _lines_of(halt: Value, is_used: bool) -> Iterator[str]:
    mark = "* " if is_used else ""
    by = f" of {halt['by']}" if halt["by"] else ""
    yield f"{mark}{halt['path']} ({halt['type']}) stands since {to_the_second(halt['since'])}, by {halt['breakpoint']}{by}"
    yield f"  until {to_the_second(halt['until'])}; {_whom(halt['halts'])}"
    if halt["detail"]:
        yield _cut(f"  its condition could not be asked: {halt['detail']}")
    if halt["error"]:
        yield _cut(f"  attempt {halt['attempt']} failed: {halt['error']['type']}: {halt['error']['message']}")
    if halt["changed_by"]:
        yield f"  changed by {halt['changed_by']}"
    yield _cut(f"  data {written(halt['data']).decode()}")
    yield from _some([_cut(f"  vars.{name} {written(value).decode()}") for name, value in halt["variables"].items()])


def _whom(halts: str) -> str:
    return "the whole execution halts" if halts == "all" else "its branch halts"


def _some(lines: list[str]) -> Iterable[str]:
    return lines if len(lines) <= ROWS_MAX else [*lines[:ROWS_MAX], f"  and {len(lines) - ROWS_MAX} more"]


def _cut(text: str) -> str:
    line = escaped(text)
    return line if len(line) <= CHARS_MAX else f"{line[: CHARS_MAX - 1]}…"


def _changing(word: str) -> Callable[[Debugger, str], Any]:
    return lambda debugger, rest: debugger.change(word)(rest)


COMMANDS: Final[dict[str, Callable[[Debugger, str], Any]]] = {
    "show": Debugger.show,
    "wait": Debugger.wait,
    "break": Debugger.halt_at,
    "breaks": Debugger.breaks,
    "clear": Debugger.clear,
    "use": Debugger.use,
    "all": Debugger.all,
    "to": Debugger.to,
    "set": _changing("set"),
    "data": _changing("data"),
    "result": _changing("result"),
    "complete": Debugger.complete,
    "fail": Debugger.fail,
    "state": Debugger.state,
    **dict.fromkeys(("h", "help", "?"), Debugger.help),
}
