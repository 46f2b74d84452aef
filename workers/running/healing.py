"""What an execution of `refold.heal` asks of the engine, through the desk. All methods belong to the event loop's thread."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from contracts.definitions import HealKind


class Case(NamedTuple):
    """What has failed: which node, by which error, and all that one has to know to suggest something."""

    place: str
    """The path of the node, without iterations."""
    error: str
    base: int
    """The version of the workflow that is active, which a suggestion is made for."""
    told: str
    """What a model is told."""
    is_over: bool = False
    """Whether nothing is to be healed any more: it was resolved meanwhile, or goes on."""


class Checked(NamedTuple):
    """A suggestion that holds: it can be published, the execution goes on with it, and what it would change for others is known."""

    name: str
    """By which it is known again."""
    kind: HealKind
    reason: str
    risk: str
    difference: str
    """As a unified diff; empty where nothing is changed."""
    text: str | None
    syntax: str
    hash: str
    table: dict[str, Any] | None
    """None where nothing could be compared; `said` says why."""
    said: str
    at: int
    """After which event of its source the execution goes on."""
    new_calls: list[str]


class Verdict(NamedTuple):
    """A suggestion that holds; or what is wrong with all that were made, and whether another one may be asked for."""

    checked: Checked | None
    problems: list[str]


class Applied(NamedTuple):
    """What was done: the new version, or the draft, and the execution that goes on."""

    version: int | None
    draft: str | None
    execution: str | None
    said: str = ""


class Healer(Protocol):
    """The engine, as executions of `refold.heal` move it."""

    async def case(self, execution: str, about: str) -> Case:
        """What has failed. Raises Rejected where that is not known any more."""

    async def check(self, execution: str, about: str, base: int, last: int, said: Any, is_by_model: bool) -> Verdict:
        """Check what a model has said, or without one what rules suggest: the first suggestion that holds."""

    async def may_apply(self, heal: str, workflow: str, per_day: int) -> bool:
        """Whether one more change may be made today without asking: then this heal has taken a place. Twice is once."""

    async def apply(self, heal: str, execution: str, change: dict[str, Any], publishes: bool, actor: str) -> Applied:
        """Publish a change, or keep it as a draft, and let the execution go on with it as a fork. Twice is once."""
