"""Which records of the topic of blobs may go, as a pure function of what stands there and what is needed.

    │ dead │ needed │ copy │ dead │ mark │ … │ mark │ copy, the later one │ …
                                   ▲ cut here, once the needed one stands at the end, too

The topic is cut off at a mark before which all is old, as that mark or a later one says. What stands there is one of three: dead;
there once more behind the place; or it is appended anew. The place is where most is gained: what goes, less what has to be read and
written again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from typing import NamedTuple

from contracts.ports.blob_topic import BlobId, Marked, Standing, Stored


class _Place(NamedTuple):
    """A mark in the topic, and how many bytes have stood before it."""

    offset: int
    marked: Marked
    size: int


class BlobIndex:
    """What stands in the topic between two offsets. Records are taken in their order, each once."""

    def __init__(self, start: int = 0) -> None:
        self.start = self.end = start
        self.stored: list[Stored] = []
        self.places: list[_Place] = []
        self._size = self._gone = 0
        self._is_marked = False

    @property
    def size(self) -> int:
        """The bytes that are there."""
        return self._size - self._gone

    @property
    def wants_mark(self) -> bool:
        """Whether anything has come that no mark says of how old it is."""
        return self.end > self.start and not self._is_marked

    def take(self, records: Iterable[Standing]) -> None:
        """Read on."""
        for offset, size, of in records:
            self._is_marked = isinstance(of, Marked) and of.before == offset
            if isinstance(of, Marked):
                self.places.append(_Place(offset, of, self._size))
            elif of is not None:
                self.stored.append(of)
            self._size += size
            self.end = offset + 1

    def drop_before(self, start: int) -> None:
        """What stands before an offset is gone."""
        if start <= self.start:
            return
        self._gone = next((place.size for place in self.places if place.offset >= start), self._size)
        self.stored = [one for one in self.stored if one.first >= start]
        self.places = [place for place in self.places if place.offset >= start]
        self.start, self.end = start, max(start, self.end)

    def old_before(self, time: int) -> int:
        """All that stands before this offset was appended by a time (milliseconds since 1970), as marks say."""
        return max((place.marked.before for place in self.places if place.marked.time <= time), default=0)

    def bytes_before(self, place: _Place) -> int:
        """How many bytes stand before a mark."""
        return place.size - self._gone


class Plan(NamedTuple):
    """What is to be done: these are appended anew, and then what stands before the offset is deleted."""

    before: int
    carried: list[Stored]
    gain: int
    """By so many bytes the topic gets shorter."""


def plan(index: BlobIndex, dead: Set[BlobId], old_before: int, gain_min: int) -> Plan | None:
    """Where to cut the topic off, None where it gains too little. `dead` is what nobody needs, nor will need, of what is old."""
    latest = {one.id: one for one in sorted(index.stored, key=lambda one: one.first)}
    best, best_place, gain = gain_min - 1, None, 0
    for place, weight in _carried_at(index, latest.values(), dead, old_before):
        there = index.bytes_before(place)
        if there - 2 * weight > best:
            best, best_place, gain = there - 2 * weight, place, there - weight
    if best_place is None:
        return None
    before = best_place.offset
    carried = [one for one in latest.values() if one.first < before and not (one.last < before and one.id in dead)]
    return Plan(before, carried, gain)


def _carried_at(index: BlobIndex, latest: Iterable[Stored], dead: Set[BlobId], old_before: int) -> Iterator[tuple[_Place, int]]:
    """For each place where it could be cut, how many bytes would have to be appended anew. Of several copies the last one counts."""
    changes: list[tuple[int, int]] = []
    for one in latest:
        changes.append((one.first, one.size))
        if one.id in dead:
            changes.append((one.last, -one.size))
    changes.sort()
    at = carried = 0
    for place in index.places:
        if not index.start < place.offset <= old_before:
            continue
        while at < len(changes) and changes[at][0] < place.offset:
            carried += changes[at][1]
            at += 1
        yield place, carried
