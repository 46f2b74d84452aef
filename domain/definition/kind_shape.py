"""The shape of a kind: what is asked about a kind of node before anything runs.

KindShape   name, Config, ports, bodies, what its nodes note      the compiler, the checks, the schema, the facts
└── Kind    start, on_timer, on_signal …                          the engine: `domain/execution/kind.py`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal, TypeAlias

from contracts.definitions import Body, Model
from contracts.errors import Problem

MemoName: TypeAlias = Literal["loop", "branches", "try", "wait", "child", "cancel", "detail", "task", "agent", "calls"]
"""What a node may note while it runs, by the tag it is stored under; `domain/execution/state.py` says how each folds."""
LoopOver: TypeAlias = Literal["items", "rounds", "times"]
"""What a loop goes over: the items of a list, rounds as long as a condition holds, or so many times."""

Category: TypeAlias = Literal["flow", "loops", "waiting", "data", "people", "errors", "activities", "ai", "own"]
WaitSort: TypeAlias = Literal["signal", "timer", "child", "task", "condition", "nodes"]
"""What nodes wait for: `Wait.sort`."""


class KindShape:
    """The shape of a kind; the defaults are those of a kind that is decided inline and holds nothing."""

    name: ClassVar[str]
    summary: ClassVar[str]
    category: ClassVar[Category] = "own"
    """Where it stands among the kinds that one chooses from."""
    icon: ClassVar[str] = "box"
    """The name of its picture, one of Lucide's."""
    wait_sort: ClassVar[WaitSort | None] = None
    """What a node of the kind waits for (`Kind.waits_for`); None where it waits for nothing but its bodies."""
    begins_with: ClassVar[str] = "{}"
    """The config of a node that was just put there, as JSON."""
    presets: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Other models to begin with, by what people call their providers."""
    ports_from: ClassVar[tuple[str, ...]] = ()
    """Where its config names further ports: `cases[].port`."""
    is_container: ClassVar[bool] = False
    is_inline: ClassVar[bool] = True
    loop_over: ClassVar[LoopOver | None] = None
    """Of a loop: what it goes over. That decides what its memo keeps of each iteration."""
    memo: ClassVar[MemoName | None] = None
    """What a node of the kind notes from its `NodeStarted` on."""
    fails_on_purpose: ClassVar[bool] = False
    hears_changes: ClassVar[bool] = False
    """Whether a waiting node is told when a variable or an output has changed (`Kind.on_changed`)."""
    hears_ends: ClassVar[bool] = False
    """Whether a waiting node is told when another node has ended (`Kind.on_ended`)."""
    can_undo: ClassVar[bool] = False
    """Whether a node of this kind may be a compensation; `Kind.undo` is its part."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = ()
    """Configs that make sense wherever the node stands; the simulation draws from them where it has no writer for the kind."""

    class Config(Model):
        """No fields."""

    def ports(self, config: Any) -> tuple[str, ...]:
        """The ports a node with this config can leave by, the usual one first; without any, no edge may start here."""
        return ("out",)

    def bodies(self, config: Any) -> dict[str, Body]:
        """The bodies in the config by their label in paths (`body`, `catch[0]`, a branch's name; `[]` for iterations)."""
        return {}

    def body_path(self, label: str) -> str:
        """Where the body of a label stands in the config (`branches.left`), for messages."""
        return label

    def leaves_by_one(self, config: Any) -> bool:
        """Whether a node with this config leaves by exactly one of its several ports; None is a config that cannot be read."""
        return False

    def problems(self, node: str, config: Any) -> Iterator[Problem]:
        """What is wrong with the config by itself, beyond its shape; the paths are those in the config, `node` is the id."""
        return iter(())

    def takes_signals(self, config: Any) -> bool:
        """Whether a node with this config waits for signals, and so has its turn among those that do."""
        return False
