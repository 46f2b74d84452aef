"""What a catalog knows that is kept by name and version, each version named by its hash: prompts and connectors. Folded from its topic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from contracts.catalog import ConnectorPublished, PromptPublished
from contracts.errors import Rejected

Record = TypeVar("Record", PromptPublished, ConnectorPublished)


class Kept(Generic[Record]):
    """All versions of all of a kind, as they were published. `noun` is what one is called; `most` versions there may be, of all names
    together, and so many bytes of them.
    """

    def __init__(self, noun: str, record: Callable[..., Record], most: int, bytes_max: int) -> None:
        self.noun = noun
        self._record: Callable[..., Record] = record
        self._most, self._bytes_max = most, bytes_max
        self._versions: dict[str, list[Record]] = {}
        self.count = 0
        """How many versions there are, of all names."""
        self.bytes = 0
        """How long they are together."""

    def take(self, record: Record) -> int:
        """Fold a record; the version that it becomes, whatever number a publisher took who did not know of another one."""
        versions = self._versions.setdefault(record.name, [])
        known = self.known(record.name, record.hash)
        if known is not None:
            return known.version
        version = len(versions) + 1
        versions.append(
            self._record(record.name, version, record.hash, record.content, record.recorded_at, record.actor, record.correlation)
        )
        self.count += 1
        self.bytes += len(record.content)
        return version

    def keep(self, record: Record, append: Callable[[Record], None]) -> tuple[Record, bool]:
        """Let it be the next version of its name, by `append`, which leads to `take`; the same as any version before is that one.

        Gives it, and whether it is new. Raises Rejected where there are too many.
        """
        is_new, noun = self.known(record.name, record.hash) is None, self.noun
        if is_new:
            limit = f"{noun.upper()}S_MAX"
            if self.count >= self._most:
                raise Rejected("too_many", f"{noun}s: there are {self._most:,} versions already, the most there may be ({limit})")
            if self.bytes + len(record.content) > self._bytes_max:
                limit = f"{noun.upper()}S_BYTES_MAX"
                raise Rejected(
                    "too_many", f"{noun}s: all versions together have {self._bytes_max:,} bytes, the most there may be ({limit})"
                )
            append(record)
        found = self.known(record.name, record.hash)
        assert found is not None
        return found, is_new

    def known(self, name: str, content_hash: str) -> Record | None:
        """The version that says the same; None where there is none."""
        return next((one for one in self._versions.get(name, ()) if one.hash == content_hash), None)

    def names(self) -> list[str]:
        """The names of all."""
        return sorted(self._versions)

    def latest(self) -> list[Record]:
        """Of each the latest version, by name."""
        return [self._versions[name][-1] for name in self.names()]

    def find(self, name: str, version: int | None = None) -> Record | None:
        """A version, without a number the latest one; None where there is none."""
        versions = self._versions.get(name, [])
        wanted = len(versions) if version is None else version
        return versions[wanted - 1] if 0 < wanted <= len(versions) else None

    def versions(self, name: str) -> list[Record]:
        """All versions of one, the first one first. Raises Rejected where there is none."""
        if name not in self._versions:
            raise Rejected(f"unknown_{self.noun}", f"{self.noun} {name[:100]}: no such {self.noun} is published")
        return self._versions[name]

    def get(self, name: str, version: int | None = None) -> Record:
        """A version. Raises Rejected where there is none."""
        found = self.find(name, version)
        if found is None:
            count = len(self.versions(name))
            raise Rejected(f"unknown_{self.noun}", f"{self.noun} {name}, version {version}: it has {count}")
        return found
