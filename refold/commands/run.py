"""`run` and `continue`: an engine that moves until there is nothing left to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.definitions import WorkflowDefinition
from contracts.errors import RefoldError
from domain.state import ENDED, Execution
from infra.engine import Engine
from projections.executions import error_of, row_of
from projections.waiting import in_words
from refold.commands.define import known_activities, load_definition
from refold.commands.engine import Place, engine_at, folded_at, output_of, reader_at
from refold.commands.moving import Mover, Stop, interruptible
from refold.commands.output import FAILED, OK, complain, error_value, hint, read_json_argument, report, say, say_json, seconds
from refold.commands.progress import make_progress
from workers.round import Answer


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What `run` was asked for."""

    file: Path
    given: str | None = None
    further: Sequence[Path] = ()
    execution: str | None = None
    timeout_s: float | None = None
    as_json: bool = False


def run(place: Place, wanted: Wanted) -> int:
    """Run a definition to its end."""
    try:
        activities = known_activities()
        definitions = [load_definition(file, activities) for file in (*wanted.further, wanted.file)]
        given = {} if wanted.given is None else read_json_argument(wanted.given, "--input")
        return _Run(place, wanted).run(definitions, given)
    except RefoldError as error:
        if wanted.as_json:
            say_json(_result(wanted.execution, None, None, error_value(error)))
        return report(error)


class _Run:
    """One `refold run`."""

    def __init__(self, place: Place, wanted: Wanted) -> None:
        self._place, self._wanted = place, wanted
        self._ended: Execution | None = None
        self._name = ""

    def run(self, definitions: list[WorkflowDefinition], given: Any) -> int:
        """Start it, move it, say how it ended."""
        with interruptible() as interrupt:
            with engine_at(self._place) as engine, make_progress(self._wanted.as_json) as progress:
                self._name = self._wanted.execution or engine.new_execution_id()
                mover = Mover(engine, progress, interrupt, self._name)
                self._start(engine, definitions, given)
                stop = mover.move(lambda: self._ended is not None, self._wanted.timeout_s, lambda: self._stays(mover))
                waiting = mover.open()
                folded = engine.owner.executions.get(self._name)
                state = self._ended or (self._stored() if folded is None else folded.state)
            code = self._say(state, stop, waiting)
            return interrupt.exit_code if stop == "interrupted" else code

    def _start(self, engine: Engine, definitions: list[WorkflowDefinition], given: Any) -> None:
        published = [engine.publish(definition) for definition in definitions][-1]
        answers: list[Answer] = []
        engine.start(published.name, given, version=published.version, execution=self._name, reply=answers.append)
        engine.owner.watch_end(self._name, self._note_end)
        answer = engine.wait_for(answers)
        if answer.status in ENDED and self._ended is None:
            self._ended = self._stored()

    def _stored(self) -> Execution:
        """The execution as the log tells it."""
        with reader_at(self._place.data) as reader:
            return folded_at(reader, self._name).state

    def _note_end(self, state: Execution) -> None:
        self._ended = state

    def _stays(self, mover: Mover) -> bool:
        """Whether to wait for what only the outside can bring: for a signal, but not for a person."""
        return not any(item["for"] == "incident" for items in mover.open().values() for item in items)

    def _say(self, state: Execution, stop: Stop, waiting: dict[str, list[dict[str, Any]]]) -> int:
        output = output_of(self._place.data, state)
        if self._wanted.as_json:
            say_json(_result(self._name, state, output, error_of(state) or _incident_error(waiting)))
        else:
            _show_end(state, output)
        if state.is_ended:
            if not self._wanted.as_json:
                _show_what_next(self._name, self._place.data)
            return OK if state.status == "completed" else FAILED
        for line in what_it_waits_for(waiting, self._place):
            complain(line)
        go_on = hint("continue", self._place.data, self._place.files)
        if stop == "timeout":
            complain(f"execution {self._name} is {state.status} after --timeout {self._wanted.timeout_s:g} s and stays open: {go_on}")
        elif stop == "interrupted":
            complain(f"stopped; execution {self._name} stays open: {go_on}")
        return FAILED


