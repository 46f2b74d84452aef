"""Filters of public events: a condition in our language over the attributes of a CloudEvent and its data.

    type == 'refold.node.failed' && workflow == 'order' && data.failure.type == 'timeout'
    event.type == 'node.failed' && event.workflow == 'order'                       the same of a whole event, whose type is said short

An attribute that an event does not have has no value, and what is said of it is not true: such an event is not taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

import msgspec

from contracts.public_events import TYPE_PREFIX, CloudEvent
from domain.expressions.condition import Condition
from domain.expressions.faults import Fault
from domain.expressions.maker import Frame, Run
from domain.expressions.references import references_of
from domain.expressions.times import read_time
from domain.expressions.tree import Index, Literal, Name, Node, Select, parts

EXECUTION: Final = "execution_id"
"""The `subject` under the name that lists have for it."""
SEARCH: Final = "search"
"""The search values of `data`, under the name that lists have for them."""
EVENT: Final = "event"
"""The event as a whole, as triggers see it."""
NAMES: Final = (*CloudEvent.__struct_fields__, EXECUTION, SEARCH, EVENT)
UNITS_MAX: Final = 1_000
"""What it may cost to ask one event: it is asked wherever events are told."""
_SHORT_TYPE: Final = "event.type"
_FORESEEN: Final = {"type": _SHORT_TYPE, "workflow": "workflow"}
"""What is known of `event` before there is one, by the names under which it is given."""
_plain: Final = msgspec.to_builtins
_decode: Final = msgspec.json.Decoder().decode


class EventFilter:
    """A filter of public events, as they are or as JSON."""

    def __init__(self, source: str) -> None:
        """Raises InvalidInput where it cannot be read, or says another name than an attribute's."""
        self.source = source
        self._condition = Condition(source, NAMES, UNITS_MAX)
        self.tree = self._condition.tree
        self._sees_event = any(isinstance(part, Name) and part.name == EVENT for part in parts(self.tree))

    def takes(self, event: CloudEvent) -> bool:
        """Whether it is true for an event."""
        return self.takes_plain(_plain(event))

    def takes_json(self, content: bytes) -> bool:
        """The same of its JSON."""
        return self.takes_plain(_decode(content))

    def takes_plain(self, public: dict[str, Any]) -> bool:
        """The same of the event as a plain value."""
        return self._condition.takes(self._named(public))

    def asked(self, public: dict[str, Any]) -> bool | None:
        """The same; None where it has no answer: something is not there, or it fails."""
        return self._condition.verdict(self._named(public))

    def fault(self, public: dict[str, Any]) -> str:
        """Why it cannot be asked this event, other than that something is not there; nothing where it can."""
        return self._condition.fault(self._named(public))

    def verdict(self, type_: str, workflow: str) -> bool | None:
        """Whether it takes every event of a type (without what begins all of them) of a workflow, or none; None: some, as it looks."""
        return self._foreseeing.verdict({"type": f"{TYPE_PREFIX}{type_}", "workflow": workflow, _SHORT_TYPE: type_})

    @cached_property
    def _foreseeing(self) -> Condition:
        return Condition(self.source, NAMES, UNITS_MAX, _foreseen)

    @property
    def texts(self) -> set[str]:
        """The texts that are written out in it."""
        return {part.value for part in parts(self.tree) if isinstance(part, Literal) and isinstance(part.value, str)}

    @property
    def paths(self) -> Iterator[tuple[str, ...]]:
        """What it reads of an event."""
        for reference in references_of(self.tree, NAMES):
            yield reference.path if reference.root == EVENT else (reference.root, *reference.path)

    def _named(self, public: dict[str, Any]) -> dict[str, Any]:
        own = {"time": read_time(public["time"]), EXECUTION: public["subject"]}
        if search := public["data"].get("search"):
            own[SEARCH] = search
        named = {**public, **own}
        if self._sees_event:
            named[EVENT] = event_seen(named)
        return named


def _foreseen(part: Node, run: Run) -> Run:
    """The same where there is no event yet: what is known of it has a value; it has none itself, so that nobody asks what it lacks."""
    name = _FORESEEN.get(_attribute(part))
    if name is None:
        return run

    def ask(frame: Frame) -> Any:
        try:
            return run(frame)  # a variable of a macro may be called `event`, too
        except Fault as fault:
            if fault.kind != "no_name":
                raise
            return frame[0][name]

    return ask


def _attribute(part: Node) -> str:
    """Which attribute of `event` a part reads; nothing for any other part."""
    if not isinstance(part, Select | Index) or part.is_optional or not isinstance(part.owner, Name) or part.owner.name != EVENT:
        return ""
    if isinstance(part, Select):
        return part.name
    return part.key.value if isinstance(part.key, Literal) and isinstance(part.key.value, str) else ""


def event_seen(public: dict[str, Any]) -> dict[str, Any]:
    """An event as triggers see it: its type without what begins all of them."""
    return {**public, "type": public["type"].removeprefix(TYPE_PREFIX)}
