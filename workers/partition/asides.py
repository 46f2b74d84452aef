"""Asides: records that an owner writes into its journal beside its decisions, at the end of a round: they stand, or fall, with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from contracts.codec import encode_record
from contracts.journal import Record

Make: TypeAlias = Callable[[bytes], Record | None]
"""Makes the record, given the nonce of the claim in force, when the round is decided; None where it is not to be written after all."""
Then: TypeAlias = Callable[[Record], None]
"""Hears of the record once it is durable."""


class _Aside(NamedTuple):
    make: Make
    then: Then


class Asides:
    """Of one claim. What is not written when its owner stands down is never written, and nobody hears of it."""

    def __init__(self) -> None:
        self._waiting: list[_Aside] = []
        self._written: list[tuple[Record, Then]] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, make: Make, then: Then) -> None:
        """Write a record with the next round."""
        self._waiting.append(_Aside(make, then))

    def begin(self, nonce: bytes) -> list[bytes]:
        """What is to stand at the end of the round that is decided now."""
        made = [(one.make(nonce), one.then) for one in self._waiting]
        self._waiting, self._written = [], [(record, then) for record, then in made if record is not None]
        return [encode_record(record) for record, _ in self._written]

    def act(self) -> None:
        """The round is durable."""
        written, self._written = self._written, []
        for record, then in written:
            then(record)
