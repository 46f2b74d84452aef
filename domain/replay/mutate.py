"""Mutate: what an execution would have decided if an activity had answered otherwise, or it had been given something else.

recorded commands ─ with other values in some of them ─► the same definition decides again over the recorded answers ─► compared

What follows from the change is decided; what is asked of the world in other words then has no recorded answer, and stops there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from contracts import commands as c
from contracts.errors import Rejected
from contracts.values import written
from domain.execution.deciding import ReadBlob, no_blobs
from domain.execution.paths import plain_path
from domain.replay.edits import place_in
from domain.replay.rerun import Version
from domain.replay.tape import Tape
from domain.replay.what_if import Comparison, what_if

INPUT = ""
"""In the place of a node: the input of the execution."""


class Setting(NamedTuple):
    """What is to be another value: the output of a node (`score`, `each[]/score`, `each[3]/score`), or with `INPUT` the input.

    `fields` lead to a place in it; without any it is the whole value.
    """

    node: str
    fields: tuple[str, ...]
    value: Any


def mutate(tape: Tape, settings: list[Setting], read: Callable[[bytes], Any], read_blob: ReadBlob = no_blobs) -> Comparison:
    """What would have come of it. `read` gives the parsed JSON of a stored value. The tape is changed.

    Raises Rejected for a node that no activity has answered, or a field that is not there.
    """
    begun = tape.decisions[0].command
    assert isinstance(begun, c.CreateExecution), "an execution begins with its creation"
    for setting in settings:
        _set(tape, setting, read)
    return what_if(tape, Version(tape.graph, begun.workflow, begun.version, begun.definition, follows=True), read_blob)


def _set(tape: Tape, setting: Setting, read: Callable[[bytes], Any]) -> None:
    """Put a value into the commands that carry it: of the attempts of a run into that of the last one."""
    last = {
        decision.command.path: place
        for place, decision in enumerate(tape.decisions)
        if isinstance(decision.command, c.CompleteActivity | c.FailActivity) and _is_of(decision.command.path, setting.node)
    }
    if setting.node == INPUT:
        last = {INPUT: 0}
    if not last:
        known = sorted({plain_path(d.command.path) for d in tape.decisions if isinstance(d.command, c.CompleteActivity | c.FailActivity)})
        said = f"; activities answered for {', '.join(known[:20])}" if known else "; no activity answered in it"
        raise Rejected(
            "unknown_node", f"no activity answered for node {setting.node[:200]!r} in this execution{said}", node=setting.node[:200]
        )
    for place in last.values():
        tape.decisions[place] = replace(tape.decisions[place], command=_changed(tape.decisions[place].command, setting, read))


def _is_of(path: str, node: str) -> bool:
    return node == path or node.replace("[]", "") == plain_path(path)


def _changed(command: Any, setting: Setting, read: Callable[[bytes], Any]) -> c.Command:
    if isinstance(command, c.FailActivity):
        if setting.fields:
            raise Rejected("unknown_field", f"{setting.node} failed: it has no output to set a field of; set the whole output")
        return c.CompleteActivity(command.path, command.attempt, written(setting.value))
    name = "input" if isinstance(command, c.CreateExecution) else "output"
    stored: bytes | None = getattr(command, name)
    value = _put(None if stored is None or not setting.fields else read(stored), setting.fields, setting.value)
    changed: c.Command = replace(command, **{name: written(value)})
    return changed


def _put(value: Any, fields: tuple[str, ...], new: Any) -> Any:
    """The value with another one at a place. Raises Rejected where there is no such place."""
    if not fields:
        return new
    name, *rest = fields
    if isinstance(value, list) and (place := place_in(value, name)) is not None:
        return [*value[:place], _put(value[place], tuple(rest), new), *value[place + 1 :]]
    if not isinstance(value, Mapping) or (rest and name not in value):
        raise Rejected("unknown_field", f"there is no field {name[:200]!r} to set in what was recorded")
    return {**value, name: _put(value.get(name), tuple(rest), new)}
