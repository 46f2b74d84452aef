"""Filters of public events: a condition in our language over the attributes of a CloudEvent.

    type == 'refold.NodeFailed' && workflow == 'order' && data.failure.type == 'timeout'

An attribute that an event does not have has no value, and what is said of it is not true: such an event is not taken.
"""

from __future__ import annotations

from typing import Final

import msgspec

from domain.expressions.times import read_time
from projections.filter import Condition
from projections.public_event import Public

EXECUTION: Final = "execution_id"
"""The `subject` under the name that lists have for it."""
NAMES: Final = (
    "id", "type", "subject", EXECUTION, "time", "workflow", "version", "path", "attempt", "actor", "correlationid", "data",
)  # fmt: skip
_decode: Final = msgspec.json.Decoder().decode


class EventFilter:
    """A filter of public events, as they are or as JSON."""

    def __init__(self, source: str) -> None:
        """Raises InvalidInput where it cannot be read, or says another name than an attribute's."""
        self.source = source
        self._condition = Condition(source, NAMES)

    def takes(self, public: Public) -> bool:
        """Whether it is true for an event whose values are parsed."""
        times = {"time": read_time(public["time"]), EXECUTION: public["subject"]}
        return self._condition.takes({**public, **times})

    def takes_json(self, content: bytes) -> bool:
        """The same of its JSON."""
        return self.takes(_decode(content))
