"""The disk of a simulation: one log, blobs and snapshots that outlive every process, and what can go wrong with them.

Each process sees the disk through a `NodeLog`, `NodeBlobs` and `NodeSnapshots` of its own, which can kill it between any two calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from contracts.errors import AppendUnknown, LogError, LogFull
from contracts.ports.log import Topic
from infra.files.blobs import MemoryBlobs
from infra.log.memory import MemoryLog
from simulation.violation import Crash

AppendFault: TypeAlias = Literal["append_lost", "append_landed", "append_late", "append_doubled", "freeze_in_append"]


class Disk:
    """What is durable."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.blobs = MemoryBlobs()
        self.snapshots: list[bytes] = []
        self.is_full = False
        self.late: list[tuple[int, Mapping[int, Sequence[bytes]]]] = []
        """Batches that nobody heard of again, and the tick at which they land."""

    def land(self, until: int) -> None:
        """Let the batches land that are due."""
        due = [batches for tick, batches in self.late if tick <= until]
        self.late = [late for late in self.late if late[0] > until]
        for batches in due:
            self.log.append("journal", batches)


class Hazards:
    """What is about to happen to one process. `freeze` is called in the middle of its append, and lets others work meanwhile."""

    def __init__(self) -> None:
        self.crash_in = 0
        self.append: AppendFault | None = None
        self.lands_at = 0
        self.freeze: Callable[[], None] = lambda: None

    def point(self) -> None:
        """An effect is about to happen, or has happened: the process may die here."""
        if self.crash_in:
            self.crash_in -= 1
            if not self.crash_in:
                raise Crash

    def take_append(self) -> AppendFault | None:
        """What happens to this append; each fault happens once."""
        fault, self.append = self.append, None
        return fault


class NodeLog:
    """The log as one process sees it. See `contracts.ports.log.Log`."""

    def __init__(self, disk: Disk, hazards: Hazards) -> None:
        self._disk, self._log, self._hazards = disk, disk.log, hazards
        self.partitions, self.record_bytes_max = disk.log.partitions, disk.log.record_bytes_max
        self.batch_bytes_max = disk.log.batch_bytes_max

    def append(self, topic: Topic, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        """Append, or what goes wrong instead."""
        self._hazards.point()
        if self._disk.is_full:
            return dict.fromkeys(batches, LogFull("the disk is full"))
        answer = self._append(topic, batches)
        self._hazards.point()
        return answer

    def _append(self, topic: Topic, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        fault = self._hazards.take_append() if topic == "journal" else None
        if fault == "freeze_in_append":
            self._hazards.freeze()
        if fault == "append_late":
            self._disk.late.append((self._hazards.lands_at, batches))
        if fault == "append_doubled":
            answer = self._log.append(topic, batches)
            self._log.append(topic, batches)
            return answer
        if fault != "append_lost" and fault != "append_late":
            answer = self._log.append(topic, batches)
            if fault != "append_landed":
                return answer
        return dict.fromkeys(batches, AppendUnknown(f"nobody knows ({fault})"))

    def read(self, topic: Topic, partition: int, offset: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        """What is there."""
        self._hazards.point()
        return self._log.read(topic, partition, offset, end)

    def end(self, topic: Topic, partition: int) -> int:
        """Where it ends."""
        return self._log.end(topic, partition)

    def look_again(self) -> int:
        """Nobody adds any."""
        return self.partitions

    def kept_to(self, partition: int, asks: bool = False) -> int:
        """Nothing is cut off."""
        return 0

    def close(self) -> None:
        """Nothing to let go of."""


class NodeBlobs:
    """The blobs as one process sees them. See `contracts.ports.blobs.Blobs`."""

    def __init__(self, disk: Disk, hazards: Hazards) -> None:
        self._disk, self._hazards = disk, hazards

    def put(self, content: bytes) -> str:
        """Store the content. Raises LogFull where there is no room."""
        self._hazards.point()
        if self._disk.is_full:
            raise LogFull("the disk is full")
        return self._disk.blobs.put(content)

    def get(self, content_hash: str) -> bytes:
        """The content."""
        return self._disk.blobs.get(content_hash)


class NodeSnapshots:
    """The snapshots as one process sees them. See `contracts.ports.snapshots.Snapshots`."""

    def __init__(self, disk: Disk, hazards: Hazards) -> None:
        self._disk, self._hazards = disk, hazards

    def save(self, partition: int, content: bytes) -> None:
        """Replace the snapshot. Raises LogFull where there is no room."""
        self._hazards.point()
        if self._disk.is_full:
            raise LogFull("the disk is full")
        self._disk.snapshots.append(content)
        self._hazards.point()

    def load(self, partition: int) -> bytes | None:
        """The last one."""
        return self._disk.snapshots[-1] if self._disk.snapshots else None
