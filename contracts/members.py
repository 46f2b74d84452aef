"""What processes that share a log say in its `members` topic: who is there, and who is to own which partition.

JSON with named fields, so that processes of different versions read each other: a field that is not known is passed
over, one that is missing has its default. What cannot be read at all is nobody's word (`read_member_record`).
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from contracts.errors import UnknownRecord
from contracts.ids import PARTITIONS_MAX
from contracts.worker_protocol import WorkerRow

HEARTBEAT: Final = 1
"""The version of a heartbeat; one of another is not read. Fields that are added do not raise it."""
NAME_MAX: Final = 200

Name = Annotated[str, Meta(min_length=1, max_length=NAME_MAX)]
Count = Annotated[int, Meta(ge=0, le=2**52)]
Partition = Annotated[int, Meta(ge=0, lt=PARTITIONS_MAX)]


class PartitionHeld(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A partition as its owner sees it. `epoch` is the offset of its claim, `lag` what the read models lack of it."""

    epoch: Annotated[int, Meta(ge=-1, le=2**52)] = -1
    position: Count = 0
    lag: Count | None = None
    open: Count = 0
    claimed_at: Count = 0
    takeover_ms: Count = 0


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """One process says that it is there. It does so every second, and at once when something has changed.


    `beat` counts its heartbeats from 1: one that is not above the last one read is old. `since` is the broker's time of the first
    one it read back; 0 until then: who has not heard itself leads nothing and is given nothing. `generation` is the highest
    of an assignment it knows of. `contested` are processes that want to be called the same, and that it has read of: they
    have to go. `rows` says up to which offset of each journal the read models go that this process keeps.
    `heard` are the executions to whose progress and log lines somebody listens there; the empty text: to those of all.
    `archive` is when somebody has last asked there to archive what is due at once, in milliseconds since 1970.
    """

    heartbeat: int = HEARTBEAT
    node: Name
    incarnation: Name
    beat: Count
    since: Count = 0
    roles: tuple[str, ...] = ()
    address: str = ""
    version: str = ""
    leaving: bool = False
    generation: Count = 0
    partitions: dict[Partition, PartitionHeld] = {}
    workers: tuple[WorkerRow, ...] = ()
    contested: tuple[str, ...] = ()
    rows: dict[Partition, Count] = {}
    archive: Count = 0
    heard: tuple[str, ...] = ()


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """Which node is to own which partition. Of several with one generation the first counts."""

    generation: Count
    leader: Name
    owners: dict[Partition, Name]


MemberRecord: TypeAlias = Heartbeat | Assignment
"""What stands in the topic."""


class _Line(msgspec.Struct, frozen=True):
    heartbeat: int | UnsetType = UNSET
    assignment: Assignment | UnsetType = UNSET


_lines: Final = msgspec.json.Decoder(_Line)
_heartbeats: Final = msgspec.json.Decoder(Heartbeat)
_encode: Final = msgspec.json.Encoder().encode


def encode_member_record(record: MemberRecord) -> bytes:
    """A record as it goes into the topic."""
    return _encode(record if isinstance(record, Heartbeat) else {"assignment": record})


def read_member_record(content: bytes) -> MemberRecord | None:
    """What a record says; None where it cannot be read. Raises UnknownRecord for a heartbeat of another version."""
    try:
        line = _lines.decode(content)
        if line.assignment is not UNSET:
            return line.assignment
        if line.heartbeat is UNSET:
            return None
        if line.heartbeat == HEARTBEAT:
            return _heartbeats.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    raise UnknownRecord(f"a heartbeat of version {line.heartbeat}; this version of Refold reads {HEARTBEAT}")