def _result(name: str | None, state: Execution | None, output: Any, error: dict[str, Any] | None) -> dict[str, Any]:
    """The one object of `run --json`."""
    result = dict.fromkeys(("execution_id", "status", "outcome", "output", "error", "events", "duration_ms"))
    result |= {"execution_id": name, "error": error, "output": output}
    if state is not None:
        ended_at = state.ended_at or state.now
        result |= {"status": state.status, "outcome": state.outcome, "events": state.version, "duration_ms": ended_at - state.created_at}
    return result


def _incident_error(waiting: dict[str, list[dict[str, Any]]]) -> dict[str, Any] | None:
    """The failure behind the first open incident."""
    for items in waiting.values():
        for item in items:
            if item["for"] == "incident":
                details = {"incident": item["incident"]}
                return {
                    "type": item["type"],
                    "message": item["message"],
                    "details": details,
                    "node": item["path"],
                    "attempt": item["attempt"],
                    "cause": None,
                }
    return None


def _show_end(state: Execution, output: Any) -> None:
    took = seconds((state.ended_at or state.now) - state.created_at)
    outcome = f" with outcome {state.outcome}" if state.outcome else ""
    say(f"execution {state.execution} ({state.workflow}) {_is(state)}{outcome}: {state.version} events in {took}")
    if state.status == "completed":
        say_json(output)
    elif (error := error_of(state)) is not None:
        place = f" at {error['node']}" if error["node"] else ""
        complain(f"execution {state.execution} {_is(state)}: {error['type']}: {error['message']}{place}")


def _is(state: Execution) -> str:
    """The status as a verb."""
    return state.status if state.is_ended else "needs a person" if state.status == "incident" else f"is {state.status}"


def _show_what_next(execution: str, data: Path) -> None:
    say()
    say("Look at what happened:")
    for verb in ("history", "show", "verify"):
        say(f"  {hint(f'{verb} {execution}', data)}")


def what_it_waits_for(waiting: dict[str, list[dict[str, Any]]], place: Place) -> list[str]:
    """A line for each thing that only somebody outside can bring, with the command that brings it."""
    lines = []
    for execution, items in waiting.items():
        for item in items:
            if (command := _answer_to(execution, item)) is not None:
                reason = f" ({item['type']}: {item['message']})" if item["for"] == "incident" else ""
                lines.append(f"execution {execution} waits for {in_words(item)}{reason}: {hint(command, place.data, place.files)}")
    return lines


def _answer_to(execution: str, item: dict[str, Any]) -> str | None:
    match item["for"]:
        case "signal":
            return f"signal {execution} {item['names'][0]}"
        case "incident":
            return f"resolve {execution} retry --incident {item['incident']}"
        case "pause":
            return f"resume {execution}"
        case _:
            return None


def continue_all(place: Place, timeout_s: float | None, as_json: bool) -> int:
    """Take up what is open until all has ended or waits for the outside."""
    with interruptible() as interrupt:
        ended: list[Execution] = []
        with engine_at(place, must_exist=True) as engine, make_progress(as_json) as progress:
            taken_up = [folded.state.execution for folded in engine.owner.executions.open()]
            for name in taken_up:
                engine.owner.watch_end(name, ended.append)
            mover = Mover(engine, progress, interrupt)
            stop = mover.move(lambda: not len(engine.owner.executions), timeout_s)
            rows = [row_of(folded.state, folded.graph) for folded in engine.owner.executions.open()]
            waiting = mover.open()
    if as_json:
        done = [{"execution_id": state.execution, "status": state.status} for state in ended]
        say_json({"taken_up": len(taken_up), "ended": done, "open": [row.as_value() for row in rows]})
    else:
        say(f"{len(taken_up)} open, {len(ended)} of them ended, {len(rows)} still open")
        for state in ended:
            say(f"  execution {state.execution} ({state.workflow}) {state.status}: {state.version} events")
        for line in what_it_waits_for(waiting, place):
            say(f"  {line}")
    return interrupt.exit_code if stop == "interrupted" else FAILED if stop == "timeout" else OK
