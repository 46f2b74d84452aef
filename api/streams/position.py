"""Positions of streams: up to where somebody was told, in each partition, as text.

    0:17          partition 0: everything below offset 17
    0:17.2,3:5    of the decision at offset 17 of partition 0 the first two events as well; of partition 3 everything below offset 5
    0             nothing yet: from the beginning

A partition that is not named was added later: it is told from its beginning. Whoever goes on after the position that came with an
event misses nothing and hears nothing twice, of whichever process it asks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

from contracts.errors import InvalidInput, Problem, Rejected

BEGINNING: Final = "0"
LENGTH_MAX: Final = 32 * 1024
_PART: Final = re.compile(r"([0-9]{1,4}):([0-9]{1,18})(?:\.([0-9]{1,9}))?")


class Place(NamedTuple):
    """Everything below `offset`, and `events` of the events of the decision there."""

    offset: int
    events: int = 0


Places: TypeAlias = Mapping[int, Place]
"""By partition."""


def shown(places: Places) -> str:
    """A position as text."""
    parts = [f"{partition}:{place.offset}{f'.{place.events}' if place.events else ''}" for partition, place in sorted(places.items())]
    return ",".join(parts) or BEGINNING


def read_position(text: str, named: str) -> dict[int, Place]:
    """The places that a text stands for. Raises InvalidInput for what is none; `named` is where it stands."""
    if text == BEGINNING:
        return {}
    found = [_PART.fullmatch(part) for part in text.split(",", 1025)] if len(text) <= LENGTH_MAX else [None]
    places: dict[int, Place] = {}
    for part in found:
        if part is None or int(part[1]) in places:
            said = f"expected 0 for the beginning, or the id of an event of a stream, like 0:17.2, found {text:.100}"
            raise InvalidInput([Problem(named, "position", said)])
        places[int(part[1])] = Place(int(part[2]), int(part[3] or 0))
    return places


def check_reached(places: Places, ends: Mapping[int, int]) -> None:
    """Raise Rejected for places that the journals, which end there, do not have: whoever waited for them would wait for ever."""
    for partition, place in places.items():
        if partition not in ends:
            message = f"the position is of partition {partition}, which the log does not have"
        elif place.offset > ends[partition]:
            there = f"the position is {place.offset} in partition {partition}, and the journal ends at {ends[partition]}"
            message = f"{there}: it is of another log, or of one that was put back since; begin anew with 0, or without a position"
        else:
            continue
        raise Rejected("unknown_position", message)


def moved_on(places: Places, after: Mapping[int, int]) -> dict[int, Place]:
    """The places, where everything below these offsets was told, too."""
    moved = dict(places)
    for partition, offset in after.items():
        if partition not in moved or moved[partition].offset < offset:
            moved[partition] = Place(offset)
    return moved
