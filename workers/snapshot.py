"""The owner's snapshot: what it had folded and up to where. A cache: one of another schema, journal or shape is thrown away."""

from __future__ import annotations

import hashlib
from functools import cache

import msgspec

from contracts.codec import pack
from contracts.commands import Envelope
from contracts.journal import Checkpoint
from domain.state import Execution
from workers.executions import EndedExecution
from workers.packed import Packed


class OwnerSnapshot(msgspec.Struct, array_like=True):
    """Open states, how the others ended, and the checkpoint of the readers' rule."""

    schema: str
    checkpoint: Checkpoint
    dispatched_to: int
    open: dict[str, Packed]
    ended: dict[str, EndedExecution]
    unreadable: dict[str, str]
    undelivered: list[tuple[int, Envelope]]


@cache
def schema_hash() -> str:
    """Changes whenever the shape of a state does."""
    schemas, components = msgspec.json.schema_components([OwnerSnapshot, Execution])
    return hashlib.sha256(msgspec.json.encode([schemas, components], order="deterministic")).hexdigest()[:16]


def encode_snapshot(snapshot: OwnerSnapshot) -> bytes:
    """The snapshot as bytes."""
    return pack(snapshot)


def decode_snapshot(content: bytes | None) -> OwnerSnapshot | None:
    """The snapshot, or None where there is none that this build can use."""
    if content is None:
        return None
    try:
        snapshot = msgspec.msgpack.decode(content, type=OwnerSnapshot)
    except msgspec.MsgspecError:
        return None
    return snapshot if snapshot.schema == schema_hash() else None
