"""`fork` and `retry`: a new execution goes on from what is recorded of another one, which stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from refold.cli.commands.interrupt import interruptible
from refold.cli.commands.outcome import what_it_waits_for
from refold.cli.commands.output import FAILED, OK, BadInput, read_json_argument, say, say_json
from refold.cli.commands.progress import make_progress
from refold.cli.commands.target import Forking, Session, Target, Value
from refold.cli.commands.where import working_place
from refold.cli.options import Going


def sets_in(given: Sequence[str]) -> dict[str, Any]:
    """What `--set PATH=VALUE` says: JSON, or a text that is none. Raises BadInput."""
    found: dict[str, Any] = {}
    for one in given:
        path, equals, text = one.partition("=")
        if not (path and equals):
            raise BadInput(f"--set: expected PATH=VALUE, found {one[:100]!r}")
        found[path] = _value(text, f"--set {path}")
    return found


def _value(text: str, what: str) -> Any:
    try:
        return read_json_argument(text, what)
    except BadInput:
        if text.startswith(("{", "[", '"', "@")):
            raise
        return text


def fork(going: Going, wanted: Forking, definition: str | None, as_json: bool) -> int:
    """Fork, and go on with what comes of it as `resume` does. Exit code: 0, or 1 at a timeout."""
    with (
        working_place(going.where, going.worker, must_exist=True) as target,
        interruptible() as interrupt,
        make_progress(as_json) as progress,
        target.act(progress, interrupt, must_exist=True) as session,
    ):
        version = None if definition is None else _version(target, session, wanted.execution, definition)
        found = session.fork(replace(wanted, version=version))
        name = found["execution_id"]
        stop = session.follow(name, going.timeout_s, patient=False) if going.go_on else "outside"
        state, waiting = session.state(name), session.waiting(name)
    items = waiting.get(name, [])
    if as_json:
        told = {
            key: list(found[key]) if key in ("children", "new_calls") else found[key] for key in ("source", "at", "children", "new_calls")
        }
        say_json({"execution_id": name, "status": state["status"], **told, "waiting_for": items})
    else:
        _say(target, found, state, [f"  {line}" for line in what_it_waits_for(waiting, target)])
    return interrupt.exit_code if stop == "interrupted" else FAILED if stop == "timeout" else OK


def _version(target: Target, session: Session, execution: str, text: str) -> int:
    """The version that is meant: a number, or a file, which is published without being activated. Raises BadInput."""
    file = Path(text)
    if text.isascii() and text.isdecimal() and not file.is_file():
        return int(text)
    if not file.is_file():
        raise BadInput(f"--definition: expected the number of a version, or a file that is there, found {text[:200]!r}")
    written = target.read(file)
    workflow = target.state(execution, 1)["workflow"]
    if written.definition.name != workflow:
        raise BadInput(f"--definition: {file} is of workflow {written.definition.name}, and execution {execution} of {workflow}")
    return int(session.publish(written, False)["version"])


def _say(target: Target, found: Value, state: Value, waits: Sequence[str]) -> None:
    stands = "it needs a person" if state["status"] == "incident" else f"it is {state['status']}"
    say(f"execution {found['execution_id']} goes on from {found['source']}, after event {found['at']}; {stands}")
    for child in found["children"]:
        say(f"  forked with it: {child}")
    for path in found["new_calls"]:
        say(f"  asked anew, as its source never did: {path}")
    for line in waits:
        say(line)
