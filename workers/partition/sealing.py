"""Sealing: the decisions of an execution that is to be erasable some day are written so that one key alone reads them.

    begins ─► a key is taken ─► with it are sealed: every decision, every big value, the state in a snapshot
    erased ─► what stays known is written, in plain ─► durable ─► the key is thrown away ─► whoever asked is told

Killed in between, whoever claims the partition next finds in the journal that the execution is erased, and throws the key away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from contracts.codec import seal_decision
from contracts.commands import Command, CreateExecution, Envelope
from contracts.errors import SHORTAGES, KeyGone, LogError, LogUnreachable, RecordTooLarge, reason_of
from contracts.journal import Closing, Decision
from contracts.key import NO_KEY
from contracts.ports.blobs import SealedBlobs
from contracts.ports.keys import Keys, NoKeys
from contracts.values import is_reference, key_of
from domain.definition.graph import Graph
from domain.execution.state import Execution, names_of
from workers.partition.offload import VALUES, SomeCommand, offload
from workers.partition.packed import Packed


class Sealing:
    """What an owner seals with. With `is_default` every execution is sealed, else those whose definition or parent asks for it.

    `blobs` keeps big values that are sealed; without it an execution that is sealed can have none.
    """

    def __init__(self, keys: Keys, blobs: SealedBlobs | None = None, is_default: bool = False) -> None:
        self.keys, self._blobs, self._is_default = keys, blobs, is_default

    def key_for(self, envelope: Envelope, graph: Graph, command: CreateExecution) -> int:
        """The key of a new execution, `NO_KEY` for one that is not to be sealed. Raises Rejected where there are no keys."""
        goes_on = command.fork is not None and command.fork.is_sealed
        is_sealed = self._is_default or envelope.is_sealed or goes_on or graph.settings.erasable
        return self.keys.take() if is_sealed else NO_KEY

    def encode(self, decision: Decision, nonce: bytes, state: Execution) -> tuple[bytes, bytes]:
        """The record of a decision that has led to this state, sealed, and its digest. Raises KeyGone."""
        definition = state.definition if decision.first == 1 else ""
        return seal_decision(decision, nonce, state.digest, self.keys, state.key, definition, closing_of(state))

    def small(self, command: SomeCommand, key: int) -> SomeCommand:
        """The command with its big values sealed and stored. Raises as `offload` does, RecordTooLarge for one that cannot be."""
        _check_is_sealed(command)
        return offload(command, _BlobsOfOne(self, key), key)

    def put(self, content: bytes, key: int) -> None:
        """Store a big value of an execution that is sealed. Raises RecordTooLarge, LogFull."""
        if self._blobs is None:
            raise RecordTooLarge(f"a value of {len(content):,} bytes, and its execution is sealed: this log keeps none of 64 KiB so")
        self._blobs.put_sealed(content, key)

    def throw_away(self, keys: Sequence[int]) -> LogError | None:
        """From now on nobody has these keys; why that is not known, if so."""
        try:
            self.keys.throw_away(keys)
        except LogError as error:
            return error
        except SHORTAGES as error:
            return LogUnreachable(f"a key could not be thrown away: {reason_of(error)}")
        return None

    # What is packed into a snapshot.

    def to_keep(self, execution: str, idle: Packed) -> Packed:
        """An open execution, as a snapshot may hold it; one whose key is gone with nothing in it."""
        if idle.key == NO_KEY:
            return idle
        try:
            return msgspec.structs.replace(idle, content=self.keys.seal(idle.key, idle.content, execution.encode()))
        except KeyGone:
            return msgspec.structs.replace(idle, content=b"")

    def kept(self, execution: str, idle: Packed) -> Packed | None:
        """The same as it was; None where its key is gone."""
        if idle.key == NO_KEY:
            return idle
        try:
            return msgspec.structs.replace(idle, content=self.keys.unseal(idle.key, idle.content, execution.encode()))
        except KeyGone:
            return None


class _BlobsOfOne:
    """Where the big values of one execution go. See `Blobs`."""

    def __init__(self, sealing: Sealing, key: int) -> None:
        self._sealing, self._key = sealing, key

    def put(self, content: bytes) -> str:
        """See Blobs."""
        self._sealing.put(content, self._key)
        return ""

    def get(self, content_hash: str) -> bytes:
        """See Blobs; nobody asks here."""
        raise KeyError(content_hash)


UNSEALED: Final = Sealing(NoKeys())


def _check_is_sealed(command: Command) -> None:
    """Raise RecordTooLarge where a value was stored before anybody knew that its execution is sealed."""
    for name in VALUES.get(type(command), ()):
        value = getattr(command, name)
        if value is not None and is_reference(value) and key_of(value) == NO_KEY:
            raise RecordTooLarge(f"{name} has 64 KiB or more, and its execution is sealed: this log keeps none of that size so")


def closing_of(state: Execution) -> Closing | None:
    """What is said in plain of an execution that has ended."""
    if not state.ended_at:
        return None
    return Closing(
        state.workflow, state.workflow_version, state.definition, state.status, state.created_at, state.started_at, state.ended_at,
        *names_of(state.parent),
    )  # fmt: skip
