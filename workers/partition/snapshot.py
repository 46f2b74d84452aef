"""The owner's snapshot: what it had folded and up to where. A cache: one of another schema, journal or shape is thrown away."""

from __future__ import annotations

import hashlib
from functools import cache
from itertools import islice
from typing import Final

import msgspec

from contracts.codec import pack
from contracts.commands import Envelope
from contracts.journal import Checkpoint
from domain.execution.state import Execution
from workers.partition.ended_execution import EndedExecution
from workers.partition.executions import Executions
from workers.partition.filed import Filed
from workers.partition.packed import Packed
from workers.partition.sealing import UNSEALED, Sealing


class OwnerSnapshot(msgspec.Struct, array_like=True):
    """Open states, how the others ended, and the checkpoint of the readers' rule.

    `retention_ms` is how long executions were kept whose definition does not say: by it stands when those go that have ended.
    `keys_end` is that of `Executions`, and so is `filed`; `starts` that of its quotas.
    """

    schema: str
    checkpoint: Checkpoint
    dispatched_to: int
    open: dict[str, Packed]
    ended: dict[str, EndedExecution]
    unreadable: dict[str, str]
    undelivered: list[tuple[int, Envelope]]
    retention_ms: int = 0
    keys_end: int = 0
    filed: Filed = msgspec.field(default_factory=Filed)
    starts: dict[str, list[int]] = msgspec.field(default_factory=dict)


@cache
def schema_hash() -> str:
    """Changes whenever the shape of a state does."""
    schemas, components = msgspec.json.schema_components([OwnerSnapshot, Execution])
    return hashlib.sha256(msgspec.json.encode([schemas, components], order="deterministic")).hexdigest()[:16]


OPEN_A_STEP: Final = 500
"""So many open executions go into a draft at a time."""
ENDED_A_STEP: Final = 5_000
"""So many that have ended."""


class Draft:
    """A snapshot in the making: of everything as it was when it was begun, put together in pieces.

    What changes meanwhile has to be taken before it does (`take`).
    """

    def __init__(
        self,
        executions: Executions,
        checkpoint: Checkpoint,
        dispatched_to: int,
        undelivered: list[tuple[int, Envelope]],
        sealing: Sealing = UNSEALED,
    ) -> None:
        self.offset = checkpoint.offset
        """It holds what is decided before."""
        self._executions, self._sealing = executions, sealing
        self._left = dict.fromkeys(executions.names())
        self._ended = list(executions.ended.items())
        self._head = [pack(schema_hash()), pack(checkpoint), pack(dispatched_to), _map_header(len(self._left))]
        self._open_pieces: list[bytes] = []
        self._ended_pieces = [_map_header(len(self._ended))]
        self._tail = [
            pack(executions.unreadable),
            pack(undelivered),
            pack(executions.retention_ms),
            pack(executions.keys_end),
            pack(executions.filed),
            pack({workflow: list(starts) for workflow, starts in executions.quotas.starts.items()}),
        ]

    def take(self, execution: str) -> None:
        """Take an open execution as it is now, unless that was done."""
        if execution in self._left:
            del self._left[execution]
            self._open_pieces += (pack(execution), pack(self._sealing.to_keep(execution, self._executions.packed(execution))))

    def step(self) -> bool:
        """Go on; True when all is taken."""
        for execution in list(islice(self._left, OPEN_A_STEP)):
            self.take(execution)
        for execution, end in self._ended[-ENDED_A_STEP:]:
            self._ended_pieces += (pack(execution), pack(end))
        del self._ended[-ENDED_A_STEP:]
        return not self._left and not self._ended

    def content(self) -> bytes:
        """The snapshot as bytes: an `OwnerSnapshot`, whatever the pieces were."""
        assert not self._left, f"{len(self._left)} executions have not been taken"
        return b"".join([_FIELDS, *self._head, *self._open_pieces, *self._ended_pieces, *self._tail])


_FIELDS: Final = bytes([0x90 + len(OwnerSnapshot.__struct_fields__)])


def _map_header(count: int) -> bytes:
    """A msgpack map of so many entries begins so."""
    return b"\xdf" + count.to_bytes(4, "big")


def decode_snapshot(content: bytes | None) -> OwnerSnapshot | None:
    """The snapshot, or None where there is none that this build can use."""
    if content is None:
        return None
    try:
        snapshot = msgspec.msgpack.decode(content, type=OwnerSnapshot)
    except msgspec.MsgspecError:
        return None
    return snapshot if snapshot.schema == schema_hash() else None
