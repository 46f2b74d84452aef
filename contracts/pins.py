"""What a test run is to do otherwise than an execution: whose results are given, before which nodes it stops, and whether it skips time.

This is a storage format: a plan rides in the command that creates a test run, so its shape is kept like a command's.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from contracts.failure import Failure

Skips: TypeAlias = Literal["none", "waits", "all"]
"""Which times a test run does not wait for: none; delays, retries and later starts; or all that is due at some time, timeouts included."""

ANY: Final = "*"
"""As the path of a pin: every activity that has none of its own."""
EACH: Final = 0
"""As the attempt of a pin: each of them."""
EVERY: Final = -1
"""As the iteration of a pin: all of them."""


class Pin(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a node is given in place of running: an output and its ports, or a failure. `source` names where that was taken from.

    `attempt` and `iteration` (of the innermost loop around, from 0) say for which it holds.
    """

    output: bytes | None = None
    ports: tuple[str, ...] | None = None
    failure: Failure | None = None
    retryable: bool = True
    attempt: int = EACH
    iteration: int = EVERY
    source: str = ""


class Plan(msgspec.Struct, frozen=True, array_like=True):
    """What makes an execution a test run. Pins go by the path of their node, the most special ones first.

    `refuses` lets whatever is not pinned, and would reach the world, fail. `definition` is the compressed canonical form of one that
    is not published, empty for a published one. `ahead` is how far the execution's time is before the clock as it begins (milliseconds).
    """

    pins: dict[str, tuple[Pin, ...]] = {}
    stop_before: tuple[str, ...] = ()
    skips: Skips = "none"
    refuses: bool = False
    definition: bytes = b""
    ahead: int = 0
