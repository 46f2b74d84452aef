"""Filters of public events: a condition in our language over the attributes of a CloudEvent and its data.

    type == 'refold.node.failed' && workflow == 'order' && data.failure.type == 'timeout'

An attribute that an event does not have has no value, and what is said of it is not true: such an event is not taken.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from contracts.public_events import CloudEvent
from domain.expressions.times import read_time
from projections.filter import Condition

EXECUTION: Final = "execution_id"
"""The `subject` under the name that lists have for it."""
SEARCH: Final = "search"
"""The search values of `data`, under the name that lists have for them."""
NAMES: Final = (*CloudEvent.__struct_fields__, EXECUTION, SEARCH)
UNITS_MAX: Final = 1_000
"""What it may cost to ask one event: it is asked wherever events are told."""
_plain: Final = msgspec.to_builtins
_decode: Final = msgspec.json.Decoder().decode


class EventFilter:
    """A filter of public events, as they are or as JSON."""

    def __init__(self, source: str) -> None:
        """Raises InvalidInput where it cannot be read, or says another name than an attribute's."""
        self.source = source
        self._condition = Condition(source, NAMES, UNITS_MAX)

    def takes(self, event: CloudEvent) -> bool:
        """Whether it is true for an event."""
        return self._takes(_plain(event))

    def takes_json(self, content: bytes) -> bool:
        """The same of its JSON."""
        return self._takes(_decode(content))

    def _takes(self, public: dict[str, Any]) -> bool:
        own = {"time": read_time(public["time"]), EXECUTION: public["subject"]}
        if search := public["data"].get("search"):
            own[SEARCH] = search
        return self._condition.takes({**public, **own})
