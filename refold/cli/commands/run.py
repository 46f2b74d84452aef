"""`run`, `deploy` and `start`: publishing definitions, starting executions, and waiting for their end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.debugging import Breakpoint, Halts
from contracts.errors import RefoldError, Rejected
from refold.cli.commands.debug_lines import breakpoint_in
from refold.cli.commands.definition_file import Written, placed, problem_in, told_of
from refold.cli.commands.interrupt import interruptible
from refold.cli.commands.outcome import result_of, say_outcome, say_why_stopped
from refold.cli.commands.output import (
    FAILED,
    OK,
    BadInput,
    complain,
    error_value,
    hint,
    problem_line,
    read_json_argument,
    report,
    say,
    say_json,
)
from refold.cli.commands.progress import EventLines, Progress, make_progress
from refold.cli.commands.target import ENDED, Session, Start, Stop, Target, Value
from refold.cli.commands.where import target_of
from refold.cli.commands.who import Who
from refold.cli.options import Where


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What `run` and `start` were asked for: a file, or the name of a workflow that is there."""

    workflow: str = ""
    file: Path | None = None
    further: Sequence[Path] = ()
    given: str | None = None
    variables: str | None = None
    execution: str | None = None
    key: str | None = None
    waits: bool = True
    follows: bool = False
    timeout_s: float | None = None
    as_json: bool = False
    worker: str | None = None
    breaks: Sequence[str] = ()
    condition: str = ""
    halts: Halts = "branch"

    @property
    def breakpoints(self) -> tuple[Breakpoint, ...]:
        """Where it is to halt. Raises BadInput."""
        by = Who().person().name if self.breaks else ""
        return tuple(breakpoint_in(text, by, self.condition, self.halts) for text in self.breaks)


def run(where: Where, wanted: Wanted) -> int:
    """Publish, start and wait, as far as that is asked for."""
    if wanted.worker is None:
        return _run(lambda: target_of(where), wanted)
    from refold.cli.commands.with_worker import with_worker

    with with_worker(where, wanted.worker) as there:
        return _run(lambda: there, wanted)


def _run(find: Callable[[], Target], wanted: Wanted) -> int:
    try:
        target = find()
        given = {} if wanted.given is None else read_json_argument(wanted.given, "--input")
        start = Start(
            workflow=wanted.workflow, input=given, variables=_variables(wanted.variables), execution=wanted.execution, key=wanted.key,
            breakpoints=wanted.breakpoints,
        )  # fmt: skip
        files = [] if wanted.file is None else [*wanted.further, wanted.file]
        definitions = [(file, target.read(file)) for file in files]
        return _Run(target, wanted).run(definitions, start)
    except RefoldError as error:
        if wanted.as_json:
            say_json(result_of(wanted.execution, None, error_value(error)), indent=not wanted.follows)
        return report(error)


def _variables(text: str | None) -> Value | None:
    variables = None if text is None else read_json_argument(text, "--variables")
    if variables is not None and not isinstance(variables, dict):
        raise BadInput("--variables: expected an object with a value for each variable")
    return variables


class _Run:
    """One execution, from its start to where nobody waits for it any more."""

    def __init__(self, target: Target, wanted: Wanted) -> None:
        self._target, self._wanted = target, wanted

    def run(self, definitions: list[tuple[Path, Written]], start: Start) -> int:
        """Publish, start it, follow it, say how it stands."""
        wanted = self._wanted
        with (
            interruptible() as interrupt,
            self._progress() as progress,
            self._target.act(progress, interrupt, must_exist=not definitions) as session,
        ):
            published = [publish(session, file, definition, activate=True) for file, definition in definitions]
            started = self._start(session, published[-1] if published else None, start)
            name = str(started["execution_id"])
            stop = self._follow(session, name, started["status"])
            state, waiting = session.state(name), session.waiting(name)
        if not wanted.waits and not wanted.follows:
            return self._say_started(state)
        if wanted.follows and wanted.as_json:
            code = OK if state["status"] == "completed" else 1
        else:
            code = say_outcome(self._target, state, waiting, wanted.as_json)
        say_why_stopped(self._target, state, stop, wanted.timeout_s)
        return interrupt.exit_code if stop == "interrupted" else code

    def _progress(self) -> Progress:
        if self._wanted.follows:
            return EventLines(self._wanted.as_json)
        return make_progress(self._wanted.as_json) if self._wanted.waits else Progress()

    def _start(self, session: Session, published: Value | None, start: Start) -> Value:
        started = session.start(start if published is None else Start(**{**vars(start), "workflow": published["name"]}))
        if published is not None and started["version"] != published["version"]:
            name, version = started["execution_id"], started["version"]
            raise Rejected("already_exists", f"execution {name} exists: of version {version} of the workflow, which is another request")
        return started

    def _follow(self, session: Session, name: str, status: str) -> Stop:
        if self._wanted.follows or (self._wanted.waits and status not in ENDED):
            return session.follow(name, self._wanted.timeout_s, patient=True)
        return "ended" if status in ENDED else "outside"

    def _say_started(self, state: Value) -> int:
        name = state["execution_id"]
        if self._wanted.as_json:
            say_json(result_of(name, state, state["error"]))
        else:
            is_open = state["status"] not in ENDED
            more = f", and {self._target.stays_open(name)}" if is_open else f": {hint(f'show {name}', self._target.options)}"
            say(f"execution {name} ({state['workflow']}, version {state['version']}) is started{more}")
        return OK


def publish(session: Session, file: Path, written: Written, activate: bool) -> Value:
    """Publish the definition of a file; what is wrong with it is told with the file's name, and that one goes back to an earlier one."""
    with told_of(file):
        published = session.publish(written, activate)
    warnings = [one for one in published.get("warnings", ()) if one["rule"] != "inactive"]
    for warning in placed([problem_in(one) for one in warnings], file):
        complain(problem_line(warning, str(file)))
    name, version, before = published["name"], published["version"], published.get("before")
    if published["status"] != "active":
        complain(
            f"{file} is version {version} of {name}; executions go on starting with version {before}: --activate goes back to this one"
        )
    elif not published["created"] and before not in (None, version):
        complain(f"{file} is version {version} of {name}: executions start with it again, until now with version {before}")
    return published


def deploy(where: Where, file: Path, activate: bool, gate: str | None, as_json: bool) -> int:
    """Publish a definition, so that executions can be started by its name; with `activate` also one that was there before."""
    if gate is not None:
        from refold.cli.commands.gate import passes

        if not passes(where, file, gate):
            return FAILED
    target = target_of(where)
    definition = target.read(file)
    with interruptible() as interrupt, target.act(Progress(), interrupt) as session:
        published = publish(session, file, definition, activate)
    value = {name: published[name] for name in ("name", "version", "hash", "status", "created")}
    if as_json:
        say_json(value)
    else:
        new = "a new version" if value["created"] else "as it was"
        say(f"workflow {value['name']}, version {value['version']}, {new}: {value['hash']}")
        if value["status"] == "active":
            say(f"start it: {hint('start ' + value['name'], target.options)}")
    return OK
