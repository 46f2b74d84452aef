"""How an execution stands, as `run`, `start` and the commands that steer say it."""

from __future__ import annotations

from projections.waiting import in_words
from refold.cli.commands.output import FAILED, OK, complain, hint, say, say_json, seconds
from refold.cli.commands.target import ENDED, Stop, Target, Value, Waiting, duration_ms


def say_outcome(target: Target, state: Value, waiting: Waiting, as_json: bool) -> int:
    """How it stands, as text or as one object; the exit code: 0 only where it has completed."""
    if as_json:
        say_json(result_of(state["execution_id"], state, state["error"] or _incident_error(waiting)))
    else:
        _show(state)
    if state["status"] in ENDED:
        if not as_json:
            _show_what_next(state["execution_id"], target)
        return OK if state["status"] == "completed" else FAILED
    for line in what_it_waits_for(waiting, target):
        complain(line)
    return FAILED


def say_why_stopped(target: Target, state: Value, stop: Stop, timeout_s: float | None) -> None:
    """That nobody waits for it any more, and what becomes of it."""
    name, status = state["execution_id"], state["status"]
    if stop == "timeout":
        complain(f"execution {name} is {status} after --timeout {timeout_s or 0:g} s and {target.stays_open(name)}")
    elif stop == "interrupted":
        complain(f"stopped; execution {name} {target.stays_open(name)}")


def result_of(name: str | None, state: Value | None, error: Value | None) -> Value:
    """The one object that `--json` prints."""
    result: Value = dict.fromkeys(("execution_id", "status", "outcome", "output", "error", "events", "duration_ms"))
    result |= {"execution_id": name, "error": error}
    if state is not None:
        result |= {name: state[name] for name in ("status", "outcome", "output")}
        result |= {"events": state["at"], "duration_ms": _duration_ms(state)}
    return result


def _duration_ms(state: Value) -> int | None:
    """From its creation to its end, or to the last that happened."""
    return duration_ms(state["created_at"], state["ended_at"] or state["updated_at"])


def _incident_error(waiting: Waiting) -> Value | None:
    """The failure behind the first open incident."""
    for items in waiting.values():
        for item in items:
            if item["for"] == "incident":
                named = {"type": item["type"], "message": item["message"], "details": {"incident": item["incident"]}}
                return {**named, "node": item["path"], "attempt": item["attempt"], "cause": None}
    return None


def _show(state: Value) -> None:
    took = seconds(_duration_ms(state))
    name, error = state["execution_id"], state["error"]
    outcome = f" with outcome {state['outcome']}" if state["outcome"] else ""
    say(f"execution {name} ({state['workflow']}) {_is(state['status'])}{outcome}: {state['at']} events in {took}")
    if state["status"] == "completed":
        say_json(state["output"])
    elif error is not None:
        target = f" at {error['node']}" if error["node"] else ""
        complain(f"execution {name} {_is(state['status'])}: {error['type']}: {error['message']}{target}")


def _is(status: str) -> str:
    """The status as a verb."""
    return status if status in ENDED else "needs a person" if status == "incident" else f"is {status}"


def _show_what_next(execution: str, target: Target) -> None:
    say()
    say("Look at what happened:")
    for verb in target.looks_back:
        say(f"  {hint(f'{verb} {execution}', target.options)}")


def what_it_waits_for(waiting: Waiting, target: Target) -> list[str]:
    """A line for each thing that only somebody outside can bring, with the command that brings it."""
    lines = []
    for execution, items in waiting.items():
        for item in items:
            if (command := _answer_to(execution, item)) is not None:
                reason = f" ({item['type']}: {item['message']})" if item["for"] == "incident" else ""
                lines.append(
                    f"execution {execution} waits for {in_words(item)}{reason}: {hint(command, target.options, target.engine_options)}"
                )
    return lines


def _answer_to(execution: str, item: Value) -> str | None:
    match item["for"]:
        case "signal":
            return f"signal {execution} {item['names'][0]}"
        case "task":
            return f"tasks show {item['task']}"
        case "incident":
            return f"resolve {execution} retry --incident {item['incident']}"
        case "halt":
            return f"debug {execution}"
        case "pause":
            return f"resume {execution}"
        case "release":
            return f"release {execution}"
        case _:
            return None
