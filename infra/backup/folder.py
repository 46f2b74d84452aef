"""The folder of a backup, and what it says of itself.

backup/
├── backup.json   what there is, written last: whatever it does not name is no part of the backup
├── segments/     rows of the log: TOPIC-PARTITION-OFFSET-DIGEST.zst
├── blobs/        big values, each under its SHA-256, as in a data folder
└── lock          held by the one process that makes a backup here
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from contracts.errors import LogCorrupt, LogError
from infra.backup.segment import Segment
from infra.files.whole import make_folder, raises_log_full, write_whole

FORMAT: Final = 1
LOG_FORMAT: Final = 2
"""Of a backup of a log that processes share."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A time at which the backup was brought up: when (milliseconds since 1970), by which version, and up to which position.

    Of a log that processes share, `ends` are the positions in all partitions, by their numbers, and `time` is the brokers' time up to
    which the backup goes: of each journal it holds what was appended until then.
    """

    at: int
    version: str
    position: int
    ends: dict[str, int] = {}
    time: int = 0


class Manifest(msgspec.Struct, kw_only=True):
    """What a backup says of itself. `segments` are by topic and partition, `journal/0`, in their order.

    `starts` says of those of a log that processes share where they began.
    """

    format: int = FORMAT
    journal: str = ""
    partitions: int = 1
    made: list[Made] = []
    segments: dict[str, list[Segment]] = {}
    starts: dict[str, int] = {}

    @property
    def position(self) -> int:
        """Up to which offset of the journal it goes."""
        return self.made[-1].position if self.made else 0


class _Numbered(msgspec.Struct):
    format: int


class BackupFolder:
    """A folder that holds a backup, or will."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.segments = path / "segments"
        self.blobs = path / "blobs"
        self._manifest = path / "backup.json"

    def read(self) -> Manifest:
        """What is there. Raises LogError where there is no backup, LogCorrupt where it cannot be read."""
        try:
            content = self._manifest.read_bytes()
        except FileNotFoundError:
            raise LogError(f"there is no backup in {self.path}: it has no {self._manifest.name}") from None
        except OSError as error:
            raise LogError(f"{self._manifest} cannot be read: {error.strerror}") from error
        try:
            if (found := msgspec.json.decode(content, type=_Numbered).format) not in (FORMAT, LOG_FORMAT):
                raise LogError(f"the backup {self.path} is of format {found}; this version of Refold reads formats up to {LOG_FORMAT}")
            return msgspec.json.decode(content, type=Manifest)
        except msgspec.MsgspecError as error:
            raise LogCorrupt(f"{self._manifest} cannot be read: {error}") from None

    def read_or_begin(self, format: int = FORMAT) -> Manifest:
        """What is there, nothing in an empty or a new folder. Raises LogError where something else is there."""
        if self._manifest.exists():
            return self.read_as(format)
        if self.path.exists() and (
            others := sorted(one.name for one in self.path.iterdir() if one.name not in ("lock", "segments", "blobs"))
        ):
            raise LogError(f"{self.path} is no backup and not empty (it has {others[0]}): name a folder of its own")
        return Manifest(format=format)

    def read_as(self, format: int) -> Manifest:
        """What is there. Raises LogError where it is a backup of something else, too."""
        found = self.read()
        if found.format != format:
            kinds = {FORMAT: "a data folder", LOG_FORMAT: "a log on Kafka"}
            raise LogError(f"{self.path} is a backup of {kinds[found.format]}, and not of {kinds[format]}")
        return found

    def write(self, manifest: Manifest) -> None:
        """From now on this is the backup."""
        write_whole(self._manifest, msgspec.json.format(msgspec.json.encode(manifest), indent=1))

    def write_segment(self, name: str, content: bytes) -> None:
        """Put a segment there, durable."""
        write_whole(self.segments / name, content)

    def tidy(self, manifest: Manifest) -> None:
        """Take away the segments that it does not name: of a backup that was killed, or of rows that were removed since."""
        named = {one.file for segments in manifest.segments.values() for one in segments}
        for path in self.segments.iterdir():
            if path.name not in named:
                path.unlink(missing_ok=True)

    def read_segment(self, segment: Segment) -> bytes:
        """A segment's bytes. Raises LogCorrupt where they are missing."""
        try:
            return (self.segments / segment.file).read_bytes()
        except OSError as error:
            raise LogCorrupt(f"the backup {self.path} is damaged: {segment.file} cannot be read: {error.strerror}") from None

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Be the only one that makes a backup here. Raises LogError where somebody else does."""
        try:
            with raises_log_full(self.path):
                for folder in (self.path, self.segments, self.blobs):
                    make_folder(folder)
                lock = open(self.path / "lock", "a")  # noqa: SIM115 - closed below, with what it holds
        except OSError as error:
            raise LogError(f"the backup {self.path} cannot be made: {error.strerror}") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LogError(f"another process makes a backup in {self.path} right now") from None
            yield
