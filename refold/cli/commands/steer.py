"""Commands to an execution: each is recorded, and the execution moved on, or watched moving on."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from contracts import values
from contracts.commands import (
    CancelExecution,
    Command,
    PauseExecution,
    ReleaseExecution,
    ResolveIncident,
    ResumeExecution,
    SendSignal,
    TerminateExecution,
)
from contracts.errors import InvalidInput
from contracts.usage import Allowance
from domain.definition.budgets import limits_in
from projections.waiting import in_words
from refold.cli.commands.interrupt import interruptible
from refold.cli.commands.outcome import what_it_waits_for
from refold.cli.commands.output import FAILED, OK, BadInput, read_value_argument, say, say_json
from refold.cli.commands.progress import make_progress
from refold.cli.commands.target import Session, Target, Value, Waiting
from refold.cli.commands.where import working_place
from refold.cli.options import Going
from refold.client.requests import new_key


def signal(going: Going, as_json: bool, execution: str, name: str, payload: str | None, signal_id: str | None) -> int:
    """Send a signal; the same id twice is one signal."""
    content = values.NULL if payload is None else read_value_argument(payload, "the payload")
    return steer(going, as_json, execution, SendSignal(signal_id or new_key(), name, content), f"signal {name} was taken")


def pause(going: Going, as_json: bool, execution: str, reason: str) -> int:
    """Hold an execution."""
    return steer(going, as_json, execution, PauseExecution(reason), "paused")


def resume(going: Going, as_json: bool, execution: str) -> int:
    """Let a paused execution go on."""
    return steer(going, as_json, execution, ResumeExecution(), "resumed")


def release(going: Going, as_json: bool, execution: str) -> int:
    """Let an execution that the engine has set aside go on."""
    return steer(going, as_json, execution, ReleaseExecution(), "was released")


def cancel(going: Going, as_json: bool, execution: str, reason: str) -> int:
    """Stop an execution with clean-up."""
    return steer(going, as_json, execution, CancelExecution(reason), "was asked to stop")


def terminate(going: Going, as_json: bool, execution: str, reason: str) -> int:
    """Stop an execution now."""
    return steer(going, as_json, execution, TerminateExecution(reason), "was stopped")


def resolve(
    going: Going,
    as_json: bool,
    execution: str,
    action: Literal["retry", "skip", "fail"],
    incident: str | None,
    output: str | None,
    port: str | None,
    variables: str | None,
    budget: str | None,
) -> int:
    """Let the path of an incident go on; without `incident` that of the only one."""
    given = None if output is None else read_value_argument(output, "--output")
    changes = None if variables is None else read_value_argument(variables, "--variables")
    limits = None if budget is None else _limits(read_value_argument(budget, "--budget"))
    command = ResolveIncident(incident or "", action, given, port, changes, limits)
    return steer(going, as_json, execution, command, f"incident is resolved by {action}")


def steer(going: Going, as_json: bool, execution: str, command: Command, said: str) -> int:
    """Give the command, wait until the execution has ended or waits for the outside, and say how it stands."""
    with (
        working_place(going.where, going.worker, must_exist=True) as target,
        interruptible() as interrupt,
        make_progress(as_json) as progress,
        target.act(progress, interrupt, must_exist=True) as session,
    ):
        session.give(execution, _whole(session, execution, command))
        stop = session.follow(execution, going.timeout_s, patient=False) if going.go_on else "outside"
        state, waiting = session.state(execution), session.waiting(execution)
    _say(target, state, waiting, said, as_json)
    return interrupt.exit_code if stop == "interrupted" else FAILED if stop == "timeout" else OK


def _whole(session: Session, execution: str, command: Command) -> Command:
    """The command; one that resolves an incident and does not say which means the only one. Raises BadInput where there are several."""
    if not isinstance(command, ResolveIncident) or command.incident:
        return command
    items = session.state(execution)["waiting_for"]
    found = [str(item["incident"]) for item in items if item["for"] == "incident"]
    if len(found) > 1:
        raise BadInput(f"execution {execution} has {len(found)} open incidents; --incident says which: {', '.join(found)}")
    return replace(command, incident=found[0] if found else "1")


def _limits(said: bytes) -> Allowance:
    try:
        return limits_in(said)
    except InvalidInput as error:
        raise BadInput(f"--budget: {error}") from None


def _say(target: Target, state: Value, waiting: Waiting, said: str, as_json: bool) -> None:
    name, status = state["execution_id"], state["status"]
    items = waiting.get(name, [])
    if as_json:
        say_json({"execution_id": name, "status": status, "waiting_for": items})
        return
    words = ", ".join(in_words(item) for item in items)
    stands = "it needs a person" if status == "incident" else f"it is {status}"
    say(f"execution {name}: {said}; {stands}" + (f" and waits for {words}" if words else ""))
    for line in what_it_waits_for(waiting, target):
        say(f"  {line}")
