"""The journal: what its records are, and the rule by which every reader says which of them count.

    offset   0             1                2            3            4                5
           ┌────────────┬────────────────┬────────────┬────────────┬────────────────┬────────────┬──
           │JournalOpened│PartitionClaimed│ Decision   │ Decision   │PartitionClaimed│ Decision   │
           │ journal id │ nonce a        │ nonce a    │ nonce a    │ nonce b        │ nonce a    │ ← foreign: ignored
           └────────────┴────────────────┴────────────┴────────────┴────────────────┴────────────┴──

A decision is one record, so it lands whole or not at all. It carries the command that caused it and the time it was
decided at, so that anyone can decide it again; its digest chains over the definition's hash, the commands and the events.
"""

from __future__ import annotations

import hashlib
from typing import Final, Literal, TypeAlias

import msgspec

from contracts.commands import Command
from contracts.errors import LogCorrupt
from contracts.events import Event
from contracts.lost import Lost

SCHEMA: Final = 7
"""The generation of record shapes that this build writes; raised with each field that is added. A higher one is not read."""
DIGEST_BYTES: Final = 16
NONCE_BYTES: Final = 8


OWN: Final = -1
"""The partition in the source of a command that came from nowhere but its owner, where others come from `commands`."""


class Source(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a command came from: partition and offset in `commands`, and the command's own id.

    A command that was never written there (a timer's, one that the owner's own process was given) is counted by its owner:
    under `OWN` where `commands` is read, else under the owner's partition.
    """

    partition: int
    offset: int
    command: str = ""


class Decision(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The events that one command caused. `first` is the version of the first event, `now` milliseconds since 1970.

    A decision with a `rejection` has no events: the command came too late, and changes nothing.
    `dispatched_to` is the journal offset below which all effects are known to be out. `schema` is `SCHEMA` as it was when this was
    decided: by it `domain.execution.limits` knows how much a decision might do then.
    `actor` is whoever asked from outside, empty for the engine itself. `correlation` is of the outside request that this goes back
    to; from the second decision of an execution on it is left out where it is that of the first.
    """

    source: Source
    execution: str
    first: int
    now: int
    command: Command
    events: tuple[Event, ...]
    dispatched_to: int = 0
    rejection: str | None = None
    schema: int = 1
    actor: str = ""
    correlation: str = ""


class JournalOpened(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The first record: which journal this is, and the partition count it began with."""

    journal: str
    partition: int
    partitions: int


RESTORED: Final = -1
"""The generation of the claim behind which a log goes on that was put back: what was decided before it may have called for tasks that
nobody has, as these are no part of a backup."""


class PartitionClaimed(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """From here on only decisions with this nonce count. `lost` is what was acknowledged before and is gone, as somebody has accepted."""

    nonce: bytes
    node: str
    generation: int = 0
    lost: tuple[Lost, ...] = ()


class Decided(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """A decision as it lies in the journal: the nonce it was made under, its bytes and its digest."""

    nonce: bytes
    source_partition: int
    source_offset: int
    body: bytes
    digest: bytes


class Answered(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """What came of a command that somebody elsewhere sent through `commands`, for whoever waits for it: part of no history.

    `status` and `version` are the execution's after it; with a `reason` the command was refused, and `message` is for people.
    """

    nonce: bytes
    source_partition: int
    source_offset: int
    command: str
    execution: str
    status: str = ""
    version: int = 0
    repeated: bool = False
    reason: str = ""
    message: str = ""
    retry_after_s: int = 0


class Removed(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """What stands in the place of decisions that were removed: up to which offset, and the highest source of each partition among them.

    Decisions of executions that have ended are removed, all of one together, once they are archived (`settings.retention`).
    `dispatched_to` is the highest that one of them said.
    """

    end: int
    sources: dict[int, int]
    dispatched_to: int = 0


class Sealed(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """A decision that can be read with a key alone: `body` is a `SealedBody`, and the digest chains over that, so it is checked without.

    `plain` is never stored: whoever reads with the key puts in what the body says.
    """

    nonce: bytes
    source_partition: int
    source_offset: int
    body: bytes
    digest: bytes
    plain: bytes = b""


class Retired(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """From here on these executions, which have ended, are in the journal no more, whatever is still read of them before this place.

    So it is said where records cannot be taken out of the middle. Each has its number, the offset of its first decision, by which
    read models know it. `piece` is the file that they were archived into, empty where nothing was. `dispatched_to` is as in a decision.
    """

    nonce: bytes
    piece: str
    executions: tuple[tuple[str, int], ...]
    dispatched_to: int = 0


class Bundled(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """These pieces become this bundle: whoever owns the partition makes it, unless it is there."""

    nonce: bytes
    bundle: str
    pieces: tuple[str, ...]


class Cut(msgspec.Struct, frozen=True, array_like=True, tag=9):
    """What stands before an offset may be deleted: all of it that is still needed was copied, and `kept_at` says where to."""

    nonce: bytes
    before: int
    kept_at: int


class Closing(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is said in plain of a sealed execution that has ended. Times are milliseconds since 1970.

    `parent` is an execution, and so is `root`, the topmost one above it.
    """

    workflow: str
    version: int
    definition: str
    status: str
    created_at: int
    started_at: int
    ended_at: int
    parent: str | None = None
    root: str | None = None


class SealedBody(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is said in plain of a sealed decision, and `content`, which is not: the decision, sealed with the key of this number.

    `first` is the version of the first of so many `events`. `definition` begins the chain of digests, in the first decision.
    """

    execution: str
    first: int
    events: int
    key: int
    content: bytes
    definition: str = ""
    closing: Closing | None = None

    @property
    def last(self) -> int:
        """The version of the last event."""
        return self.first + self.events - 1


Filing: TypeAlias = Retired | Bundled | Cut
"""What the owner of a partition notes of its archive, where several may own it: it counts under the claim in force."""

Record: TypeAlias = JournalOpened | PartitionClaimed | Decided | Answered | Removed | Sealed | Filing
"""What stands in a journal."""


def chain(previous: bytes, body: bytes) -> bytes:
    """The digest of a decision, chained to the one before it (to the definition's hash, for the first)."""
    return hashlib.sha256(previous + body).digest()[:DIGEST_BYTES]


class Checkpoint(msgspec.Struct, array_like=True):
    """Where a reader stands: the journal's id, the next offset, the claim in force, the highest source per partition.

    It is the whole state of the readers' rule, so a reader can go on from it without having read what came before. `mark` tells
    the record before the offset from any other that could stand there: so a reader knows whether it goes on in the same journal.
    """

    journal: str = ""
    offset: int = 0
    nonce: bytes = b""
    sources: dict[int, int] = msgspec.field(default_factory=dict)
    foreign: int = 0
    doubled: int = 0
    mark: bytes = b""


def mark_of(record: Record | None) -> bytes:
    """What tells a record from any other at the same offset: under which claim it was made, and what it says; nothing does of bytes."""
    match record:
        case None:
            return b""
        case Decided() | Sealed():
            return record.nonce + record.digest
        case Answered():
            return record.nonce + record.command.encode()
        case PartitionClaimed():
            return record.nonce
        case JournalOpened():
            return record.journal.encode()
        case Retired():
            return record.nonce + record.piece.encode()
        case Bundled():
            return record.nonce + record.bundle.encode()
        case Cut():
            return record.nonce + b"%d" % record.before
        case Removed():
            return b""


Verdict: TypeAlias = Literal["counts", "answer", "foreign", "doubled", "claim", "opened", "removed", "filing"]


def _is_foreign(checkpoint: Checkpoint, nonce: bytes) -> bool:
    """Whether a record is of somebody whose claim is not the last one; it is counted then."""
    if nonce and nonce == checkpoint.nonce:
        return False
    checkpoint.foreign += 1
    return True


def _judge_decision(checkpoint: Checkpoint, record: Decided | Sealed) -> Verdict:
    if _is_foreign(checkpoint, record.nonce):
        return "foreign"
    if record.source_offset <= checkpoint.sources.get(record.source_partition, -1):
        checkpoint.doubled += 1
        return "doubled"
    checkpoint.sources[record.source_partition] = record.source_offset
    return "counts"


def judge(checkpoint: Checkpoint, offset: int, record: Record | None) -> Verdict:
    """The readers' rule, the same for owners, projectors, publishers and `verify`; it moves the checkpoint on.

    Bytes that are no record (None) are of nobody who may write here. A decision counts if its nonce is that of the last claim,
    and its source is above the highest one seen of that source partition; an answer, or a filing, if its nonce is.
    What does not count is counted, and never believed. Offsets must follow on each other; one record may stand for many that
    were removed.
    """
    if offset != checkpoint.offset:
        raise LogCorrupt(f"the journal goes on at offset {offset}, expected {checkpoint.offset}")
    checkpoint.offset = offset + 1
    checkpoint.mark = mark_of(record)
    match record:
        case Decided() | Sealed():
            return _judge_decision(checkpoint, record)
        case Answered():
            if _is_foreign(checkpoint, record.nonce):
                return "foreign"
            highest = checkpoint.sources.get(record.source_partition, -1)
            checkpoint.sources[record.source_partition] = max(highest, record.source_offset)
            return "answer"
        case Retired() | Bundled() | Cut():
            return "foreign" if _is_foreign(checkpoint, record.nonce) else "filing"
        case PartitionClaimed():
            checkpoint.nonce = record.nonce
            return "claim"
        case None:
            checkpoint.foreign += 1
            return "foreign"
        case JournalOpened():
            if checkpoint.journal:
                checkpoint.foreign += 1
                return "foreign"
            checkpoint.journal = record.journal
            return "opened"
        case Removed():
            checkpoint.offset = max(record.end, offset + 1)
            for partition, highest in record.sources.items():
                checkpoint.sources[partition] = max(highest, checkpoint.sources.get(partition, -1))
            return "removed"
