"""Firing as those see it who decide that a trigger fires: what is asked, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from contracts.errors import NoCredential, RefoldError
from contracts.triggers import Fired, Trigger, Triggered
from workers.partition.trigger_states import TriggerStates


class Outcome(NamedTuple):
    """What came of a firing: the execution, which is durable, be it new or not; or why there is none.

    With `is_final` the same again would be refused again.
    """

    execution: str = ""
    error: RefoldError | None = None
    is_final: bool = True


Then: TypeAlias = Callable[[Outcome], None]


class Fire(Protocol):
    """Starts what a trigger starts, for a cause: the same cause again is the same execution."""

    def __call__(self, trigger: Trigger, said: Triggered, given: bytes, then: Then) -> None:
        """`then` hears once, in the same thread."""


class Advance(Protocol):
    """Lets triggers be done up to positions."""

    def __call__(self, positions: Mapping[str, int], fired: Sequence[Fired], then: Callable[[bool], None]) -> None:
        """`then` hears whether that is durable, in the same thread."""


def waits(states: TriggerStates, name: str, cause: str, now: int, error: Exception | None) -> list[Fired]:
    """What is listed of a trigger that cannot start anything yet: that it waits for a credential, once until it starts anything again."""
    if not isinstance(error, NoCredential):
        return []
    said = next((one for one in states.skipped(name) if one.reason == error.reason), None)
    if said is not None and (name not in states.last or states.last[name].at < said.at):
        return []
    return [Fired(name, cause, now, "", error.reason, f"it is tried again until it is started: {error}"[:500])]
