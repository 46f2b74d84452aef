"""Upcasters: how old shapes of events, commands and decisions become the present ones.

Each takes the positional form (`[tag, field, …]`) of one old tag to the form of a newer one; they chain. Reading goes
through one place (`codec.decode_decision`), which asks here when a record is not of the present shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

Positional: TypeAlias = list[Any]
Upcaster: TypeAlias = Callable[[Positional], Positional]

EVENT_UPCASTERS: Final[Mapping[int, Upcaster]] = {}
"""Old event tag → one step towards the present shape."""

COMMAND_UPCASTERS: Final[Mapping[int, Upcaster]] = {}
"""Old command tag → one step towards the present shape."""


def upcast(record: Positional, upcasters: Mapping[int, Upcaster]) -> Positional:
    """The record after all steps that apply; a record of the present shape is given back as it is."""
    seen: set[int] = set()
    while record and (step := upcasters.get(record[0])) is not None:
        assert record[0] not in seen, f"upcasters go round in circles at tag {record[0]}"
        seen.add(record[0])
        record = step(record)
    return record
