"""Commands to a running execution: each holds the data folder, records the command, and moves the execution on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts import values
from contracts.commands import (
    CancelExecution,
    Command,
    PauseExecution,
    ResolveIncident,
    ResumeExecution,
    SendSignal,
    TerminateExecution,
)
from domain.state import Execution
from infra.engine import Engine
from projections.waiting import as_value, in_words
from refold.commands.engine import Place, engine_at, unknown_execution
from refold.commands.moving import Mover, interruptible
from refold.commands.output import FAILED, OK, BadInput, read_json_argument, say, say_json
from refold.commands.progress import make_progress
from refold.commands.run import what_it_waits_for
from workers.round import Answer


@dataclass(frozen=True, kw_only=True)
class Steering:
    """Which execution, and what happens after the command was taken."""

    place: Place
    execution: str
    go_on: bool = True
    timeout_s: float | None = None
    as_json: bool = False


def steering(
    execution: str,
    data: Path,
    files: Path | None = None,
    allow_private_addresses: bool = False,
    go_on: bool = True,
    timeout_s: float | None = None,
    as_json: bool = False,
) -> Steering:
    """From the options that these commands share."""
    place = Place(data=data, files=files, allow_private_addresses=allow_private_addresses)
    return Steering(place=place, execution=execution, go_on=go_on, timeout_s=timeout_s, as_json=as_json)


def signal(steering: Steering, name: str, payload: str | None, signal_id: str | None) -> int:
    """Send a signal; the same id twice is one signal."""
    content = values.encode(None if payload is None else read_json_argument(payload, "the payload"))

    def command(engine: Engine) -> Command:
        return SendSignal(signal_id or engine.new_execution_id(), name, content)

    return _steer(steering, command, f"signal {name} was taken")


def pause(steering: Steering, reason: str) -> int:
    """Hold an execution."""
    return _steer(steering, lambda engine: PauseExecution(reason), "paused")


def resume(steering: Steering) -> int:
    """Let a paused execution go on."""
    return _steer(steering, lambda engine: ResumeExecution(), "resumed")


def cancel(steering: Steering, reason: str) -> int:
    """Stop an execution with clean-up."""
    return _steer(steering, lambda engine: CancelExecution(reason), "was asked to stop")


def terminate(steering: Steering, reason: str) -> int:
    """Stop an execution now."""
    return _steer(steering, lambda engine: TerminateExecution(reason), "was stopped")


def resolve(steering: Steering, action: Any, incident: str | None, output: str | None, port: str | None, variables: str | None) -> int:
    """Let the path of an incident go on."""
    given = None if output is None else values.encode(read_json_argument(output, "--output"))
    changes = None if variables is None else values.encode(read_json_argument(variables, "--variables"))

    def command(engine: Engine) -> Command:
        return ResolveIncident(incident or _only_incident(engine, steering.execution), action, given, port, changes)

    return _steer(steering, command, f"incident is resolved by {action}")


def _only_incident(engine: Engine, execution: str) -> str:
    folded = engine.owner.executions.get(execution)
    open_ones = [] if folded is None else list(folded.state.incidents)
    if len(open_ones) > 1:
        raise BadInput(f"execution {execution} has {len(open_ones)} open incidents; --incident says which: {', '.join(open_ones)}")
    return open_ones[0] if open_ones else "1"


def _steer(steering: Steering, command_of: Any, said: str) -> int:
    """Give the command, move on until the execution has ended or waits for the outside, and say how it stands."""
    ended: list[Execution] = []
    name = steering.execution
    with interruptible() as interrupt:
        with engine_at(steering.place, must_exist=True) as engine, make_progress(steering.as_json) as progress:
            engine.owner.watch_end(name, ended.append)
            mover = Mover(engine, progress, interrupt, name)
            answer = _ask(engine, name, command_of(engine))
            stop = mover.move(lambda: bool(ended), steering.timeout_s) if steering.go_on else "outside"
            folded = engine.owner.executions.get(name)
            state = ended[0] if ended else folded.state if folded is not None else None
            waiting = mover.open()
        status = answer.status if state is None else state.status
        _say(steering, said, status, waiting)
    return interrupt.exit_code if stop == "interrupted" else FAILED if stop == "timeout" else OK


def _ask(engine: Engine, name: str, command: Command) -> Answer:
    known = engine.owner.executions
    if known.get(name) is None and name not in known.ended and name not in known.unreadable:
        raise unknown_execution(name)
    return engine.ask(name, command)


def _say(steering: Steering, said: str, status: str, waiting: dict[str, list[dict[str, Any]]]) -> None:
    name = steering.execution
    if steering.as_json:
        say_json({"execution_id": name, "status": status, "waiting_for": [as_value(item) for item in waiting.get(name, [])]})
        return
    items = ", ".join(in_words(item) for item in waiting.get(name, []))
    say(f"execution {name}: {said}; it is {status}" + (f" and waits for {items}" if items else ""))
    for line in what_it_waits_for(waiting, steering.place):
        say(f"  {line}")
