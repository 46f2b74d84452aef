"""Limits: how much one decision may do, and how much one execution may have open. All are counted, none is a time.

    a turn ─► so much work, or so many bytes ─► the rest waits for a timer of a millisecond ─► a turn …
                                                after `alone_max` nodes without anything from outside: `loop.limit`

So no decision takes long, others are served between two of them, and `verify` decides each again with the same outcome.
Decisions that were made before there was a limit are decided again without it, and those that were made by a fault that is
mended, with it: each names the schema it was made under.
"""

from __future__ import annotations

import sys
from typing import Final, NamedTuple

from contracts.journal import SCHEMA
from contracts.values import BLOB_BYTES_MIN_DEFAULT, VALUE_BYTES_MAX_DEFAULT

FRAMES_MIN: Final = 5_000
"""What reads a value may take some frames for each level of it: so many that it is the same wherever deciding stands on its stack."""

sys.setrecursionlimit(max(sys.getrecursionlimit(), FRAMES_MIN))
NEVER: Final = 2**62
"""Where there is no limit."""
SCHEMA_OF_TURNS: Final = 2
"""From this schema on a long decision goes on in further ones."""
SCHEMA_OF_UNTOLD: Final = 3
"""From this schema on a node that is being undone is told of no change."""


class Limits(NamedTuple):
    """The limits of a decision. Lengths are in bytes."""

    blob_bytes_min: int = BLOB_BYTES_MIN_DEFAULT
    """From which length on a value becomes a blob."""
    value_bytes_max: int = VALUE_BYTES_MAX_DEFAULT
    """A longer value is refused."""
    signals_max: int = 1_000
    """How many signals may wait in the buffer."""
    steps_max: int = 50_000
    """How many nodes one decision may begin, whatever they are; no decision comes to it that takes turns."""
    turn_steps: int = 2_000
    """How many nodes a decision begins until its loops wait for the next turn; from twice as many on every node does."""
    turn_bytes: int = 256 * 1024
    """How long the values of a decision may be together until its loops wait; from twice as many bytes on every node does."""
    units_max: int = 1_000_000
    """What all expressions of one decision may cost, in units; one alone may cost `UNITS_MAX`."""
    alone_max: int = 100_000
    """How many nodes an execution may begin turn after turn, with nothing from outside between; 1 KiB of values counts as one."""
    items_max: int = 100_000
    """How many items a `for_each` may have, and how many times a `repeat` may run."""
    children_max: int = 10_000
    """How many children an execution may have open."""
    depth_max: int = 32
    """How deep sub-workflows may be nested."""
    undone_are_told: bool = False
    """Whether a `wait_until` that is being undone is told of changes, as if it still waited."""


LIMITS: Final = Limits()
"""The limits that this build decides by."""
WITH_TURNS: Final = Limits(undone_are_told=True)
WITHOUT_TURNS: Final = WITH_TURNS._replace(
    turn_steps=NEVER, turn_bytes=NEVER, units_max=NEVER, alone_max=NEVER, items_max=NEVER, children_max=NEVER, depth_max=NEVER
)  # fmt: skip


def limits_of(schema: int) -> Limits:
    """The limits by which decisions of a schema were made."""
    assert schema <= SCHEMA, f"there are no limits of schema {schema}"
    if schema >= SCHEMA_OF_UNTOLD:
        return LIMITS
    return WITH_TURNS if schema >= SCHEMA_OF_TURNS else WITHOUT_TURNS
