"""Keys of a log that processes share, in a folder that all of them see: a file for each partition, overwritten where a key stood.

keys/
├── 3.keys      those of partition 3, as `FileVault` keeps them
└── 3.journal   the id of the journal that they are of: written before the first one, so that no other folder is taken for this one
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from contracts.errors import KeysMissing, LogUnreachable
from contracts.key import KEYS_MAX, first_key, partition_of
from infra.files.whole import raises_log_full, write_whole
from infra.keys.file import FileVault


class FolderVault:
    """A `Vault` of the keys of all partitions. Who owns a partition names it, and alone adds to it; two at once give no number twice."""

    def __init__(self, folder: Path, partition: int | None = None) -> None:
        self._folder, self._partition = folder, partition
        self._files: dict[int, FileVault] = {}
        self._journal, self._is_marked = "", False

    def begin(self, journal: str, end: int) -> None:
        """See Vault."""
        partition = self._own
        found = self._marked()
        if found != journal and (found or end > first_key(partition)):
            marker = self._marker
            what = f"{marker} names the journal {found}" if found else f"there is no {marker}"
            raise KeysMissing(
                f"partition {partition} has sealed executions, and {self._folder} is not where the keys of its journal {journal} are: "
                f"{what}. Name their place with the setting `keys`; where they are lost for ever, write that id into {marker}"
            )
        self._journal, self._is_marked = journal, bool(found)

    def add(self, keys: Sequence[bytes], at_least: int = 0) -> int:
        """See Vault."""
        partition = self._own
        if not self._is_marked:
            if not self._folder.is_dir():
                raise LogUnreachable(f"there is no folder {self._folder} any more")
            with raises_log_full(self._marker):
                write_whole(self._marker, self._journal.encode())
            self._is_marked = True
        return first_key(partition) + self._file(partition).add(keys, max(0, at_least - first_key(partition)))

    def get(self, number: int) -> bytes | None:
        """See Vault."""
        return None if number < 0 else self._file(partition_of(number)).get(number % KEYS_MAX)

    def throw_away(self, numbers: Sequence[int]) -> None:
        """See Vault. Raises LogUnreachable where the folder is not there: then nobody knows whether they are gone."""
        partition = self._own
        if self._is_marked and self._marked() != self._journal:
            raise LogUnreachable(f"{self._marker} is gone: keys cannot be thrown away in {self._folder}")
        mine = [number % KEYS_MAX for number in numbers if number >= 0 and partition_of(number) == partition]
        self._file(partition).throw_away(mine)

    def close(self) -> None:
        """Let go of the files. Closing twice is once."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    @property
    def _own(self) -> int:
        assert self._partition is not None, "who only reads adds no keys, and throws none away"
        return self._partition

    @property
    def _marker(self) -> Path:
        return self._folder / f"{self._own}.journal"

    def _marked(self) -> str:
        """The journal that the keys here are of; empty where there are none."""
        try:
            return self._marker.read_text().strip()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise LogUnreachable(f"{self._marker} cannot be read: {error.strerror}") from error

    def _file(self, partition: int) -> FileVault:
        found = self._files.get(partition)
        if found is None:
            found = FileVault(self._folder / f"{partition}.keys", read_only=partition != self._partition)
            found = self._files.setdefault(partition, found)
        return found
