"""Ingress: what comes in is made small before it is decided. A big value becomes a blob, and the command a reference to it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

import msgspec

from contracts.commands import (
    AdmitExecution,
    AnswerTask,
    ChangeHalted,
    Command,
    CommentTask,
    CompleteActivity,
    CreateExecution,
    FailActivity,
    FireTimer,
    GrantSlot,
    LoseActivity,
    MeetDependency,
    RecordStep,
    RefuseSlot,
    ReleaseHalt,
    ReportChild,
    ReportProgress,
    ResolveIncident,
    ReturnSlot,
    SendSignal,
    SkipTime,
)
from contracts.errors import Rejected
from contracts.key import NO_KEY
from contracts.pins import Plan
from contracts.ports.blobs import Blobs
from contracts.values import BLOB_BYTES_MIN_DEFAULT, VALUE_BYTES_MAX_DEFAULT, reference_to

SomeCommand = TypeVar("SomeCommand", bound=Command)

VALUES: Final[dict[type, tuple[str, ...]]] = {
    CompleteActivity: ("output",),
    CreateExecution: ("input", "variables", "trigger"),
    SendSignal: ("payload",),
    ReportChild: ("output",),
    ReportProgress: ("detail",),
    ResolveIncident: ("output", "variables"),
    AnswerTask: ("data", "content"),
    CommentTask: ("content",),
    RecordStep: ("output",),
    ReleaseHalt: ("output",),
    ChangeHalted: ("variables", "data"),
}
"""The fields of commands that carry values."""


def offload(command: SomeCommand, blobs: Blobs, key: int = NO_KEY) -> SomeCommand:
    """The command with its big values stored, to be read with the key of this number.

    Raises Rejected for one over the limit, LogFull where there is no room.
    """
    changes: dict[str, Any] | None = None
    for name in VALUES.get(type(command), ()):
        value = getattr(command, name)
        if value is None or len(value) < BLOB_BYTES_MIN_DEFAULT:
            continue
        changes = changes or {}
        changes[name] = _stored(name, value, blobs, key)
    if isinstance(command, CreateExecution) and command.test is not None:
        changes = {**(changes or {}), "test": _small_plan(command.test, blobs, key)}
    return msgspec.structs.replace(command, **changes) if changes else command


def _stored(name: str, value: bytes, blobs: Blobs, key: int) -> bytes:
    """The reference to a big value, which is stored."""
    if len(value) > VALUE_BYTES_MAX_DEFAULT:
        raise Rejected("too_large", f"{name} has {len(value)} bytes; the limit is {VALUE_BYTES_MAX_DEFAULT}")
    blobs.put(value)
    return reference_to(value, key)


def _small_plan(plan: Plan, blobs: Blobs, key: int) -> Plan:
    """The plan with the big outputs that it gives stored."""
    small = {
        node: tuple(
            pin
            if pin.output is None or len(pin.output) < BLOB_BYTES_MIN_DEFAULT
            else msgspec.structs.replace(pin, output=_stored(f"what is pinned for {node}", pin.output, blobs, key))
            for pin in pins
        )
        for node, pins in plan.pins.items()
    }
    return msgspec.structs.replace(plan, pins=small)


WAITED_FOR: Final = (
    CompleteActivity,
    FailActivity,
    LoseActivity,
    FireTimer,
    ReportChild,
    GrantSlot,
    ReturnSlot,
    RefuseSlot,
    AdmitExecution,
    MeetDependency,
    SkipTime,
)
"""What an execution waits for: without it, it cannot go on."""


def held_of(command: Command, small: Callable[[Command, int], Command], key: int) -> Command | None:
    """What an execution waits for, with its big values stored; None for anything else, and where that cannot be kept."""
    if isinstance(command, WAITED_FOR):
        with suppress(Exception):
            return small(command, key)
    return None


def size_of(command: Command) -> int:
    """About how many bytes a command brings."""
    size = 100
    for name in VALUES.get(type(command), ()):
        value = getattr(command, name)
        if value is not None:
            size += len(value)
    if isinstance(command, CreateExecution) and command.test is not None:
        size += len(command.test.definition) + sum(len(pin.output or b"") for pins in command.test.pins.values() for pin in pins)
    if isinstance(command, CreateExecution) and command.fork is not None:
        size += len(command.fork.state) + sum(size_of(child) for _, child in command.fork.children)
    return size
