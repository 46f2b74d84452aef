"""What a process of a cluster passes on in the `passing` topic: what its attempts tell on their way, for whoever listens elsewhere.

JSON with named fields, as in `contracts/members.py`. It is of use for a moment: nobody looks back in the topic, and what cannot be
read, or is not there any more, is what a lossy channel loses.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec
from msgspec import Raw

from contracts.ports.lossy_channel import Passing, Topic

PASSING: Final = "passing"
"""The topic."""


class _Line(msgspec.Struct, frozen=True):
    execution: str
    path: str
    attempt: int
    topic: Topic
    value: Raw


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    process: str
    passing: tuple[_Line, ...] = ()
    dropped: int = 0


class PassedOn(NamedTuple):
    """What one record holds: by which process, and how much was dropped before it because it was too much."""

    process: str
    passing: list[Passing]
    dropped: int


_encode: Final = msgspec.json.Encoder().encode
_records: Final = msgspec.json.Decoder(_Record)


def encode_passing(process: str, passing: Iterable[Passing], dropped: int) -> bytes:
    """The record of what has passed at a process."""
    lines = tuple(_Line(one.execution, one.path, one.attempt, one.topic, Raw(one.value)) for one in passing)
    return _encode(_Record(process=process, passing=lines, dropped=dropped))


def read_passing(content: bytes) -> PassedOn | None:
    """What a record says; None where it cannot be read."""
    try:
        read = _records.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return PassedOn(
        read.process, [Passing(one.execution, one.path, one.attempt, one.topic, bytes(one.value)) for one in read.passing], read.dropped
    )
