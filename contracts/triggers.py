"""Triggers: what starts executions by itself, what is stored about them, and what a start says of its own. This is a storage format.

A trigger stands in a definition, and is called `WORKFLOW.ID`, or is made by hand, and is called as it was named. What it starts has
an id made of the trigger and the cause (`cause_id`), so that firing twice is once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from contracts.definitions import Identifier, Model, Value
from contracts.ids import make_key_id

TRIGGERS: Final = "triggers"
"""The kind of resources that holds those made by hand."""
PAUSES: Final = "trigger-pauses"
"""The kind of resources that says which are paused, and why."""
DEPTH_MAX: Final = 32
"""So many triggers may have started each other in a row; one more starts nothing."""
CAUSE_LENGTH_MAX: Final = 1_000
"""So long a cause may be."""


class TriggerDefinition(Model):
    """What all triggers of a definition share. `input` is a value whose templates see `trigger`."""

    id: Identifier
    type: str
    description: str | None = None
    input: Value = None


class Fired(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A trigger has fired for a cause, at a time in milliseconds since 1970.

    `execution` is what it started; with a `reason` it started nothing, for that reason. `count` causes were passed over together.
    """

    trigger: str
    cause: str
    at: int
    execution: str = ""
    reason: str = ""
    message: str = ""
    count: int = 1


class Trigger(NamedTuple):
    """A trigger that is in force: its name, what it is of, its JSON as it is stored, since when (milliseconds since 1970) it says that.

    `id` is what expressions see: the id in the definition, or the name of one that is made by hand.
    """

    name: str
    id: str
    workflow: str
    type: str
    content: bytes
    since: int
    is_by_hand: bool = False


class TriggerPaused(NamedTuple):
    """Since when a trigger is paused, by whom, and why."""

    reason: str
    by: str
    at: int


class TriggerStatus(NamedTuple):
    """A trigger, and how it stands: up to where it is done, what it started last, and what it did not start lately."""

    trigger: Trigger
    paused: TriggerPaused | None
    position: int | None
    last: Fired | None
    skipped: Sequence[Fired]


class Triggered(NamedTuple):
    """What a start says of the trigger: its name, the cause, and the JSON that expressions see as `trigger`.

    Where it fires `by_itself`, and no person fires it, it does what `settings.while_paused` says.
    """

    trigger: str
    cause: str
    value: bytes
    by_itself: bool = False


class TriggerPause(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a trigger is paused."""

    reason: str = ""


encode_pause: Final = msgspec.json.Encoder().encode
decode_pause: Final = msgspec.json.Decoder(TriggerPause).decode


def name_in(workflow: str, id_: str) -> str:
    """How a trigger of a definition is called; no trigger that is made by hand has a dot in its name."""
    return f"{workflow}.{id_}"


def cause_id(workflow: str, trigger: str, cause: str, partition: int | None = None) -> str:
    """The id of what a trigger starts for a cause: the same for ever, in every process.

    No idempotency key stands for the same one: what that is made of begins with the name of a workflow, never with a slash.
    """
    said = f"/{workflow}/{trigger}/{cause}".encode("utf-8", "surrogatepass")
    return make_key_id(hashlib.sha256(said).hexdigest()[:32], partition)
